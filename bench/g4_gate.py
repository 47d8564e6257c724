"""G4: one whole human gate in process, on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from bench.measure import each, interleave, timed
from bench.peers.plain_sqlmodel import open_plain, whole_gate
from bench.report import Claim, Result, number
from bench.sizes import Sizes
from bench.world import FILES, GATE, MODEL, SMALL_GATE, World, event_body, open_world, populate, submission
from pratique.domain.decisions import Act
from pratique.domain.events import parse_structured
from pratique.services.decisions import Verdict, decide
from pratique.services.events import record_event
from pratique.services.evidence import submit_evidence
from pratique.store.transaction import Transaction

#: Criteria of the gate whose room alone is measured.
LARGE = 50
OURS, PLAIN, SPIFF = "Pratique", "plain SQLModel", "SpiffWorkflow, saved after each step"


def run(sizes: Sizes) -> Result:
    """Measure a gate from its opening to its clearing, by two people."""
    result = Result(
        "G4",
        "one whole human gate, in process, SQLite",
        "A pipeline's event opens a gate of three criteria, three pieces of evidence arrive, the owner and an "
        "approver sign, the gate clears: six durable transactions of the ledger, with the evaluation, notices, "
        "outbox rows and the chained journal that belong to them. The others do as many durable steps and none of "
        "that beside a chained entry (SQLModel). A model version of its own for each gate; bytes are what the "
        "database file grew by, checkpointed.",
        columns=("CPU µs/gate", "wall µs/gate", "gates/s"),
    )
    with open_world(3) as world:
        names = iter(populate(world, (sizes.rounds + 1) * sizes.gates + sizes.rounds, with_evidence=False))
        contenders: dict[str, Callable[[], object]] = {OURS: lambda: whole_human_gate(world, next(names))}
        numbers = count()
        plain = open_plain(world.root / "plain.db")
        contenders[PLAIN] = lambda: whole_gate(plain, next(numbers))
        spiff = _spiff(world.root / "spiff.db")
        if spiff is not None:
            contenders[SPIFF] = lambda: spiff.whole_gate(next(numbers))
        else:
            result.notes.append("SpiffWorkflow is not installed; `uv sync --group bench` brings it.")
        _measure(result, contenders, world, sizes)
        plain.dispose()
    grew = _grown_by_large(sizes)
    result.claims.append(Claim(what=f"bytes a gate of {LARGE} criteria and five files", measured=grew, unit="bytes"))
    return result


def _grown_by_large(sizes: Sizes) -> float:
    """Return what the ledger grows by for a gate of many criteria: its journal must not hold all of them each time."""
    with open_world(LARGE) as world:
        first, *others = populate(world, 1 + max(1, sizes.gates // 3), LARGE, with_evidence=False)
        large = partial(whole_human_gate, world, gate=GATE, criteria=LARGE, files=FILES)
        large(first)
        before = _bytes(world.root / "data" / "ledger.db")
        for name in others:
            large(name)
        return (_bytes(world.root / "data" / "ledger.db") - before) / len(others)


def _measure(result: Result, contenders: dict[str, Callable[[], object]], world: World, sizes: Sizes) -> None:
    files = {OURS: world.root / "data" / "ledger.db", PLAIN: world.root / "plain.db", SPIFF: world.root / "spiff.db"}
    for contender in contenders.values():
        contender()
    before = {name: _bytes(files[name]) for name in contenders}
    found = interleave({name: partial(timed, go, sizes.gates) for name, go in contenders.items()}, sizes.rounds)
    gates = sizes.gates * sizes.rounds
    grew = {name: (_bytes(files[name]) - before[name]) / gates for name in contenders}
    for name, series in found.items():
        result.add(name, series)
        result.notes.append(f"{name}: {number(grew[name])} bytes a gate.")
    ours = found[OURS]
    result.claims += [
        Claim(what="CPU a gate", measured=ours.cpu_us / 1e3, at_most=2.5, unit="ms"),
        Claim(what="plain SQLModel's CPU / ours", measured=found[PLAIN].cpu_ratio(ours)),
    ]
    if SPIFF in found:
        result.claims.append(Claim(what="our CPU / SpiffWorkflow's", measured=ours.cpu_ratio(found[SPIFF]), at_most=1))
        result.claims.append(Claim(what="our bytes a gate / SpiffWorkflow's", measured=grew[OURS] / grew[SPIFF]))
    result.claims.append(Claim(what="bytes a gate", measured=grew[OURS], at_most=4000, unit="bytes"))


def whole_human_gate(
    world: World,
    version: str,
    approvals: list[float] | None = None,
    *,
    gate: str = SMALL_GATE,
    criteria: int = 3,
    files: int = 3,
) -> None:
    """Open a gate, submit the evidence for its criteria, sign twice."""
    parts = world.parts
    event = parse_structured(event_body(0, version, "o", gate).replace(b'"e0"', f'"{version}"'.encode()))
    answer = parts.ledger.write("token:bench", partial(record_event, parts=parts, event=event))
    view = answer.body["gates"][0]
    for file in range(files):
        given = submission(file, criteria, salt=hash(version) % 10**9)
        command = partial(submit_evidence, parts=parts, model=MODEL, version=version, submission=given)
        view = parts.ledger.write("token:bench", command)["gates"][0]
    run_id, basis = view["gate_run"], view["basis"]

    def sign(tx: Transaction, person: str) -> None:
        verdict = Verdict(act=Act.CLEAR, reason="looks right", basis=basis)
        decide(tx, parts, run_id, person, verdict, credential="token:bench")

    taken = each(lambda: parts.ledger.write("person:mira", partial(sign, person="mira")), 1)
    taken += each(lambda: parts.ledger.write("person:jonas", partial(sign, person="jonas")), 1)
    if approvals is not None:
        approvals += taken


def _spiff(path: Path) -> Any:
    try:
        from bench.peers.spiff import SpiffGates  # optional: the dependency group `bench`
    except ImportError:
        return None
    return SpiffGates(path)


def _bytes(path: Path) -> int:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    used: int = connection.execute(
        "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)"
    ).fetchone()[0]
    connection.close()
    return used
