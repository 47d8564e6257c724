"""What the pages read, out of the ledger: the real `DashboardReads`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, func, select

from pratique.domain.times import instant_text
from pratique.errors import NotFoundError
from pratique.services import lookups
from pratique.services.calendars import calendars_of
from pratique.services.clock_views import clock_explanation, clocks_page
from pratique.services.evidence import evidence_with_chain
from pratique.services.gate_runs import find_run
from pratique.services.inbox import inbox_page
from pratique.services.kept_counts import kept_counts
from pratique.services.lookups import evidence, gate_run, notice
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.services.sheets import sheet_of_run
from pratique.services.views import evidence_view, gate_view
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.journal_rows import journal_entry, journal_page
from pratique.web.dashboard.overdue_rows import overdue_page
from pratique.web.dashboard.portfolio_rows import portfolio_page
from pratique.web.dashboard.ports import Badges, GateRef
from pratique.web.dashboard.rows import (
    ClockFilter,
    ClockPage,
    FlowRunFilter,
    FlowRunPage,
    JournalFilter,
    JournalPage,
    JournalRow,
    ModelSheet,
    Occasion,
    OverduePage,
    PortfolioFilter,
    PortfolioPage,
    RunRow,
    Turn,
)
from pratique.web.dashboard.run_rows import run_page, runs_of_gate
from pratique.web.dashboard.views import EvidenceView, GateView, NoticeView, SheetView

#: A model page lists this many pieces of evidence; more is not read by people.
EVIDENCE_SHOWN = 200
_CHUNK_BYTES = 256 * 1024

#: Facts can be large, and lists do not show them.
_light = [column for column in evidence.c if column.name != "facts"]
_EVIDENCE_LIST = Query(
    select(*_light)
    .where(evidence.c.model_version_id == bindparam("model_version_id"))
    .order_by(evidence.c.received_at.desc(), evidence.c.id.desc())
    .limit(bindparam("limit"))
)
_EVIDENCE_LIGHT = Query(select(*_light).where(evidence.c.id == bindparam("id")))
_OCCASIONS = Query(
    select(gate_run.c.occasion, gate_run.c.state, gate_run.c.opened_at)
    .where(gate_run.c.model_version_id == bindparam("model_version_id"), gate_run.c.gate == bindparam("gate"))
    .order_by(gate_run.c.opened_at.desc(), gate_run.c.id.desc())
)
_COUNT_UNREAD = Query(
    select(func.count()).where(notice.c.person == bindparam("person"), notice.c.acknowledged_at.is_(None))
)


class LedgerReads:
    """Reads for the pages; each call sees one snapshot."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ledger = parts.ledger

    def portfolio(self, wanted: PortfolioFilter, turn: Turn, size: int, now: datetime) -> PortfolioPage:
        """Return one page of the matrix."""
        with self._ledger.read() as reader:
            return portfolio_page(reader, self._parts, wanted, turn, size, now)

    def model(self, model: str, version: str, now: datetime) -> ModelSheet:
        """Return one model version with the latest run of each gate and its newest evidence."""
        with self._ledger.read() as reader:
            row = find_model_version(reader, model, version)
            runs = reader.all(lookups.LATEST_RUNS, model_version_id=row["id"])
            files = reader.all(_EVIDENCE_LIST, model_version_id=row["id"], limit=EVIDENCE_SHOWN)
            return ModelSheet(
                model=row["model"],
                version=row["version"],
                registered_at=row["registered_at"],
                profile=json.loads(row["profile"]),
                gates=tuple(self._view(reader, run["id"]) for run in runs),
                evidence=tuple(_evidence(file, row) for file in files),
            )

    def gate_view(self, ref: GateRef, now: datetime) -> GateView:
        """Return the gate as the API shows it."""
        with self._ledger.read() as reader:
            return self._view(reader, find_ref(reader, ref)["id"])

    def sheet(self, spec_digest: str) -> SheetView:
        """Return the data sheet of a gate spec as a gate run pinned it."""
        with self._ledger.read() as reader:
            return cast(SheetView, sheet_of_run(reader, self._parts, spec_digest))

    def occasions(self, ref: GateRef) -> Sequence[Occasion]:
        """Return every run of this gate for this model version, newest first."""
        with self._ledger.read() as reader:
            version = find_model_version(reader, ref.model, ref.version)
            return [Occasion(**row) for row in reader.all(_OCCASIONS, model_version_id=version["id"], gate=ref.gate)]

    def gate_runs_history(self, gate_run: str) -> Sequence[RunRow]:
        """Return the flow runs that worked on this gate run, newest first."""
        with self._ledger.read() as reader:
            return runs_of_gate(reader, gate_run)

    def evidence_by_id(self, ids: Collection[str]) -> Mapping[str, EvidenceView]:
        """Return the evidence of these ids, without facts."""
        with self._ledger.read() as reader:
            rows = [row for i in sorted(ids) if (row := reader.one(_EVIDENCE_LIGHT, id=i)) is not None]
            versions = {row["model_version_id"]: row for row in rows}  # one: a gate judges its own version's files
            names = {i: _version_of(reader, row) for i, row in versions.items()}
            return {row["id"]: _evidence(row, names[row["model_version_id"]]) for row in rows}

    def evidence(self, evidence_id: str) -> EvidenceView:
        """Return one piece of evidence with its facts."""
        with self._ledger.read() as reader:
            row = reader.one(lookups.EVIDENCE, id=evidence_id)
            if row is None:
                raise NotFoundError(f"evidence {evidence_id[:80]} does not exist")
            return cast(EvidenceView, evidence_with_chain(reader, row, _version_of(reader, row)))

    def evidence_content(self, evidence_id: str) -> Iterator[bytes]:
        """Return the stored file in parts; it is opened before the first part is asked for."""
        shown = self.evidence(evidence_id)
        if shown.get("purged_at") is not None:
            raise NotFoundError(f"the file of evidence {evidence_id[:80]} was purged at {shown['purged_at']}")
        file = self._parts.files.open(shown["sha256"])

        def parts() -> Iterator[bytes]:
            with file:
                while part := file.read(_CHUNK_BYTES):
                    yield part

        return parts()

    def flow_runs(self, wanted: FlowRunFilter, turn: Turn, size: int) -> FlowRunPage:
        """Return one page of the run history."""
        with self._ledger.read() as reader:
            return run_page(reader, wanted, turn, size)

    def overdue(self, turn: Turn, size: int, now: datetime) -> OverduePage:
        """Return one page of overdue gates, longest overdue first."""
        with self._ledger.read() as reader:
            return overdue_page(reader, self._parts, turn, size)

    def clocks(self, wanted: ClockFilter, after: str | None, size: int, now: datetime) -> ClockPage:
        """Return one page of time limits, the next due first."""
        model, _, version = wanted.text.partition("/")
        asked = {"model": model or None, "version": version or None, "state": wanted.state or None}
        with self._ledger.read() as reader:
            found = clocks_page(reader, at=instant_text(now), wanted=asked, cursor=after, limit=size)
        return ClockPage(rows=tuple(found["items"]), following=found["next"])

    def clock(self, clock_id: str, now: datetime) -> Mapping[str, Any]:
        """Return a time limit with everything that its date rests on."""
        with self._ledger.read() as reader:
            return clock_explanation(reader, self._parts, clock_id, instant_text(now))

    def calendars(self, person: str) -> Sequence[Mapping[str, Any]]:
        """Return a person's calendars, without their addresses."""
        with self._ledger.read() as reader:
            return tuple(calendars_of(reader, person)["items"])

    def inbox(self, person: str) -> Sequence[NoticeView]:
        """Return a person's notices, unacknowledged first, newest first."""
        with self._ledger.read() as reader:
            return [_notice(row) for row in inbox_page(reader, person)["items"]]

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> JournalPage:
        """Return journal entries, newest first."""
        with self._ledger.read() as reader:
            return journal_page(reader, wanted, before, limit)

    def journal_entry(self, seq: int) -> JournalRow:
        """Return one journal entry."""
        with self._ledger.read() as reader:
            return journal_entry(reader, seq)

    def badges(self, person: str, now: datetime) -> Badges:
        """Return the counts beside the navigation."""
        with self._ledger.read() as reader:
            unread = reader.value(_COUNT_UNREAD, person=person)
            return Badges(overdue=kept_counts(reader).overdue, inbox=int(unread))

    def names(self) -> Mapping[str, str]:
        """Return person id -> name."""
        return {person.id: person.name for person in self._parts.people.people}

    def roles_of(self, person: str, model: str) -> Sequence[str]:
        """Return the roles that this person holds for this model."""
        found = self._parts.people.find(person)
        return tuple(dict.fromkeys((*found.roles, *found.models.get(model, ())))) if found else ()

    def _view(self, reader: Reader, run_id: str) -> GateView:
        return cast(GateView, gate_view(reader, self._parts, run_id))


def find_ref(reader: Reader, ref: GateRef) -> Row:
    """Return the gate run that an address of a page names.

    Raises:
        NotFoundError: unknown model version, or no event has opened the gate.
    """
    return find_run(reader, find_model_version(reader, ref.model, ref.version), ref.gate, ref.occasion)


def _version_of(reader: Reader, row: Row) -> Row:
    return reader.one(lookups.MODEL_VERSION_BY_ID, id=row["model_version_id"]) or {}


def _evidence(row: Row, version: Row) -> EvidenceView:
    return cast(EvidenceView, evidence_view({"facts": "{}", **row}, version))


def _notice(row: Row) -> NoticeView:
    content = row["content"]
    return {
        **{name: row[name] or "" for name in ("id", "kind", "severity", "model", "version", "gate", "occasion")},  # type: ignore[typeddict-item]
        "title": content["title"],
        "state": content["state"],
        "reasons": content.get("reasons", []),
        "due_at": content.get("due_at"),
        "next": content.get("next", ""),
        "created_at": row["created_at"],
        "acknowledged_at": row["acknowledged_at"],
    }
