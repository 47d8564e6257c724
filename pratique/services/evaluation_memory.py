"""What was judged before, so that it is not judged again: evaluation is pure, so a memory changes no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import ReferenceType, ref

from pratique.domain.decisions import Waiver
from pratique.domain.evaluation import Evaluation, Verdict, verdict_of
from pratique.domain.evidence import Evidence
from pratique.domain.exhibit import Exhibit, Ground
from pratique.domain.gates import GateState
from pratique.domain.judge import Judge
from pratique.domain.limits import TimeLimit
from pratique.domain.moment import Moment
from pratique.domain.situation import Criteria, Situation
from pratique.domain.spec import GateSpec
from pratique.services.shelf import Shelf

#: Most that is remembered, all verdicts together: findings, names of files, waivers, other gates, and the verdicts.
MAX_REMEMBERED = 20_000
#: Most pieces of evidence kept bound for the next verdict; nothing else here keeps facts, or a copy of them.
MAX_EXHIBITS = 512

_Key = tuple[str, ...]


class EvaluationMemory:
    """Evaluates as `evaluate` does, and remembers the last verdict on each gate of each model version.

    A verdict is given again only on the very same spec, criteria, profile and evidence (the same objects: an equal
    one is judged anew), on equal waivers and other gates, and at a moment at which every comparison with the time
    that was made on the way comes out the same. Where something changed, what did not is taken over: bound
    evidence, and findings whose answer came out again. A verdict keeps no evidence alive: whoever hands out evidence
    keeps it, and a verdict on what was let go is given no more. Safe to use from several threads.
    """

    def __init__(self, *, max_remembered: int = MAX_REMEMBERED, max_exhibits: int = MAX_EXHIBITS) -> None:
        self._held = Shelf[_Held](max_remembered)
        self._bound = Shelf[list[Exhibit]](max_exhibits)

    def evaluate(self, spec: GateSpec, situation: Situation, criteria: Criteria, now: datetime) -> Evaluation:
        """Return what `evaluate` returns on the same arguments."""
        key = _key(situation)
        held = self._held.get(key)
        if held is not None and not (held.spec is spec and held.ground.is_of(situation, criteria)):
            held = None
        if held is not None and held.is_of(situation) and held.verdict.holds_at(now):
            return held.verdict.at(situation.gate_run, now)
        verdict = self._judge(key, spec, situation, criteria, now, held)
        return verdict.at(situation.gate_run, now)

    def _judge(
        self, key: _Key, spec: GateSpec, situation: Situation, criteria: Criteria, now: datetime, before: _Held | None
    ) -> Verdict:
        moment = Moment(now)
        if before is None:
            ground = Ground.of(situation, criteria)
            judge = Judge(situation, ground, moment, settled_when=spec.settled_when)
        else:
            ground = before.ground
            bound = self._bound.get(key) or []
            same = before.is_cleared is situation.is_cleared  # else the same evidence may run out at another time
            found = {one.finding.requirement: one for one in before.verdict.found} if same else {}
            judge = Judge(situation, ground, moment, exhibits=bound, found=found, settled_when=spec.settled_when)
        verdict = verdict_of(spec, situation, judge, moment)
        held = _Held.of(spec, ground, situation, verdict)
        self._held.put(key, held, held.size)
        self._bound.put(key, judge.exhibits, max(len(judge.exhibits), 1))
        return verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A verdict with what it was made of; lists and mappings are copies, that nobody can change."""

    spec: GateSpec
    ground: Ground
    spec_digest: str
    evidence: tuple[ReferenceType[Evidence], ...]
    waivers: tuple[Waiver, ...]
    gates: Mapping[str, GateState]
    limits: tuple[TimeLimit, ...]
    occasion_since: datetime | None
    profile_until: datetime | None
    is_cleared: bool
    verdict: Verdict

    @classmethod
    def of(cls, spec: GateSpec, ground: Ground, situation: Situation, verdict: Verdict) -> _Held:
        return cls(
            spec=spec,
            ground=ground,
            spec_digest=situation.spec_digest,
            evidence=tuple(map(ref, situation.evidence)),
            waivers=tuple(situation.waivers),
            gates=dict(situation.gates or {}),
            limits=tuple(situation.limits),
            occasion_since=situation.occasion_since,
            profile_until=situation.profile_until,
            is_cleared=situation.is_cleared,
            verdict=verdict,
        )

    @property
    def size(self) -> int:
        """What it keeps, in parts of some hundred bytes."""
        beside = len(self.evidence) + len(self.waivers) + len(self.gates) + len(self.limits)
        return 1 + len(self.verdict.found) + beside

    def is_of(self, situation: Situation) -> bool:
        """True when a situation on the same ground differs in nothing but its gate run."""
        return (
            self.spec_digest == situation.spec_digest
            and _are_same(self.evidence, situation.evidence)
            and self.waivers == tuple(situation.waivers)
            and self.gates == (situation.gates or {})
            and self.limits == tuple(situation.limits)
            and self.occasion_since == situation.occasion_since
            and self.profile_until == situation.profile_until
            and self.is_cleared is situation.is_cleared
        )


def _key(situation: Situation) -> _Key:
    """Waivers, limits and occasions belong to one gate run; without them all runs of a gate are judged alike."""
    is_of_run = situation.waivers or situation.limits or situation.occasion_since is not None
    of_run = (situation.gate_run,) if is_of_run else ()
    return (situation.spec_digest, situation.model, situation.version, *of_run)


def _are_same(some: Sequence[ReferenceType[Evidence]], others: Sequence[Evidence]) -> bool:
    # A dead reference gives None, which no evidence is.
    return len(some) == len(others) and all(one() is other for one, other in zip(some, others, strict=True))
