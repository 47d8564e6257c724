"""The pure heart: what a gate's requirements amount to on given evidence at a given moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pratique.canonical import digest_of
from pratique.domain.findings import PASSING, Finding, FindingStatus
from pratique.domain.judge import Judge, identity_of
from pratique.domain.situation import BoundFacts, Criteria, Judgement, Situation
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text

__all__ = ["BoundFacts", "Criteria", "Evaluation", "Judgement", "Situation", "evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Pure result at one moment."""

    findings: tuple[Finding, ...]
    is_ready: bool  #: nothing enforced holds the gate shut, and at least one enforced requirement is met or waived
    basis: str  #: digest of what people sign: spec, profile, findings, the evidence and waivers they rest on
    inputs: str  #: digest of all inputs, the time among them
    recheck_at: datetime | None  #: when an answer runs out by itself

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that hold the gate shut."""
        return tuple(f for f in self.findings if f.holds_gate_shut)


def evaluate(spec: GateSpec, situation: Situation, criteria: Criteria, now: datetime) -> Evaluation:
    """Return every finding of `spec` on `situation` at `now`.

    The same arguments give the same result, at any later time and on any machine. Nothing raises: what
    cannot be judged is NotTested with its reason.
    """
    judge = Judge(situation, criteria, now)
    findings = tuple(
        judge.find(checkpoint, requirement)
        for checkpoint in spec.checkpoints
        for requirement in checkpoint.requirements
    )
    enforced = [f for f in findings if f.enforced]
    is_ready = all(f.status in PASSING for f in enforced) and any(
        f.status in (FindingStatus.MET, FindingStatus.WAIVED) for f in enforced
    )
    return Evaluation(
        findings=findings,
        is_ready=is_ready,
        basis=_basis(situation, findings),
        inputs=_inputs(situation, now),
        recheck_at=min(judge.ends, default=None),
    )


def _basis(situation: Situation, findings: Sequence[Finding]) -> str:
    digests = {e.id: e.sha256 for e in situation.evidence}
    return digest_of(
        {
            "gate_run": situation.gate_run,
            "spec": situation.spec_digest,
            "profile": situation.profile_digest,
            "findings": [
                [f.requirement, f.status.value, digests.get(f.evidence or "", f.evidence), f.waiver] for f in findings
            ],
        }
    )


def _inputs(situation: Situation, now: datetime) -> str:
    return digest_of(
        {
            "gate_run": situation.gate_run,
            "spec": situation.spec_digest,
            "profile": situation.profile_digest,
            "evidence": [identity_of(e) for e in situation.evidence],
            "waivers": [[w.id, instant_text(w.expires_at), w.revoked_at is None] for w in situation.waivers],
            "weights_at": instant_text(situation.weights_at) if situation.weights_at else None,
            "gates": {gate: state.value for gate, state in (situation.gates or {}).items()},
            "now": instant_text(now),
        }
    )
