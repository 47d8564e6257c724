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
_CAUSE = "was read again, with the trusted keys of now"

#: Why it does not count where its file could not be had. The store may give it back: then it is read once more.
NO_FILE = "its file is gone or was changed, so that its signature could not be verified with the keys of now"

_OF = ("id", "sha256", "filename", "received_at", "complete", "collector_version")
_COLUMNS = tuple(evidence.c[name] for name in _OF)
_READ_BY_OTHERS = Query(
    select(*_COLUMNS)
    .where(
        evidence.c.collector == bindparam("collector"),
        evidence.c.collector_version != bindparam("version"),
        evidence.c.purged_at.is_(None),
    )
    .order_by(evidence.c.received_at, evidence.c.id)
)
#: What could not be read has no collector.
_WITHOUT_FILE = Query(
    select(*_COLUMNS)
    .where(
        evidence.c.collector.is_(None),
        evidence.c.reading == Reading.UNREADABLE.value,
        evidence.c.reading_reason == NO_FILE,
        evidence.c.purged_at.is_(None),
    )
    .order_by(evidence.c.received_at, evidence.c.id)
)


def reread_signed(parts: Parts, actor: str) -> int:
    """Read again what was verified with other keys than those of this moment; return how many pieces changed.

    Asked each time: a replica that goes by other keys may record something at any moment. Two replicas of different
    keys do not go on for ever: each reads a piece again once for good and ill, and after that only to take away what
    the other gives. What could not be had, or not be recorded, is left for the next call.
    """
    collector = parts.collectors.get(InTotoCollector.name)
    if collector is None:
        return 0
    with parts.ledger.read() as reader:
        rows = reader.all(_READ_BY_OTHERS, collector=collector.name, version=collector.version)
        rows += reader.all(_WITHOUT_FILE)
    seen, done = parts.running.reread(collector.version), 0
    for row in rows:
        try:
            done += _reread(parts, row, collector.version, actor, is_seen=row["id"] in seen)
            seen.add(row["id"])
        except Exception:  # one that fails holds up no other, nor the deadlines that are swept with it
            _log.exception("evidence %s could not be read again; the next tick tries again", row["id"])
    return done


def _reread(parts: Parts, row: Row, version: str, actor: str, *, is_seen: bool) -> bool:
    """Read a piece again, and return whether what is recorded of it changed."""
    was_without_file = row["collector_version"] is None
    if is_seen and not was_without_file and not row["complete"]:
        return False
    read = _read_again(parts, row)
    gives = read.extraction is not None and read.extraction.complete
    if read.reason == NO_FILE if was_without_file else is_seen and gives:
        return False
    command = partial(_record, parts=parts, evidence_id=row["id"], version=version, read=read)
    return bool(parts.ledger.write(actor, command))


def _read_again(parts: Parts, row: Row) -> FileReading:
    try:
        path = parts.files.local(row["sha256"])
        received_at = parse_instant(row["received_at"])
        extraction = read_evidence(path, row["filename"], parts.collectors, received_at=received_at)
        return FileReading(reading=Reading.READ, extraction=extraction)
    except UnreadableError as error:
        return FileReading(reading=Reading.UNREADABLE, reason=error.message[:2000])
    except (NotFoundError, IntegrityError):
        return FileReading(reading=Reading.UNREADABLE, reason=NO_FILE)


def _record(tx: Transaction, parts: Parts, evidence_id: str, version: str, read: FileReading) -> bool:
    row = find_evidence(tx, evidence_id)
    is_old = row["reading"] == Reading.READ and row["collector_version"] != version
    is_without_file = row["reading"] == Reading.UNREADABLE and row["reading_reason"] == NO_FILE
    if not (is_old or is_without_file) or row["purged_at"] is not None:
        return False  # another replica was faster
    tx.record(reading_entry(row, read))
    advance_live(tx, parts, row["model_version_id"], cause=f"evidence {row['filename']} {_CAUSE}")
    return True
