"""What workers and flows ask of the engine."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pratique.services.collecting import announce, collect, evaluate_run
from pratique.services.deliveries import delivery_view, settle_delivery
from pratique.services.flow_runs import end_flow_run, start_flow_run
from pratique.services.hook_reconciliations import reconcile_all
from pratique.services.sweep import sweep
from pratique.services.views import gate_view
from pratique.services.work import claim, extend, settle
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Working, parts_of
from pratique.web.api.bodies import (
    CheckpointBody,
    ClaimBody,
    DeliveryResultBody,
    ExtendBody,
    FlowRunBody,
    FlowRunEndBody,
    SettleBody,
)
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["work"], responses=PROBLEMS)


@router.post("/work/claim", summary="Lease work that is due")
async def post_claim(request: Request, body: ClaimBody, principal: Working) -> JsonResponse:
    """Lease outbox work; what is not settled before the lease ends goes to another worker."""
    parts = parts_of(request)
    command = partial(
        claim,
        worker=body.worker,
        topics=list(body.topics),
        limit=body.limit,
        lease_seconds=body.lease_seconds or parts.settings.lease_seconds,
    )
    return JsonResponse({"items": await parts.ledger.awrite(principal.actor, command)})


@router.post("/work/{work}/extend", status_code=204, summary="Lengthen a lease")
async def post_extend(request: Request, work: str, body: ExtendBody, principal: Working) -> Response:
    """Keep a lease while work goes on."""
    parts = parts_of(request)
    command = partial(extend, work_id=work, worker=body.worker, lease_seconds=parts.settings.lease_seconds)
    await parts.ledger.awrite(principal.actor, command)
    return Response(status_code=204)


@router.post("/work/{work}/settle", summary="Say how work ended")
async def post_settle(
    request: Request, work: str, body: SettleBody, principal: Working, key: IdempotencyKey = None
) -> Response:
    """Settle leased work; a failure is tried again later."""

    def command(tx: Transaction) -> dict[str, str]:
        return {"status": settle(tx, work, **body.model_dump())}

    return await answer_once(request, principal, key, command)


@router.get("/gate-runs/{run}", summary="Show a gate run by id")
async def get_gate_run(request: Request, run: str, _: Working) -> JsonResponse:
    """Return a gate run."""
    parts = parts_of(request)

    def look(reader: Reader) -> dict[str, Any]:
        return gate_view(reader, parts, run)

    return JsonResponse(await parts.ledger.aread(look))


@router.post("/gate-runs/{run}/collect", summary="Read the evidence that was not read yet")
async def post_collect(request: Request, run: str, _body: CheckpointBody, principal: Working) -> JsonResponse:
    """Read pending files of the model version with our own parsers.

    All of them: which checkpoint a file concerns is known once it was read. `checkpoint` names the caller's step.
    """
    return JsonResponse(await collect(parts_of(request), run, actor=principal.actor))


@router.post("/gate-runs/{run}/evaluate", summary="Judge a gate run again, now")
async def post_evaluate(request: Request, run: str, _body: CheckpointBody, principal: Working) -> JsonResponse:
    """Evaluate and advance a gate run."""
    parts = parts_of(request)
    return JsonResponse(await parts.ledger.awrite(principal.actor, partial(evaluate_run, parts=parts, run_id=run)))


@router.post("/gate-runs/{run}/announce", summary="Write the notices that are still missing")
async def post_announce(request: Request, run: str, principal: Working) -> JsonResponse:
    """Tell the people whom the present state concerns, if they were not told yet."""
    parts = parts_of(request)
    command = partial(announce, parts=parts, run_id=run)
    return JsonResponse({"notices": await parts.ledger.awrite(principal.actor, command)})


@router.get("/deliveries/{delivery}", summary="What is to be sent, looked up just before sending")
async def get_delivery(request: Request, delivery: str, _: Working) -> JsonResponse:
    """Return a delivery with its notice and recipient."""
    parts = parts_of(request)
    look = partial(delivery_view, parts=parts, delivery_id=delivery)
    return JsonResponse(await parts.ledger.aread(look))


@router.post("/deliveries/{delivery}/result", summary="How an attempt to send ended")
async def post_delivery_result(
    request: Request, delivery: str, body: DeliveryResultBody, principal: Working, key: IdempotencyKey = None
) -> Response:
    """Record an attempt; the engine decides about the next one."""
    parts = parts_of(request)
    command = partial(
        settle_delivery, parts=parts, delivery_id=delivery, ok=body.ok, permanent=body.permanent, reason=body.reason
    )
    return await answer_once(request, principal, key, command)


@router.post("/flow-runs", status_code=201, summary="A flow run began")
async def post_flow_run(
    request: Request, body: FlowRunBody, principal: Working, key: IdempotencyKey = None
) -> Response:
    """Record a flow run in the ledger's own history."""

    def command(tx: Transaction) -> dict[str, str]:
        return {"id": start_flow_run(tx, **body.model_dump())}

    return await answer_once(request, principal, key, command, status_code=201)


@router.post("/flow-runs/{run}/end", status_code=204, summary="A flow run ended")
async def post_flow_run_end(request: Request, run: str, body: FlowRunEndBody, principal: Working) -> Response:
    """Record how a flow run ended."""
    command = partial(end_flow_run, run_id=run, state=body.state, message=body.message)
    await parts_of(request).ledger.awrite(principal.actor, command)
    return Response(status_code=204)


@router.post("/reconciliations", summary="Ask every tool for what it told nobody of, now")
async def post_reconciliations(request: Request, principal: Working) -> JsonResponse:
    """Reconcile every source of hooks that names a registry; one that does not answer holds up no other."""
    results = await asyncio.to_thread(reconcile_all, parts_of(request), actor=principal.actor)
    return JsonResponse({"results": results})


@router.post("/sweep", summary="Do what time alone changes, now")
async def post_sweep(request: Request, _: Working) -> JsonResponse:
    """Recheck what ran out and remind of what is due; doing it twice does nothing twice."""
    report = await asyncio.to_thread(sweep, parts_of(request))
    return JsonResponse(report.as_json())
