"""Verifying a ledger: the chain, the rows that it determines, the work that is owed, and the evidence files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, func, literal_column, select, table

from pratique.canonical import digest_of
from pratique.errors import PratiqueError
from pratique.services.file_check import check_files, expected_files
from pratique.services.lookups import outbox
from pratique.settings import Settings
from pratique.store.chain import Chain, CheckedEntry
from pratique.store.changes import table_named
from pratique.store.kept_counts import counted_rows, counts_of_stored_rows, stored_counts
from pratique.store.places import files_of
from pratique.store.problems import Problems, shown
from pratique.store.replay import Replay, select_all
from pratique.store.schema import known_revisions, missing_guards, stored_revisions
from pratique.store.snapshot import DATABASE_ERRORS, Snapshot, open_snapshot

#: Told the step, how much of it is done, and how much it is in all.
Progress = Callable[[str, int, int], None]

#: Keys of the work that a worker has or can get; literals, since a snapshot's statements take no parameters.
_WAITING = select(outbox.c.key).where(
    outbox.c.topic == literal_column("'delivery'"),
    outbox.c.status.in_([literal_column("'ready'"), literal_column("'leased'")]),
)
#: Entries that carry a value and its digest: tag -> (value, digest).
_DIGESTED = {
    "model:version:registered": ("profile", "profile_digest"),
    "model:version:changed": ("profile", "profile_digest"),
    "gate:spec:adopted": ("body", "digest"),
    "provider:profile:recorded": ("profile", "digest"),
    "provider:profile:changed": ("profile", "digest"),
    "model:register:recorded": ("register", "digest"),
}


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification saw. It shows that the ledger agrees with itself, not that what people wrote is true."""

    ok: bool
    counts: dict[str, int] = field(default_factory=dict)  #: entries, rows, files, unsealed
    problems: list[str] = field(default_factory=list)  #: one line each, naming the entry, row or file


def verify_ledger(settings: Settings, progress: Progress | None = None) -> VerifyReport:
    """Check the chain, replay it against the stored rows, look for owed work, and hash every evidence file again.

    Reads one snapshot and changes nothing; the engine may be running. A damaged ledger gives problems, never an
    exception.

    Args:
        settings: where the ledger and the evidence are.
        progress: told how far it is.
    """
    tell = progress or (lambda _step, _done, _total: None)
    try:
        return _Verification(settings, tell).run()
    except UnicodeDecodeError:
        return _Verification(settings, tell, is_lenient=True).run()


class _Verification:
    """One walk over a ledger."""

    def __init__(self, settings: Settings, tell: Progress, *, is_lenient: bool = False) -> None:
        self._settings = settings
        self._tell = tell
        self._is_lenient = is_lenient
        self._problems = Problems()
        self._replay = Replay(self._problems)
        self._counts = {"entries": 0, "rows": 0, "files": 0, "unsealed": 0}

    def run(self) -> VerifyReport:
        try:
            with open_snapshot(self._settings.ledger_url, is_lenient=self._is_lenient) as snapshot:
                self._check("schema", snapshot, self._check_schema)
                self._check("journal", snapshot, self._check_journal)
                for projected in self._replay.tables:
                    self._check(f"table {projected.name}", snapshot, self._check_rows, projected)
                self._check("kept counts", snapshot, self._check_counts)
                self._check("outbox", snapshot, self._check_outbox)
        except PratiqueError as error:
            self._problems.add("ledger", error.message)
        except DATABASE_ERRORS as error:
            self._problems.add("ledger", f"the ledger could not be opened: {_first_line(error)}")
        self._check_files()
        problems = self._problems.lines()
        return VerifyReport(ok=not problems, counts=self._counts, problems=problems)

    def _check(self, what: str, snapshot: Snapshot, check: Callable[..., None], *given: Any) -> None:
        try:
            with snapshot.guard():
                check(snapshot, *given)
        except DATABASE_ERRORS as error:
            if isinstance(error, sqlite3.OperationalError) and "decode" in str(error) and not self._is_lenient:
                raise UnicodeDecodeError("utf-8", b"", 0, 0, what) from None  # begins again, reading any text
            self._problems.add("unreadable parts", f"{what} could not be read: {_first_line(error)}")
        except Exception as error:  # whatever a tampered database does must end as a line, not as a crash
            self._problems.add("unreadable parts", f"{what} could not be checked: {type(error).__name__} {error}")

    def _check_schema(self, snapshot: Snapshot) -> None:
        self._tell("schema", 0, 1)
        found = stored_revisions(snapshot)
        known = known_revisions()
        if found != [known[0]]:
            self._problems.add("schema", f"schema revision: found {', '.join(found) or 'none'}, expected {known[0]}")
        for guard in missing_guards(snapshot):
            self._problems.add("schema", f"schema: trigger {guard}, which keeps the journal append-only, is missing")
        self._tell("schema", 1, 1)

    def _check_journal(self, snapshot: Snapshot) -> None:
        total = _count(snapshot, table_named("journal_entry"))
        chain = Chain(snapshot, self._problems)
        try:
            for entry in chain.walk(lambda done: self._tell("journal", done, total)):
                if entry.tag in _DIGESTED:
                    self._check_digest(entry)
                self._replay.apply(entry.name, entry.tag, entry.values, entry.at)
        finally:
            self._counts["entries"] = total
            self._counts["unsealed"] = chain.unsealed

    def _check_digest(self, entry: CheckedEntry) -> None:
        member, digest = _DIGESTED[entry.tag]
        if digest_of(entry.values.get(member)) != entry.values.get(digest):
            found = shown(entry.values.get(digest))
            self._problems.add("digests", f"{entry.name}: {digest} {found} is not the digest of its {member}")

    def _check_rows(self, snapshot: Snapshot, projected: Table) -> None:
        self._tell(projected.name, 0, len(self._replay.rows[projected.name]))
        count = self._replay.compare(projected, snapshot.stream(select_all(projected)))
        self._counts["rows"] += count
        self._tell(projected.name, count, count)

    def _check_counts(self, snapshot: Snapshot) -> None:
        """Kept counts are those of the journal's rows, or follow stored rows that are named as changed already."""
        expected = counted_rows(self._replay.rows)
        kept = stored_counts(snapshot)
        if kept != expected and kept != counts_of_stored_rows(snapshot):
            for name in sorted(kept.keys() | expected.keys()):
                if kept[name] != expected[name]:
                    told = f"kept count {' '.join(name)}: found {kept[name]}, expected {expected[name]}"
                    self._problems.add("kept counts", told)

    def _check_outbox(self, snapshot: Snapshot) -> None:
        """Work is not in the journal; that a message is still owed is."""
        owed = [i for i, row in self._replay.rows["delivery"].items() if row["status"] == "pending"]
        self._tell("outbox", 0, len(owed))
        waiting = {row[0] for batch in snapshot.stream(_WAITING) for row in batch}
        for delivery in owed:
            if f"delivery:{delivery}" not in waiting:
                self._problems.add(
                    "outbox", f"delivery {delivery} is pending, and no work in the outbox is there to send it"
                )
        self._tell("outbox", len(owed), len(owed))

    def _check_files(self) -> None:
        named, unusable = expected_files({"id": key, **row} for key, row in self._replay.rows["evidence"].items())
        for line in unusable:
            self._problems.add("evidence files", line)
        self._counts["files"] = sum(not file.is_purged for file in named.values())
        try:
            files = files_of(self._settings)
        except PratiqueError as error:
            self._problems.add("evidence files", f"the evidence files could not be checked: {error.message}")
            return
        report = check_files(files, named, lambda done, total, *_: self._tell("evidence", done, total))
        for problem in report.problems:
            for line in problem.lines():
                self._problems.add("evidence files", line)


def _count(snapshot: Snapshot, counted: Table) -> int:
    statement = select(func.count()).select_from(table(counted.name))
    return int(next(snapshot.stream(statement))[0][0])


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason given'}"
