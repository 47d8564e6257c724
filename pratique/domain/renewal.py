"""Evidence that has to be renewed because something changed since, whatever its age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from pratique.domain.evidence import Reading
from pratique.domain.exhibit import Exhibit
from pratique.domain.spec import Change
from pratique.domain.times import instant_text

#: Kind of evidence that an evaluation is, and one that a system card is.
_EVALUATION, _CARD = "evaluation", "model-card"


class _Seen(NamedTuple):
    """What a piece of evidence says of something that can change."""

    at: datetime
    value: str
    exhibit: Exhibit


class Renewals:
    """What changed, as the evidence of a model version itself says it.

    A change is one from something known to something else: the first evaluation of a task, and the first card, change
    nothing. What was replaced, was not read, or speaks of another model or of other weights, tells of no change.

    Args:
        exhibits: all of the model version.
        replaced: ids of those that were replaced.
        ranks: when each tells, by id: for the newest of a chain the chain's latest date.
    """

    def __init__(self, exhibits: Sequence[Exhibit], replaced: Iterable[str], ranks: Mapping[str, datetime]) -> None:
        self._exhibits = exhibits
        self._replaced = frozenset(replaced)
        self._ranks = ranks

    def why_again(self, exhibit: Exhibit, renew_on: Iterable[Change]) -> str | None:
        """Say what changed since a piece of evidence was made; None: nothing that it has to be renewed for."""
        for change in renew_on:
            found = self._new_version(exhibit) if change is Change.EVALUATION_VERSION else self._new_card(exhibit)
            if found is not None:
                return found
        return None

    def _new_version(self, exhibit: Exhibit) -> str | None:
        own = _versions(exhibit) if exhibit.kind == _EVALUATION else None
        for task, seen in self._evaluations.items():
            then = own.get(task) if own is not None else _value_at(seen, exhibit.evidence.dated_at)
            newest = seen[-1]
            if then is not None and newest.at > exhibit.evidence.dated_at and newest.value != then:
                return (
                    f"{exhibit.evidence.filename} goes by version {then} of {task}; {newest.exhibit.evidence.filename} "
                    f"of {instant_text(newest.at)[:10]} is of version {newest.value}: it is to be renewed"
                )
        return None

    def _new_card(self, exhibit: Exhibit) -> str | None:
        if exhibit.kind == _CARD or not self._cards:
            return None
        then, newest = _value_at(self._cards, exhibit.evidence.dated_at), self._cards[-1]
        if then is None or newest.at <= exhibit.evidence.dated_at or newest.value == then:
            return None
        return (
            f"{exhibit.evidence.filename} is older than the system card {newest.exhibit.evidence.filename} of "
            f"{instant_text(newest.at)[:10]}: it is to be renewed"
        )

    @cached_property
    def _telling(self) -> list[Exhibit]:
        """Exhibits that tell of this model version, oldest first."""
        found = [
            one
            for one in self._exhibits
            if one.evidence.reading is Reading.READ and one.evidence.id not in self._replaced and one.other is None
        ]
        return sorted(found, key=lambda one: (self._at(one), one.evidence.received_at, one.evidence.id))

    def _at(self, exhibit: Exhibit) -> datetime:
        return self._ranks[exhibit.evidence.id]

    @cached_property
    def _evaluations(self) -> dict[str, list[_Seen]]:
        found: dict[str, list[_Seen]] = {}
        for one in self._telling:
            if one.kind == _EVALUATION:
                for task, version in _versions(one).items():
                    found.setdefault(task, []).append(_Seen(self._at(one), version, one))
        return found

    @cached_property
    def _cards(self) -> list[_Seen]:
        return [_Seen(self._at(one), one.evidence.sha256, one) for one in self._telling if one.kind == _CARD]


def _versions(exhibit: Exhibit) -> dict[str, str]:
    """Return the versions of the tasks that an evaluation ran, as far as it names them."""
    facts = exhibit.evidence.extraction.facts if exhibit.evidence.extraction is not None else {}
    many = facts.get("versions")  # lm-eval names each; Inspect has one task
    if isinstance(many, Mapping):
        return {str(task): str(version) for task, version in many.items() if version is not None}
    task, version = facts.get("task"), facts.get("task_version")
    return {str(task): str(version)} if task is not None and version is not None else {}


def _value_at(seen: Sequence[_Seen], at: datetime) -> str | None:
    known = [one.value for one in seen if one.at <= at]
    return known[-1] if known else None
