"""What happened or is planned, in an order that does not depend on how it was handed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from pratique.domain.regime.clocks import Match

#: Order of occurrences: when it happened, when it was recorded, id.
Order = tuple[datetime, datetime, str]
#: Member of the data that says what the engine recorded an occurrence from, and its value for a profile.
BASIS, SAID_BY_PROFILE = "basis", "profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened, or is planned."""

    id: str
    kind: str
    at: datetime  #: aware; when it happened, or will
    recorded_at: datetime | None = None  #: aware; None: when it happened. Of plans the one recorded last counts
    about: str | None = None  #: the incident, request, change it belongs to
    data: Mapping[str, Any] = field(default_factory=dict)
    is_withdrawn: bool = False  #: it did not happen, or not so; it counts no more

    @property
    def known_at(self) -> datetime:
        """When it was recorded."""
        return self.recorded_at or self.at

    @property
    def order(self) -> Order:
        """Where it stands among others."""
        return self.at, self.recorded_at or self.at, self.id


class Timeline:
    """Occurrences that count, by kind, each kind in order.

    Args:
        occurrences: in any order; each id once.
    """

    def __init__(self, occurrences: Iterable[Occurrence]) -> None:
        self._all = sorted((one for one in occurrences if not one.is_withdrawn), key=_order)
        kinds: dict[str, list[Occurrence]] = {}
        for one in self._all:
            kinds.setdefault(one.kind, []).append(one)
        self._kinds = kinds

    def has(self, kinds: frozenset[str]) -> bool:
        """True when there is an occurrence of any of these kinds."""
        return not kinds.isdisjoint(self._kinds)

    def of(self, matches: Sequence[Match]) -> list[Occurrence]:
        """Return the occurrences that any of `matches` takes, in order."""
        taken = [found for match in matches if (found := self._taken(match))]
        if len(taken) <= 1:
            return taken[0] if taken else []
        return sorted({one.id: one for found in taken for one in found}.values(), key=_order)

    @cached_property
    def by_about(self) -> Mapping[str | None, Timeline]:
        """A timeline for each thing that occurrences are about."""
        apart: dict[str | None, list[Occurrence]] = {}
        for one in self._all:
            apart.setdefault(one.about, []).append(one)
        return {about: Timeline(found) for about, found in apart.items()}

    def _taken(self, match: Match) -> list[Occurrence]:
        found = self._kinds.get(match.kind)
        if found is None:
            return []
        return [one for one in found if takes(match, one)] if match.where else found


def _order(occurrence: Occurrence) -> Order:
    return occurrence.at, occurrence.recorded_at or occurrence.at, occurrence.id


def takes(match: Match, occurrence: Occurrence) -> bool:
    """True when the data of an occurrence of that kind say one of the values that `match` asks for."""
    if occurrence.kind != match.kind:
        return False
    return not match.where or all(
        not values_of(occurrence, name).isdisjoint(wanted) for name, wanted in match.where.items()
    )


def circumstances_of(occurrence: Occurrence | None) -> str | None:
    """Return the exceptional circumstances that an occurrence names; None where it names none, or is none."""
    named = occurrence.data.get("exceptional_circumstances") if occurrence is not None else None
    return named if isinstance(named, str) else None


def values_of(occurrence: Occurrence, name: str) -> set[str]:
    """Return what a member of the data says, as texts; flags as `true` and `false`, nothing as `none`."""
    value = occurrence.data.get(name)
    if isinstance(value, list | tuple | set | frozenset):
        return {str(one) for one in value}
    if isinstance(value, bool):
        return {"true" if value else "false"}
    return {"none"} if value is None else {str(value)}
