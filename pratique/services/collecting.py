"""What a flow asks for: read pending evidence, judge again, tell people."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from pratique.domain.evidence import Reading
from pratique.domain.gates import GateState
from pratique.errors import IntegrityError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance
from pratique.services.evidence import FileReading, pending_evidence, read_file, record_reading
from pratique.services.loaded_run import load_run
from pratique.services.notices import NoticeKind, recipients, tell
from pratique.services.parts import Parts
from pratique.services.views import gate_view
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_KIND_NOW = {
    GateState.OPEN: NoticeKind.REVIEW_OPENED,
    GateState.IN_REVIEW: NoticeKind.DECISION_NEEDED,
}
#: How often a file is read where the trusted keys change meanwhile; then it stays pending.
_READINGS = 3


async def collect(parts: Parts, run_id: str, *, actor: str) -> dict[str, int]:
    """Read the files of the run's model version that were too large to read at once.

    All of them, whatever checkpoint asks. What a file is, and so which requirement it speaks to, is known once it was
    read: `requirement` is what the uploader says, and facts come from the file alone. To leave a file for another
    checkpoint on the uploader's word would let a name keep it from being read; and an unread file holds up every gate
    of the version. The first checkpoint that asks does the work, the others find none left.

    Returns:
        Counts: read and unreadable in this call, and pending after it.

    Raises:
        NotFoundError: no such gate run.
    """
    counts = {Reading.READ: 0, Reading.UNREADABLE: 0}
    for row in await parts.ledger.aread(partial(_pending_of_run, run_id=run_id)):
        for _ in range(_READINGS):
            found = await _read(parts, row)
            command = partial(record_reading, parts=parts, evidence_id=row["id"], read=found, driven=run_id)
            if await parts.ledger.awrite(actor, command):
                counts[found.reading] += 1
                break
    left = await parts.ledger.aread(partial(_pending_of_run, run_id=run_id))
    return {"read": counts[Reading.READ], "unreadable": counts[Reading.UNREADABLE], "pending": len(left)}


async def _read(parts: Parts, row: Row) -> FileReading:
    """Read a stored file; one that is gone, or is not what it was, says so. A store that is away is asked again later.

    Raises:
        UnavailableError: the store does not answer.
    """
    try:
        path = await asyncio.to_thread(parts.files.local, row["sha256"])
    except (NotFoundError, IntegrityError) as error:
        return FileReading(reading=Reading.UNREADABLE, reason=error.message)
    return await parts.parsing.run(read_file, parts, path, row["filename"])


def _pending_of_run(reader: Reader, run_id: str) -> list[Row]:
    row = reader.one(lookups.GATE_RUN_PLAIN, id=run_id)
    if row is None:
        raise NotFoundError(f"gate run {run_id[:80]} does not exist")
    return pending_evidence(reader, row["model_version_id"])


def evaluate_run(tx: Transaction, parts: Parts, run_id: str) -> dict[str, Any]:
    """Judge a gate run again and return it.

    Raises:
        NotFoundError: no such gate run.
    """
    advance(tx, parts, run_id, cause="checkpoint evaluated", driven=run_id)
    return gate_view(tx, parts, run_id)


def announce(tx: Transaction, parts: Parts, run_id: str) -> int:
    """Tell those whom the present state concerns and who were never told of it, such as people named since.

    Raises:
        NotFoundError: no such gate run.
    """
    run = load_run(tx, parts, run_id, tx.now)
    kind = _KIND_NOW.get(run.state)
    if kind is None:
        return 0
    kinds = {kind, NoticeKind.FINDINGS_OPEN} if run.state is GateState.OPEN else {kind}
    told = {row["person"] for row in tx.all(lookups.NOTICES_OF_RUN, gate_run_id=run_id) if row["kind"] in kinds}
    missing = [p.id for p in recipients(parts, run, kind) if p.id not in told]
    return tell(tx, parts, run, kind, reasons=["the checkpoints ran"], people=missing)
