"""Sources of evidence: which are to be asked now, and what came of it. Who fetches is not who judges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, select

from pratique.domain.entries import SourceCollected
from pratique.domain.sources import EvidenceSource, GateMoment, LastCollection, due_because, pause_after
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: Orders of one answer; the next answer has those that are left.
MOST_ORDERS = 200
_LONGEST_REASON = 2000

_collection = table_named("source_collection")
#: Gate runs that evidence can still move, or that it holds up.
_LIVE = Query(
    select(
        lookups.model_version.c.id,
        lookups.model_version.c.model,
        lookups.model_version.c.version,
        lookups.gate_run.c.gate,
        lookups.gate_run.c.opened_at,
        lookups.gate_run.c.recheck_at,
    )
    .join(lookups.gate_run, lookups.gate_run.c.model_version_id == lookups.model_version.c.id)
    .where(lookups.gate_run.c.is_latest, ~one_of(lookups.gate_run.c.state, ("rejected", "withdrawn")))
    .order_by(lookups.model_version.c.model, lookups.model_version.c.version, lookups.gate_run.c.opened_at)
)
_NEWEST = Query(
    select(_collection)
    .where(_collection.c.source == bindparam("source"), _collection.c.model_version_id == bindparam("model_version_id"))
    .order_by(_collection.c.at.desc(), _collection.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What whoever fetched says: the evidence that came of it, or the failure."""

    source: str
    model: str
    version: str
    as_of: str
    evidence: Sequence[str]
    failure: str | None
    credential: str


def sources_view(reader: Reader, parts: Parts, now: datetime) -> list[dict[str, Any]]:
    """Return every source and how things stand with each model version that it holds evidence of."""
    found = _versions(reader) if parts.sources else []
    return [
        {
            "source": source.id,
            "kind": source.kind.value,
            "where": source.where,
            "models": source.models,
            "requirement": source.requirement,
            "every_hours": source.every_hours,
            "on_gate_open": source.on_gate_open,
            "before_expiry_days": source.before_expiry_days,
            "versions": [_standing(reader, source, rows, now) for rows in found if _speaks(source, rows)],
        }
        for source in parts.sources.values()
    ]


def due_orders(reader: Reader, parts: Parts, now: datetime) -> list[dict[str, Any]]:
    """Return what is to be fetched now, each with its reasons; at most `MOST_ORDERS`."""
    if not parts.sources:
        return []
    orders = []
    for rows in _versions(reader):
        for source in parts.sources.values():
            if _speaks(source, rows):
                newest = reader.one(_NEWEST, source=source.id, model_version_id=rows[0]["id"])
                because = due_because(source, _last(newest), _gates(rows), now)
                if because:
                    orders.append(_order(source, rows[0]["model"], rows[0]["version"], because, now))
    return orders[:MOST_ORDERS]


def order_for(reader: Reader, parts: Parts, now: datetime, *, source: str, model: str, version: str) -> dict[str, Any]:
    """Return the order for one source and model version, due or not.

    Raises:
        NotFoundError: no such source or model version.
        InvalidInputError: the source holds nothing of it.
    """
    found = source_of(parts, source, model, version)
    find_model_version(reader, model, version)
    return _order(found, model, version, ["asked for"], now)


def source_of(parts: Parts, source: str, model: str, version: str) -> EvidenceSource:
    """Return a source that holds evidence of a model version.

    Raises:
        NotFoundError: there is none of that name.
        InvalidInputError: it holds nothing of that model version.
    """
    found = parts.sources.get(source)
    if found is None:
        raise NotFoundError(
            f"there is no source {source[:80]!r}", hint="docs/evidence.md says how a source is configured"
        )
    if not found.speaks_of(model, version):
        raise InvalidInputError(
            f"source {source} holds nothing of {model}/{version}; its `models`: {', '.join(found.models)}"
        )
    return found


def record_collection(tx: Transaction, parts: Parts, collection: Collection) -> dict[str, Any]:
    """Record what came of an order. A failure changes no gate: what is missing is missing already.

    Raises:
        NotFoundError: no such source, model version, or evidence of it.
        InvalidInputError: neither evidence nor a failure, or an order of the future.
    """
    source = source_of(parts, collection.source, collection.model, collection.version)
    found = find_model_version(tx, collection.model, collection.version, lock=True)
    as_of = parse_instant(collection.as_of)
    if as_of > tx.now:
        raise InvalidInputError(f"as_of: found {collection.as_of}, which is later than now, {tx.at}")
    if (collection.failure is None) != bool(collection.evidence):
        raise InvalidInputError("either evidence or a failure is expected, not both and not neither")
    newest = tx.one(_NEWEST, source=source.id, model_version_id=found["id"])
    was = newest["succeeded_at"] if newest is not None else None
    failed = collection.failure is not None
    state = "failed" if failed else "collected"
    if newest is not None and (newest["as_of"], newest["state"]) == (instant_text(as_of), state):
        return _view(newest, source)  # said twice, because an answer was lost
    tx.record(
        SourceCollected(
            id=tx.new_id(),
            source=source.id,
            model_version_id=found["id"],
            state=state,
            reason=(collection.failure or "")[:_LONGEST_REASON],
            failures=(newest["failures"] if newest is not None else 0) + 1 if failed else 0,
            as_of=instant_text(as_of),
            succeeded_at=was if failed else max(instant_text(as_of), was or ""),
            files=[_file(tx, one, found["id"]) for one in collection.evidence],
            credential=collection.credential,
        )
    )
    return _view(tx.one(_NEWEST, source=source.id, model_version_id=found["id"]) or {}, source)


def _file(tx: Transaction, evidence: str, model_version_id: str) -> dict[str, Any]:
    row = tx.one(lookups.EVIDENCE, id=evidence)
    if row is None or row["model_version_id"] != model_version_id:
        raise NotFoundError(f"evidence {evidence[:80]} of this model version does not exist")
    return {"evidence": row["id"], "filename": row["filename"], "sha256": row["sha256"]}


def _versions(reader: Reader) -> list[list[Row]]:
    """Return the live gate runs of each model version that has any."""
    return [list(rows) for _, rows in groupby(reader.all(_LIVE), key=lambda row: row["id"])]


def _speaks(source: EvidenceSource, rows: list[Row]) -> bool:
    return source.speaks_of(rows[0]["model"], rows[0]["version"])


def _gates(rows: list[Row]) -> list[GateMoment]:
    return [
        GateMoment(
            gate=row["gate"],
            opened_at=parse_instant(row["opened_at"]),
            expires_at=parse_instant(row["recheck_at"]) if row["recheck_at"] is not None else None,
        )
        for row in rows
    ]


def _last(row: Row | None) -> LastCollection | None:
    if row is None:
        return None
    succeeded_at = parse_instant(row["succeeded_at"]) if row["succeeded_at"] is not None else None
    return LastCollection(at=parse_instant(row["at"]), succeeded_at=succeeded_at, failures=row["failures"])


def _standing(reader: Reader, source: EvidenceSource, rows: list[Row], now: datetime) -> dict[str, Any]:
    newest = reader.one(_NEWEST, source=source.id, model_version_id=rows[0]["id"])
    because = due_because(source, _last(newest), _gates(rows), now)
    standing = {"model": rows[0]["model"], "version": rows[0]["version"], "due_because": because}
    return standing | {"last": _view(newest, source) if newest is not None else None}


def _view(row: Row, source: EvidenceSource) -> dict[str, Any]:
    """Return one attempt as the API shows it."""
    retry_at = parse_instant(row["at"]) + pause_after(row["failures"]) if row["failures"] else None
    names = ("state", "reason", "failures", "as_of", "succeeded_at", "at")
    return {
        "source": source.id,
        **{name: row[name] for name in names},
        "not_before": instant_text(retry_at) if retry_at is not None else None,
        "files": json.loads(row["files"]),
    }


def _order(source: EvidenceSource, model: str, version: str, because: list[str], now: datetime) -> dict[str, Any]:
    return {
        "source": source.id,
        "kind": source.kind.value,
        "where": source.where_for(model, version),
        "files": source.files,
        "token": source.token.model_dump(exclude_none=True) if source.token is not None else None,
        "model": model,
        "version": version,
        "because": because,
        "as_of": instant_text(now),
    }
