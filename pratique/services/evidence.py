"""Evidence: stored, read by our own parsers, and put before every gate it may speak to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select

from pratique.collectors import UnreadableError, read_evidence
from pratique.collectors.in_toto import InTotoCollector
from pratique.domain.entries import EvidenceRead, EvidenceSubmitted
from pratique.domain.evidence import Extraction, Reading
from pratique.domain.gates import WAITING_STATES
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance_live, start_flow
from pratique.services.loaded_run import load_run
from pratique.services.models import find_model_version
from pratique.services.needs import needs_of
from pratique.services.parts import Parts
from pratique.services.retention import PURGES_OF_FILE_LOCKED
from pratique.services.situations import occasion_since
from pratique.services.specs import pinned_spec
from pratique.services.views import evidence_view, gate_view
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_MAX_FILENAME = 255
_PAGE, _CAPTURED = "web-page", "captured_by_engine"
OUTDATED = "not read yet: the trusted keys changed while it was read"
#: What replaces a piece of evidence of a model version.
REVISING = Query(
    select(lookups.evidence)
    .where(
        lookups.evidence.c.model_version_id == bindparam("model_version_id"),
        lookups.evidence.c.revises == bindparam("revises"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """What came of reading one stored file."""

    reading: Reading
    reason: str | None = None
    extraction: Extraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A stored file that somebody submits as evidence."""

    sha256: str
    size: int
    filename: str
    media_type: str
    submitter: str  #: the person behind it, or the actor where no person is
    requirement: str | None
    read: FileReading
    credential: str | None = None  #: by which it came
    revises: str | None = None  #: the evidence that it replaces

    def entry(self, evidence_id: str, model_version_id: str) -> EvidenceSubmitted:
        """Return what the journal says of it."""
        return EvidenceSubmitted(
            id=evidence_id,
            model_version_id=model_version_id,
            sha256=self.sha256,
            size=self.size,
            filename=self.filename,
            media_type=self.media_type,
            submitter=self.submitter,
            requirement=self.requirement,
            reading=self.read.reading.value,
            reading_reason=self.read.reason,
            extraction=_as_json(self.read.extraction),
            credential=self.credential,
            revises=self.revises,
        )


def clean_filename(filename: str) -> str:
    """Return the last part of a file name, fit to be shown.

    Raises:
        InvalidInputError: empty, too long, or with characters that cannot be shown.
    """
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not 1 <= len(name) <= _MAX_FILENAME or not name.isprintable() or name in (".", ".."):
        raise InvalidInputError(f"filename: expected 1 to {_MAX_FILENAME} printable characters, found {len(name)}")
    return name


def read_file(parts: Parts, path: Path, filename: str, *, captured_by_engine: bool = False) -> FileReading:
    """Read a stored file with the collector that knows it; what cannot be read says why.

    Args:
        parts: the engine.
        path: the stored file.
        filename: as it was sent.
        captured_by_engine: the engine fetched it itself just now. The fact of that name is the engine's: what a file
            or a collector says under it counts for nothing.
    """
    try:
        extraction = read_evidence(path, filename, parts.collectors)
        if extraction.kind == _PAGE or _CAPTURED in extraction.facts:
            extraction = replace(extraction, facts={**extraction.facts, _CAPTURED: captured_by_engine})
        return FileReading(reading=Reading.READ, extraction=extraction)
    except UnreadableError as error:
        return FileReading(reading=Reading.UNREADABLE, reason=error.message[:2000])


def submit_evidence(
    tx: Transaction, parts: Parts, *, model: str, version: str, submission: Submission
) -> dict[str, Any]:
    """Record a stored file as evidence and judge every gate of the model version again.

    The same file under the same name for the same requirement is the same evidence: a repeated upload changes
    nothing, so neither a broken connection doubles it nor a second upload makes it younger. Only where a gate asks for
    evidence of its own occasion, what came before that is shown anew by sending it again.

    Returns:
        The evidence and the gate runs of the version that are not final.

    Raises:
        NotFoundError: the model version is not registered, or has no evidence that is to be replaced.
        ConflictError: what is to be replaced was replaced before.
    """
    if is_outdated(parts, submission.read):
        submission = replace(submission, read=FileReading(reading=Reading.PENDING, reason=OUTDATED))
    found = find_model_version(tx, model, version)
    tx.all(PURGES_OF_FILE_LOCKED, sha256=submission.sha256)  # whoever removes that file waits, and sees it is needed
    same = _submitted_before(tx, found["id"], submission)
    if same is not None and not _is_asked_again(tx, parts, found["id"], same):
        live = tx.all(lookups.LIVE_RUNS, model_version_id=found["id"])
        runs = [row["id"] for row in live if row["is_latest"]]
        return {"evidence": evidence_with_chain(tx, same, found), "gates": [gate_view(tx, parts, run) for run in runs]}
    if submission.revises is not None:
        _refuse_to_revise(tx, found["id"], submission.revises)
    evidence_id = tx.new_id()
    tx.record(submission.entry(evidence_id, found["id"]))
    runs = advance_live(tx, parts, found["id"], cause=f"new evidence {submission.filename}")
    if submission.read.reading is Reading.PENDING:
        _ask_to_read(tx, parts, runs, evidence_id)
    row = tx.one(lookups.EVIDENCE, id=evidence_id) or {}
    return {"evidence": evidence_with_chain(tx, row, found), "gates": [gate_view(tx, parts, run) for run in runs]}


def is_outdated(parts: Parts, read: FileReading) -> bool:
    """Say whether signatures in a file were verified with other keys than those of this moment.

    What was verified with a key that was revoked meanwhile may not be recorded as if it had not been.
    """
    found, now = read.extraction, parts.collectors.get(InTotoCollector.name)
    return (
        found is not None and now is not None and found.collector == now.name and found.collector_version != now.version
    )


def _submitted_before(tx: Transaction, model_version_id: str, submission: Submission) -> Row | None:
    given = {"sha256": submission.sha256, "filename": submission.filename}
    rows = tx.all(lookups.EVIDENCE_SAME, model_version_id=model_version_id, **given)
    meant = (submission.requirement, submission.revises)
    found = [row for row in rows if row["purged_at"] is None and (row["requirement"], row["revises"]) == meant]
    return found[-1] if found else None


def _refuse_to_revise(tx: Transaction, model_version_id: str, evidence_id: str) -> None:
    """Refuse to replace what is not there, or was replaced before: a chain has one newest piece."""
    row = tx.one(lookups.EVIDENCE, id=evidence_id)
    if row is None or row["model_version_id"] != model_version_id:
        raise NotFoundError(f"revises: this model version has no evidence {evidence_id[:80]}")
    later = tx.one(REVISING, model_version_id=model_version_id, revises=evidence_id)
    if later is not None:
        raise ConflictError(
            f"evidence {evidence_id} was replaced by {later['id']} ({later['filename']}) already",
            hint="replace the newest of the chain",
        )


def _is_asked_again(tx: Transaction, parts: Parts, model_version_id: str, same: Row) -> bool:
    """True when a gate run that still waits counts evidence of its own occasion only, and this came before."""
    for row in tx.all(lookups.LATEST_RUNS, model_version_id=model_version_id):
        needs = needs_of(pinned_spec(tx, parts, row["spec_digest"]), row["spec_digest"])
        if row["state"] in WAITING_STATES and needs.is_per_occasion:
            since = occasion_since(tx, row)
            if since is not None and parse_instant(same["received_at"]) < since:
                return True
    return False


def _ask_to_read(tx: Transaction, parts: Parts, runs: list[str], evidence_id: str) -> None:
    """Start one flow that reads the file; it changes no gate's state by itself, so that nothing else would."""
    loaded = [load_run(tx, parts, run_id, tx.now) for run_id in runs]
    waiting = [run for run in loaded if run.state in WAITING_STATES]
    for run in (waiting or loaded)[-1:]:  # it reads every unread file of the version; gates opened later read too
        start_flow(tx, run, mark=evidence_id)


def record_reading(
    tx: Transaction, parts: Parts, evidence_id: str, read: FileReading, *, driven: str | None = None
) -> bool:
    """Record what was read in a file that was stored earlier; reading it twice changes nothing.

    Returns False where the trusted keys changed meanwhile: it has to be read once more.

    Args:
        tx: the open transaction.
        parts: the engine.
        evidence_id: the evidence.
        read: what came of reading it.
        driven: the gate run whose own flow read it.

    Raises:
        NotFoundError: no such evidence.
    """
    row = find_evidence(tx, evidence_id)
    if row["reading"] != Reading.PENDING or row["purged_at"] is not None:
        return True
    if is_outdated(parts, read):
        return False
    tx.record(reading_entry(row, read))
    advance_live(tx, parts, row["model_version_id"], cause=f"evidence {row['filename']} was read", driven=driven)
    return True


def reading_entry(row: Row, read: FileReading) -> EvidenceRead:
    """Return what the journal says of reading evidence that was stored earlier."""
    return EvidenceRead(
        id=row["id"],
        model_version_id=row["model_version_id"],
        reading=read.reading.value,
        reading_reason=read.reason,
        extraction=_as_json(read.extraction),
    )


def find_evidence(reader: Reader, evidence_id: str) -> Row:
    """Return the row of a piece of evidence.

    Raises:
        NotFoundError: no such evidence.
    """
    row = reader.one(lookups.EVIDENCE, id=evidence_id)
    if row is None:
        raise NotFoundError(f"evidence {evidence_id[:80]} does not exist")
    return row


def evidence_with_chain(reader: Reader, row: Row, version: Row) -> dict[str, Any]:
    """Return a piece of evidence as the API shows it, with what replaces it, and what it replaces."""
    later = reader.one(REVISING, model_version_id=row["model_version_id"], revises=row["id"])
    return evidence_view(row, version) | {"revised_by": later["id"] if later is not None else None}


def pending_evidence(reader: Reader, model_version_id: str) -> list[Row]:
    """Return the evidence of a model version that was not read yet."""
    rows = reader.all(lookups.EVIDENCE_OF_VERSION, model_version_id=model_version_id)
    return [row for row in rows if row["reading"] == Reading.PENDING and row["purged_at"] is None]


def _as_json(extraction: Extraction | None) -> dict[str, Any] | None:
    if extraction is None:
        return None
    members = {
        "kind": extraction.kind,
        "collector": extraction.collector,
        "collector_version": extraction.collector_version,
        "tool": extraction.tool,
        "complete": extraction.complete,
        "incomplete_reason": extraction.incomplete_reason,
        "planned": extraction.planned,
        "done": extraction.done,
        "errors": extraction.errors,
        "subject": extraction.subject,
        "subject_version": extraction.subject_version,
        "subject_digest": extraction.subject_digest,
        "produced_at": instant_text(extraction.produced_at) if extraction.produced_at else None,
        "observed_from": instant_text(extraction.observed_from) if extraction.observed_from else None,
        "observed_until": instant_text(extraction.observed_until) if extraction.observed_until else None,
        "valid_until": instant_text(extraction.valid_until) if extraction.valid_until else None,
        "facts": dict(extraction.facts),
    }
    return {name: value for name, value in members.items() if value is not None}
