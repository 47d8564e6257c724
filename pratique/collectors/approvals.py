"""Collector `approval`: a record that a person approved or rejected something, and GitHub's answer to the same.

No standard exists. Ours is one JSON object: `subject` {`name`, `version`?, `digest` {`sha256`}}, `gate`, `decision`
(`approved` or `rejected`), `approver` {`id`, `role`}, `requested_by`?, `approved_at`, `expires_at`?, `approval_id`?,
`comment`?. GitHub's is the list that `GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals` answers: it names
neither the run nor the commit nor a time, so nothing in it is bound to a model.

Nothing here proves who wrote the file: a signature does (DSSE), or the engine's own decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique.collectors.approvals_github import GITHUB_SHAPE, extract_github, is_github
from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import at, instant_at, mapping_at, named, sha256_at, text_at
from pratique.collectors.identities import is_bot, is_suspicious, skeleton
from pratique.collectors.jsonfile import load_json
from pratique.collectors.jsonhead import confidence, json_head
from pratique.collectors.shape import COUNT, FLAG, TEXT, TEXTS, facts_of
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Extraction

MAX_APPROVAL_BYTES = 1024**2

_WHAT = "approval"
_OURS = ("approver", "decision", "subject")
_DECISIONS = ("approved", "rejected")
_MEMBERS = frozenset(
    {"approval_id", "approved_at", "approver", "comment", "decision", "expires_at", "gate", "requested_by", "subject"}
)


class ApprovalCollector:
    """Reads both shapes. Ours is incomplete without role, time or digest, or by a bot; GitHub's always."""

    name = "approval"
    version = "2"
    kinds = frozenset({"approval"})
    facts_schema = facts_of(
        "form",
        "decision",
        "bound",
        form=TEXT,
        approval_id=TEXT,
        decision=TEXT,
        gate=TEXT,
        approver=TEXT,
        role=TEXT,
        requested_by=TEXT,
        self_approved=FLAG,
        suspicious_ids=TEXTS,
        subject=TEXT,
        subject_version=TEXT,
        subject_sha256=TEXT,
        bound=FLAG,
        approved_at=TEXT,
        expires_at=TEXT,
        has_comment=FLAG,
        reviews=COUNT,
        **GITHUB_SHAPE,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of an object with approver, decision and subject, and of a list with GitHub's members."""
        seen = json_head(head)
        sure = (seen.opening == "{" and seen.has(*_OURS)) or (
            seen.opening == "[" and seen.has("state", "environments", "user")
        )
        return confidence(head, filename, sure=sure)

    def read(self, path: Path) -> Extraction:
        """Return what the record says.

        Raises:
            UnreadableError: too large, not JSON, neither shape, no approver, or a decision that is none.
        """
        document = load_json(path, _WHAT, max_bytes=MAX_APPROVAL_BYTES, one_of=('"approver"', '"environments"'))
        if is_github(document):
            return extract_github(document, ApprovalCollector.name, ApprovalCollector.version)
        if not isinstance(document, dict) or not all(name in document for name in _OURS):
            raise UnreadableError(f"{_WHAT}: no object with {', '.join(_OURS)} found, nor GitHub's list of reviews")
        if extra := sorted(set(document) - _MEMBERS):
            raise UnreadableError(
                f"{_WHAT}: {len(extra)} unknown members found; expected {', '.join(sorted(_MEMBERS))}"
            )
        return _extract(document)


def _extract(record: Mapping[str, Any]) -> Extraction:
    decision = text_at(record, "decision")
    if decision not in _DECISIONS:
        raise UnreadableError(f"{_WHAT}: the decision is none of {', '.join(_DECISIONS)}")
    approver = named(record, _WHAT, "approver", "id")
    subject = named(record, _WHAT, "subject", "name")
    approved_at, expires_at = instant_at(record, "approved_at"), instant_at(record, "expires_at")
    reasons = _reasons(record, approved_at, expires_at)
    return Extraction(
        kind="approval",
        collector=ApprovalCollector.name,
        collector_version=ApprovalCollector.version,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=1,
        done=0 if reasons else 1,
        errors=0,
        subject=subject,
        subject_version=text_at(record, "subject", "version"),
        subject_digest=sha256_at(record, "subject", "digest", "sha256"),
        produced_at=approved_at,
        valid_until=expires_at,
        facts=_facts(record, decision, approver, subject),
    )


def _reasons(record: Mapping[str, Any], approved_at: datetime | None, expires_at: datetime | None) -> list[str]:
    reasons = []
    if is_bot(text_at(record, "approver", "id") or ""):
        reasons.append("the approver is a bot")
    if text_at(record, "approver", "role") is None:
        reasons.append("it does not say in which role the approver acted")
    if text_at(record, "gate") is None:
        reasons.append("it does not say for which gate")
    if sha256_at(record, "subject", "digest", "sha256") is None:
        reasons.append("it names no SHA-256 of what was approved")
    if approved_at is None:
        reasons.append("approved_at is no time with a zone")
    if at(record, "expires_at") is not None and expires_at is None:
        reasons.append("expires_at is no time with a zone")
    if approved_at is not None and expires_at is not None and expires_at <= approved_at:
        reasons.append("it had run out before it was given")
    return reasons


def _facts(record: Mapping[str, Any], decision: str, approver: str, subject: str) -> dict[str, Any]:
    sheet = FactSheet()
    requester = text_at(record, "requested_by")
    sheet.put("form", "record")
    sheet.put("decision", decision)
    sheet.put("approver", approver)
    sheet.put("role", text_at(record, "approver", "role"))
    sheet.put("requested_by", requester)
    if requester is not None:  # who asked is unknown otherwise, and a criterion that needs it cannot be judged
        sheet.put("self_approved", skeleton(requester) == skeleton(approver))
    people = {identity for identity in (approver, requester) if identity is not None}
    sheet.put("suspicious_ids", sorted(identity for identity in people if is_suspicious(identity)))
    digest = sha256_at(record, "subject", "digest", "sha256")
    sheet.put("subject", subject)
    sheet.put("subject_version", text_at(record, "subject", "version"))
    sheet.put("subject_sha256", digest)
    sheet.put("bound", digest is not None)
    for name in ("approval_id", "gate", "approved_at", "expires_at"):
        sheet.put(name, text_at(record, name))
    sheet.put("has_comment", bool(text_at(record, "comment")) or bool(mapping_at(record, "comment")))
    sheet.put("reviews", 1)
    return sheet.finish(_WHAT)


def build(_context: CollectorContext) -> Collector:
    """Entry point `approval`."""
    return ApprovalCollector()
