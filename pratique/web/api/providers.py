"""The provider, and who owes what for a model version."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request

from pratique.domain.provider import ProviderProfile
from pratique.services.providers import GivenProvider, provider_view, record_provider
from pratique.services.scopes import explain_scope
from pratique.web.api.auth import Reading, Registering, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["scope"], responses=PROBLEMS)


@router.put("/provider", summary="Record who the provider is, or replace it")
async def put_provider(request: Request, profile: ProviderProfile, principal: Registering) -> JsonResponse:
    """Record the provider; gates of all model versions that rest on it are judged again."""
    parts = parts_of(request)
    given = GivenProvider(profile=profile, by=principal.submitter, credential=principal.credential)
    return JsonResponse(await parts.ledger.awrite(principal.actor, partial(record_provider, parts=parts, given=given)))


@router.get("/provider", summary="Show who the provider is")
async def get_provider(request: Request, _: Reading) -> JsonResponse:
    """Return the provider's profile, and who set which part of it."""
    return JsonResponse(await parts_of(request).ledger.aread(provider_view))


@router.get("/models/{model}/versions/{version}/scope", summary="Explain who owes what for a model version")
async def get_scope(request: Request, model: str, version: str, _: Reading) -> JsonResponse:
    """Return every question of scope in order, with its answer, reason, source and whether it was verified."""
    parts = parts_of(request)
    look = partial(explain_scope, parts=parts, model=model, version=version)
    return JsonResponse(await parts.ledger.aread(look))
