"""Expressions of editions, and what gates ask of their answers: checked before anything goes by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pratique.domain.provider import ProviderProfile
from pratique.domain.regime import Edition
from pratique.domain.spec import GateSpec
from pratique.regimes.expressions import CheckedCriteria, Place, derived_paths, places, troubles
from pratique.regimes.problems import Problems

#: What the derived members of `profile` hold, beside `scope`, whose answers the edition names, and `risks`.
_HELD: Mapping[str, frozenset[str]] = {
    "provider": frozenset({*ProviderProfile.model_fields, "is_recorded"}),
    "compute": frozenset({"done", "planned", "projected"}),
    "lineage": frozenset({"versions", "first_placed_on"}),
    "references": frozenset({"risks", "covers_all"}),
}
_SOUND = "a sound boolean expression"


def check_editions(editions: Mapping[str, Edition], criteria: CheckedCriteria, problems: Problems) -> None:
    """Note what is wrong with the questions of scope and the conditions of clocks."""
    for edition in editions.values():
        where = edition.id.replace("@", "/")
        for path, expression in _expressions(edition):
            found = troubles(Place(path, "profile", expression), criteria, {})
            for trouble in (*found, *_unknown(edition, expression)):
                problems.add(where, path, found=trouble, expected=_SOUND)


def check_answers(specs: Mapping[str, GateSpec], editions: Mapping[str, Edition], problems: Problems) -> None:
    """Note where gates ask for answers of scope, or for other derived values, that there are not.

    A gate that did would wait for them for ever.
    """
    for file, spec in specs.items():
        edition = editions.get(spec.edition)
        for place in places(spec):
            for trouble in _unknown(edition, place.expression):
                problems.add(file, place.path, found=trouble, expected=_SOUND)


def _expressions(edition: Edition) -> Iterator[tuple[str, str]]:
    if edition.scope is not None:
        for step in edition.scope.steps:
            yield f"scope.steps[{step.id}].when", edition.scope.expression(step)
    if edition.clocks is not None:
        for rule in edition.clocks.rules:
            for path, expression in rule.expressions():
                yield f"clocks.rules[{rule.id}].{path}", expression


def _unknown(edition: Edition | None, expression: str) -> Iterator[str]:
    answers = {step.id for step in edition.scope.steps} if edition is not None and edition.scope is not None else None
    for member, name in derived_paths(expression):
        known = answers if member == "scope" else _HELD.get(member)
        if known is not None and name not in known:
            yield f"profile.{member} has no {name!r}; known: {', '.join(sorted(known))}"[:300]
