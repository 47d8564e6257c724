"""G5: the sweep and the portfolio over very many open gates."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import orjson

from bench.filled import GATES, connect, fill, ledger_path, make_due
from bench.measure import Sample, each, interleave, quantile, timed, whole
from bench.report import Claim, Result
from bench.sizes import Sizes
from bench.world import World, open_world, temporary_folder
from pratique.services.sweep import sweep
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.portfolio_rows import portfolio_page
from pratique.web.dashboard.rows import PortfolioFilter, Turn

PAGE = 50
_RAW_TABLES = """
CREATE TABLE raw_entry (position INTEGER PRIMARY KEY, id TEXT, at TEXT, tag TEXT, subject TEXT, body BLOB);
CREATE TABLE raw_link (seq INTEGER PRIMARY KEY, position INTEGER UNIQUE, link BLOB);
CREATE TABLE raw_notice (id TEXT PRIMARY KEY, key TEXT UNIQUE, gate_run_id TEXT, person TEXT, content TEXT, at TEXT);
CREATE TABLE raw_delivery (id TEXT PRIMARY KEY, notice_id TEXT, channel TEXT, status TEXT);
CREATE TABLE raw_outbox (id TEXT PRIMARY KEY, topic TEXT, key TEXT UNIQUE, payload TEXT, status TEXT, not_before TEXT);
"""
_PIVOT = (
    "SELECT v.model, v.version, "
    + ", ".join(f"max(CASE WHEN g.gate = 'gate-{i}' THEN g.state END)" for i in range(GATES))
    + " FROM model_version v JOIN gate_run g ON g.model_version_id = v.id AND g.is_latest"
    " GROUP BY v.id ORDER BY v.model, v.version"
)


def run(sizes: Sizes) -> Result:
    """Measure an idle tick, a tick with due gates, and the portfolio's queries."""
    result = Result(
        "G5",
        f"sweep and portfolio, {sizes.open_rows:,} open gates",
        f"*Idle tick*: a whole sweep that finds nothing due. *Due*: {sizes.due_rows} gates past their due date, each "
        "reminded in the journal with what was found last, its owner noticed, the delivery outboxed. Beside it raw SQL "
        "that finds the same rows by the same index and writes the same number of rows (gate, notice, delivery, "
        "outbox, two chained entries) in one transaction, and the least a queue would do (gate and outbox row). "
        f"*Matrix*: the portfolio of {sizes.matrix_versions:,} model versions by {GATES} gates in one page, beside a "
        f"raw pivot. *Page*: database time of one portfolio page of {PAGE} versions among all open gates.",
    )
    with temporary_folder() as mail, open_world(3, channels={"mail": f"mailfolder://{mail}"}) as world:
        fill(world, sizes.open_rows)
        _sweeps(result, world, sizes)
        _page(result, world, sizes, what=f"page among {sizes.open_rows:,} gates")
    with open_world(3) as world:
        fill(world, sizes.matrix_versions * GATES)
        _matrix(result, world, sizes)
        _page(result, world, sizes, what=f"page of {sizes.matrix_versions:,} versions by {GATES} gates", at_most=2)
    return result


def _sweeps(result: Result, world: World, sizes: Sizes) -> None:
    sweep(world.parts)
    idle = each(lambda: sweep(world.parts), max(20, sizes.decisions))
    result.claims.append(Claim(what="idle tick, p50", measured=quantile(idle, 0.5), at_most=1, unit="ms"))
    connection, another = connect(world), connect(world)
    connection.executescript(_RAW_TABLES)
    firsts = count(0, sizes.due_rows)
    due = sizes.due_rows

    def measured(go: Callable[[], object]) -> Callable[[], Sample]:
        def one() -> Sample:
            make_due(another, next(firsts), due)  # else the raw contender would find its pages in its own cache
            return whole(go, due)

        return one

    def ours() -> None:
        if sweep(world.parts).overdue != due:
            raise AssertionError("every due gate is reminded once")

    raw = _Raw(connection)
    found = interleave(
        {
            "sweep, a due gate": measured(ours),
            "raw SQL, the same rows": measured(lambda: raw.remind(due, same_rows=True)),
            "raw SQL, gate and outbox row": measured(lambda: raw.remind(due, same_rows=False)),
        },
        sizes.rounds,
    )
    connection.close()
    another.close()
    for name, series in found.items():
        result.add(name, series)
    same, least = found["raw SQL, the same rows"], found["raw SQL, gate and outbox row"]
    series = found["sweep, a due gate"]
    result.claims += [
        Claim(what=f"{due} due, sweep / raw SQL with the same rows, wall", measured=series.wall_ratio(same), at_most=3),
        Claim(what=f"{due} due, sweep / raw SQL with the same rows, CPU", measured=series.cpu_ratio(same)),
        Claim(what=f"{due} due, sweep / raw SQL of gate and outbox row, CPU", measured=series.cpu_ratio(least)),
    ]


class _Raw:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._link = b"\x00" * 32
        self._numbers = count(1)

    def remind(self, limit: int, *, same_rows: bool) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        self._run("BEGIN IMMEDIATE")
        rows = self._run(
            "SELECT id, row_version FROM gate_run WHERE remind_at IS NOT NULL AND remind_at <= ?"
            " ORDER BY remind_at, id LIMIT ?",
            (at, limit),
        ).fetchall()
        if len(rows) != limit:
            raise AssertionError("every due gate is found")
        for gate, row_version in rows:
            self._one(gate, row_version, at, same_rows=same_rows)
        self._run("COMMIT")

    def _one(self, gate: str, row_version: int, at: str, *, same_rows: bool) -> None:
        key = f"{next(self._numbers):036d}"
        self._run(
            "UPDATE gate_run SET remind_at = NULL, reminded = 'overdue', row_version = ? WHERE id = ?",
            (row_version + 1, gate),
        )
        self._run(
            "INSERT INTO raw_outbox VALUES (?,?,?,?,?,?)", (key, "delivery", f"delivery:{key}", "{}", "ready", at)
        )
        if not same_rows:
            return
        content = orjson.dumps({"title": "A gate", "state": "open", "due_at": at, "reasons": ["due"] * 4}).decode()
        self._run("INSERT INTO raw_notice VALUES (?,?,?,?,?,?)", (key, f"{gate}:{key}", gate, "mira", content, at))
        self._run("INSERT INTO raw_delivery VALUES (?,?,?,?)", (key, key, "mail", "pending"))
        for tag in ("gate:run:reminded", "notice:person:written"):
            body = orjson.dumps({"id": key, "at": at, "tag": tag, "subject": gate, "values": {"content": content}})
            self._link = hashlib.sha256(self._link + hashlib.sha256(body).digest()).digest()
            place = self._run(
                "INSERT INTO raw_entry (id, at, tag, subject, body) VALUES (?,?,?,?,?)", (key, at, tag, gate, body)
            ).lastrowid
            self._run("INSERT INTO raw_link VALUES (?,?,?)", (place, place, self._link))


def _matrix(result: Result, world: World, sizes: Sizes) -> None:
    connection = sqlite3.connect(ledger_path(world))

    def ours() -> None:
        with world.parts.ledger.read() as reader:
            page = portfolio_page(reader, world.parts, PortfolioFilter(), Turn(), sizes.matrix_versions, _now(world))
        if len(page.rows) != sizes.matrix_versions:
            raise AssertionError("every version is on the page")

    def pivot() -> None:
        if len(connection.execute(_PIVOT).fetchall()) != sizes.matrix_versions:
            raise AssertionError("every version is in the pivot")

    found = interleave(
        {"portfolio matrix, whole": lambda: timed(ours, 5), "raw pivot": lambda: timed(pivot, 5)}, sizes.rounds
    )
    connection.close()
    for name, series in found.items():
        result.add(name, series)
    ratio = found["portfolio matrix, whole"].cpu_ratio(found["raw pivot"])
    result.claims.append(Claim(what="matrix / raw pivot, CPU", measured=ratio, at_most=4))


def _page(result: Result, world: World, sizes: Sizes, *, what: str, at_most: float | None = None) -> None:
    taken: list[float] = []
    for _ in range(max(10, sizes.pages)):
        with world.parts.ledger.read() as reader:
            timing = TimedReader(reader)
            portfolio_page(timing, world.parts, PortfolioFilter(), Turn(), PAGE, _now(world))
        taken.append(timing.seconds * 1e3)
    result.claims.append(
        Claim(what=f"{what}, database time p50", measured=quantile(taken, 0.5), at_most=at_most, unit="ms")
    )


def _now(world: World) -> Any:
    return world.parts.ledger.clock()


class TimedReader(Reader):
    """A reader that adds up how long its reads take."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader._cursor, reader._dialect)
        self.seconds = 0.0

    def one(self, query: Query, /, **given: Any) -> Row | None:
        """Return the first row, or None."""
        return self._timed(super().one, query, given)

    def all(self, query: Query, /, **given: Any) -> list[Row]:
        """Return every row."""
        return self._timed(super().all, query, given)

    def tuples(self, query: Query, /, **given: Any) -> list[tuple[Any, ...]]:
        """Return every row as a bare tuple."""
        return self._timed(super().tuples, query, given)

    def value(self, query: Query, /, **given: Any) -> Any:
        """Return the first column of the first row, or None."""
        return self._timed(super().value, query, given)

    def _timed(self, read: Callable[..., Any], query: Query, given: dict[str, Any]) -> Any:
        began = time.perf_counter()
        try:
            return read(query, **given)
        finally:
            self.seconds += time.perf_counter() - began
