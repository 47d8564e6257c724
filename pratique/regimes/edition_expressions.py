"""Expressions of editions, and what gates ask of their answers: checked before anything goes by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pratique.domain.provider import ProviderProfile
from pratique.domain.regime import Edition
from pratique.regimes.expressions import CheckedCriteria, Place, derived_paths, troubles
from pratique.regimes.problems import Problems

#: What the derived members of `profile` hold, beside `scope`, whose answers the edition names, and `risks`.
_HELD: Mapping[str, frozenset[str]] = {
    "provider": frozenset({*ProviderProfile.model_fields, "is_recorded"}),
    "compute": frozenset({"done", "planned", "projected"}),
    "lineage": frozenset({"versions", "first_placed_on", "is_designated", "is_expected"}),
    "references": frozenset({"risks", "covers_all"}),
}
_SOUND = "a sound boolean expression"


def check_editions(editions: Mapping[str, Edition], criteria: CheckedCriteria, problems: Problems) -> None:
    """Note what is wrong with the questions of scope and the conditions of clocks."""
    for edition in editions.values():
        where = edition.id.replace("@", "/")
        for path, expression in _expressions(edition):
            found = troubles(Place(path, "profile", expression), criteria, {})
            for trouble in (*found, *unknown_answers(edition, expression)):
                problems.add(where, path, found=trouble, expected=_SOUND)


def _expressions(edition: Edition) -> Iterator[tuple[str, str]]:
    if edition.scope is not None:
        for step in edition.scope.steps:
            yield f"scope.steps[{step.id}].when", edition.scope.expression(step)
    if edition.clocks is not None:
        for rule in edition.clocks.rules:
            for path, expression in rule.expressions():
                yield f"clocks.rules[{rule.id}].{path}", expression


def unknown_answers(edition: Edition, expression: str) -> Iterator[str]:
    """Yield what an expression asks of answers of scope, or of other derived values, that there are not.

    A gate that did would wait for them for ever.
    """
    answers = {step.id for step in edition.scope.steps} if edition.scope is not None else set()
    for member, name in derived_paths(expression):
        known = answers if member == "scope" else _HELD.get(member)
        if known is not None and name not in known:
            yield f"profile.{member} has no {name!r}; known: {', '.join(sorted(known)) or 'none'}"[:300]
