"""What differs between two editions of a regime: added, removed, changed, renamed, split, merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pratique.domain.regime.edition import Edition
from pratique.domain.regime.mapping import Mapping, MeasureMove, Relation, RiskMove

#: What people call the lists of an edition; other lists go by their own name.
_WORDS = {
    "always_assess": "risk",
    "types": "risk type",
    "measures": "measure",
    "commitments": "commitment",
    "chapters": "chapter",
    "acts": "article",
    "deadlines": "deadline",
    "documents": "document",
    "sections": "document section",
    "fields": "document field",
    "variants": "document variant",
    "objectives": "objective",
    "areas": "security area",
    "evaluations": "evaluation topic",
    "moments": "moment",
    "roles": "role",
    "sources": "source",
    "clocks": "clock",
    "rules": "clock",
    "scope": "scope",
    "steps": "scope step",
}
#: Lists whose items have their ids inside of what they stand in only.
_INNER = frozenset({"sections", "fields", "variants"})
#: Members that say where a rule was read, not what it is.
PROVENANCE = frozenset({"source", "verified", "unverified"})
_RISK, _MEASURE = "risk", "measure"


class What(StrEnum):
    """What became of an item."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    SPLIT = "split"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item that is not as it was."""

    kind: str  #: measure, risk, deadline ...
    id: str  #: in the earlier edition; of what was added, in the later one
    what: What
    now: tuple[str, ...] = ()  #: ids in the later edition, where they are others
    keys: tuple[str, ...] = ()  #: members that differ
    why: str | None = None  #: as the mapping says
    reassess: bool = False  #: of a risk: what was found under the earlier edition does not stand by itself

    @property
    def is_provenance(self) -> bool:
        """True when it is only read in another text."""
        return self.what is What.CHANGED and bool(self.keys) and PROVENANCE.issuperset(self.keys)

    @property
    def line(self) -> str:
        """One line for people."""
        into = f" {'to' if self.what is What.RENAMED else 'into'} {', '.join(self.now)}" if self.now else ""
        keys = f" ({', '.join(self.keys)})" if self.keys else ""
        again = "; to be assessed again" if self.reassess else ""
        why = f": {self.why}" if self.why else ""
        return f"{self.what.value} {self.kind} {self.id}{into}{keys}{again}{why}"

    def as_json(self) -> dict[str, Any]:
        """Return it as the API and the journal show it."""
        value = {"kind": self.kind, "id": self.id, "what": self.what.value, "line": self.line}
        more = {"now": list(self.now), "keys": list(self.keys), "why": self.why, "reassess": self.reassess}
        return value | {name: one for name, one in more.items() if one}


def edition_changes(earlier: Edition, later: Edition, mapping: Mapping | None = None) -> tuple[Change, ...]:
    """Return what differs, in the order of the earlier edition, then what is new.

    Args:
        earlier: the edition before.
        later: the edition after.
        mapping: from one to the other; None compares by id alone.
    """
    before, after = entries(earlier), entries(later)
    moved, told = _moves(mapping, before, after)
    changes = [*moved]
    for (kind, name), value in before.items():
        if (kind, name) in told:
            continue
        other = after.get((kind, name))
        if other is None:
            changes.append(Change(kind=kind, id=name, what=What.REMOVED))
        elif keys := _differing(value, other):
            changes.append(Change(kind=kind, id=name, what=What.CHANGED, keys=keys))
    reached = {(change.kind, now) for change in moved for now in (*change.now, change.id)}
    new = [key for key in after if key not in before and key not in reached]
    return (*changes, *(Change(kind=kind, id=name, what=What.ADDED) for kind, name in new))


def entries(edition: Edition) -> dict[tuple[str, str], dict[str, Any]]:
    """Return everything that has an id, and what stands beside it: (kind, id) -> its own members."""
    value = edition.model_dump(mode="json")
    imprint = value.pop("imprint")
    found = dict(_walk(imprint["sources"], "sources", ""))
    for name, part in value.items():
        found |= _entry(part, name, name, "") if isinstance(part, dict) else dict(_walk(part, name, ""))
    return found


def _walk(part: Any, kind: str, above: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for item in part or ():
        yield from _entry(item, kind, item["id"], above).items()


def _entry(item: dict[str, Any], kind: str, name: str, above: str) -> dict[tuple[str, str], dict[str, Any]]:
    own: dict[str, Any] = {}
    inner: dict[tuple[str, str], dict[str, Any]] = {}
    path = f"{above}/{name}" if kind in _INNER else name
    for key, value in item.items():
        if _is_list_of_items(key, value):
            inner |= dict(_walk(value, key, path))
        elif isinstance(value, dict) and any(_is_list_of_items(name, one) for name, one in value.items()):
            inner |= _entry(value, key, key, path)
        else:
            own[key] = value
    return {(_WORDS.get(kind, kind), path): own, **inner}


def _is_list_of_items(name: str, value: Any) -> bool:
    """True for lists whose items are told apart; others (proofs, exemptions) are part of what they stand in."""
    return name in _WORDS and isinstance(value, list) and all(isinstance(one, dict) and "id" in one for one in value)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(key for key in dict.fromkeys([*before, *after]) if key != "id" and before.get(key) != after.get(key))


Entries = dict[tuple[str, str], dict[str, Any]]


def _moves(mapping: Mapping | None, before: Entries, after: Entries) -> tuple[list[Change], set[tuple[str, str]]]:
    """Return the changes that a mapping tells of, and the items that it speaks for."""
    if mapping is None:
        return [], set()
    changes: list[Change] = []
    told: set[tuple[str, str]] = set()
    both: Iterable[tuple[str, tuple[RiskMove, ...] | tuple[MeasureMove, ...]]] = (
        (_RISK, mapping.risks),
        (_MEASURE, mapping.measures),
    )
    for kind, moves in both:
        for move in moves:
            told |= {(kind, end) for end in (move.was, *move.now) if end is not None}
            changes += _moved(kind, move, before, after)
    return changes, told


def _moved(kind: str, move: RiskMove | MeasureMove, before: Entries, after: Entries) -> Iterator[Change]:
    again = isinstance(move, RiskMove) and move.reassess
    if move.was is None:
        for name in move.now:
            yield Change(kind=kind, id=name, what=What.ADDED, why=move.why, reassess=again)
        return
    if move.relation is Relation.DROPPED:
        yield Change(kind=kind, id=move.was, what=What.REMOVED, why=move.why)
        return
    keys = _differing(before[kind, move.was], after[kind, move.now[0]]) if len(move.now) == 1 else ()
    what, now = _kind_of(move), tuple(one for one in move.now if one != move.was or len(move.now) > 1)
    if what is not What.CHANGED or keys or again or move.relation is not Relation.EQUAL:
        yield Change(kind=kind, id=move.was, what=what, now=now, keys=keys, why=move.why, reassess=again)


def _kind_of(move: RiskMove | MeasureMove) -> What:
    if len(move.now) > 1:
        return What.SPLIT
    if move.relation is Relation.MERGED:
        return What.MERGED
    return What.CHANGED if move.now == (move.was,) else What.RENAMED
