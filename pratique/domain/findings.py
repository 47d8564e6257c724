"""Findings: the answer for one requirement at one moment. "No" is a value with its reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class FindingStatus(StrEnum):
    """What an evaluation found for one requirement."""

    MET = "met"  #: the criterion holds on fresh, complete evidence
    UNMET = "unmet"  #: the criterion is false
    NOT_TESTED = "not_tested"  #: missing, unread, incomplete or unjudgeable; never a pass
    STALE = "stale"  #: there was evidence, but its time ran out
    NOT_APPLICABLE = "not_applicable"  #: the spec says why the duty has no object here
    WAIVED = "waived"  #: a person took the open finding on themselves until a date; stays visible


#: Each status as JSON has it. `.value` of a member is a call, and there are hundreds with every event.
STATUS_TEXT = {status: status.value for status in FindingStatus}
#: Statuses that do not hold a gate shut.
PASSING = frozenset({FindingStatus.MET, FindingStatus.WAIVED, FindingStatus.NOT_APPLICABLE})


class Finding(NamedTuple):
    """The answer for one requirement. A tuple, because a gate has dozens and is judged with every event."""

    requirement: str
    checkpoint: str
    status: FindingStatus
    reason: str = ""  #: for people; empty only when met
    enforced: bool = True
    evidence: str | None = None  #: id of the evidence that was judged
    waiver: str | None = None
    without_waiver: FindingStatus | None = None  #: what it would be; set when waived
    until: str | None = None  #: instant at which this answer runs out by itself (freshness or waiver)

    @property
    def holds_gate_shut(self) -> bool:
        """True when the gate cannot go on because of this finding."""
        return self.enforced and self.status not in PASSING

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON; members that say nothing are left out."""
        out: dict[str, Any] = {
            "requirement": self.requirement,
            "checkpoint": self.checkpoint,
            "status": STATUS_TEXT[self.status],
        }
        if self.reason:
            out["reason"] = self.reason
        if not self.enforced:
            out["enforced"] = False
        if self.evidence:
            out["evidence"] = self.evidence
        if self.waiver:
            out["waiver"] = self.waiver
        if self.without_waiver:
            out["without_waiver"] = self.without_waiver.value
        if self.until:
            out["until"] = self.until
        return out

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Finding:
        """Return the finding that `as_json` wrote."""
        without = value.get("without_waiver")
        return cls(
            requirement=value["requirement"],
            checkpoint=value["checkpoint"],
            status=FindingStatus(value["status"]),
            reason=value.get("reason", ""),
            enforced=value.get("enforced", True),
            evidence=value.get("evidence"),
            waiver=value.get("waiver"),
            without_waiver=FindingStatus(without) if without else None,
            until=value.get("until"),
        )
