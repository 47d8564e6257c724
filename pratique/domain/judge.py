"""The judge of one evaluation: finds the answer for each requirement, fail closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pratique.domain.decisions import Waiver
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.findings import PASSING, Finding, FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.models import names_of
from pratique.domain.situation import BoundFacts, Criteria, Situation
from pratique.domain.spec import Checkpoint, EvidenceNeed, Gating, Requirement
from pratique.domain.times import instant_text


def identity_of(evidence: Evidence) -> list[str | None]:
    """Return what fixes the facts of a piece of evidence: the file's bytes and the parser that read them."""
    read = evidence.extraction
    parser = [read.kind, read.collector, read.collector_version] if read is not None else [None, None, None]
    return [evidence.id, evidence.sha256, evidence.reading.value, evidence.requirement, *parser]


class _Answer(NamedTuple):
    status: FindingStatus
    reason: str = ""
    evidence: str | None = None
    until: datetime | None = None


class Judge:
    """One evaluation under way: binds each piece of evidence once, remembers when answers end."""

    def __init__(self, situation: Situation, criteria: Criteria, now: datetime) -> None:
        self._situation = situation
        self._criteria = criteria
        self._now = now
        self._profile_alone: BoundFacts | None = None
        self._names = names_of(situation.model, situation.version, list(situation.profile.get("known_as", ())))
        newest_first = sorted(situation.evidence, key=lambda e: (e.dated_at, e.received_at, e.id), reverse=True)
        self._newest_first = [_File(evidence) for evidence in newest_first]
        self._is_all_read = all(e.reading is Reading.READ and e.extraction is not None for e in newest_first)
        self._newest: dict[tuple[str, str | None], _File | None] = {}
        self._texts: dict[datetime, str] = {}
        self.ends: list[datetime] = []

    def find(self, checkpoint: Checkpoint, requirement: Requirement) -> Finding:
        """Return the answer for one requirement, its waiver laid over it."""
        answer = self._answer(requirement)
        enforced = requirement.gating is Gating.ENFORCE
        waiver = None if answer.status in PASSING else self._waiver_for(requirement, answer)
        until = answer.until if waiver is None else waiver.expires_at
        if until is not None and until > self._now:
            self.ends.append(until)
        return Finding(
            requirement=requirement.id,
            checkpoint=checkpoint.id,
            status=answer.status if waiver is None else FindingStatus.WAIVED,
            reason=answer.reason if waiver is None else f"waived by {waiver.person}: {waiver.reason} ({answer.reason})",
            enforced=enforced,
            evidence=answer.evidence,
            waiver=waiver.id if waiver else None,
            without_waiver=answer.status if waiver else None,
            until=self._text(until) if until else None,
        )

    def _text(self, at: datetime) -> str:
        text = self._texts.get(at)
        if text is None:
            text = self._texts[at] = instant_text(at)
        return text

    def _waiver_for(self, requirement: Requirement, answer: _Answer) -> Waiver | None:
        """Return the waiver of just this finding: one given for a missing file covers no failed one."""
        active = [
            w
            for w in self._situation.waivers
            if (w.requirement, w.covers, w.evidence) == (requirement.id, answer.status, answer.evidence)
            and w.is_active(self._now)
        ]
        return max(active, key=lambda w: (w.expires_at, w.id), default=None)

    def _answer(self, requirement: Requirement) -> _Answer:
        if requirement.applies_when is not None:
            applies = self._bind_profile().judge(requirement.applies_when)
            if applies.holds is None:
                return _Answer(FindingStatus.NOT_TESTED, f"whether this applies could not be judged: {applies.reason}")
            if not applies.holds:
                return _Answer(FindingStatus.NOT_APPLICABLE, requirement.not_applicable_because or "")
        if requirement.gate is not None:
            return self._answer_by_gate(requirement.gate)
        if requirement.evidence is None or requirement.criterion is None:  # the spec's validator refuses this
            return _Answer(FindingStatus.NOT_TESTED, "the requirement names no evidence and criterion")
        return self._answer_by_evidence(requirement, requirement.evidence, requirement.criterion)

    def _answer_by_gate(self, gate: str) -> _Answer:
        state = (self._situation.gates or {}).get(gate)
        if state is GateState.CLEARED:
            return _Answer(FindingStatus.MET)
        if state is GateState.STALE:
            return _Answer(FindingStatus.STALE, f"gate {gate} was cleared, but is stale now")
        if state is None:
            return _Answer(FindingStatus.NOT_TESTED, f"gate {gate} was never opened for this version")
        return _Answer(FindingStatus.UNMET, f"gate {gate} is {state.value}, expected cleared")

    def _answer_by_evidence(self, requirement: Requirement, need: EvidenceNeed, criterion: str) -> _Answer:
        file = self._newest_for(requirement, need)
        if file is None:
            return _Answer(FindingStatus.NOT_TESTED, self._why_none(need))
        evidence = file.evidence
        trouble = self._trouble_with(file) or (self._doubt(file, need.select) if need.select is not None else None)
        if trouble:
            return _Answer(FindingStatus.NOT_TESTED, trouble, evidence.id)
        ends_at = file.ends_at(requirement.fresh_for_days)
        if ends_at is not None and ends_at <= self._now:
            reason = f"{evidence.filename} ran out on {instant_text(ends_at)[:10]}; newer evidence is needed"
            return _Answer(FindingStatus.STALE, reason, evidence.id)
        judgement = self._bind_file(file).judge(criterion)
        if judgement.holds is None:
            reason = f"criterion could not be judged on {evidence.filename}: {judgement.reason}"
            return _Answer(FindingStatus.NOT_TESTED, reason, evidence.id, ends_at)
        if not judgement.holds:
            reason = requirement.unmet or f"{evidence.filename} does not satisfy: {criterion}"
            return _Answer(FindingStatus.UNMET, reason, evidence.id, ends_at)
        return _Answer(FindingStatus.MET, "", evidence.id, ends_at)

    def _newest_for(self, requirement: Requirement, need: EvidenceNeed) -> _File | None:
        if not self._is_all_read:  # an unread file speaks to one requirement, so no answer serves for others
            return self._look_for(requirement, need)
        wanted = (need.kind, need.select)
        if wanted not in self._newest:
            self._newest[wanted] = self._look_for(requirement, need)
        return self._newest[wanted]

    def _look_for(self, requirement: Requirement, need: EvidenceNeed) -> _File | None:
        for file in self._newest_first:
            evidence = file.evidence
            if evidence.reading is Reading.PENDING:
                return file  # it may speak to anything; an older answer must not stand beside it unread
            if evidence.reading is not Reading.READ or evidence.extraction is None:
                if evidence.requirement == requirement.id:
                    return file
            elif evidence.extraction.kind == need.kind and (
                need.select is None or self._bind_file(file).judge(need.select).holds is not False
            ):
                return file
        return None

    def _doubt(self, file: _File, select: str) -> str | None:
        """Say why it is not known that `file` speaks to this requirement.

        Skipping it would let an older answer stand beside a newer file that perhaps contradicts it.
        """
        judgement = self._bind_file(file).judge(select)
        if judgement.holds is None:
            return f"whether {file.evidence.filename} speaks to this could not be judged: {judgement.reason}"
        return None if judgement.holds else f"{file.evidence.filename} does not speak to this"

    def _why_none(self, need: EvidenceNeed) -> str:
        what = f"no evidence of kind {need.kind}" + (f" where {need.select}" if need.select else "")
        unread = [f.evidence for f in self._newest_first if f.evidence.reading is not Reading.READ]
        if not unread:
            return f"{what} was submitted"
        newest = unread[0]
        why = newest.reading_reason or "not read yet"
        return f"{what} could be read; {len(unread)} unread, newest {newest.filename}: {why}"

    def _trouble_with(self, file: _File) -> str | None:
        if file.trouble == _UNKNOWN:
            file.trouble = self._trouble(file.evidence)
        return file.trouble

    def _trouble(self, evidence: Evidence) -> str | None:
        if evidence.reading is Reading.PENDING:
            return f"{evidence.filename}: not read yet"
        if evidence.extraction is None or evidence.reading is Reading.UNREADABLE:
            return f"{evidence.filename}: {evidence.reading_reason or 'unreadable'}"
        extraction = evidence.extraction
        if extraction.subject is not None and extraction.subject not in self._names:
            return (
                f"{evidence.filename} speaks of model {extraction.subject!r}; this version is known as "
                f"{', '.join(sorted(self._names))} (profile member `known_as`)"
            )
        other_weights = self._other_weights(evidence, extraction)
        if other_weights is not None:
            return other_weights
        if not extraction.complete:
            return f"{evidence.filename} is incomplete: {extraction.incomplete_reason or 'no reason given'}"
        return None

    def _other_weights(self, evidence: Evidence, extraction: Extraction) -> str | None:
        expected, found = self._situation.profile.get("weights_sha256"), extraction.facts.get("weights_sha256")
        if expected is not None and isinstance(found, str):
            if found.lower() == expected:
                return None
            return f"{evidence.filename} was made on weights {found[:12]}, this version has {expected[:12]}"
        changed_at = self._situation.weights_at
        if changed_at is not None and evidence.dated_at < changed_at:
            return f"{evidence.filename} is older than the weights, which were changed at {instant_text(changed_at)}"
        return None

    def _bind_file(self, file: _File) -> BoundFacts:
        if file.bound is None:
            extraction = file.evidence.extraction
            key = "/".join(str(part) for part in identity_of(file.evidence))
            file.bound = self._bind(key, extraction.facts if extraction is not None else {})
        return file.bound

    def _bind_profile(self) -> BoundFacts:
        if self._profile_alone is None:
            self._profile_alone = self._bind("", {})
        return self._profile_alone

    def _bind(self, key: str, facts: Mapping[str, Any]) -> BoundFacts:
        profile = self._situation.profile
        return self._criteria.bind(profile, facts, key=f"{key}/{self._situation.profile_digest}")


#: Stands for "not looked at yet"; no trouble is called that.
_UNKNOWN = "?"


class _File:
    """A piece of evidence within one evaluation: what many requirements ask of it is found out once."""

    __slots__ = ("_ends", "bound", "evidence", "trouble")

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.bound: BoundFacts | None = None
        self.trouble: str | None = _UNKNOWN
        self._ends: dict[int | None, datetime | None] = {}

    def ends_at(self, fresh_for_days: int | None) -> datetime | None:
        """Return when an answer that rests on it runs out."""
        if fresh_for_days not in self._ends:
            extraction = self.evidence.extraction
            limits = [extraction.valid_until] if extraction is not None and extraction.valid_until is not None else []
            if fresh_for_days is not None:
                limits.append(self.evidence.dated_at + timedelta(days=fresh_for_days))
            self._ends[fresh_for_days] = min(limits, default=None)
        return self._ends[fresh_for_days]
