"""Taking deliveries in: kept as they came, once each, before anything is made of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pratique.canonical import sha256_hex, strict_json
from pratique.domain.entries import HookReceived
from pratique.errors import ConflictError, InvalidInputError
from pratique.hooks import Source
from pratique.hooks.naming import delivery_name, names_by_body, other_name
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: How a delivery came to be here.
BY_HOOK, BY_RECONCILING = "hook", "reconciling"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """What is to be kept."""

    source: str
    kind: str
    name: str
    headers: Mapping[str, str]
    raw: bytes
    found_by: str = BY_HOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a request."""

    id: str
    state: str
    is_duplicate: bool


def new_delivery(parts: Parts, source: Source, headers: Mapping[str, str], raw: bytes) -> NewDelivery:
    """Return a request that proved authentic as what is kept of it; pure."""
    kept = source.kept_headers(headers)
    body = _json_or_none(raw) if names_by_body(source.settings) else None
    name = delivery_name(source.settings, parts.mapper.texts, headers=kept, raw=raw, body=body)
    return NewDelivery(source=source.name, kind=source.settings.kind.value, name=name, headers=kept, raw=raw)


def keep(tx: Transaction, new: NewDelivery) -> Receipt:
    """Keep a delivery; one that is there already is left as it is.

    One that has the name of another but not its body is no repetition: it is kept under a name of its own.

    Raises:
        ConflictError: that name has another body too; nothing is kept.
    """
    digest = sha256_hex(new.raw)
    found = tx.one(lookups.HOOK_DELIVERY_NAMED, source=new.source, delivery=new.name)
    if found is not None and new.found_by == BY_HOOK and found["sha256"] != digest:
        new = replace(new, name=other_name(new.name, digest))
        found = tx.one(lookups.HOOK_DELIVERY_NAMED, source=new.source, delivery=new.name)
        if found is not None and found["sha256"] != digest:
            raise ConflictError(f"hook {new.source}: two deliveries with other bodies have this name already")
    if found is not None:
        return Receipt(id=found["id"], state=found["state"], is_duplicate=True)
    row_id = tx.new_id()
    body, is_base64 = as_text(new.raw)
    tx.record(
        HookReceived(
            id=row_id,
            source=new.source,
            kind=new.kind,
            delivery=new.name,
            found_by=new.found_by,
            headers=dict(new.headers),
            body=body,
            is_base64=is_base64,
            sha256=digest,
            size=len(new.raw),
        )
    )
    return Receipt(id=row_id, state="received", is_duplicate=False)


def as_text(raw: bytes) -> tuple[str, bool]:
    """Return a body as the ledger can hold it, and whether that is base64: PostgreSQL takes no NUL in text."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    return (base64.b64encode(raw).decode(), True) if "\0" in text else (text, False)


def raw_of(row: Row) -> bytes:
    """Return the body of a delivery as it came."""
    return base64.b64decode(row["body"]) if row["is_base64"] else row["body"].encode()


def _json_or_none(raw: bytes) -> Any:
    try:
        return strict_json(raw, "the body")
    except InvalidInputError:
        return None
