"""Uploads that go on after a broken connection: tus 1.0 (https://tus.io/protocols/resumable-upload), and what ends one.

Core, creation, expiration and termination of that protocol. An upload is announced for a model version, with its
digest; when every byte is there, `POST .../evidence` makes it evidence, as a plain upload is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.utils import formatdate
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from pratique.errors import InvalidInputError
from pratique.services.evidence import clean_filename
from pratique.services.models import find_model_version
from pratique.services.uploads import Announced, Uploads, checked_size
from pratique.store.intake import CHUNK_BYTES
from pratique.web.api.auth import Submitting, parts_of
from pratique.web.api.evidence import Given, checked_requirement, submitted
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["evidence"], responses=PROBLEMS)

TUS = "1.0.0"
_APPENDED = "application/offset+octet-stream"
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {_APPENDED: {"schema": {"type": "string", "format": "binary"}}}}
}
#: Version of the protocol that the sender speaks; who says nothing speaks ours.
Tus = Annotated[str | None, Header(alias="Tus-Resumable", max_length=20)]


@router.post("/models/{model}/versions/{version}/uploads", status_code=201, summary="Announce a file")
async def post_upload(
    request: Request,
    model: str,
    version: str,
    principal: Submitting,
    filename: Annotated[str, Query(min_length=1, max_length=1000)],
    sha256: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")],
    length: Annotated[int, Header(alias="Upload-Length", ge=1, le=2**53)],
    requirement: Annotated[str | None, Query(max_length=64)] = None,
    revises: Annotated[str | None, Query(max_length=36)] = None,
    tus: Tus = None,
) -> Response:
    """Begin an upload, or find the one that this token began with the same words: it goes on at `Upload-Offset`."""
    _check_tus(tus)
    parts = parts_of(request)
    announced = Announced(
        owner=principal.credential,
        model=model,
        version=version,
        filename=clean_filename(filename),
        sha256=sha256,
        size=checked_size(length),
        requirement=checked_requirement(requirement),
        revises=revises,
    )
    await parts.ledger.aread(partial(find_model_version, model=model, version=version))
    uploads = uploads_of(request)
    offset = await asyncio.to_thread(uploads.open, announced, parts.files)
    answer = {"upload": announced.id, "offset": offset, "size": announced.size}
    headers = _headers(uploads, announced, offset) | {"Location": f"/v1/uploads/{announced.id}"}
    return JsonResponse(answer, status_code=201, headers=headers)


@router.head("/uploads/{upload}", summary="Ask how much of a file is here")
async def head_upload(request: Request, upload: str, principal: Submitting, tus: Tus = None) -> Response:
    """Answer with `Upload-Offset` and `Upload-Length`."""
    _check_tus(tus)
    uploads = uploads_of(request)
    announced = await asyncio.to_thread(uploads.find, upload, principal.credential)
    return Response(headers=_headers(uploads, announced, uploads.offset(announced)))


@router.patch("/uploads/{upload}", status_code=204, openapi_extra=_BODY, summary="Send the next bytes of a file")
async def patch_upload(
    request: Request,
    upload: str,
    principal: Submitting,
    offset: Annotated[int, Header(alias="Upload-Offset", ge=0, le=2**53)],
    tus: Tus = None,
) -> Response:
    """Append to a file. What came before the connection broke is kept. 409 says which byte is wanted (`offset`)."""
    _check_tus(tus)
    uploads = uploads_of(request)
    announced = await asyncio.to_thread(uploads.find, upload, principal.credential)
    turn = await asyncio.to_thread(uploads.take_turn, announced)
    async for piece in _pieces(request):
        offset = await asyncio.to_thread(uploads.append, announced, turn, offset, piece)
    return Response(status_code=204, headers=_headers(uploads, announced, offset))


@router.delete("/uploads/{upload}", status_code=204, summary="Give an upload up")
async def delete_upload(request: Request, upload: str, principal: Submitting, tus: Tus = None) -> Response:
    """Remove what came of it. Evidence that was made of it stays."""
    _check_tus(tus)
    uploads = uploads_of(request)
    announced = await asyncio.to_thread(uploads.find, upload, principal.credential)
    await asyncio.to_thread(uploads.drop, announced)
    return Response(status_code=204, headers={"Tus-Resumable": TUS})


@router.post("/uploads/{upload}/evidence", status_code=201, summary="Submit a file that is here as a whole")
async def post_upload_evidence(request: Request, upload: str, principal: Submitting) -> JsonResponse:
    """Check the digest, keep the file, read it, and judge the gates again; sent again, it is the same evidence."""
    parts, uploads = parts_of(request), uploads_of(request)
    announced = await asyncio.to_thread(uploads.find, upload, principal.credential)
    received = await asyncio.to_thread(uploads.store, announced, parts.files)
    given = Given(
        model=announced.model,
        version=announced.version,
        filename=announced.filename,
        requirement=announced.requirement,
        revises=announced.revises,
    )
    return await submitted(request, principal, received, given)


def uploads_of(request: Request) -> Uploads:
    """The partial files of this engine."""
    uploads: Uploads = request.app.state.uploads
    return uploads


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Gather the body to pieces of about one MiB; what came before a sender went away is a piece, too."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            chunks.append(chunk)
            size += len(chunk)
            if size >= CHUNK_BYTES:
                yield b"".join(chunks)
                chunks, size = [], 0
    except ClientDisconnect:
        if not size:
            raise
    if size:
        yield b"".join(chunks)


def _headers(uploads: Uploads, announced: Announced, offset: int) -> dict[str, str]:
    return {
        "Tus-Resumable": TUS,
        "Upload-Offset": str(offset),
        "Upload-Length": str(announced.size),
        "Upload-Expires": formatdate(uploads.expires_at(announced), usegmt=True),
        "Cache-Control": "no-store",
    }


def _check_tus(version: str | None) -> None:
    if version not in (None, TUS):
        raise InvalidInputError(f"Tus-Resumable: found {version!r}, expected {TUS}")
