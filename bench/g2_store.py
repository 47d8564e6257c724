"""G2: the ledger beside the bare driver (SQLite)."""

from __future__ import annotations

from bench.measure import interleave, timed, whole
from bench.peers.raw_sqlite import RawSqlite
from bench.report import Claim, Result
from bench.sizes import Sizes
from bench.world import MODEL, World, event_body, open_world, populate
from pratique.domain.entries import EventReceived, GateRunMoved, SignedIn
from pratique.domain.events import parse_structured
from pratique.services import lookups
from pratique.services.events import record_event
from pratique.services.models import find_model_version
from pratique.store.transaction import Transaction

GROUP = 32


def run(sizes: Sizes) -> Result:
    """Measure single durable transactions and groups that share a commit."""
    result = Result(
        "G2",
        "store, SQLite",
        "One unit is an event row, a gate row and three chained entries, durable (WAL, synchronous=FULL). The ledger "
        "canonicalises, chains and projects each fact, writes entry and link to two guarded tables and keeps its "
        "indexes; raw is `sqlite3` with prepared text, one journal table without indexes. Groups: 32 units that "
        "arrive together and share a commit.",
    )
    with open_world(3) as world:
        raw = RawSqlite(world.root / "raw.db")
        try:
            _measure(result, world, raw, sizes)
        finally:
            raw.close()
    return result


def _measure(result: Result, world: World, raw: RawSqlite, sizes: Sizes) -> None:
    unit = _unit(world)
    ledger = world.parts.ledger
    n = sizes.transactions

    def grouped() -> None:
        for _ in range(n // GROUP):
            for future in [ledger.submit("bench", unit) for _ in range(GROUP)]:
                future.result()

    found = interleave(
        {
            "raw sqlite3, single": lambda: timed(raw.transaction, n // 4),
            "ledger, single": lambda: timed(lambda: ledger.write("bench", unit), n // 4),
            f"raw sqlite3, groups of {GROUP}": lambda: whole(lambda: [raw.group(GROUP) for _ in range(n // GROUP)], n),
            f"ledger, groups of {GROUP}": lambda: whole(grouped, n),
        },
        sizes.rounds,
    )
    for name, series in found.items():
        result.add(name, series)
    single = found["raw sqlite3, single"], found["ledger, single"]
    groups = found[f"raw sqlite3, groups of {GROUP}"], found[f"ledger, groups of {GROUP}"]
    result.claims += [
        Claim(what="single, throughput / raw sqlite3", measured=single[0].wall_ratio(single[1]), at_least=0.45),
        Claim(what="single, raw CPU / ledger CPU", measured=single[0].cpu_ratio(single[1])),
        Claim(what=f"groups of {GROUP}, throughput / raw", measured=groups[0].wall_ratio(groups[1]), at_least=0.4),
        Claim(what=f"groups of {GROUP}, raw CPU / ledger CPU", measured=groups[0].cpu_ratio(groups[1])),
    ]


def _unit(world: World):  # type: ignore[no-untyped-def]
    """Return a command that writes an event, a gate and three entries."""
    populate(world, 1, with_evidence=False)
    parts = world.parts
    opening = parse_structured(event_body(-1, "1.0", "first"))
    run_id = parts.ledger.write("bench", lambda tx: record_event(tx, parts, opening)).body["gates"][0]["gate_run"]
    with parts.ledger.read() as reader:
        version_id = find_model_version(reader, MODEL, "1.0")["id"]
        row_version = reader.one(lookups.GATE_RUN_PLAIN, id=run_id)["row_version"]  # type: ignore[index]
    versions = iter(range(row_version + 1, 10**9))
    body = event_body(0, "1.0", "first").decode()

    def unit(tx: Transaction) -> None:
        key = tx.new_id()
        tx.record(
            EventReceived(
                id=key,
                source="/bench",
                event_id=key,
                type="pratique.gate.triggered",
                model_version_id=version_id,
                gate_runs=[run_id],
                not_opened=[],
                body=body,
            )
        )
        tx.record(
            GateRunMoved(id=run_id, row_version=next(versions), state="open", was="open", move="reopen", cause="bench")
        )
        tx.record(SignedIn(person="mira"))

    return unit
