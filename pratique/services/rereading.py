"""Signed evidence is read again when the trusted keys change; under a key that is gone it stops counting.

The time that counts for a key is the one at which the file was received, so that a key which ran out still vouches for
what came before, and a revoked or removed one for nothing (`domain/keys.py`).
"""

from __future__ import annotations

import logging
from functools import partial

from sqlalchemy import bindparam, select

from pratique.collectors import UnreadableError, read_evidence
from pratique.collectors.in_toto import InTotoCollector
from pratique.domain.evidence import Reading
from pratique.domain.times import parse_instant
from pratique.errors import IntegrityError, NotFoundError
from pratique.services.advancing import advance_live
from pratique.services.evidence import FileReading, find_evidence, reading_entry
from pratique.services.lookups import evidence
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

_log = logging.getLogger(__name__)
_CAUSE = "was read again, because the trusted keys changed"

_READ_BY_OTHERS = Query(
    select(evidence.c.id, evidence.c.sha256, evidence.c.filename, evidence.c.received_at)
    .where(
        evidence.c.collector == bindparam("collector"),
        evidence.c.collector_version != bindparam("version"),
        evidence.c.purged_at.is_(None),
    )
    .order_by(evidence.c.received_at, evidence.c.id)
)


def reread_signed(parts: Parts, actor: str) -> int:
    """Read again what was verified with other keys than those of this moment; return how many pieces.

    Once for each set of keys and process. What could not be had, or not be recorded, is left for the next call.
    """
    collector = parts.collectors.get(InTotoCollector.name)
    if collector is None or parts.running.reread_by == collector.version:
        return 0
    with parts.ledger.read() as reader:
        rows = reader.all(_READ_BY_OTHERS, collector=collector.name, version=collector.version)
    done = 0
    for row in rows:
        try:
            read = _read_again(parts, row)
            command = partial(_record, parts=parts, evidence_id=row["id"], version=collector.version, read=read)
            parts.ledger.write(actor, command)
            done += 1
        except Exception:  # one that fails holds up no other, nor the deadlines that are swept with it
            _log.exception("evidence %s could not be read again; the next tick tries again", row["id"])
    if done == len(rows):
        parts.running.reread_by = collector.version
    return done


def _read_again(parts: Parts, row: Row) -> FileReading:
    try:
        path = parts.files.local(row["sha256"])
        received_at = parse_instant(row["received_at"])
        extraction = read_evidence(path, row["filename"], parts.collectors, received_at=received_at)
        return FileReading(reading=Reading.READ, extraction=extraction)
    except UnreadableError as error:
        return FileReading(reading=Reading.UNREADABLE, reason=error.message[:2000])
    except (NotFoundError, IntegrityError):
        reason = "its file is gone or was changed, so that its signature could not be verified with the keys of now"
        return FileReading(reading=Reading.UNREADABLE, reason=reason)


def _record(tx: Transaction, parts: Parts, evidence_id: str, version: str, read: FileReading) -> None:
    row = find_evidence(tx, evidence_id)
    if row["reading"] != Reading.READ or row["collector_version"] == version or row["purged_at"] is not None:
        return  # another replica was faster
    tx.record(reading_entry(row, read))
    advance_live(tx, parts, row["model_version_id"], cause=f"evidence {row['filename']} {_CAUSE}")
