"""The journal: what an entry's bytes are and how the chain links them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from pratique.canonical import canonical_json
from pratique.domain.entries import Fact

#: The link before the first entry.
GENESIS = b"\x00" * 32


class Entry(NamedTuple):
    """One entry, ready to be written."""

    id: str
    at: str
    tag: str
    subject: str
    body: bytes  #: canonical JSON of {id, at, tag, actor, subject, v, values}


class Head(NamedTuple):
    """Where the chain ends."""

    seq: int
    link: bytes


def make_entry(fact: Fact, *, entry_id: str, at: str, actor: str, values: Mapping[str, Any] | None = None) -> Entry:
    """Return the entry that records `fact`.

    Args:
        fact: what happened.
        entry_id: the entry's own id.
        at: when it is written (27 characters).
        actor: who caused it.
        values: what `fact.values()` gave, where the caller has it.
    """
    subject = fact.subject
    body = canonical_json(
        {
            "id": entry_id,
            "at": at,
            "tag": fact.tag,
            "actor": actor,
            "subject": subject,
            "v": fact.version,
            "values": fact.values() if values is None else values,
        }
    )
    return Entry(entry_id, at, fact.tag, subject, body)


def next_link(previous: bytes, body: bytes) -> bytes:
    """Return `SHA-256(previous || SHA-256(body))`, 32 bytes."""
    return hashlib.sha256(previous + hashlib.sha256(body).digest()).digest()
