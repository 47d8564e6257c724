"""Where a clock stands: running, met, missed or void."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pratique.domain.clocks.candidate import Candidate
from pratique.domain.clocks.clock import ClockState
from pratique.domain.clocks.occurrence import Occurrence, values_of
from pratique.domain.clocks.rounds import Round
from pratique.domain.counting import Counted
from pratique.domain.regime.clocks import ClockRule
from pratique.domain.regime.deadlines import Direction

#: A time to wait: what ends it must not come before.
_WAITING = frozenset({Direction.NOT_BEFORE_AFTER, Direction.INDICATIVE_MIN})


@dataclass(frozen=True, slots=True)
class Standing:
    """State of a clock, and what brought it there."""

    state: ClockState
    met_at: datetime | None = None
    met_by: str | None = None
    reason: str | None = None
    excuse: str | None = None


def standing_of(rule: ClockRule, chosen: Candidate, due: Counted | None, found: Round, now: datetime) -> Standing:
    """Return where a clock that applies stands at `now`.

    Args:
        rule: its rule.
        chosen: the limit that gave the date.
        due: the end acted on; None where no date can be told.
        found: what met it, or made it void.
        now: aware.
    """
    direction = chosen.deadline.direction
    if direction is Direction.RETAIN_AT_LEAST or direction in _WAITING:
        return _waited(direction, due, found, now)
    return _owed(rule, due, found, now)


def _owed(rule: ClockRule, due: Counted | None, found: Round, now: datetime) -> Standing:
    ended = _ended(rule, due, found)
    if ended is not None:
        return ended
    if found.met is not None:
        at = found.met.at
        in_time = due is None or at < due.due_at
        state = ClockState.MET if in_time else ClockState.MISSED
        return Standing(state, at, found.met.id)
    if due is None or now < due.due_at:
        return Standing(ClockState.RUNNING)
    if rule.optional:
        return Standing(ClockState.VOID, reason="not used: it was a possibility, no duty")
    return Standing(ClockState.MISSED)


def _ended(rule: ClockRule, due: Counted | None, found: Round) -> Standing | None:
    """Return the standing where something came in time that makes it void."""
    by = found.excused or found.void
    if by is None or (found.met is not None and found.met.order <= by.order):
        return None
    if due is not None and by.at >= due.due_at:
        return None
    if found.excused is None:
        return Standing(ClockState.VOID, reason=f"ended by {_words(by.kind)}")
    named = values_of(by, "exception")
    excuse = next((one for one in rule.excuses if one.id in named), None)
    if excuse is None:
        return None
    return Standing(ClockState.VOID, reason=excuse.title, excuse=excuse.id)


def _waited(direction: Direction, due: Counted | None, found: Round, now: datetime) -> Standing:
    """Return the standing of a time to wait or to keep: met when it is over, and by nobody's act."""
    ended = found.met if direction in _WAITING else None
    if ended is not None and due is not None and ended.at < due.due_at:
        return Standing(ClockState.MISSED, ended.at, ended.id, reason="ended before the time was over")
    if ended is not None and due is not None:
        return Standing(ClockState.MET, met_by=ended.id)
    if _is_void(due, found.void):
        return Standing(ClockState.VOID, reason=f"ended by {_words(found.void.kind if found.void else '')}")
    if due is None or now < due.due_at:
        return Standing(ClockState.RUNNING)
    return Standing(ClockState.MET)


def _is_void(due: Counted | None, void: Occurrence | None) -> bool:
    return void is not None and (due is None or void.at < due.due_at)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
