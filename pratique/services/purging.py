"""Giving a file up for good: only when nothing keeps it, only here, and with an entry that stays."""

from __future__ import annotations

from functools import partial
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.entries import EvidencePurged
from pratique.domain.times import instant_text
from pratique.errors import ConflictError
from pratique.services.advancing import advance_live
from pratique.services.authority import check_reason
from pratique.services.evidence import find_evidence
from pratique.services.parts import Parts
from pratique.services.retention import (
    PIECES_OF_FILE,
    PURGES_OF_FILE,
    PURGES_OF_FILE_LOCKED,
    lock_versions,
    retention_of,
    version_of,
)
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction


def retention_view(reader: Reader, parts: Parts, evidence_id: str) -> dict[str, Any]:
    """Return until when the file of a piece of evidence is kept, by which rules, and what else keeps it.

    Raises:
        NotFoundError: no such evidence.
    """
    row = find_evidence(reader, evidence_id)
    now = parts.ledger.clock()
    kept = retention_of(reader, parts, row["sha256"], now)
    pieces = reader.all(PIECES_OF_FILE, sha256=row["sha256"])
    refusals = kept.refusals(now) if row["purged_at"] is None else [f"it was purged at {row['purged_at']}"]
    return {
        "evidence": row["id"],
        "sha256": row["sha256"],
        "size": row["size"],
        "used_by": [
            {"evidence": piece["id"], "filename": piece["filename"], "purged_at": piece["purged_at"]}
            | {name: version_of(reader, piece)[name] for name in ("model", "version")}
            for piece in pieces
        ],
        "kept_until": instant_text(kept.until) if kept.until is not None else None,
        "rules": [one.as_json() for one in kept.keepings],
        "holds": list(kept.holds),
        "rests_on": list(kept.rests_on),
        "may_be_purged": not refusals,
        "refused": refusals,
        "allowed": kept.allowed() if not refusals else [],
        "purged": [
            {name: purge[name] for name in ("id", "purged_at", "reason", "kept_until")}
            | {"allowed": stored_json(purge["allowed"])}
            for purge in reader.all(PURGES_OF_FILE, sha256=row["sha256"])
        ],
    }


def was_purged(reader: Reader, sha256: str) -> bool:
    """True when this content was given up at some time."""
    return bool(reader.all(PURGES_OF_FILE, sha256=sha256))


def purge_evidence(tx: Transaction, parts: Parts, evidence_id: str, *, reason: str, credential: str) -> str:
    """Write that the file of a piece of evidence is given up; `remove_purged` then removes it.

    What was read in it stays. A file that is several pieces of evidence is given up as all of them.

    Returns:
        Its digest. One whose file was purged before is left as it is.

    Raises:
        NotFoundError: no such evidence.
        ConflictError: something keeps it; `refused` says everything that does.
    """
    check_reason(reason)
    row = find_evidence(tx, evidence_id)
    sha256 = str(row["sha256"])
    lock_versions(tx, [piece["model_version_id"] for piece in tx.all(PIECES_OF_FILE, sha256=sha256)])
    row = find_evidence(tx, evidence_id)
    if row["purged_at"] is not None:
        return sha256
    kept = retention_of(tx, parts, sha256, tx.now)
    _check_nothing_keeps(kept.refusals(tx.now), evidence_id)
    pieces = [piece for piece in tx.all(PIECES_OF_FILE, sha256=sha256) if piece["purged_at"] is None]
    names = ("id", "model_version_id", "filename", "received_at")
    tx.record(
        EvidencePurged(
            id=tx.new_id(),
            sha256=sha256,
            size=row["size"],
            evidence=[{name: piece[name] for name in names} for piece in pieces],
            reason=reason,
            allowed=kept.allowed(),
            kept_until=instant_text(kept.until) if kept.until is not None else None,
            credential=credential,
        )
    )
    for version in dict.fromkeys(piece["model_version_id"] for piece in pieces):
        advance_live(tx, parts, version, cause=f"the file {row['filename']} was purged")
    return sha256


def _check_nothing_keeps(refused: list[str], evidence_id: str) -> None:
    if refused:
        raise ConflictError(
            f"the file of evidence {evidence_id} is kept: {'; '.join(refused)}",
            hint="`pratique evidence retention` shows until when, and by which rules",
            refused=refused,
        )


def remove_purged(parts: Parts, sha256: str, *, actor: str) -> bool:
    """Remove a file that was given up, unless it was submitted again meanwhile; True when it is gone.

    The entry is written before, so that a crash in between leaves a file that `pratique evidence verify` names, and
    that purging again removes; never one that is missing without a word.

    Raises:
        UnavailableError: the store does not answer.
    """
    return parts.ledger.write(actor, partial(_remove, parts=parts, sha256=sha256))


def _remove(tx: Transaction, parts: Parts, sha256: str) -> bool:
    tx.all(PURGES_OF_FILE_LOCKED, sha256=sha256)
    pieces = tx.all(PIECES_OF_FILE, sha256=sha256)
    if not pieces or any(piece["purged_at"] is None for piece in pieces):
        return False
    parts.files.remove(sha256)
    return True
