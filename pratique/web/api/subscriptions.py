"""Subscriptions: who is told outside, what became of each message, pausing, trying out, sending again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from pratique.services.access import Principal
from pratique.services.answer_lists import answers_page, whole_answer
from pratique.services.subscriptions import put_again, put_test, subscription_named, subscriptions_view, turn
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Administering, Auditing, parts_of
from pratique.web.api.bodies import Text
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["subscriptions"], responses=PROBLEMS)


class TurnBody(BaseModel):
    """Why a subscription is paused, or goes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Text


@router.get("/subscriptions", summary="List who is told outside")
async def list_subscriptions(request: Request, _: Auditing) -> JsonResponse:
    """Return every subscription with its filter, its state, and how many messages wait or are dead."""
    parts = parts_of(request)
    return JsonResponse(await parts.ledger.aread(partial(subscriptions_view, parts=parts)))


@router.post("/subscriptions/{name}/pause", summary="Send nothing to a subscription until it goes on")
async def post_pause(
    request: Request, name: str, body: TurnBody, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Pause a subscription (admin). Its messages are made all the same, and wait. 409 where it is paused already."""
    return await answer_once(request, principal, key, _turning(request, name, body, principal, paused=True))


@router.post("/subscriptions/{name}/resume", summary="Send to a subscription again")
async def post_resume(
    request: Request, name: str, body: TurnBody, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Have a subscription go on (admin); what waited is sent. 409 where it is not paused."""
    return await answer_once(request, principal, key, _turning(request, name, body, principal, paused=False))


def _turning(
    request: Request, name: str, body: TurnBody, principal: Principal, *, paused: bool
) -> Callable[[Transaction], dict[str, Any]]:
    parts = parts_of(request)

    def command(tx: Transaction) -> dict[str, Any]:
        found = subscription_named(parts, name).name
        turn(tx, found, paused=paused, reason=body.reason, credential=principal.credential)
        return next(one for one in subscriptions_view(tx, parts)["items"] if one["name"] == found)

    return command


@router.post("/subscriptions/{name}/test", status_code=202, summary="Try a subscription out")
async def post_test(request: Request, name: str, principal: Administering, key: IdempotencyKey = None) -> Response:
    """Have a message of type `pratique.gate.test` sent (admin), and return it; it says nothing of any gate."""
    parts = parts_of(request)

    def command(tx: Transaction) -> dict[str, Any]:
        return whole_answer(tx, answer_id=put_test(tx, parts, name))

    answer = await answer_once(request, principal, key, command, status_code=202)
    request.app.state.answer_lane.wake()
    return answer


@router.get("/answers", summary="List messages to subscriptions, newest first")
async def list_answers(
    request: Request,
    _: Auditing,
    subscription: Annotated[str | None, Query(max_length=64)] = None,
    state: Annotated[str | None, Query(max_length=16)] = None,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return messages page by page; `state=dead` gives those that people have to look at."""
    look = partial(answers_page, subscription=subscription, state=state, cursor=cursor, limit=limit)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.get("/answers/{answer}", summary="Show a message, and every attempt at it")
async def get_answer(request: Request, answer: str, _: Auditing) -> JsonResponse:
    """Return a message with its body as it is sent, and its log."""
    return JsonResponse(await parts_of(request).ledger.aread(partial(whole_answer, answer_id=answer)))


@router.post("/answers/{answer}/replay", summary="Have a message sent again")
async def post_replay(request: Request, answer: str, principal: Administering, key: IdempotencyKey = None) -> Response:
    """Send a dead or delivered message again (admin), under its own id and with the same body.

    While it is on its way this is refused (409), and changes nothing.
    """
    parts = parts_of(request)

    def command(tx: Transaction) -> dict[str, Any]:
        put_again(tx, parts, answer)
        return whole_answer(tx, answer_id=answer)

    replayed = await answer_once(request, principal, key, command)
    request.app.state.answer_lane.wake()
    return replayed
