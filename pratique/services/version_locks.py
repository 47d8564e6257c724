"""Which rows a command locks first on PostgreSQL: those of model versions, in order of their ids.

Everything that moves a gate run, or plans a clock, holds the row of its model version; two replicas that took gate runs
in other orders would wait for each other. SQLite has one writer, and locks nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from pratique.services.lookups import MODEL_VERSION_LOCKED, gate_run, model_version
from pratique.store.queries import Query
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: Gate runs that one statement names.
_AT_ONCE = 250
_OF_RUNS = Query(
    select(model_version.c.id)
    .where(
        model_version.c.id.in_(
            select(gate_run.c.model_version_id).where(
                gate_run.c.id.in_([bindparam(f"id_{number}") for number in range(_AT_ONCE)])
            )
        )
    )
    .order_by(model_version.c.id)
    .with_for_update()
)


def hold_versions(tx: Transaction, versions: Iterable[Row]) -> None:
    """Lock the rows of these model versions: of one that is changed, and of those that continue it."""
    for version_id in sorted({row["id"] for row in versions}):
        tx.one(MODEL_VERSION_LOCKED, id=version_id)


def hold_versions_of(tx: Transaction, run_ids: Sequence[str]) -> None:
    """Lock the rows of the model versions that these gate runs belong to, before any gate run is locked."""
    for some in _in_parts(run_ids):
        padded = [*some, *[""] * (_AT_ONCE - len(some))]
        tx.all(_OF_RUNS, **{f"id_{number}": run_id for number, run_id in enumerate(padded)})


def _in_parts(run_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (run_ids[start : start + _AT_ONCE] for start in range(0, len(run_ids), _AT_ONCE))
