"""Keeping the clocks of a model version in step with what happened: started, planned anew, met, missed, void."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.clocks import Clock, ClockState
from pratique.domain.entries import ClockRevised, ClockStarted, ProfileDated
from pratique.domain.times import instant_text, parse_instant
from pratique.services import lookups
from pratique.services.advancing import advance_live
from pratique.services.clock_notices import tell_of_clocks
from pratique.services.clock_planning import planned_clocks
from pratique.services.effective_profile import profile_changes_at
from pratique.services.notices import NoticeKind
from pratique.services.parts import Parts
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

_REMINDED = "reminded_of"
_DATES = ("start_at", "due_on", "due_at", "state", "met_at")


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What became of one clock."""

    id: str
    was: str | None  #: its state before; None: it began to run
    state: str
    met_at: str | None

    @property
    def ran_out(self) -> bool:
        """True when its last day passed without what it asks for, and that was not known yet."""
        return self.state == ClockState.MISSED and self.was != ClockState.MISSED and self.met_at is None


def refresh_clocks(tx: Transaction, parts: Parts, version_id: str, *, cause: str) -> list[ClockChange]:
    """Plan the clocks of a model version anew and write what changed; tell people of what ran out; return the changes.

    Args:
        tx: the open transaction.
        parts: the engine.
        version_id: the model version; its row is locked.
        cause: what happened, for the journal.
    """
    version = tx.one(lookups.MODEL_VERSION_LOCKED, id=version_id)
    edition = parts.rules.edition
    if version is None or edition is None:
        return []
    stored = {row["key"]: row for row in tx.all(lookups.CLOCKS_OF_VERSION, model_version_id=version_id)}
    changes: list[ClockChange] = []
    for clock in planned_clocks(tx, parts, edition, version, tx.now):
        row = stored.pop(_key(version_id, clock), None)
        if row is None:
            changes.append(_start(tx, version_id, edition.id, clock, cause))
        elif (found := _revise(tx, row, clock, cause)) is not None:
            changes.append(found)
    gone = [row for row in stored.values() if row["state"] != ClockState.VOID]
    changes += [_end(tx, row, cause) for row in gone]
    _note_when_next(tx, parts, version)
    tell_of_clocks(tx, parts, NoticeKind.LIMIT_MISSED, [change.id for change in changes if change.ran_out])
    return changes


def _note_when_next(tx: Transaction, parts: Parts, version: Row) -> None:
    """Note when time alone changes the profile, so that the sweep plans these clocks anew then, and not before."""
    found = profile_changes_at(tx, parts, version, tx.now)
    changes_at = instant_text(found) if found is not None else None
    if changes_at != version["profile_changes_at"]:
        tx.record(ProfileDated(id=version["id"], changes_at=changes_at))


def refresh_all(tx: Transaction, parts: Parts, *, cause: str) -> int:
    """Plan the clocks of every model version anew; return how many changed."""
    ids = [row["id"] for row in tx.all(lookups.MODEL_VERSION_IDS)]
    return sum(len(refresh_clocks(tx, parts, version_id, cause=cause)) for version_id in ids)


def replan(tx: Transaction, parts: Parts, version_id: str, *, cause: str, is_void: bool = False) -> int:
    """Plan the clocks of a model version anew, then judge its gates again; return how many clocks ran out.

    Args:
        tx: the open transaction.
        parts: the engine.
        version_id: the model version.
        cause: what happened, for the journal and for people.
        is_void: what was cleared is not what is there now.
    """
    changes = refresh_clocks(tx, parts, version_id, cause=cause)
    advance_live(tx, parts, version_id, cause=cause, is_void=is_void)
    return sum(change.ran_out for change in changes)


def is_reminded(row: Row) -> bool:
    """True when people were reminded of the date that a clock has."""
    return row["due_on"] is not None and stored_json(row["content"]).get(_REMINDED) == row["due_on"]


def mark_reminded(tx: Transaction, row: Row) -> None:
    """Note that people were reminded of the date that a clock has."""
    values = {name: row[name] for name in _DATES}
    content = stored_json(row["content"]) | {_REMINDED: row["due_on"]}
    _write_revision(tx, row, values, content, "a reminder was due")


def _key(version_id: str, clock: Clock) -> str:
    return f"{version_id}:{clock.key}"


def _values(clock: Clock) -> dict[str, Any]:
    return {
        "start_at": instant_text(clock.start_at),
        "due_on": clock.due_on.isoformat() if clock.due_on is not None else None,
        "due_at": instant_text(clock.due_at) if clock.due_at is not None else None,
        "state": clock.state.value,
        "met_at": instant_text(clock.met_at) if clock.met_at is not None else None,
    }


def _start(tx: Transaction, version_id: str, edition: str, clock: Clock, cause: str) -> ClockChange:
    clock_id, values = tx.new_id(), _values(clock)
    tx.record(
        ClockStarted(
            id=clock_id,
            key=_key(version_id, clock),
            model_version_id=version_id,
            rule=clock.rule,
            edition=edition,
            force=clock.force.value,
            content=clock.content(),
            cause=cause,
            about=clock.about,
            **values,
        )
    )
    return ClockChange(clock_id, None, values["state"], values["met_at"])


def _revise(tx: Transaction, row: Row, clock: Clock, cause: str) -> ClockChange | None:
    clock = clock.after(ClockState(row["state"]), parse_instant(row["due_at"]) if row["due_at"] else None)
    values, content = _values(clock), clock.content()
    if (
        row["state"] == ClockState.MISSED
        and values["state"] == ClockState.RUNNING
        and row["due_at"] == values["due_at"]
    ):
        values["state"] = ClockState.MISSED.value  # this machine's clock was set back; what ran out did run out
    was = stored_json(row["content"])
    if _REMINDED in was:
        content[_REMINDED] = was[_REMINDED]
    values["force"] = clock.force.value
    if all(row[name] == value for name, value in values.items()) and was == content:
        return None
    return _write_revision(tx, row, values, content, cause)


def _end(tx: Transaction, row: Row, cause: str) -> ClockChange:
    """End a clock that nothing gives rise to any more."""
    values = {name: row[name] for name in _DATES} | {"state": ClockState.VOID.value}
    content = stored_json(row["content"]) | {"reason": f"what started it counts no more: {cause}"}
    return _write_revision(tx, row, values, content, cause)


def _write_revision(
    tx: Transaction, row: Row, values: dict[str, Any], content: dict[str, Any], cause: str
) -> ClockChange:
    tx.record(ClockRevised(id=row["id"], was=row["state"], content=content, cause=cause, **values))
    return ClockChange(row["id"], row["state"], values["state"], values["met_at"])
