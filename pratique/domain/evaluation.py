"""The pure heart: what a gate's requirements amount to on given evidence at a given moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pratique.canonical import canonical_json, canonical_object, canonical_texts, sha256_hex
from pratique.domain.exhibit import Exhibit, Ground
from pratique.domain.findings import PASSING, STATUS_TEXT, Finding, FindingStatus
from pratique.domain.judge import Found, Judge
from pratique.domain.limits import TimeLimit
from pratique.domain.moment import Moment
from pratique.domain.situation import BoundFacts, Criteria, Judgement, Situation
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text

__all__ = ["BoundFacts", "Criteria", "Evaluation", "Judgement", "Situation", "Verdict", "evaluate", "verdict_of"]


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
    moment = Moment(now)
    judge = Judge(situation, Ground.of(situation, criteria), moment, settled_when=spec.settled_when)
    return verdict_of(spec, situation, judge, moment).at(situation.gate_run, now)


def verdict_of(spec: GateSpec, situation: Situation, judge: Judge, moment: Moment) -> Verdict:
    """Have every requirement of `spec` judged."""
    found = [
        judge.find(checkpoint, requirement)
        for checkpoint in spec.checkpoints
        for requirement in checkpoint.requirements
    ]
    return Verdict(situation, judge.exhibits, tuple(found), moment)


class Verdict:
    """An evaluation without its gate run and its moment: the same for every moment of a span. Keeps no evidence alive.

    Args:
        situation: what was looked at.
        exhibits: its evidence, in order.
        found: what was found, in the order of the spec.
        moment: every comparison with the time that was made on the way.
    """

    def __init__(
        self, situation: Situation, exhibits: Sequence[Exhibit], found: tuple[Found, ...], moment: Moment
    ) -> None:
        self.found = found
        self._moment = moment
        self._findings = tuple(one.finding for one in found)
        enforced = [f.status for f in self._findings if f.enforced]
        self._is_ready = all(status in PASSING for status in enforced) and any(
            status in (FindingStatus.MET, FindingStatus.WAIVED) for status in enforced
        )
        ends = [one.until for one in found if one.until is not None]
        if situation.profile_until is not None:
            ends.append(situation.profile_until)
        self._recheck_at = min(ends, default=None)
        pinned = {"spec": canonical_json(situation.spec_digest), "profile": canonical_json(situation.profile_digest)}
        self._signed = _tight({**pinned, "findings": canonical_texts([_signed(one) for one in found])})
        self._looked_at = _tight({**pinned, **_looked_at(situation, exhibits)})

    def holds_at(self, now: datetime) -> bool:
        """True when an evaluation at `now` would find the same."""
        return self._moment.holds_at(now)

    def at(self, gate_run: str, now: datetime) -> Evaluation:
        """Return the evaluation of `gate_run` at `now`, a moment of the span."""
        run = canonical_json(gate_run)
        return Evaluation(
            findings=self._findings,
            is_ready=self._is_ready,
            basis=sha256_hex(canonical_object(**self._signed, gate_run=run)),
            inputs=sha256_hex(canonical_object(**self._looked_at, gate_run=run, now=canonical_json(instant_text(now)))),
            recheck_at=self._recheck_at,
        )


def _signed(found: Found) -> list[str | None]:
    """Return what the basis holds of a finding."""
    finding = found.finding
    return [finding.requirement, STATUS_TEXT[finding.status], found.sha256, finding.waiver]


def _looked_at(situation: Situation, exhibits: Sequence[Exhibit]) -> dict[str, bytes]:
    """Return what the inputs hold beside what is pinned, the gate run and the time."""
    members: dict[str, Any] = {
        "waivers": [[w.id, instant_text(w.expires_at), w.revoked_at is None] for w in situation.waivers],
        "weights_at": instant_text(situation.weights_at) if situation.weights_at else None,
        "gates": {gate: state.value for gate, state in (situation.gates or {}).items()},
    }
    # Left out where nothing asks for them, so that inputs of before are digested as they were.
    if situation.limits:
        members["limits"] = [_limit(limit) for limit in situation.limits]
    if situation.occasion_since is not None:
        members["occasion_since"] = instant_text(situation.occasion_since)
    if situation.is_cleared:
        members["is_cleared"] = True
    return {
        "evidence": canonical_texts([exhibit.identity for exhibit in exhibits]),
        **{name: canonical_json(value) for name, value in members.items()},
    }


def _limit(limit: TimeLimit) -> list[str | None]:
    instants = (limit.start_at, limit.due_at, limit.met_at)
    return [limit.rule, limit.about, limit.state, *(instant_text(at) if at is not None else None for at in instants)]


def _tight(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return copies without spare room, fit to be kept: what orjson returns takes 4 KiB, however short it is."""
    return {name: bytes(memoryview(text)) for name, text in members.items()}
