"""Reconciling: asking MLflow for the model versions that its webhooks never told of.

MLflow tries a webhook four times within seconds and then forgets it. Whatever a rule would have made events of, and
that is neither recorded nor kept to be settled, is taken in as if the webhook had come.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select

from pratique.canonical import canonical_json, sha256_hex, strict_json
from pratique.domain.entries import HookReconciled
from pratique.domain.hooks import HookKind
from pratique.errors import InvalidInputError, UnavailableError
from pratique.hooks import Delivery, Source, UnmappableError
from pratique.hooks.mlflow_registry import RegistryAwayError, created_at, created_since
from pratique.hooks.naming import LONGEST_NAME
from pratique.services import lookups
from pratique.services.hook_intake import BY_RECONCILING, NewDelivery, keep, raw_of
from pratique.services.hook_settling import settle
from pratique.services.lookups import hook_delivery
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction

_log = logging.getLogger(__name__)

_mark = table_named("hook_mark")
_NEWEST_MARK = Query(
    select(_mark.c.mark)
    .where(_mark.c.source == bindparam("source"))
    .order_by(_mark.c.at.desc(), _mark.c.id.desc())
    .limit(1)
)
#: Kept and not events: what they speak of is not missing.
_OPEN = Query(
    select(hook_delivery)
    .where(hook_delivery.c.source == bindparam("source"), one_of(hook_delivery.c.state, ("received", "dead")))
    .order_by(hook_delivery.c.received_at.desc(), hook_delivery.c.id.desc())
    .limit(10_000)
)


@dataclass(slots=True)
class _Look:
    """What one reconciliation saw."""

    newest: int = 0
    seen: int = 0
    missing: list[NewDelivery] = field(default_factory=list)


def reconcile(parts: Parts, source: Source, *, since: datetime | None, actor: str) -> dict[str, Any]:
    """Ask the tool of a source what it holds, take in what is missing, and return a report.

    Args:
        parts: the engine.
        source: of a kind that can be asked.
        since: from when on; None: from the last mark, less the overlap that is configured.
        actor: as the journal names it.

    Raises:
        InvalidInputError: the tool of this source cannot be asked.
        UnavailableError: it does not answer; nothing was changed.
    """
    registry = source.settings.registry
    if source.settings.kind is not HookKind.MLFLOW or registry is None:
        raise InvalidInputError(
            f"hook {source.name} names no registry that can be asked", hint="`registry:` in its file, of kind mlflow"
        )
    with parts.ledger.read() as reader:
        mark = reader.value(_NEWEST_MARK, source=source.name)
    begin = _begin(parts, mark, since, timedelta(minutes=registry.overlap_minutes))
    look = _Look()
    try:
        for page in created_since(source, begin):  # nothing waits for the tool meanwhile
            with parts.ledger.read() as reader:
                _look(parts, reader, source, page, look)
    except RegistryAwayError as error:
        raise UnavailableError(str(error), hint="see that the tool answers, then reconcile again") from None
    look.missing.reverse()  # the oldest first, as hooks would have told
    # A time to come, of a version or of a mark before, would hide everything until then.
    newest = min(max(look.newest, mark if mark is not None else begin), _milliseconds(parts.ledger.clock()))
    found: list[str] = []
    if look.missing or newest != mark:
        command = partial(_take_in, source=source.name, look=look, mark=newest)
        found = parts.ledger.write(actor, command)
    states = {delivery: settle(parts, delivery).value for delivery in found}
    return {"source": source.name, "since": begin, "mark": newest, "seen": look.seen, "found": states}


def _begin(parts: Parts, mark: int | None, since: datetime | None, overlap: timedelta) -> int:
    """Return from when on to ask. Without a mark only the overlap is looked at: what was there before is no news."""
    if since is not None:
        return _milliseconds(since)
    now = _milliseconds(parts.ledger.clock())
    return max(0, min(now if mark is None else mark, now) - int(overlap.total_seconds() * 1000))


def _look(parts: Parts, reader: Reader, source: Source, versions: list[dict[str, Any]], look: _Look) -> None:
    """Add to `look` what a page of versions, the newest first, has that is missing here."""
    under_way = _under_way(reader, source)
    for version in versions:
        look.seen += 1
        look.newest = max(look.newest, created_at(version))
        if (str(version.get("name")), str(version.get("version"))) in under_way:
            continue
        try:
            new = _delivery_of(source, version)
        except (InvalidInputError, ValueError) as error:
            _log.warning("a model version that source %s lists is passed over: %s", source.name, type(error).__name__)
            continue
        if reader.one(lookups.HOOK_DELIVERY_NAMED, source=source.name, delivery=new.name) is None and _is_missing(
            parts, reader, source, new, version
        ):
            look.missing.append(new)


def _is_missing(parts: Parts, reader: Reader, source: Source, new: NewDelivery, version: dict[str, Any]) -> bool:
    delivery = Delivery(name=new.name, headers=new.headers, raw=new.raw, details=version)
    try:
        said = parts.mapper.map(source.settings, delivery).events
    except UnmappableError:
        return True  # people are to see it, as they would if the webhook had come
    return any(reader.one(lookups.EVENT, source=one.event.source, event_id=one.event.id) is None for one in said)


def _under_way(reader: Reader, source: Source) -> set[tuple[str, str]]:
    found = set()
    for row in reader.all(_OPEN, source=source.name):
        try:
            body = strict_json(raw_of(row), "the body")
        except InvalidInputError:
            continue
        data = body.get("data") if isinstance(body, dict) and body.get("entity") == "model_version" else None
        if isinstance(data, dict) and body.get("action") == "created":
            found.add((str(data.get("name")), str(data.get("version"))))
    return found


def _delivery_of(source: Source, version: dict[str, Any]) -> NewDelivery:
    """Return the delivery that the webhook would have been, in the same form.

    Raises:
        InvalidInputError, ValueError: with text that cannot be kept.
    """
    at = datetime.fromtimestamp(created_at(version) / 1000, UTC)
    members = ("name", "version", "source", "run_id", "description")
    data = {name: version.get(name) for name in members} | {"tags": version["tags"]}
    name = f"reconciled/{data['name']}/{data['version']}/{created_at(version)}"
    body = {"entity": "model_version", "action": "created", "timestamp": at.isoformat(), "data": data}
    if "\0" in name:
        raise InvalidInputError("the name holds a NUL character")
    return NewDelivery(
        source=source.name,
        kind=source.settings.kind.value,
        name=name if len(name) <= LONGEST_NAME else f"sha256:{sha256_hex(name.encode())}",
        headers={"content-type": "application/json"},
        raw=canonical_json(body),
        found_by=BY_RECONCILING,
    )


def _take_in(tx: Transaction, *, source: str, look: _Look, mark: int) -> list[str]:
    receipts = [keep(tx, new) for new in look.missing]
    found = [receipt.id for receipt in receipts if not receipt.is_duplicate]
    tx.record(HookReconciled(id=tx.new_id(), source=source, mark=mark, seen=look.seen, found=found))
    return found


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
