"""Until when an evidence file is kept: computed from the rules, the holds, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, tuple_

from pratique.canonical import stored_json
from pratique.domain.counting import counted_after
from pratique.domain.regime import Edition
from pratique.domain.regime.clocks import ClockRule
from pratique.domain.regime.deadlines import DeadlineRule, Direction
from pratique.domain.retention import Keeping, Retention
from pratique.domain.times import instant_text, parse_instant
from pratique.services import lookups
from pratique.services.effective_profile import effective_profile
from pratique.services.lookups import evidence
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_hold, _purge = table_named("evidence_hold"), table_named("evidence_purge")
#: Every piece of evidence that a file is, of whatever model version. Rare, so that no index is written for it.
PIECES_OF_FILE = Query(
    select(evidence).where(evidence.c.sha256 == bindparam("sha256")).order_by(evidence.c.received_at, evidence.c.id)
)
PURGES_OF_FILE = Query(
    select(_purge).where(_purge.c.sha256 == bindparam("sha256")).order_by(_purge.c.purged_at, _purge.c.id)
)
#: The same, locked on PostgreSQL: a file is not removed while it is submitted again.
PURGES_OF_FILE_LOCKED = Query(
    select(_purge)
    .where(_purge.c.sha256 == bindparam("sha256"))
    .order_by(_purge.c.purged_at, _purge.c.id)
    .with_for_update()
)
HOLD = Query(select(_hold).where(_hold.c.id == bindparam("id")))
#: Newest first, older than a place.
HOLDS = Query(
    select(_hold)
    .where(tuple_(_hold.c.placed_at, _hold.c.id) < tuple_(bindparam("after_at"), bindparam("after_id")))
    .order_by(_hold.c.placed_at.desc(), _hold.c.id.desc())
    .limit(bindparam("limit"))
)
_HOLDS_ON = Query(
    select(_hold)
    .where(
        _hold.c.lifted_at.is_(None),
        or_(_hold.c.sha256 == bindparam("sha256"), _hold.c.model_version_id == bindparam("model_version_id")),
    )
    .order_by(_hold.c.placed_at, _hold.c.id)
)


def retention_of(reader: Reader, parts: Parts, sha256: str, now: datetime) -> Retention:
    """Return everything that keeps a file at `now`: the latest of all the evidence that it is counts."""
    pieces = [row for row in reader.all(PIECES_OF_FILE, sha256=sha256) if row["purged_at"] is None]
    versions = {row["model_version_id"]: version_of(reader, row) for row in pieces}
    keepings = [one for row in pieces for one in _keepings(reader, parts, row, versions[row["model_version_id"]], now)]
    ids = {row["id"]: row["filename"] for row in pieces}
    rests_on = [line for version in versions.values() for line in _resting(reader, version, ids, now)]
    rests_on += [line for row in pieces for line in _replaced(reader, row)]
    return Retention(
        keepings=list(dict.fromkeys(keepings)), holds=_holds(reader, sha256, list(versions)), rests_on=rests_on
    )


def lock_versions(tx: Transaction, versions: Iterable[str]) -> None:
    """Lock model versions in one order, so that no hold comes and nothing is judged while their files are given up."""
    for version in sorted(set(versions)):
        tx.one(lookups.MODEL_VERSION_LOCKED, id=version)


def version_of(reader: Reader, row: Row) -> Row:
    """Return the model version of a piece of evidence."""
    return reader.one(lookups.MODEL_VERSION_BY_ID, id=row["model_version_id"]) or {}


def _keepings(reader: Reader, parts: Parts, piece: Row, version: Row, now: datetime) -> Iterator[Keeping]:
    edition = parts.rules.edition
    if edition is None or edition.clocks is None:
        unknown = "no edition with time limits runs here"
        yield _keeping(version, rule="retention", title="How long it is kept", deadline="-", unknown=unknown)
        return
    clocks = reader.all(lookups.CLOCKS_OF_VERSION, model_version_id=version["id"])
    for rule, deadline in _keeping_rules(edition):
        said = {"rule": rule.id, "title": rule.title, "deadline": deadline.id}
        # Void: it does not apply, which is asked below, or what started it was withdrawn, so that nothing did.
        found = [clock for clock in clocks if clock["rule"] == rule.id and clock["state"] != "void"]
        if not found and rule.about == "model" and _applies(reader, parts, rule, version, now):
            since = ", ".join(sorted(rule.starting_kinds))
            yield _keeping(version, **said, unknown=f"it is counted from what was not recorded yet: {since}")
        for clock in found:
            yield _counted(parts, version, piece, rule, deadline, clock)


def _keeping_rules(edition: Edition) -> Iterator[tuple[ClockRule, DeadlineRule]]:
    """Yield the clock rules whose time limit is one for which something is kept at least."""
    for rule in edition.clocks.rules if edition.clocks is not None else ():
        for limit in rule.limits:
            deadline = edition.deadline_by_id[limit.deadline]
            if deadline.direction is Direction.RETAIN_AT_LEAST:
                yield rule, deadline


def _applies(reader: Reader, parts: Parts, rule: ClockRule, version: Row, now: datetime) -> bool:
    """True unless the profile says that a rule asks nothing; what cannot be judged applies."""
    if rule.applies_when is None:
        return True
    profile = effective_profile(reader, parts, version, now)
    bound = parts.criteria.bind(profile.values, {}, key=f"clocks/{profile.digest}")
    return bound.judge(rule.applies_when).holds is not False


def _counted(parts: Parts, version: Row, piece: Row, rule: ClockRule, deadline: DeadlineRule, clock: Row) -> Keeping:
    """Return until when a clock keeps a piece of evidence.

    The later of both readings: what is done by a date is done by the earlier one, what is kept until it, until the
    later. Of an incident (S-9.4) it runs from the date of the documentation, where that is later.
    """
    content = stored_json(clock["content"])
    ends = [content[name]["due_at"] for name in ("strict", "outer") if content.get(name) is not None]
    ends += [clock["due_at"]] if clock["due_at"] is not None else []
    until = max(map(parse_instant, ends), default=None)
    received = parse_instant(piece["received_at"])
    if rule.about != "model" and until is not None and deadline.period is not None:
        counted = counted_after(received, deadline.period, parts.rules.holidays)
        until = max(until, *(one.due_at for one in (counted.strict, counted.outer) if one is not None))
    unknown = (content.get("unknown") or "its clock has no date") if until is None else None
    said = {"rule": rule.id, "title": rule.title, "deadline": deadline.id, "about": clock["about"]}
    return _keeping(version, **said, until=until, unknown=unknown)


def _keeping(version: Row, **members: Any) -> Keeping:
    return Keeping(model=version["model"], version=version["version"], **members)


def _holds(reader: Reader, sha256: str, versions: Iterable[str]) -> list[str]:
    found = {
        row["id"]: f"on hold since {row['placed_at']} by {row['person']}: {row['reason']} (hold {row['id']})"
        for version in versions
        for row in reader.all(_HOLDS_ON, sha256=sha256, model_version_id=version)
    }
    return list(found.values())


def _replaced(reader: Reader, piece: Row) -> Iterator[str]:
    """Yield the piece that this one replaces, where it is there still: with this gone, that would count again."""
    row = reader.one(lookups.EVIDENCE, id=piece["revises"]) if piece["revises"] is not None else None
    if row is not None and row["purged_at"] is None and row["sha256"] != piece["sha256"]:
        yield f"it replaces {row['filename']} ({row['id']}), which would count again: purge that first"


def _resting(reader: Reader, version: Row, pieces: dict[str, str], now: datetime) -> Iterator[str]:
    """Yield what is alive and rests on one of these pieces of evidence."""
    at, of = instant_text(now), f"{version['model']}/{version['version']}"
    for live in reader.all(lookups.LIVE_RUNS, model_version_id=version["id"]):
        run = reader.one(lookups.GATE_RUN_PLAIN, id=live["id"]) or {}
        named = f"gate {run['gate']} of {of} ({run['occasion']}, {run['state']})"
        for finding in stored_json(run["findings"]):
            if finding.get("evidence") in pieces:
                yield f"{named} rests on {pieces[finding['evidence']]}: {finding['requirement']}"
        for waiver in reader.all(lookups.WAIVERS_OF_RUN, gate_run_id=live["id"]):
            if waiver["evidence"] in pieces and waiver["revoked_at"] is None and waiver["expires_at"] > at:
                yield f"waiver {waiver['id']} at {named} was given for {pieces[waiver['evidence']]}"
