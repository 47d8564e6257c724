"""G6: what the journal costs to write and to verify."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench.measure import interleave, timed, whole
from bench.report import Claim, Result
from bench.sizes import Sizes
from bench.world import World, event_body, open_world
from pratique.domain.entries import GateRunMoved, SignedIn
from pratique.store.chain import Chain
from pratique.store.journal import GENESIS, make_entry, next_link
from pratique.store.problems import Problems
from pratique.store.snapshot import open_snapshot
from pratique.store.transaction import Transaction

_AT = "2026-11-20T09:00:00.000000Z"
_IN_ORDER = (
    "SELECT l.seq, l.link, e.body FROM journal_link l JOIN journal_entry e ON e.position = l.position ORDER BY l.seq"
)


def run(sizes: Sizes) -> Result:
    """Measure the chain's cost an entry, verification against a raw scan, and sealed appends."""
    result = Result(
        "G6",
        "journal",
        "*Entry*: canonical JSON, two SHA-256 and the entry value, without the database. *Verify*: the chain part of "
        "`pratique verify` (read every entry in order, parse it, check its members, hash and compare the link) beside "
        "a raw scan (read both tables in order and sum the lengths), same file. *Sealed append*: commands of one "
        "entry each, submitted together, until all are durable and linked.",
    )
    with open_world(3) as world:
        _entry(result, sizes)
        _append(result, world, sizes)
        world.parts.ledger.close()
        _verify(result, world, sizes)
    return result


def _entry(result: Result, sizes: Sizes) -> None:
    fact = GateRunMoved(
        id="0" * 36, row_version=7, state="cleared", was="in_review", move="clear", cause="signed by mira, jonas"
    )
    entry = make_entry(fact, entry_id="1" * 36, at=_AT, actor="person:mira")
    found = interleave(
        {
            "make_entry": lambda: timed(
                lambda: make_entry(fact, entry_id="1" * 36, at=_AT, actor="person:mira"), sizes.evaluations * 5
            ),
            "next_link": lambda: timed(lambda: next_link(GENESIS, entry.body), sizes.evaluations * 5),
        },
        sizes.rounds,
    )
    for name, series in found.items():
        result.add(name, series)
    total = found["make_entry"].cpu_us + found["next_link"].cpu_us
    result.claims.append(Claim(what="chain cost an entry, CPU", measured=total, at_most=10, unit="µs"))


def _append(result: Result, world: World, sizes: Sizes) -> None:
    ledger, n = world.parts.ledger, sizes.sealed

    def command(tx: Transaction) -> None:
        tx.record(SignedIn(person="mira"))

    def append() -> None:
        for future in [ledger.submit("bench", command) for _ in range(n)]:
            future.result()

    series = interleave({"sealed append": lambda: whole(append, n)}, sizes.rounds)["sealed append"]
    result.add("sealed append", series)
    result.claims.append(Claim(what="sealed appends", measured=1e6 / series.wall_us, at_least=5000, unit="entries/s"))


def _verify(result: Result, world: World, sizes: Sizes) -> None:
    path = world.root / "data" / "ledger.db"
    _fill(path, sizes.entries)
    url = world.parts.settings.ledger_url

    n = sizes.entries
    found = interleave(
        {
            "raw scan": lambda: whole(lambda: _scan(path), n),
            "scan and links": lambda: whole(lambda: _links_only(path), n),
            "verify, chain": lambda: whole(lambda: _check(url), n),
        },
        min(3, sizes.rounds),
    )
    for name, series in found.items():
        result.add(name, series)
    ratio = found["verify, chain"].cpu_ratio(found["raw scan"])
    wall = found["verify, chain"].wall_us * sizes.entries / 1e6
    links = found["scan and links"].cpu_ratio(found["raw scan"])
    result.claims += [
        Claim(what="links of the chain / raw scan, CPU", measured=links, at_most=2.5),
        Claim(what="links, bodies re-canonicalised and columns compared / raw scan, CPU", measured=ratio),
    ]
    result.notes.append(f"Verifying the chain of {sizes.entries:,} entries took {wall:.1f} s of wall time.")


def _fill(path: Path, count: int) -> None:
    """Append chained entries straight to the file; through the ledger this would take minutes."""
    connection = sqlite3.connect(path)
    seq, link = connection.execute("SELECT seq, link FROM journal_link ORDER BY seq DESC LIMIT 1").fetchone()
    body_text = event_body(0, "1.0", "first").decode()[:60]
    entries, links = [], []
    for _ in range(count - seq):
        seq += 1
        fact = SignedIn(person=body_text)
        entry = make_entry(fact, entry_id=f"{seq:036d}", at=_AT, actor="person:mira")
        link = next_link(link, entry.body)
        entries.append((seq, *entry))
        links.append((seq, seq, link))
    connection.executemany(
        "INSERT INTO journal_entry (position, id, at, tag, subject, body) VALUES (?,?,?,?,?,?)", entries
    )
    connection.executemany("INSERT INTO journal_link (seq, position, link) VALUES (?,?,?)", links)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _scan(path: Path) -> None:
    connection = sqlite3.connect(path)
    total = sum(len(link) + len(body) for _seq, link, body in connection.execute(_IN_ORDER))
    connection.close()
    if not total:
        raise AssertionError("the journal holds entries")


def _check(url: str) -> None:
    problems = Problems()
    with open_snapshot(url) as snapshot:
        for _entry_read in Chain(snapshot, problems).walk():
            pass
    if problems.lines():
        raise AssertionError(problems.lines()[0])


def _links_only(path: Path) -> None:
    """Scan and compare the links, nothing else: what a chain costs when its bodies are taken on trust."""
    connection = sqlite3.connect(path)
    previous = GENESIS
    for _seq, link, body in connection.execute(_IN_ORDER):
        if next_link(previous, body) != link:
            raise AssertionError("the chain holds")
        previous = link
    connection.close()
