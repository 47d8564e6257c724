"""What time alone does to clocks: people are reminded before one runs out, and told once when it has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, select, tuple_

from pratique.canonical import stored_json
from pratique.domain.clocks import ClockState
from pratique.domain.regime.deadlines import Direction
from pratique.domain.times import instant_text, parse_instant
from pratique.services import lookups
from pratique.services.clock_notices import tell_of_clocks
from pratique.services.clocks import is_reminded, mark_reminded, replan
from pratique.services.lookups import clock, model_version
from pratique.services.notices import NoticeKind
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

ACTOR = "engine:sweep"
#: People are reminded when this part of the time is left, and at most so long before.
_LEFT = 4
_LONGEST_AHEAD = timedelta(days=30)
_WAITED_FOR = (Direction.RETAIN_AT_LEAST, Direction.NOT_BEFORE_AFTER, Direction.INDICATIVE_MIN)
#: Clocks that one look takes.
BATCH = 250
_log = logging.getLogger(__name__)

_after = tuple_(clock.c.due_at, clock.c.id) > tuple_(bindparam("after_at"), bindparam("after_id"))


def _running() -> Select[Any]:
    return (
        select(clock)
        .where(clock.c.state == "running", clock.c.due_at <= bindparam("until"), _after)
        .order_by(clock.c.due_at, clock.c.id)
        .limit(bindparam("limit"))
    )


_DUE = Query(_running())
#: Model versions whose profile time has changed since their clocks were planned.
_CHANGED = Query(
    select(model_version.c.id)
    .where(
        model_version.c.profile_changes_at.is_not(None),
        model_version.c.profile_changes_at <= bindparam("at"),
    )
    .order_by(model_version.c.profile_changes_at, model_version.c.id)
)


def sweep_clocks(parts: Parts) -> tuple[int, int]:
    """Find the clocks that ran out, and those that soon will; tell people; return (missed, reminded).

    A profile that time has changed starts clocks and ends them, so those of its version are planned anew first.
    """
    now = parts.ledger.clock()
    missed = reminded = 0
    for version_id in _changed(parts, instant_text(now)):
        missed += _attempt(parts, partial(follow_profile, parts=parts, version_id=version_id), version_id)
    versions: dict[str, None] = {}
    soon: dict[str, list[str]] = {}
    for row in _until(parts, instant_text(now + _LONGEST_AHEAD)):
        if row["due_at"] <= instant_text(now):
            versions[row["model_version_id"]] = None
        elif _is_near(row, instant_text(now)) and not is_reminded(row) and _is_owed(parts, row):
            soon.setdefault(row["model_version_id"], []).append(row["id"])
    for version_id in versions:
        missed += _attempt(parts, partial(run_out, parts=parts, version_id=version_id), version_id)
    for version_id, clocks in soon.items():
        command = partial(remind_ahead, parts=parts, version_id=version_id, clocks=clocks)
        reminded += _attempt(parts, command, version_id)
    return missed, reminded


def _changed(parts: Parts, at: str) -> list[str]:
    if parts.rules.edition is None:
        return []
    with parts.ledger.read() as reader:
        return [row["id"] for row in reader.all(_CHANGED, at=at)]


def _until(parts: Parts, until: str) -> Iterator[Row]:
    """Yield the running clocks that end by then, each once, read in batches."""
    after_at = after_id = ""
    while True:
        with parts.ledger.read() as reader:
            rows = reader.all(_DUE, until=until, after_at=after_at, after_id=after_id, limit=BATCH)
        yield from rows
        if len(rows) < BATCH:
            return
        after_at, after_id = rows[-1]["due_at"], rows[-1]["id"]


def _attempt(parts: Parts, command: Callable[[Transaction], int], version_id: str) -> int:
    """Run one command; one that fails holds up no other."""
    try:
        return parts.ledger.write(ACTOR, command)
    except Exception:
        _log.exception("clocks of model version %s could not be swept; the next tick tries again", version_id)
        return 0


def _is_near(row: Row, at: str) -> bool:
    """True when a quarter of the time is left or less."""
    span = parse_instant(row["due_at"]) - parse_instant(row["start_at"])
    near_at = parse_instant(row["due_at"]) - min(max(span, timedelta()) / _LEFT, _LONGEST_AHEAD)
    return instant_text(near_at) <= at


def run_out(tx: Transaction, parts: Parts, version_id: str) -> int:
    """Plan the clocks of a model version anew, because time ran out; return how many were missed by it."""
    return replan(tx, parts, version_id, cause="time ran out")


def follow_profile(tx: Transaction, parts: Parts, version_id: str) -> int:
    """Plan the clocks of a model version anew, because time changed its profile; return how many were missed by it."""
    return replan(tx, parts, version_id, cause="time changed what the profile says")


def remind_ahead(tx: Transaction, parts: Parts, version_id: str, clocks: Sequence[str]) -> int:
    """Remind people of clocks of a version that still run, once for each date; return how many are reminded of now."""
    tx.one(lookups.MODEL_VERSION_LOCKED, id=version_id)
    rows = [row for clock_id in clocks if (row := tx.one(lookups.CLOCK, id=clock_id)) is not None]
    due = [r for r in rows if r["state"] == ClockState.RUNNING and r["due_at"] > tx.at and not is_reminded(r)]
    for row in due:
        mark_reminded(tx, row)
    tell_of_clocks(tx, parts, NoticeKind.LIMIT_AHEAD, [row["id"] for row in due])
    return len(due)


def _is_owed(parts: Parts, row: Row) -> bool:
    """True for what somebody must do by then; what is only kept or waited for reminds nobody."""
    edition = parts.rules.editions.get(row["edition"])
    rule = edition.deadline_by_id.get(stored_json(row["content"])["deadline"]) if edition is not None else None
    return rule is None or rule.direction not in _WAITED_FOR
