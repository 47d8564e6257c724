"""Who owes what: the questions of an edition, answered on one profile, each answer with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pratique.domain.regime.scope import ScopeRules, ScopeStep
from pratique.domain.situation import BoundFacts, Criteria


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeAnswer:
    """The answer to one question."""

    step: ScopeStep
    answer: bool
    reason: str
    is_assumed: bool  #: it could not be judged, and the side on which duties apply was taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Every answer, by name, and the way to them in order."""

    values: Mapping[str, bool]
    path: tuple[ScopeAnswer, ...]


def decide_scope(rules: ScopeRules, profile: Mapping[str, Any], criteria: Criteria, *, key: str) -> Scope:
    """Answer the questions of `rules` on `profile`, in order.

    The same arguments give the same answers. Nothing raises: what cannot be judged gets the answer on which duties
    apply, and says so.

    Args:
        rules: the questions.
        profile: plain JSON values, `scope` left out.
        criteria: the language of the questions.
        key: names `profile`, so that a binding can be reused.
    """
    values: dict[str, bool] = {}
    path: list[ScopeAnswer] = []
    bound: BoundFacts | None = None
    seen: frozenset[str] = frozenset()  # answers that `bound` knows; bound anew only when another one is asked for
    for step in rules.steps:
        if bound is None or not step.asks_of() <= seen:
            bound = criteria.bind({**profile, "scope": dict(values)}, {}, key=f"scope/{key}/{len(values)}")
            seen = frozenset(values)
        found = _answer(rules, step, bound)
        values[step.id] = found.answer
        path.append(found)
    return Scope(values=values, path=tuple(path))


def _answer(rules: ScopeRules, step: ScopeStep, bound: BoundFacts) -> ScopeAnswer:
    judged = bound.judge(rules.expression(step))
    if judged.holds is not None:
        reason = step.yes if judged.holds else step.no
        return ScopeAnswer(step=step, answer=judged.holds, reason=reason, is_assumed=False)
    taken = "yes" if step.unknown else "no"
    reason = f"could not be judged ({judged.reason}); taken as {taken}, on which more is owed, until it can be"
    return ScopeAnswer(step=step, answer=step.unknown, reason=reason, is_assumed=True)
