"""What a stage flow leaves for people."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.client.work import Swept
from pratique.worker.report import artifact_key, end_message, end_state, findings_page, sweep_page


def view(**changes: Any) -> dict[str, Any]:
    return {
        "gate": "training-trigger",
        "model": "Aurora",
        "version": "2.1",
        "title": "Training trigger",
        "state": "open",
        "outcome": "blocked",
        "open_findings": 1,
        "edition": "eu-gpai-code@2025-07-10",
        "spec_version": 1,
        "basis": "abc",
        "findings": [
            {
                "checkpoint": "risk",
                "checkpoint_kind": "assessment",
                "title": "Evals | ran",
                "measures": ["S-3.2"],
                "status": "not_tested",
                "reason": "no evidence <b>yet</b>",
                "enforced": True,
            }
        ],
        "sign_off": {"missing": ["1 more approver"]},
        "waiting_on": [{"role": "eval_lead", "for": "evidence"}],
        "does_not_show": "That the model is safe.",
        "links": {"page": "http://127.0.0.1:8470/gates/1"},
    } | changes


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        ("cleared", "Cleared"),
        ("awaiting_decision", "AwaitingDecision"),
        ("blocked", "Blocked"),
        ("rejected", "Blocked"),
        ("an outcome of tomorrow", "Blocked"),
    ],
)
def test_every_outcome_has_a_named_end_and_the_unknown_one_is_shut(outcome: str, name: str) -> None:
    assert end_state(view(outcome=outcome)) == name


def test_the_message_says_what_is_open_who_owes_it_and_where_to_look() -> None:
    text = end_message(view())
    assert text == "1 open finding, waiting for eval_lead. Gate page: http://127.0.0.1:8470/gates/1"


def test_a_gate_in_review_names_the_missing_signatures() -> None:
    assert "1 more approver" in end_message(view(outcome="awaiting_decision"))


def test_the_artifact_key_holds_only_what_prefect_allows() -> None:
    assert artifact_key(view()) == "gate-training-trigger-aurora-2-1"


def test_the_page_links_back_and_says_what_it_does_not_show() -> None:
    page = findings_page(view())
    assert "[Open the gate page](http://127.0.0.1:8470/gates/1)" in page
    assert "What this does not show: That the model is safe." in page
    assert "compliant" not in page


def test_foreign_text_cannot_break_the_table() -> None:
    (row,) = [line for line in findings_page(view()).splitlines() if "Evals" in line]
    assert r"Evals \| ran" in row
    assert r"\<b\>yet" in row


def test_the_sweep_page_counts() -> None:
    assert "| Gates overdue | 3 |" in sweep_page(Swept(rechecked=9, expired=1, followed_up=2, overdue=3, at="now"))
