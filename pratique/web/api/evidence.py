"""Evidence in and out."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse

from pratique.collectors.archive import inflated_bytes
from pratique.domain.evidence import Reading as ReadingState
from pratique.errors import InvalidInputError, NotFoundError, TooLargeError, UnavailableError
from pratique.services import lookups
from pratique.services.access import Principal
from pratique.services.evidence import (
    FileReading,
    Submission,
    clean_filename,
    evidence_with_chain,
    find_evidence,
    read_file,
    submit_evidence,
)
from pratique.services.evidence_list import evidence_page
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.services.purging import was_purged
from pratique.store.intake import Received
from pratique.store.reader import Reader
from pratique.web.api.auth import Reading, Submitting, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(tags=["evidence"], responses=PROBLEMS)
_OF_VERSION = "/v1/models/{model}/versions/{version}/evidence"
#: A ZIP that inflates to more is read by the checkpoint flow: while somebody waits, that takes too long.
INFLATED_AT_ONCE_BYTES = 64 * 1024**2
_PURGED_MEANWHILE = "the same content was purged just now; nothing is lost, send the file again"
_REQUIREMENT = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}")

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a sender says of a file: the facts come from the file alone."""

    model: str
    version: str
    filename: str
    requirement: str | None
    revises: str | None
    media_type: str = "application/octet-stream"


@router.post(_OF_VERSION, status_code=201, openapi_extra=_BODY, summary="Submit a file as evidence")
async def post_evidence(
    request: Request,
    model: str,
    version: str,
    principal: Submitting,
    filename: Annotated[str, Query(min_length=1, max_length=1000)],
    sha256: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$")] = None,
    requirement: Annotated[str | None, Query(max_length=64)] = None,
    revises: Annotated[str | None, Query(max_length=36)] = None,
) -> JsonResponse:
    """Stream a file to disk while hashing it, read it with our own parsers, and judge the gates again.

    `sha256` is what the sender computed: a file that differs is refused and nothing is kept. `requirement` is a
    hint for people; facts come from the file alone. `revises` is evidence of the same model version that it replaces.
    """
    parts = parts_of(request)
    given = Given(
        model=model,
        version=version,
        filename=clean_filename(filename),
        requirement=checked_requirement(requirement),
        revises=revises,
        media_type=_media_type(request),
    )
    await parts.ledger.aread(partial(find_model_version, model=model, version=version))
    check_announced(request, parts.settings.max_evidence_bytes)
    received = await parts.files.store_stream(request.stream(), expected=sha256)
    return await submitted(request, principal, received, given)


def check_announced(request: Request, most: int) -> None:
    """Refuse a file that is too large by its own announcement before gigabytes of it have come."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > most:
        raise TooLargeError(f"evidence is larger than {most} bytes: {length[:20]} announced; nothing was kept")


async def submitted(
    request: Request, principal: Principal, received: Received, given: Given, *, submitter: str | None = None
) -> JsonResponse:
    """Read a file that is in the store, make it evidence, and answer with that and the gates.

    `submitter` is who stands behind it; None: who sends it.
    """
    parts = parts_of(request)
    submission = Submission(
        sha256=received.sha256,
        size=received.size,
        filename=given.filename,
        media_type=given.media_type,
        submitter=submitter or principal.submitter,
        requirement=given.requirement,
        read=await _read_at_once(parts, received, given.filename),
        credential=principal.credential,
        revises=given.revises,
    )
    command = partial(submit_evidence, parts=parts, model=given.model, version=given.version, submission=submission)
    answer = await parts.ledger.awrite(principal.actor, command)
    if await parts.ledger.aread(partial(was_purged, sha256=received.sha256)):
        await asyncio.to_thread(_refuse_unless_there, parts, received.sha256)
    return JsonResponse(answer, status_code=201)


def checked_requirement(requirement: str | None) -> str | None:
    """Return the hint of a sender.

    Raises:
        InvalidInputError: no requirement has such an id.
    """
    if requirement is not None and _REQUIREMENT.fullmatch(requirement) is None:
        raise InvalidInputError(f"requirement: found {requirement[:64]!r}, expected an id such as 'cbrn-evaluation'")
    return requirement


def _refuse_unless_there(parts: Parts, sha256: str) -> None:
    """Have a file that was purged just while it came in sent again: the evidence is written, its file is not there."""
    if not parts.files.has(sha256):
        raise UnavailableError(_PURGED_MEANWHILE)


async def _read_at_once(parts: Parts, received: Received, filename: str) -> FileReading:
    """Read a file that is read soon; the checkpoint flow reads any other."""
    later = FileReading(reading=ReadingState.PENDING, reason="not read yet")
    if received.size > parts.settings.read_at_once_bytes:
        return later
    try:
        if await parts.parsing.run(inflated_bytes, received.path) > INFLATED_AT_ONCE_BYTES:
            return later
        read = await parts.parsing.run(read_file, parts, received.path, filename)
    except FileNotFoundError:
        raise UnavailableError(_PURGED_MEANWHILE) from None
    if not received.path.is_file():  # it went away while it was read, so that what was read may be wrong
        raise UnavailableError(_PURGED_MEANWHILE)
    return read


def _media_type(request: Request) -> str:
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return found if _MEDIA_TYPE.fullmatch(found) else "application/octet-stream"


@router.get(_OF_VERSION, summary="List the evidence of a model version")
async def list_evidence(
    request: Request,
    model: str,
    version: str,
    _: Reading,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return the evidence of a model version, oldest first, page by page."""
    look = partial(evidence_page, model=model, version=version, cursor=cursor, limit=limit)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.get("/v1/evidence/{evidence}", summary="Show a piece of evidence and the facts read in it")
async def get_evidence(request: Request, evidence: str, _: Reading) -> JsonResponse:
    """Return a piece of evidence."""

    def look(reader: Reader) -> dict[str, Any]:
        row = find_evidence(reader, evidence)
        return evidence_with_chain(
            reader, row, reader.one(lookups.MODEL_VERSION_BY_ID, id=row["model_version_id"]) or {}
        )

    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.get(
    "/v1/evidence/{evidence}/content",
    summary="Download a piece of evidence",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_evidence_content(request: Request, evidence: str, _: Reading) -> FileResponse:
    """Return the file as it was received, as an attachment that no browser will run."""
    parts = parts_of(request)
    row = await parts.ledger.aread(partial(find_evidence, evidence_id=evidence))
    if row["purged_at"] is not None:
        raise NotFoundError(
            f"the file of evidence {evidence} was purged at {row['purged_at']}; what was read in it stays"
        )
    path = await asyncio.to_thread(parts.files.local, row["sha256"])
    return FileResponse(
        path,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['filename'])}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Pratique-SHA256": row["sha256"],
        },
    )
