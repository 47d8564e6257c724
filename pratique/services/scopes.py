"""Explaining who owes what for a model version: every question with its answer, reason and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.domain.regime import Edition
from pratique.domain.regime.items import Sourced
from pratique.domain.scope import ScopeAnswer
from pratique.domain.times import instant_text
from pratique.errors import NotFoundError
from pratique.services.effective_profile import EffectiveProfile, effective_profile
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.store.reader import Reader

#: What the answers rest on, beside the profile itself.
_GROUNDS = ("compute", "lineage", "references")


def explain_scope(reader: Reader, parts: Parts, *, model: str, version: str) -> dict[str, Any]:
    """Return the answers of scope for a model version, in order, each with its reason and its source.

    Raises:
        NotFoundError: it is not registered, or the configuration has no edition with questions.
    """
    parts = parts.bound()
    row = find_model_version(reader, model, version)
    edition = parts.rules.edition
    found = effective_profile(reader, parts, row)
    if edition is None or found.scope is None:
        raise NotFoundError(
            "the configuration holds no questions of scope",
            hint="an edition brings them: config/regimes/<regime>/<edition>/scope.yaml",
        )
    return {
        "model": model,
        "version": version,
        "edition": edition.id,
        "scope": dict(found.scope.values),
        "steps": [_step(edition, answer) for answer in found.scope.path],
        "figures": [{"id": f.id, "value": f.value, **_sourced(edition, f)} for f in _figures(edition)],
        "grounds": _grounds(found),
        "changes_at": instant_text(found.changes_at) if found.changes_at is not None else None,
        "does_not_show": "How the questions were answered on what was recorded. It is no legal advice, and nobody is "
        "shown to meet a duty by it.",
    }


def _step(edition: Edition, answer: ScopeAnswer) -> dict[str, Any]:
    return {
        "id": answer.step.id,
        "question": answer.step.question,
        "answer": answer.answer,
        "is_assumed": answer.is_assumed,
        "reason": answer.reason,
        "when": answer.step.when,
        **_sourced(edition, answer.step),
    }


def _sourced(edition: Edition, item: Sourced) -> dict[str, Any]:
    titles = {source.id: source.title for source in edition.imprint.sources}
    source = item.source
    return {
        "source": {
            "document": source.document,
            "title": titles.get(source.document),
            "clause": source.clause,
            "edition": source.edition.isoformat() if source.edition is not None else None,
        },
        "verified": item.verified,
        "unverified": item.unverified,
    }


def _figures(edition: Edition) -> tuple[Any, ...]:
    return edition.scope.figures if edition.scope is not None else ()


def _grounds(found: EffectiveProfile) -> Mapping[str, Any]:
    provider = found.values["provider"]
    names = ("name", "country", "in_union", "size", "signed_chapters", "is_recorded")
    return {name: found.values[name] for name in _GROUNDS} | {"provider": {name: provider[name] for name in names}}
