"""Pipelines that asked and wait for an answer: what they are told of the gates that their request opened or joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Most of a comment. Source: GitHub REST API, deployment protection rule: 1024 characters of Markdown.
MOST_COMMENT = 1024


class Verdict(StrEnum):
    """What a pipeline is told."""

    WAIT = "wait"
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one gate stands at this moment."""

    gate: str
    state: str
    open_findings: int
    due_on: str  #: day
    link: str


def verdict_of(standings: Sequence[Standing]) -> Verdict:
    """Return what is to be told: every gate must be cleared, and one that ended otherwise refuses. No time approves."""
    states = {one.state for one in standings}
    if states & {"rejected", "withdrawn"}:
        return Verdict.REJECT
    return Verdict.APPROVE if states == {"cleared"} else Verdict.WAIT


def comment_of(subject: str, standings: Sequence[Standing]) -> str:
    """Return the comment: Markdown, at most `MOST_COMMENT` characters.

    Args:
        subject: the model version, `aurora/2.1`.
        standings: of every gate that was asked for.
    """
    lines = [f"Pratique, model version **{subject}**"]
    for one in standings:
        line = f"- [{one.gate}]({one.link}): {_said(one)}"
        if len("\n".join([*lines, line, "- and more"])) > MOST_COMMENT:
            lines.append("- and more")
            break
        lines.append(line)
    return "\n".join(lines)[:MOST_COMMENT]


def _said(one: Standing) -> str:
    if one.state == "in_review":
        return f"waiting on a decision of people, until {one.due_on}"
    if one.state in ("open", "returned", "stale"):
        count = f"{one.open_findings} open finding{'' if one.open_findings == 1 else 's'}"
        return f"{one.state}, waiting on evidence ({count}), until {one.due_on}"
    return one.state
