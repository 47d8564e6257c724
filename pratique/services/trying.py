"""Trying a gate on saved evidence: the engine's own judge, without a ledger. What only a ledger knows is not tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique.canonical import canonical_json, digest_of
from pratique.collectors import CollectorRegistry
from pratique.domain.compute import ComputeEntry, ComputeKind
from pratique.domain.counting import day_of
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.findings import PASSING, Finding, FindingStatus
from pratique.domain.instances import instantiate
from pratique.domain.models import ModelProfile
from pratique.domain.regime import Edition
from pratique.domain.risks import named_risks, risk_values
from pratique.domain.situation import Criteria
from pratique.domain.spec import GateSpec, Requirement
from pratique.domain.times import instant_text
from pratique.regimes import Rulebook, spec_digest
from pratique.regimes.expressions import members_named
from pratique.services.effective_profile import Records, effective_of
from pratique.services.given import Given
from pratique.services.tried_files import TriedFile, try_file

_GATE_RUN = "not-recorded"
_PROFILE_UNKNOWN = "nothing is known of the model version here; give its profile"
_REGISTER_UNKNOWN = "the risk register is not known here; give one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a gate would find. It clears nothing, and nothing is recorded."""

    spec: GateSpec  #: its requirements made for each risk
    at: datetime
    findings: tuple[Finding, ...]
    files: tuple[TriedFile, ...]
    assumed: tuple[str, ...]  #: what was taken as so because nobody said

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """Those that would hold the gate shut."""
        return tuple(finding for finding in self.findings if finding.holds_gate_shut)

    @property
    def unreadable(self) -> tuple[Evidence, ...]:
        """Files that could not be read."""
        return tuple(file.evidence for file in self.files if file.evidence.reading is not Reading.READ)

    @property
    def is_ready(self) -> bool:
        """True where nothing enforced is open, and something enforced is met."""
        passing = [f for f in self.findings if f.enforced and f.status is FindingStatus.MET]
        return not self.open_findings and bool(passing)

    def as_json(self) -> dict[str, Any]:
        """Return the trial as plain JSON."""
        return {
            "gate": self.spec.id,
            "version": self.spec.version,
            "edition": self.spec.edition,
            "at": instant_text(self.at),
            "ready": self.is_ready,
            "open": len(self.open_findings),
            "findings": [self._finding(finding) for finding in self.findings],
            "files": [file.as_json() for file in self.files],
            "assumed": list(self.assumed),
            "does_not_show": " ".join(self.spec.does_not_show.split()),
        }

    def _finding(self, finding: Finding) -> dict[str, Any]:
        requirement = self.spec.placed[finding.requirement][1]
        beside = {"title": requirement.title, "measures": list(requirement.measures)}
        return {"reason": "", "evidence": None, **finding.as_json(), **beside, "enforced": finding.enforced}


def try_gate(
    spec: GateSpec,
    rules: Rulebook,
    criteria: Criteria,
    collectors: CollectorRegistry,
    *,
    files: Sequence[Path],
    given: Given,
    now: datetime,
) -> Trial:
    """Judge a gate on files as if they were submitted at `now`, fail closed.

    Whatever only a ledger knows (other gates, time limits, and without them profile and risk register) is not tested,
    with that as the reason. Waivers there are none.
    """
    tried = tuple(try_file(path, collectors, now) for path in dict.fromkeys(files))
    edition = rules.editions.get(spec.edition) or rules.edition
    taxonomy = edition.taxonomy if edition is not None else None
    risks = named_risks(given.register, taxonomy)
    made = instantiate(_waiting(spec), risks, given.occasion)
    profile, assumed = _profile(given, tried, rules, edition, criteria, now)
    model, version = given.names
    situation = Situation(
        gate_run=_GATE_RUN,
        spec_digest=spec_digest(spec),
        model=model,
        version=version,
        profile=profile,
        profile_digest=digest_of(profile),
        evidence=[file.evidence for file in tried],
    )
    found = evaluate(made, situation, criteria, now)
    placed = made.placed
    findings = tuple(_known(one, placed[one.requirement][1], given) for one in found.findings)
    if spec.applies_when is not None:
        assumed += _whether_it_applies(spec.applies_when, profile, criteria, given)
    return Trial(spec=made, at=now, findings=findings, files=tried, assumed=tuple(assumed))


def _waiting(spec: GateSpec) -> GateSpec:
    """Return a spec in which a time limit that is not known here never counts as one that has not begun."""
    checkpoints = tuple(
        checkpoint.model_copy(
            update={"requirements": tuple(r.model_copy(update={"if_begun": False}) for r in checkpoint.requirements)}
        )
        for checkpoint in spec.checkpoints
    )
    members = {name: getattr(spec, name) for name in GateSpec.model_fields}
    return GateSpec.model_construct(**members | {"checkpoints": checkpoints})


def _profile(
    given: Given,
    tried: Sequence[TriedFile],
    rules: Rulebook,
    edition: Edition | None,
    criteria: Criteria,
    now: datetime,
) -> tuple[dict[str, Any], list[str]]:
    """Return the profile that is judged on, and what was assumed of it."""
    known_as, assumed = _names(given, tried)
    if given.profile is None:
        return {"known_as": known_as}, [*assumed, "no profile: what asks for one is not tested"]
    profile = given.profile.model_copy(update={"known_as": tuple(known_as)})
    effective = effective_of(criteria, rules.edition, _records(given, profile, now))
    values = {**dict(effective.values), "scope": dict(effective.values["scope"])}
    if given.register is None:
        values.pop("risks", None)
        assumed.append("no risk register: what asks for one is not tested; requirements stand for the specified risks")
    else:
        values["risks"] = risk_values(given.register, edition.taxonomy if edition is not None else None)
    if given.provider is None:
        assumed.append("no provider: judged as one that was not recorded, who signed no chapter")
    if given.compute is None:
        assumed.append("no compute ledger: training compute is what the profile says")
    if profile.continues is not None:
        assumed.append(f"{profile.continues}, which it continues, is not known here: what was recorded of it is not")
    if effective.scope is not None:
        steps = [answer.step.id for answer in effective.scope.path if answer.is_assumed]
        assumed += [f"taken on the side on which more is owed: {', '.join(steps)}"] if steps else []
    return values, assumed


def _names(given: Given, tried: Sequence[TriedFile]) -> tuple[list[str], list[str]]:
    """Return the names under which files may speak of the model version, and what was assumed of them."""
    own = list(given.profile.known_as) if given.profile is not None else []
    if given.model is not None or own:
        return own, []
    read = [file.evidence.extraction for file in tried if file.evidence.extraction is not None]
    named = sorted({"/".join(filter(None, (one.subject, one.subject_version))) for one in read if one.subject})
    if len(named) != 1:
        return own, [f"files speak of several models ({', '.join(named)}): say which is meant"] if named else []
    subjects = {one.subject for one in read if one.subject}
    return sorted({*named, *filter(None, subjects)}), [
        f"no model was named: {named[0]}, of which files speak, is meant"
    ]


def _records(given: Given, profile: ModelProfile, now: datetime) -> Records:
    model, version = given.names
    stored = profile.stored()
    register = given.register
    row: dict[str, Any] = {
        "id": _GATE_RUN,
        "model": model,
        "version": version,
        "profile": canonical_json(stored).decode(),
        "profile_digest": digest_of(stored),
        "risks": canonical_json(register.as_json()).decode() if register is not None else None,
        "risks_digest": digest_of(register.as_json()) if register is not None else None,
    }
    provider = {"profile": canonical_json(given.provider.as_json()).decode()} if given.provider is not None else None
    return Records(
        lineage=[row], told=[()], provider=provider, compute=list(_compute(given.compute or {}, now)), today=day_of(now)
    )


def _compute(given: Mapping[str, float], now: datetime) -> Iterator[ComputeEntry]:
    for kind in ComputeKind:
        if given.get(kind.value):
            yield ComputeEntry(run=_GATE_RUN, kind=kind, flop=given[kind.value], begins_at=now, ends_at=now)


def _known(finding: Finding, requirement: Requirement, given: Given) -> Finding:
    """Return a finding, not tested where it rests on what is not known here."""
    of_condition = _unknown_in(requirement.applies_when, given)
    if finding.status is FindingStatus.NOT_APPLICABLE and of_condition is None:
        return finding
    if of_condition is not None:
        return _not_tested(finding, of_condition)
    reason = _unknown(requirement, given)
    if reason is None:
        return finding
    if requirement.evidence is not None and finding.status not in PASSING | {FindingStatus.UNMET}:
        # What the evidence itself lacks is said too: it would be open whatever the ledger held.
        is_missing = finding.evidence is None or finding.status is FindingStatus.STALE
        return finding if is_missing else finding._replace(reason=f"{finding.reason} ({reason})")
    return _not_tested(finding, reason)


def _not_tested(finding: Finding, reason: str) -> Finding:
    return finding._replace(status=FindingStatus.NOT_TESTED, reason=reason, evidence=None, until=None)


def _unknown(requirement: Requirement, given: Given) -> str | None:
    if requirement.gate is not None:
        return f"whether gate {requirement.gate} is cleared stands in the ledger, and is not known here"
    if requirement.clock is not None:
        return f"time limit {requirement.clock} is counted from what the ledger holds, and is not known here"
    need = requirement.evidence
    asked = (requirement.profile, requirement.criterion, need.select if need is not None else None)
    return next((reason for one in asked if (reason := _unknown_in(one, given)) is not None), None)


def _unknown_in(expression: str | None, given: Given) -> str | None:
    """Say what an expression asks of the profile that is not known here; None where it asks for nothing of that."""
    named = members_named(expression) if expression is not None else frozenset()
    if named and given.profile is None:
        return _PROFILE_UNKNOWN
    if given.register is None and named & {"risks", ""}:
        return _REGISTER_UNKNOWN
    return None


def _whether_it_applies(expression: str, profile: Mapping[str, Any], criteria: Criteria, given: Given) -> list[str]:
    why = _unknown_in(expression, given)
    judged = criteria.bind(profile, {}, key=f"try/{digest_of(dict(profile))}").judge(expression)
    if why is not None or judged.holds is None:
        return [f"whether the gate applies is not known: {why or judged.reason}"]
    return [] if judged.holds else [f"the gate does not apply, and no event would open it: {expression}"]
