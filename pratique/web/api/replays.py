"""Replaying the runs of a gate under a proposed spec."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from pratique.errors import NotAllowedError
from pratique.services.access import Principal
from pratique.services.proposed_spec import MAX_RUNS, Asked, proposed_spec
from pratique.services.replaying import replay_page
from pratique.web.api.auth import Auditing, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/gates", tags=["gates"], responses=PROBLEMS)

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]*$")]


class ReplayBody(BaseModel):
    """A proposed spec, and which runs it is held against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: dict[str, Any]  #: as it stands in a gate file
    model: Name | None = None
    version: Name | None = None
    cursor: str | None = Field(default=None, max_length=36, pattern=r"^[0-9a-f-]*$")
    limit: int = Field(default=50, ge=1, le=MAX_RUNS)


def _overseer(principal: Auditing) -> Principal:
    """Give an admin, or a person who may read the journal: a page is seconds of work that no pipeline is to ask for.

    Raises:
        NotAllowedError: a machine's token.
    """
    if principal.kind not in ("admin", "person"):
        raise NotAllowedError(f"a {principal.kind} token cannot replay gates; it takes an admin's or a person's own")
    return principal


@router.post("/{gate}/replay", summary="Say which runs of a gate would have another verdict under a proposed spec")
async def post_replay(
    request: Request, gate: str, body: ReplayBody, _: Annotated[Principal, Depends(_overseer)]
) -> JsonResponse:
    """Judge a page of the gate's runs again, each on the ledger as it was at its decision; nothing is written.

    A run that is undecided is judged as it stands now. Any error of the spec refuses it, with every error.
    """
    parts = parts_of(request)
    asked = Asked(
        gate=gate,
        spec=body.spec,
        model=body.model,
        version=body.version,
        after=body.cursor or "",
        limit=body.limit,
    )
    spec = await asyncio.to_thread(proposed_spec, parts, asked)
    return JsonResponse(await parts.ledger.aread(partial(replay_page, parts=parts, asked=asked, spec=spec)))
