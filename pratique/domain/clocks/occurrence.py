"""What happened or is planned, in an order that does not depend on how it was handed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pratique.domain.regime.clocks import Match

#: Order of occurrences: when it happened, when it was recorded, id.
Order = tuple[datetime, datetime, str]


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
        return self.at, self.known_at, self.id


class Timeline:
    """Occurrences that count, by kind, each kind in order.

    Args:
        occurrences: in any order; each id once.
        about: None takes all; else only those about the same thing.
    """

    def __init__(self, occurrences: Iterable[Occurrence]) -> None:
        kinds: dict[str, list[Occurrence]] = defaultdict(list)
        for one in sorted((o for o in occurrences if not o.is_withdrawn), key=lambda o: o.order):
            kinds[one.kind].append(one)
        self._kinds = dict(kinds)

    def of(self, matches: Sequence[Match]) -> list[Occurrence]:
        """Return the occurrences that any of `matches` takes, in order."""
        if len(matches) == 1:
            return self._taken(matches[0])
        found = {one.id: one for match in matches for one in self._taken(match)}
        return sorted(found.values(), key=lambda o: o.order)

    def by_about(self, matches: Iterable[Match]) -> dict[str | None, Timeline]:
        """Return a timeline for each thing that any of `matches` is about."""
        kinds = {match.kind for match in matches}
        apart: dict[str | None, list[Occurrence]] = defaultdict(list)
        for kind in kinds:
            for one in self._kinds.get(kind, ()):
                apart[one.about].append(one)
        return {about: Timeline(found) for about, found in apart.items()}

    def _taken(self, match: Match) -> list[Occurrence]:
        found = self._kinds.get(match.kind, [])
        return [one for one in found if takes(match, one)] if match.where else found


def takes(match: Match, occurrence: Occurrence) -> bool:
    """True when the data of an occurrence of that kind say one of the values that `match` asks for."""
    return occurrence.kind == match.kind and all(
        not values_of(occurrence, name).isdisjoint(wanted) for name, wanted in match.where.items()
    )


def values_of(occurrence: Occurrence, name: str) -> set[str]:
    """Return what a member of the data says, as texts; flags as `true` and `false`, nothing as `none`."""
    value = occurrence.data.get(name)
    if isinstance(value, list | tuple | set | frozenset):
        return {str(one) for one in value}
    if isinstance(value, bool):
        return {"true" if value else "false"}
    return {"none"} if value is None else {str(value)}
