"""Telling people of time limits: before one runs out, and once when it has, at the gate that it belongs to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.gates import FINAL_STATES, GateState
from pratique.domain.spec import GateSpec
from pratique.services import lookups
from pratique.services.gate_runs import open_or_join, why_not_applicable
from pratique.services.loaded_run import load_run
from pratique.services.notices import MOST_REASONS, NoticeKind, recipients, tell
from pratique.services.parts import Parts
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

_log = logging.getLogger(__name__)


def tell_of_clocks(tx: Transaction, parts: Parts, kind: NoticeKind, clocks: Iterable[str]) -> int:
    """Tell people that these clocks ran out, or soon will; those of one gate in one notice. Return how many are new.

    Each person is told once of each date of a clock, whatever other clocks a notice tells of.
    """
    apart: dict[str, list[Row]] = {}
    for clock_id in clocks:
        row = tx.one(lookups.CLOCK, id=clock_id)
        run_id = _home(tx, parts, row) if row is not None else None
        if row is not None and run_id is not None:
            apart.setdefault(run_id, []).append(row)
    return sum(_tell(tx, parts, run_id, kind, rows) for run_id, rows in apart.items())


def _tell(tx: Transaction, parts: Parts, run_id: str, kind: NoticeKind, rows: Sequence[Row]) -> int:
    run = load_run(tx, parts, run_id, tx.now)
    reasons = {_mark(row): _reason(kind, row, stored_json(row["content"])) for row in rows}
    told = _told(tx, run_id, kind)
    apart: dict[tuple[str, ...], list[str]] = {}
    for person in recipients(parts, run, kind):
        new = [mark for mark in reasons if mark not in told.get(person.id, ())]
        for start in range(0, len(new), MOST_REASONS):
            apart.setdefault(tuple(new[start : start + MOST_REASONS]), []).append(person.id)
    return sum(
        tell(tx, parts, run, kind, reasons=[reasons[m] for m in part], people=people, occurrence=part[0], limits=part)
        for part, people in apart.items()
    )


def _mark(row: Row) -> str:
    """Return what names one date of a clock."""
    return f"{row['id']}:{(row['due_on'] or '').replace('-', '')}"


def _told(tx: Transaction, run_id: str, kind: NoticeKind) -> dict[str, set[str]]:
    """Return of which dates of clocks each person was told at a gate run."""
    told: dict[str, set[str]] = {}
    for row in tx.all(lookups.NOTICES_OF_KIND, gate_run_id=run_id, kind=kind.value):
        told.setdefault(row["person"], set()).update(stored_json(row["content"]).get("limits", ()))
    return told


def _reason(kind: NoticeKind, row: Row, content: Mapping[str, Any]) -> str:
    about = f" ({row['about']})" if row["about"] else ""
    word = "was" if kind is NoticeKind.LIMIT_MISSED else "is"
    force = "" if row["force"] == "hard" else f", {row['force'].replace('_', '-')}"
    return f"{content['title']}{about}: the last day {word} {row['due_on']}, towards {content['recipient']}{force}"


def _home(tx: Transaction, parts: Parts, row: Row) -> str | None:
    """Return the gate run at which people are told of a clock; where its gate has none that lives, one is opened."""
    gate = str(stored_json(row["content"]).get("gate"))
    version_id = row["model_version_id"]
    found = tx.one(lookups.GATE_RUN_LATEST, model_version_id=version_id, gate=gate)
    if row["about"] is not None:
        given = {"model_version_id": version_id, "gate": gate, "occasion": row["about"]}
        found = tx.one(lookups.GATE_RUN_ON_PLAIN, **given) or found
    if found is not None and GateState(found["state"]) not in FINAL_STATES:
        return str(found["id"])
    version = tx.one(lookups.MODEL_VERSION_BY_ID, id=version_id)
    spec = parts.rules.specs.get(gate)
    if version is not None and spec is not None and why_not_applicable(tx, parts, spec, version) is None:
        return open_or_join(tx, parts, version, spec, occasion=row["about"] or row["rule"], event_id=row["id"])
    others = [found] if found is not None else tx.all(lookups.LATEST_STATES, model_version_id=version_id)
    if others:
        return str(others[0]["id"])
    stand_in = _stand_in(tx, parts, spec, version) if version is not None else None
    if version is None or stand_in is None:
        _log.error("clock %s (%s): the configuration has no gate; nobody was told", row["id"], row["rule"])
        return None
    return open_or_join(tx, parts, version, stand_in, occasion=row["about"] or row["rule"], event_id=row["id"])


def _stand_in(tx: Transaction, parts: Parts, spec: GateSpec | None, version: Row) -> GateSpec | None:
    """Return the gate at which people are told where the version has no run and its own gate is not for it."""
    if spec is not None:
        return spec
    specs = [parts.rules.specs[name] for name in sorted(parts.rules.specs)]
    applying = (one for one in specs if why_not_applicable(tx, parts, one, version) is None)
    return next(applying, next(iter(specs), None))
