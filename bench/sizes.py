"""How much is measured: enough for steady medians, or little for a quick look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Counts of every bench."""

    rounds: int = 5
    evaluations: int = 1000  #: evaluations a round (G3)
    decisions: int = 150  #: whole decisions of a kind a round (G3)
    requests: int = 600  #: requests a round and a contender (G1)
    clients: tuple[int, ...] = (1, 16, 64)  #: concurrent clients (G1)
    transactions: int = 640  #: transactions a round (G2)
    gates: int = 60  #: whole human gates a round (G4)
    open_rows: int = 1_000_000  #: open gate runs in the sweep's ledger (G5)
    due_rows: int = 500  #: of them due (G5)
    matrix_versions: int = 2000  #: model versions of the portfolio (G5, pages)
    entries: int = 1_000_000  #: journal entries to verify (G6)
    sealed: int = 4000  #: entries a round of sealed appends (G6)
    recovered: int = 10_000  #: open gates at the kill (G8)
    starts: int = 5  #: starts of a program a round (G9)
    soak_requests: int = 6000  #: requests of the soak (G10)
    pages: int = 60  #: pages a round
    clocks: int = 10_000  #: time limits planned anew
    flow_runs: int = 100_000  #: flow runs in the history (pages)
    file_mib: int = 1024  #: size of the evidence file that is uploaded, and of all that are hashed again
    flows: int = 12  #: flow runs, one after the other


QUICK = Sizes(
    rounds=3,
    evaluations=200,
    decisions=60,
    requests=200,
    transactions=192,
    gates=15,
    open_rows=100_000,
    matrix_versions=500,
    entries=50_000,
    sealed=1000,
    recovered=1000,
    starts=2,
    soak_requests=1500,
    pages=20,
    clocks=2000,
    flow_runs=10_000,
    file_mib=256,
    flows=4,
)
TINY = Sizes(
    rounds=1,
    evaluations=10,
    decisions=5,
    requests=10,
    clients=(1, 4),
    transactions=32,
    gates=2,
    open_rows=1000,
    due_rows=20,
    matrix_versions=20,
    entries=500,
    sealed=32,
    recovered=20,
    starts=1,
    soak_requests=40,
    pages=3,
    clocks=50,
    flow_runs=100,
    file_mib=8,
    flows=1,
)
