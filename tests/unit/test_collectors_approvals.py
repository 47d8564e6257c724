"""Approvals: who, in which role, of what, until when; and the ones that look right and are not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paper_files import changed, sample

from pratique.collectors import UnreadableError
from pratique.collectors.identities import is_suspicious, skeleton

_OURS = "approvals/approval.json"
_GITHUB = "approvals/github_run_approvals.json"


def test_an_approval_is_bound_to_a_digest_and_runs_out() -> None:
    found = sample(_OURS)
    assert (found.kind, found.complete) == ("approval", True)
    assert (found.subject, found.subject_digest) == ("acme-7b-instruct", "ab" * 32)
    assert found.produced_at == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert found.valid_until == datetime(2026, 12, 22, 9, 30, tzinfo=UTC)
    facts = found.facts
    assert (facts["decision"], facts["role"], facts["gate"]) == ("approved", "safety-lead", "release")
    assert (facts["self_approved"], facts["bound"], facts["suspicious_ids"]) == (False, True, [])


def test_a_rejection_is_a_whole_record_that_says_no(tmp_path: Path) -> None:
    found = changed(_OURS, lambda record: record.update(decision="rejected"), tmp_path)
    assert (found.complete, found.facts["decision"]) == (True, "rejected")


@pytest.mark.parametrize(
    "requester",
    ["lead@acme.example", "LEAD@acme.example", "lеad@acme.example", "le\u200bad@acme.example", "ｌead@acme.example",
     "lеаd@асmе.example"],
)  # fmt: skip
def test_whoever_approves_what_they_asked_for_is_found_out(tmp_path: Path, requester: str) -> None:
    found = changed(_OURS, lambda record: record.update(requested_by=requester), tmp_path)
    assert found.facts["self_approved"] is True
    honest = requester.isascii()
    assert found.facts["suspicious_ids"] == ([] if honest else [requester])


def test_an_id_in_another_alphabet_alone_is_not_suspicious() -> None:
    assert not is_suspicious("мария@пример")
    assert not is_suspicious("山田@例え")
    assert is_suspicious("admіn")
    assert is_suspicious("admin\u202e")
    assert skeleton("Αdmin") == skeleton("admin")
    assert skeleton("bob") != skeleton("alice")


def test_without_who_asked_nothing_is_said_of_self_approval(tmp_path: Path) -> None:
    assert "self_approved" not in changed(_OURS, lambda record: record.pop("requested_by"), tmp_path).facts


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["approver"].pop("role"), "in which role"),
        (lambda r: r.pop("gate"), "for which gate"),
        (lambda r: r["subject"].pop("digest"), "no SHA-256"),
        (lambda r: r["subject"]["digest"].update(sha256="abc"), "no SHA-256"),
        (lambda r: r.update(approved_at="2026-11-22T09:30:00"), "approved_at is no time with a zone"),
        (lambda r: r.update(expires_at="soon"), "expires_at is no time with a zone"),
        (lambda r: r.update(expires_at="2026-11-22T09:30:00Z"), "run out before it was given"),
    ],
)
def test_a_record_that_leaves_out_what_counts_is_incomplete(tmp_path: Path, change: Any, words: str) -> None:
    found = changed(_OURS, change, tmp_path)
    assert words in (found.incomplete_reason or "")
    assert found.done == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.update(decision="Approved"),
        lambda r: r.update(decision="approved\u0000no"),
        lambda r: r.update(decision=True),
        lambda r: r.update(approver="lead@acme.example"),
        lambda r: r.update(subject={}),
        lambda r: r.update(note="an unknown member"),
    ],
)
def test_a_record_that_is_none_is_refused(tmp_path: Path, change: Any) -> None:
    with pytest.raises(UnreadableError):
        changed(_OURS, change, tmp_path)


def test_an_approval_without_an_end_has_none(tmp_path: Path) -> None:
    found = changed(_OURS, lambda record: record.pop("expires_at"), tmp_path)
    assert (found.complete, found.valid_until) == (True, None)


def test_githubs_reviews_are_read_and_bound_to_nothing() -> None:
    found = sample(_GITHUB)
    assert (found.complete, found.facts["form"], found.facts["decision"]) == (False, "github", "approved")
    assert "nothing binds it to a model version" in (found.incomplete_reason or "")
    assert found.facts["approvers"] == ["octocat"]
    assert found.facts["environments"] == ["staging"]
    assert found.facts["bound"] is False
    assert (found.subject, found.subject_digest, found.produced_at) == (None, None, None)
    assert "self_approved" not in found.facts


def test_one_rejection_among_reviews_rejects(tmp_path: Path) -> None:
    found = changed(_GITHUB, lambda reviews: reviews.append(dict(reviews[0], state="rejected")), tmp_path)
    assert (found.facts["decision"], found.facts["rejected"]) == ("rejected", True)


def test_a_review_that_is_pending_leaves_it_open(tmp_path: Path) -> None:
    found = changed(_GITHUB, lambda reviews: reviews.append(dict(reviews[0], state="pending")), tmp_path)
    assert (found.complete, found.facts["decision"]) == (False, "pending")


def test_a_bot_that_reviews_is_counted(tmp_path: Path) -> None:
    found = changed(_GITHUB, lambda reviews: reviews[0]["user"].update(type="Bot"), tmp_path)
    assert found.facts["by_bots"] == 1
    assert "1 of 1 reviews are by bots" in (found.incomplete_reason or "")
    named = changed(_GITHUB, lambda reviews: reviews[0]["user"].update(login="Deploy[bot]"), tmp_path)
    assert named.facts["by_bots"] == 1


def test_a_record_by_a_bot_is_incomplete(tmp_path: Path) -> None:
    found = changed(_OURS, lambda record: record["approver"].update(id="release[bot]"), tmp_path)
    assert found.incomplete_reason == "the approver is a bot"
