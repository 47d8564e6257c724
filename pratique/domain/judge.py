"""The judge of one evaluation: finds the answer for each requirement, fail closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import NamedTuple
from weakref import ReferenceType, ref

from pratique.domain.chains import ranked_at, replacements, why_replaced
from pratique.domain.decisions import Waiver
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.exhibit import Exhibit, Ground
from pratique.domain.findings import PASSING, Finding, FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.limits import answer_of_limits
from pratique.domain.moment import Moment
from pratique.domain.renewal import Renewals
from pratique.domain.situation import BoundFacts, Situation
from pratique.domain.spec import Checkpoint, EvidenceNeed, Gating, Requirement
from pratique.domain.times import instant_text


class Answer(NamedTuple):
    """What one requirement amounts to before any waiver."""

    status: FindingStatus
    reason: str = ""
    exhibit: Exhibit | None = None  #: the evidence that was judged
    ends_at: datetime | None = None  #: when that evidence runs out, where this was asked


class _Choice(NamedTuple):
    """The evidence that speaks to a need, and why no criterion is judged on it."""

    exhibit: Exhibit
    trouble: str | None
    is_of_before: bool = False  #: it was shown for an earlier occasion, where only this one's counts


class Found(NamedTuple):
    """A finding, and what it rests on. It is kept long, so it keeps no evidence alive, and nothing that was bound."""

    finding: Finding
    until: datetime | None  #: when it runs out by itself
    evidence: ReferenceType[Evidence] | None  #: what was judged; a dead reference is like no evidence
    sha256: str | None  #: of that evidence
    ends_at: datetime | None  #: when that evidence runs out, where this was asked

    @property
    def is_over(self) -> bool:
        """True when its evidence had run out."""
        return self.finding.status is FindingStatus.STALE


class Judge:
    """One evaluation under way.

    Args:
        situation: what is looked at.
        ground: the ground of that situation.
        moment: the moment; every comparison with it is made or noted there.
        exhibits: what was bound before; taken over where it is the very same evidence on the very same ground.
        found: what was found before for the same spec on the very same ground, by requirement; taken over where it
            comes out again.
        settled_when: of the spec; while it holds, the age of evidence ends no clearance.
    """

    def __init__(
        self,
        situation: Situation,
        ground: Ground,
        moment: Moment,
        *,
        exhibits: Iterable[Exhibit] = (),
        found: Mapping[str, Found] | None = None,
        settled_when: str | None = None,
    ) -> None:
        self._situation = situation
        self._ground = ground
        self._moment = moment
        self._found = found or {}
        self._settled_when = settled_when
        self.exhibits = _exhibits(situation.evidence, ground, exhibits)
        self._replaced_by = replacements(self.exhibits)
        ranks = ranked_at(self.exhibits, self._replaced_by)
        self._newest_first = sorted(self.exhibits, key=partial(_age, ranks), reverse=True)
        self._renewals = Renewals(self.exhibits, self._replaced_by, ranks)
        self._unread = [e.evidence for e in self._newest_first if e.evidence.reading is not Reading.READ]
        self._is_all_read = not self._unread and all(e.kind is not None for e in self._newest_first)
        self._by_kind: dict[str | None, list[Exhibit]] = {}  #: newest first; of use where everything was read
        for exhibit in self._newest_first:
            self._by_kind.setdefault(exhibit.kind, []).append(exhibit)
        self._texts: dict[datetime, str] = {}
        self._chosen: dict[tuple[str, str | None, bool], _Choice | None] = {}
        self._waivers: dict[str, list[Waiver]] = {}
        for waiver in situation.waivers:
            self._waivers.setdefault(waiver.requirement, []).append(waiver)

    def find(self, checkpoint: Checkpoint, requirement: Requirement) -> Found:
        """Return the answer for one requirement, its waiver laid over it."""
        before = self._found.get(requirement.id)
        if before is not None and self._stands(requirement, before):
            return before
        answer = self._answer(requirement)
        waiver = None
        if self._waivers and answer.status not in PASSING:
            waiver = self._waiver_for(requirement, answer)
        return self._made(checkpoint, requirement, answer, waiver)

    def _stands(self, requirement: Requirement, before: Found) -> bool:
        """True when the same evidence is judged by the same criterion on the same side of its end."""
        need, ends_at = requirement.evidence, before.ends_at
        evidence = before.evidence() if before.evidence is not None else None
        is_waived = before.finding.waiver is not None or requirement.id in self._waivers
        if evidence is None or need is None or is_waived or requirement.renew_on:
            return False
        choice = self._choose(requirement, need)
        if choice is None or choice.exhibit.evidence is not evidence:
            return False
        return ends_at is None or self._moment.is_reached(ends_at) is before.is_over

    def _made(self, checkpoint: Checkpoint, requirement: Requirement, answer: Answer, waiver: Waiver | None) -> Found:
        status, reason, exhibit, ends_at = answer
        evidence = exhibit.evidence if exhibit is not None else None
        until = None if status is FindingStatus.STALE else ends_at
        if waiver is not None:
            # At the end of the evidence it becomes another finding, which the waiver does not cover.
            status, until = FindingStatus.WAIVED, min(until or waiver.expires_at, waiver.expires_at)
            reason = f"waived by {waiver.person}: {waiver.reason} ({answer.reason})"
        finding = Finding(
            requirement.id,
            checkpoint.id,
            status,
            reason,
            requirement.gating is Gating.ENFORCE,
            evidence.id if evidence is not None else None,
            waiver.id if waiver is not None else None,
            answer.status if waiver is not None else None,
            self._text(until) if until is not None else None,
        )
        if evidence is None:
            return Found(finding, until, None, None, ends_at)
        return Found(finding, until, ref(evidence), evidence.sha256, ends_at)

    @cached_property
    def _alone(self) -> BoundFacts:
        return self._ground.alone()

    @cached_property
    def _is_settled(self) -> bool:
        """True for a clearance that stands however old its evidence gets. What cannot be judged settles nothing."""
        if self._settled_when is None or not self._situation.is_cleared:
            return False
        return self._alone.judge(self._settled_when).holds is True

    def _text(self, at: datetime) -> str:
        text = self._texts.get(at)
        if text is None:
            text = self._texts[at] = instant_text(at)
        return text

    def _waiver_for(self, requirement: Requirement, answer: Answer) -> Waiver | None:
        """Return the waiver of just this finding: one given for a missing file covers no failed one."""
        evidence = answer.exhibit.evidence.id if answer.exhibit is not None else None
        active = []
        for waiver in self._waivers.get(requirement.id, ()):
            if (waiver.covers, waiver.evidence) == (answer.status, evidence):
                self._moment.is_reached(waiver.granted_at)
                self._moment.is_reached(waiver.expires_at)
                if waiver.is_active(self._moment.now):
                    active.append(waiver)
        return max(active, key=lambda w: (w.expires_at, w.id), default=None)

    def _answer(self, requirement: Requirement) -> Answer:
        if requirement.for_each is not None:  # requirements made of it have none
            return Answer(FindingStatus.NOT_TESTED, "it is asked for each identified risk, and none is identified")
        if requirement.applies_when is not None:
            applies = self._alone.judge(requirement.applies_when)
            if applies.holds is None:
                return Answer(FindingStatus.NOT_TESTED, f"whether this applies could not be judged: {applies.reason}")
            if not applies.holds:
                return Answer(FindingStatus.NOT_APPLICABLE, requirement.not_applicable_because or "")
        if requirement.gate is not None:
            return self._answer_by_gate(requirement.gate)
        if requirement.profile is not None:
            return self._answer_by_profile(requirement, requirement.profile)
        if requirement.clock is not None:
            status, reason, ends_at = answer_of_limits(
                requirement.clock,
                self._situation.limits,
                self._moment,
                if_begun=requirement.if_begun,
                may_run=requirement.may_run,
            )
            return Answer(status, reason, None, ends_at)
        if requirement.evidence is None or requirement.criterion is None:  # the spec's validator refuses this
            return Answer(FindingStatus.NOT_TESTED, "the requirement names nothing that could be judged")
        return self._answer_by_evidence(requirement, requirement.evidence, requirement.criterion)

    def _answer_by_gate(self, gate: str) -> Answer:
        state = (self._situation.gates or {}).get(gate)
        if state is GateState.CLEARED:
            return Answer(FindingStatus.MET)
        if state is GateState.STALE:
            return Answer(FindingStatus.STALE, f"gate {gate} was cleared, but is stale now")
        if state is None:
            return Answer(FindingStatus.NOT_TESTED, f"gate {gate} was never opened for this version")
        return Answer(FindingStatus.UNMET, f"gate {gate} is {state.value}, expected cleared")

    def _answer_by_profile(self, requirement: Requirement, criterion: str) -> Answer:
        judgement = self._alone.judge(criterion)
        if judgement.holds is None:
            reason = f"criterion could not be judged on the profile: {judgement.reason}"
            return Answer(FindingStatus.NOT_TESTED, reason)
        if not judgement.holds:
            return Answer(FindingStatus.UNMET, requirement.unmet or f"the profile does not satisfy: {criterion}")
        return Answer(FindingStatus.MET)

    def _answer_by_evidence(self, requirement: Requirement, need: EvidenceNeed, criterion: str) -> Answer:
        choice = self._choose(requirement, need)
        if choice is None:
            return Answer(FindingStatus.NOT_TESTED, self._why_none(need))
        exhibit, trouble, is_of_before = choice
        if is_of_before:
            reason = f"{exhibit.evidence.filename} was shown for an earlier occasion; submit it again for this one"
            return Answer(FindingStatus.STALE, reason, exhibit)
        if trouble:
            return Answer(FindingStatus.NOT_TESTED, trouble, exhibit)
        filename = exhibit.evidence.filename
        ends_at = exhibit.ends_at(None if self._is_settled else requirement.fresh_for_days)
        if ends_at is not None and self._moment.is_reached(ends_at):
            reason = f"{filename} ran out on {instant_text(ends_at)[:10]}; newer evidence is needed"
            return Answer(FindingStatus.STALE, reason, exhibit, ends_at)
        if (again := self._renewals.why_again(exhibit, requirement.renew_on)) is not None:
            return Answer(FindingStatus.STALE, again, exhibit)
        judgement = exhibit.bound.judge(criterion)
        if judgement.holds is None:
            reason = f"criterion could not be judged on {filename}: {judgement.reason}"
            return Answer(FindingStatus.NOT_TESTED, reason, exhibit, ends_at)
        if not judgement.holds:
            return Answer(
                FindingStatus.UNMET, requirement.unmet or f"{filename} does not satisfy: {criterion}", exhibit, ends_at
            )
        return Answer(FindingStatus.MET, "", exhibit, ends_at)

    def _choose(self, requirement: Requirement, need: EvidenceNeed) -> _Choice | None:
        if not self._is_all_read:  # an unread file speaks to one requirement, so no answer serves for others
            return self._look_for(requirement, need)
        wanted = (need.kind, need.select, requirement.per_occasion)
        if wanted not in self._chosen:
            self._chosen[wanted] = self._look_for(requirement, need)
        return self._chosen[wanted]

    def _look_for(self, requirement: Requirement, need: EvidenceNeed) -> _Choice | None:
        since = self._situation.occasion_since if requirement.per_occasion else None
        before = None
        for exhibit in self._by_kind.get(need.kind, ()) if self._is_all_read else self._newest_first:
            is_of_before = since is not None and exhibit.evidence.received_at < since
            if (is_of_before and before is not None) or not self._speaks_to(exhibit, requirement, need):
                continue
            later = self._replaced_by.get(exhibit.evidence.id)
            if later is not None and self._speaks_to(later, requirement, need):
                continue  # it stands where the latest of its chain would
            if is_of_before:
                before = _Choice(exhibit, None, is_of_before=True)
            elif later is not None:  # or an older answer would come back, because somebody replaced this one
                return _Choice(exhibit, why_replaced(exhibit, later))
            else:
                return _Choice(exhibit, exhibit.trouble or (exhibit.doubt(need.select) if need.select else None))
        return before

    def _speaks_to(self, exhibit: Exhibit, requirement: Requirement, need: EvidenceNeed) -> bool:
        evidence = exhibit.evidence
        if evidence.reading is Reading.PENDING:
            return True  # it may speak to anything; an older answer must not stand beside it unread
        if evidence.reading is not Reading.READ or exhibit.kind is None:
            return evidence.requirement == requirement.id
        return exhibit.kind == need.kind and (
            need.select is None or exhibit.bound.judge(need.select).holds is not False
        )

    def _why_none(self, need: EvidenceNeed) -> str:
        what = f"no evidence of kind {need.kind}" + (f" where {need.select}" if need.select else "")
        if not self._unread:
            return f"{what} was submitted"
        newest = self._unread[0]
        why = newest.reading_reason or "not read yet"
        return f"{what} could be read; {len(self._unread)} unread, newest {newest.filename}: {why}"


def _exhibits(evidence: Sequence[Evidence], ground: Ground, before: Iterable[Exhibit]) -> list[Exhibit]:
    # Who is in the list holds its evidence, so no two have the same address.
    known = {id(exhibit.evidence): exhibit for exhibit in before if exhibit.ground is ground}
    return [known.get(id(one)) or Exhibit(one, ground) for one in evidence]


def _age(ranks: Mapping[str, datetime], exhibit: Exhibit) -> tuple[datetime, datetime, str]:
    return ranks[exhibit.evidence.id], exhibit.evidence.received_at, exhibit.evidence.id
