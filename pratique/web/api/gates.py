"""Model versions, their gates, and what people decide about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pratique.domain.models import ModelProfile
from pratique.domain.times import instant_text
from pratique.services import lookups
from pratique.services.access import Principal
from pratique.services.decisions import Verdict, decide
from pratique.services.gate_runs import find_run
from pratique.services.models import find_model_version, model_view
from pratique.services.models_list import model_versions_page
from pratique.services.parts import Parts
from pratique.services.profiles import GivenProfile, register_model_version
from pratique.services.rescheduling import move_dates
from pratique.services.views import gate_view
from pratique.services.waivers import WaiverRequest, grant_waiver, revoke_waiver
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Deciding, Reading, Registering, parts_of, person_of
from pratique.web.api.bodies import DatesBody, DecisionBody, RevocationBody, WaiverBody
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse
from pratique.web.api.watching import GateWatch

router = APIRouter(prefix="/v1/models", tags=["gates"], responses=PROBLEMS)
_VERSION = "/{model}/versions/{version}"
_GATE = _VERSION + "/gates/{gate}"

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=140)]
OccasionQuery = Annotated[str | None, Query(min_length=1, max_length=64)]
#: A change to one gate run: (transaction, gate run id).
Change = Callable[[Transaction, str], None]


@router.get("", summary="List model versions with the state of their gates")
async def list_models(request: Request, _: Reading, cursor: Cursor = None, limit: Limit = 100) -> JsonResponse:
    """Return model versions in order of name, page by page."""
    parts = parts_of(request)
    look = partial(model_versions_page, cursor=cursor, limit=limit, at=instant_text(parts.ledger.clock()))
    return JsonResponse(await parts.ledger.aread(look))


@router.put(_VERSION, summary="Register a model version, or replace its profile")
async def put_model(
    request: Request, model: str, version: str, profile: ModelProfile, principal: Registering
) -> JsonResponse:
    """Register a model version; gates that rest on its profile are judged again."""
    parts = parts_of(request)
    command = partial(
        register_model_version,
        parts=parts,
        model=model,
        version=version,
        given=GivenProfile(profile=profile, by=principal.submitter, credential=principal.credential),
    )
    return JsonResponse(await parts.ledger.awrite(principal.actor, command))


@router.get(_VERSION, summary="Show a model version")
async def get_model(request: Request, model: str, version: str, _: Reading) -> JsonResponse:
    """Return a model version and its profile."""
    look = partial(find_model_version, model=model, version=version)
    return JsonResponse(model_view(await parts_of(request).ledger.aread(look)))


@router.get(_VERSION + "/gates", summary="List the latest run of every gate of a model version")
async def list_gates(request: Request, model: str, version: str, _: Reading) -> JsonResponse:
    """Return the gates of a model version in order of opening."""
    parts = parts_of(request)

    def look(reader: Reader) -> list[dict[str, Any]]:
        found = find_model_version(reader, model, version)
        runs = reader.all(lookups.LATEST_RUNS, model_version_id=found["id"])
        return [gate_view(reader, parts, run["id"]) for run in runs]

    return JsonResponse({"items": await parts.ledger.aread(look)})


@router.get(_GATE, summary="Show a gate: state, every finding, who is waited on, until when")
async def get_gate(
    request: Request,
    model: str,
    version: str,
    gate: str,
    _: Reading,
    occasion: OccasionQuery = None,
    wait: Annotated[float, Query(ge=0, le=25)] = 0,
    row_version: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> JsonResponse:
    """Return a gate run; with `wait` and `row_version`, not before it has another version or the wait ends."""
    parts = parts_of(request)
    look = partial(_view, parts=parts, model=model, version=version, gate=gate, occasion=occasion)
    view = await parts.ledger.aread(look)
    watch: GateWatch = request.app.state.watch
    ends_at = asyncio.get_running_loop().time() + wait
    while view["row_version"] == row_version:
        left = ends_at - asyncio.get_running_loop().time()
        if left <= 0 or watch.is_closing or await request.is_disconnected():
            break
        await watch.changed(view["gate_run"], left)
        view = await parts.ledger.aread(look)
    return JsonResponse(view)


def _view(reader: Reader, *, parts: Parts, model: str, version: str, gate: str, occasion: str | None) -> dict[str, Any]:
    found = find_model_version(reader, model, version)
    return gate_view(reader, parts, find_run(reader, found, gate, occasion)["id"])


@router.post(_GATE + "/decisions", summary="Decide: clear, return, reject or withdraw")
async def post_decision(
    request: Request,
    model: str,
    version: str,
    gate: str,
    body: DecisionBody,
    principal: Deciding,
    key: IdempotencyKey = None,
) -> Response:
    """Record a person's decision, bound to the `basis` they saw."""
    person = person_of(principal)
    verdict = Verdict(act=body.act, reason=body.reason, basis=body.basis, role=body.role, row_version=body.row_version)
    parts = parts_of(request)
    return await _change(
        request,
        (model, version, gate, body.occasion),
        principal,
        key,
        lambda tx, run: decide(tx, parts, run, person, verdict, credential=principal.credential),
    )


@router.post(_GATE + "/waivers", summary="Waive an open finding until a date")
async def post_waiver(
    request: Request,
    model: str,
    version: str,
    gate: str,
    body: WaiverBody,
    principal: Deciding,
    key: IdempotencyKey = None,
) -> Response:
    """Grant a waiver; it stays visible as a violation and ends by itself."""
    person, parts = person_of(principal), parts_of(request)

    asked = WaiverRequest(requirement=body.requirement, reason=body.reason, expires_at=body.expires_at)

    def change(tx: Transaction, run: str) -> None:
        grant_waiver(tx, parts, run, person, asked, credential=principal.credential)

    return await _change(request, (model, version, gate, body.occasion), principal, key, change)


@router.post(_GATE + "/waivers/{waiver}/revoke", summary="Take a waiver back")
async def post_waiver_revocation(
    request: Request,
    model: str,
    version: str,
    gate: str,
    waiver: str,
    body: RevocationBody,
    principal: Deciding,
    key: IdempotencyKey = None,
) -> Response:
    """Revoke a waiver, bound to the `basis` that was seen; its finding holds the gate again."""
    person, parts = person_of(principal), parts_of(request)

    def change(tx: Transaction, run: str) -> None:
        revoke_waiver(
            tx,
            parts,
            run,
            person,
            waiver_id=waiver,
            reason=body.reason,
            basis=body.basis,
            credential=principal.credential,
        )

    return await _change(request, (model, version, gate, body.occasion), principal, key, change)


@router.post(_GATE + "/dates", summary="Move the dates of a gate, with a reason")
async def post_dates(
    request: Request,
    model: str,
    version: str,
    gate: str,
    body: DatesBody,
    principal: Deciding,
    key: IdempotencyKey = None,
) -> Response:
    """Move follow-up and due date."""
    person, parts = person_of(principal), parts_of(request)

    def change(tx: Transaction, run: str) -> None:
        move_dates(
            tx,
            parts,
            run,
            person,
            due_at=body.due_at,
            follow_up_at=body.follow_up_at,
            reason=body.reason,
            credential=principal.credential,
        )

    return await _change(request, (model, version, gate, body.occasion), principal, key, change)


async def _change(
    request: Request,
    where: tuple[str, str, str, str | None],
    principal: Principal,
    key: str | None,
    change: Change,
) -> Response:
    parts = parts_of(request)
    model, version, gate, occasion = where

    def command(tx: Transaction) -> dict[str, Any]:
        found = find_model_version(tx, model, version)
        run = find_run(tx, found, gate, occasion)
        change(tx, run["id"])
        return gate_view(tx, parts, run["id"])

    return await answer_once(request, principal, key, command)
