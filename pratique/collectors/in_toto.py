"""Collector `in_toto`: signed statements (DSSE, Sigstore bundles) and bare ones; OpenSSF model signatures among them.

What stands in an envelope is base64 text, so that only reading it tells an attestation from a model signature.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.dsse import (
    BUNDLE_TYPE,
    PAYLOAD_TYPE,
    Envelope,
    Verification,
    is_envelope,
    open_envelope,
    verify,
)
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.model_signature import (
    MODEL_SIGNATURE,
    SignedFiles,
    read_model_signature,
    signed_files,
    weights_digest,
)
from pratique.collectors.predicates import (
    PROVENANCE,
    SCAI,
    TEST_RESULT,
    VERIFICATION_SUMMARY,
    PredicateReader,
    PredicateReading,
    read_provenance,
    read_scai,
    read_test_result,
    read_verification_summary,
)
from pratique.collectors.shape import COUNT, COUNTS, FLAG, TEXT, TEXT_BY_NAME, TEXTS, Shape, facts_of, record
from pratique.collectors.statement import Statement, parse_statement, statement_of
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction
from pratique.domain.keys import TrustedKeys

#: A statement about 10,000 files has about 2 MB, in Base64 a third more.
MAX_BYTES = 8 * 1024**2
#: Subjects kept as facts; their number is always kept.
MAX_SUBJECTS_KEPT = 100

_WHAT = "in-toto attestation"
_ENDINGS = (
    ".statement.json",
    ".intoto.json",
    ".intoto.jsonl",
    ".dsse.json",
    ".sigstore.json",
    ".sigstore",
    ".sig",
    ".att",
)
_READERS: dict[str, PredicateReader] = {
    VERIFICATION_SUMMARY: read_verification_summary,
    TEST_RESULT: read_test_result,
    SCAI: read_scai,
    PROVENANCE: read_provenance,
}
_NOT_SIGNED = Verification(keys=(), reasons=("it is not signed",))


def _list_of(**members: Shape) -> Shape:
    return {"type": "array", "items": record(**members)}


class InTotoCollector:
    """Reads envelopes and statements. Complete when a trusted key signed it and its predicate holds together.

    Args:
        keys: the keys that count.
        clock: says when a file is received; a key counts for what came while it was valid.
    """

    name = "in_toto"
    kinds = frozenset({"attestation", "signature"})
    facts_schema = facts_of(
        "predicate_type", "verified", "signed_by", "subjects", "subject_count",
        predicate_type=TEXT, verified=FLAG, signed_by=TEXTS, key_owners=TEXTS, key_fingerprints=TEXTS, key_hints=TEXTS,
        signatures=COUNT, subjects=_list_of(name=TEXT, sha256=TEXT), subject_count=COUNT,
        verification_result=TEXT, verified_levels=TEXTS, verifier=TEXT, verifier_versions=TEXT_BY_NAME,
        time_verified=TEXT, resource_uri=TEXT, policy=record(uri=TEXT, sha256=TEXT), input_attestations=COUNT,
        slsa_version=TEXT, result=TEXT, tests=COUNTS, passed_tests=TEXTS, warned_tests=TEXTS, failed_tests=TEXTS,
        url=TEXT, configuration=_list_of(name=TEXT), attributes=TEXTS, attribute_count=COUNT, with_evidence=TEXTS,
        producer=TEXT, builder=TEXT, build_type=TEXT, invocation=TEXT, started_at=TEXT, finished_at=TEXT,
        dependency_count=COUNT, dependencies=_list_of(uri=TEXT, sha256=TEXT),
        root_digest=TEXT, resource_count=COUNT, resources=_list_of(file=TEXT, digest=TEXT), weight_files=COUNT,
        method=TEXT, ignored_paths=TEXTS,
    )  # fmt: skip

    def __init__(self, keys: TrustedKeys, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._keys = keys
        self._clock = clock
        #: With other keys the same file gives other facts.
        self.version = f"1+keys.{keys.digest[:12]}"

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of the types that stand in the outermost object; the payload may push them out of sight."""
        seen = json_head(head)
        sure = (
            seen.text("payloadType") == PAYLOAD_TYPE
            or seen.text("mediaType").startswith(BUNDLE_TYPE)
            or seen.text("_type").startswith("https://in-toto.io/Statement/")
        )
        if not sure and seen.has("payload"):
            return Confidence.MAYBE
        return confidence(head, filename, sure=sure, endings=_ENDINGS)

    def read(self, path: Path) -> Extraction:
        """Return what the statement says, and whether a trusted key signed it.

        Raises:
            UnreadableError: too large, cut, no envelope and no statement, or a payload that is none.
        """
        return self.read_received(path, self._clock())

    def read_received(self, path: Path, received_at: datetime) -> Extraction:
        """Do as `read` for a file that was received at `received_at`.

        Raises:
            UnreadableError: as `read`.
        """
        document = load_object(path, _WHAT, max_bytes=MAX_BYTES)
        if not is_envelope(document):
            return self._extraction(statement_of(document, _WHAT), None, _NOT_SIGNED)
        envelope = open_envelope(document, _WHAT)
        statement = parse_statement(envelope.payload, f"{_WHAT}, payload")
        verification = verify(envelope, self._keys, statement.predicate_type, received_at)
        return self._extraction(statement, envelope, verification)

    def _extraction(self, statement: Statement, envelope: Envelope | None, verification: Verification) -> Extraction:
        sheet = FactSheet()
        _put_identity(sheet, statement, envelope, verification)
        signed = signed_files(statement, _WHAT) if statement.predicate_type == MODEL_SIGNATURE else None
        read = _read_predicate(statement, signed, sheet)
        reasons = [*verification.reasons, *read.reasons]
        return Extraction(
            kind="signature" if signed is not None else "attestation",
            collector=self.name,
            collector_version=self.version,
            tool=read.tool if read.tool is not None and len(read.tool) <= 200 else None,
            complete=not reasons,
            incomplete_reason="; ".join(reasons) or None,
            planned=read.planned,
            done=read.done,
            errors=read.errors,
            subject=_subject_name(statement),
            subject_digest=_subject_digest(statement, signed),
            produced_at=read.stated_at,
            facts=sheet.finish(_WHAT),
        )


def _read_predicate(statement: Statement, signed: SignedFiles | None, sheet: FactSheet) -> PredicateReading:
    if signed is not None:
        return read_model_signature(signed, sheet)
    reader = _READERS.get(statement.predicate_type)
    if reader is None:
        reason = f"predicate type {shown(statement.predicate_type)} is not one that is read"
        return PredicateReading(reasons=(reason,))
    return reader(statement.predicate, sheet)


def _put_identity(
    sheet: FactSheet, statement: Statement, envelope: Envelope | None, verification: Verification
) -> None:
    sheet.put("predicate_type", statement.predicate_type)
    sheet.put("verified", verification.is_verified)
    sheet.put("signed_by", [key.id for key in verification.keys])
    sheet.put("key_owners", [key.owner for key in verification.keys])
    sheet.put("key_fingerprints", [key.fingerprint for key in verification.keys])
    signatures = envelope.signatures if envelope is not None else ()
    sheet.put("signatures", len(signatures))
    sheet.put("key_hints", [name for name, _ in signatures if name])
    subjects: list[Any] = [{"name": one.name, "sha256": one.sha256} for one in statement.subjects[:MAX_SUBJECTS_KEPT]]
    sheet.put("subjects", subjects)
    sheet.put("subject_count", len(statement.subjects))


def _subject_name(statement: Statement) -> str:
    """Return what it speaks of. Several subjects are no model version until a person says so (`known_as`)."""
    names = list(dict.fromkeys(one.name or "unnamed" for one in statement.subjects))
    text = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if len(text) > 500 or not text.isprintable():
        raise UnreadableError(f"{_WHAT}: subject names that are too long or no clean text")
    return text


def _subject_digest(statement: Statement, signed: SignedFiles | None) -> str | None:
    if signed is not None:
        found = weights_digest(signed)
        return found if found is not None and len(found) == 64 else None
    return statement.subjects[0].sha256 if len(statement.subjects) == 1 else None


def build(context: CollectorContext) -> Collector:
    """Entry point `in_toto`."""
    return InTotoCollector(context.trusted_keys)
