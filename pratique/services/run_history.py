"""What was written about a gate run, and where in it people decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pratique.domain.gates import GateState
from pratique.services import lookups
from pratique.services.effective_profile import lineage_of
from pratique.store.changes import table_named
from pratique.store.past import PastEntry
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

#: States that a decision led to; a stale gate was cleared before.
_DECIDED = frozenset({GateState.CLEARED, GateState.STALE, GateState.REJECTED, GateState.WITHDRAWN})
_DECISIONS = frozenset({GateState.CLEARED.value, GateState.REJECTED.value, GateState.WITHDRAWN.value})
_run = table_named("gate_run")


def _ids(table: str, *conditions: Any) -> Query:
    return Query(select(table_named(table).c.id).where(*conditions))


_occurrence, _clock, _evidence = table_named("occurrence"), table_named("clock"), table_named("evidence")
_RUNS_OF = _ids("gate_run", _run.c.model_version_id == bindparam("id"))
_OCCURRENCES_OF = _ids("occurrence", _occurrence.c.model_version_id == bindparam("id"))
_OCCURRENCES_OF_PROVIDER = _ids("occurrence", _occurrence.c.model_version_id.is_(None))
_PURGED_OF = Query(
    select(_evidence.c.sha256)
    .where(_evidence.c.model_version_id == bindparam("id"), _evidence.c.purged_at.is_not(None))
    .distinct()
)
_CLOCKS_OF = _ids("clock", _clock.c.model_version_id == bindparam("id"))


def subjects_of_provider(reader: Reader) -> list[str]:
    """Return what entries about the provider are filed under."""
    provider = reader.one(lookups.PROVIDER)
    of_all = [f"occurrence:{row['id']}" for row in reader.all(_OCCURRENCES_OF_PROVIDER)]
    return [*([f"provider:{provider['id']}"] if provider is not None else []), *of_all]


def subjects_of_version(reader: Reader, version_id: str) -> Iterator[str]:
    """Yield what entries about a model version, and those that it continues, are filed under."""
    version = reader.one(lookups.MODEL_VERSION_BY_ID, id=version_id)
    for row in lineage_of(reader, version) if version is not None else ():
        yield f"model:{row['id']}"
        yield from (f"occurrence:{one['id']}" for one in reader.all(_OCCURRENCES_OF, id=row["id"]))
    yield from (f"file:{one['sha256']}" for one in reader.all(_PURGED_OF, id=version_id))
    yield from (f"gate:{one['id']}" for one in reader.all(_RUNS_OF, id=version_id))
    yield from (f"clock:{one['id']}" for one in reader.all(_CLOCKS_OF, id=version_id))


def decision_in(entries: Sequence[PastEntry], run: Row) -> int | None:
    """Return the position of the entry by which a run was last decided; None where it is undecided."""
    if GateState(run["state"]) not in _DECIDED:
        return None
    subject = f"gate:{run['id']}"
    found = None
    for entry in entries:
        state = entry.values.get("state") if entry.subject == subject else None
        if state in _DECISIONS and state != entry.values.get("was"):
            found = entry.position
    return found
