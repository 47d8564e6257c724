"""Gate specs: versioned data that says which events open a gate, what it demands, and who signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$", max_length=64)]
#: Roles as people.yaml names them, such as `owner` or `eval_lead`.
Role = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-._][a-z0-9]+)*$", max_length=64)]
#: Measures (`S-3.2`), commitments (`S-C9`), appendix items (`S-A3.5`) and articles (`Art. 53(1)(d)`).
#: A regime of a provider's own numbers its chapters by another letter (`P-1.2`).
SourceRef = Annotated[str, Field(pattern=r"^([A-Z]-[A]?\d+(\.\d+)*|[A-Z]-C\d+|Art\. \d+.*)$", max_length=40)]
Cel = Annotated[str, Field(min_length=1, max_length=4000)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckpointKind(StrEnum):
    """What a checkpoint does inside its gate (the Code's own loop: identify, analyse, determine, mitigate)."""

    ASSESSMENT = "assessment"
    MITIGATION = "mitigation"
    DOCUMENTATION = "documentation"
    GOVERNANCE = "governance"


class Gating(StrEnum):
    """Whether an open finding holds the gate shut."""

    ENFORCE = "enforce"
    ADVISE = "advise"


class LifecycleStage(StrEnum):
    """Which flow drives the gate."""

    TRAINING = "training"
    DEPLOYMENT = "deployment"
    POST_DEPLOYMENT = "post_deployment"


class Change(StrEnum):
    """What ends the worth of evidence, beside other weights, which always do."""

    EVALUATION_VERSION = "evaluation-version"  #: an evaluation was run in another version of its task
    SYSTEM_CARD = "system-card"  #: another model card was submitted


class EvidenceNeed(_Data):
    """Which evidence a requirement looks at."""

    kind: Id  #: as the collector reads it from the file, such as `evaluation` or `facts.security-goal`
    select: Cel | None = None  #: CEL over `facts`; true for evidence that speaks to this requirement


class Requirement(_Data):
    """One checkable duty traced to a measure or article. It judges exactly one subject.

    The subject is `evidence`, another `gate`, the `profile` itself, or a `clock`. Expressions may hold `{occasion}`,
    and with `for_each` also `{risk}`: both stand for a text of CEL (the occasion; the id of the risk).
    """

    id: Id
    title: str = Field(min_length=1, max_length=200)
    measures: tuple[SourceRef, ...] = Field(min_length=1)
    why: str = Field(min_length=1, max_length=2000)  #: the duty, in own words
    applies_when: Cel | None = None  #: CEL over `profile`; false makes the finding NotApplicable
    not_applicable_because: str | None = Field(default=None, max_length=400)
    evidence: EvidenceNeed | None = None
    gate: Id | None = None  #: another gate of the same model version that must be cleared
    profile: Cel | None = None  #: CEL over `profile` alone: what was recorded is judged itself
    clock: Id | None = None  #: id of a clock rule of the edition; the time limit must have been met
    for_each: Literal["identified_risk"] | None = None  #: one requirement for each risk of the register
    per_occasion: bool = False  #: only evidence that came after this gate run was opened
    if_begun: bool = False  #: a `clock` that has not begun does not apply, instead of being not tested
    may_run: bool = False  #: a `clock` that runs is met until its last day: a duty that comes round again
    criterion: Cel | None = None  #: CEL over `facts` and `profile`; needed with `evidence`
    unmet: str | None = Field(default=None, max_length=400)  #: what a false criterion means, for people
    fresh_for_days: int | None = Field(default=None, ge=1, le=3660)
    renew_on: tuple[Change, ...] = ()  #: what else ends the worth of `evidence`; other weights always do
    owner: Role = "owner"  #: role that owes the evidence
    gating: Gating = Gating.ENFORCE
    verified: bool = True  #: the rule was checked against a primary source

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if sum(subject is not None for subject in (self.evidence, self.gate, self.profile, self.clock)) != 1:
            raise ValueError("exactly one of `evidence`, `gate`, `profile` and `clock` is expected")
        if self.evidence is not None and self.criterion is None:
            raise ValueError("`criterion` is expected beside `evidence`")
        subject = next((n for n in ("gate", "profile", "clock") if getattr(self, n) is not None), None)
        if subject is not None and self.criterion is not None:
            raise ValueError(f"`criterion` has no facts to judge beside `{subject}`")
        if subject is not None and self.fresh_for_days is not None:
            raise ValueError(f"`fresh_for_days` has no evidence to date beside `{subject}`")
        if subject is not None and self.renew_on:
            raise ValueError(f"`renew_on` has no evidence to renew beside `{subject}`")
        if subject is not None and self.per_occasion:
            raise ValueError(f"`per_occasion` has no evidence to date beside `{subject}`")
        if self.clock is None and (self.if_begun or self.may_run):
            raise ValueError("`if_begun` and `may_run` say something of a `clock`, and there is none")
        if self.applies_when is not None and self.not_applicable_because is None:
            raise ValueError("`not_applicable_because` is expected beside `applies_when`")
        return self


class Checkpoint(_Data):
    """A group of requirements that one subflow collects and evaluates."""

    id: Id
    kind: CheckpointKind
    title: str = Field(min_length=1, max_length=200)
    requirements: tuple[Requirement, ...] = Field(min_length=1)


class SignOff(_Data):
    """Whose signatures clear the gate. No roles: the gate clears itself when its requirements are met."""

    roles: dict[Role, Annotated[int, Field(ge=1, le=20)]] = Field(default_factory=dict)  #: role -> distinct people
    four_eyes: bool = True  #: who submitted evidence cannot be the only one to sign


class Due(_Data):
    """When people are reminded, counted in days from the opening of the gate run."""

    follow_up_days: int = Field(ge=0, le=3660)
    due_days: int = Field(ge=0, le=3660)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.follow_up_days > self.due_days:
            raise ValueError("`follow_up_days` must not be later than `due_days`")
        return self


#: Members that specs of before do not have: while they say nothing they are left out, so that digests stay.
LATER_MEMBERS: Mapping[str, Any] = {
    "profile": None,
    "clock": None,
    "for_each": None,
    "per_occasion": False,
    "if_begun": False,
    "may_run": False,
    "renew_on": [],
}
#: The same for members of the gate itself.
LATER_GATE_MEMBERS: Mapping[str, Any] = {"not_checked": [], "settled_when": None}


class GateSpec(_Data):
    """One gate of one regime edition."""

    format: Literal["pratique.gate/1"]
    id: Id
    version: int = Field(ge=1)
    edition: str = Field(pattern=r"^[a-z0-9-]+@[A-Za-z0-9.-]+$")  #: `eu-gpai-code@2025-07-10`
    title: str = Field(min_length=1, max_length=200)
    decides: str = Field(min_length=1, max_length=2000)  #: the question people answer here
    stage: LifecycleStage
    moment: str = Field(pattern=r"^[a-z_]+$")  #: lifecycle moment of the Code's vocabulary
    measures: tuple[SourceRef, ...] = Field(min_length=1)
    does_not_show: str = Field(min_length=1, max_length=2000)  #: what clearing this gate does not prove
    not_checked: tuple[Annotated[str, Field(min_length=1, max_length=400)], ...] = ()  #: what only people can tell
    opens_on: tuple[str, ...] = ()  #: CloudEvents types, beside an explicit trigger by name
    applies_when: Cel | None = None  #: CEL over `profile`
    settled_when: Cel | None = None  #: CEL over `profile`; while true, age ends no clearance (S-1.2: not repeated)
    checkpoints: tuple[Checkpoint, ...] = Field(min_length=1)
    sign_off: SignOff = SignOff()
    due: Due

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        seen: set[str] = set()
        for requirement in self.requirements():
            if requirement.id in seen:
                raise ValueError(f"requirement id {requirement.id!r} stands twice")
            seen.add(requirement.id)
        if len({checkpoint.id for checkpoint in self.checkpoints}) < len(self.checkpoints):
            raise ValueError("a checkpoint id stands twice")
        if not any(r.gating is Gating.ENFORCE for r in self.requirements()):
            raise ValueError("at least one requirement must have gating `enforce`")
        return self

    def requirements(self) -> Iterator[Requirement]:
        """Yield the requirements of all checkpoints in order."""
        for checkpoint in self.checkpoints:
            yield from checkpoint.requirements

    def requirement(self, requirement_id: str) -> Requirement | None:
        """Return the requirement of that id, or None."""
        placed = self.placed.get(requirement_id)
        return placed[1] if placed is not None else None

    @cached_property
    def placed(self) -> dict[str, tuple[Checkpoint, Requirement]]:
        """Each requirement by its id, with the checkpoint it stands in; built once, as pages and answers ask often."""
        return {r.id: (checkpoint, r) for checkpoint in self.checkpoints for r in checkpoint.requirements}
