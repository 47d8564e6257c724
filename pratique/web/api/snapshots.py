"""Public pages, captured by the engine as evidence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from pratique.egress.target import MAX_URL_CHARACTERS
from pratique.errors import UnavailableError
from pratique.services.evidence import Submission, read_file, submit_evidence
from pratique.services.models import find_model_version
from pratique.services.snapshots import MEDIA_TYPE, Captures, Snapshot
from pratique.web.api.auth import Submitting, parts_of
from pratique.web.api.once import IdempotencyKey, answer_once, is_answered
from pratique.web.api.responses import PROBLEMS

router = APIRouter(tags=["evidence"], responses=PROBLEMS)


class SnapshotBody(BaseModel):
    """Which page is to be captured, and what for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARACTERS, pattern=r"^[!-~]+$")]
    requirement: Annotated[
        str | None, Field(default=None, max_length=64, pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
    ]  #: a hint for people; facts come from the page alone


@router.post(
    "/v1/models/{model}/versions/{version}/snapshots",
    status_code=201,
    summary="Capture a public page as evidence",
    responses={502: PROBLEMS[503] | {"description": "The site gave no usable answer"}},
)
async def post_snapshot(
    request: Request,
    model: str,
    version: str,
    body: SnapshotBody,
    principal: Submitting,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Fetch the page now, keep it with its time and headers, and judge the gates again.

    Whatever the site answers is kept; only status 200 with a body is complete. Addresses inside of the installation's
    network are refused.
    """
    parts = parts_of(request)
    answer = partial(answer_once, request, principal, idempotency_key, status_code=201)
    if await is_answered(request, principal, idempotency_key):
        return await answer(_nothing)
    await parts.ledger.aread(partial(find_model_version, model=model, version=version))
    captures: Captures = request.app.state.captures
    snapshot = await captures.take(parts, body.url)
    received = await parts.files.store_stream(_pieces(snapshot))
    read = partial(read_file, captured_by_engine=True)
    submission = Submission(
        sha256=received.sha256,
        size=received.size,
        filename=snapshot.filename,
        media_type=MEDIA_TYPE,
        submitter=principal.submitter,
        requirement=body.requirement,
        read=await parts.parsing.run(read, parts, received.path, snapshot.filename),
        credential=principal.credential,
    )
    return await answer(partial(submit_evidence, parts=parts, model=model, version=version, submission=submission))


async def _pieces(snapshot: Snapshot) -> AsyncIterator[bytes]:
    yield snapshot.content


def _nothing(_tx: Any) -> Any:
    """Have no effect: the key's row holds the answer. Where it ended just now, nothing is known to answer with."""
    raise UnavailableError("the answer of this Idempotency-Key ended just now; send the request again")
