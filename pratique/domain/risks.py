"""The risk register of a model version: what is known of each identified systemic risk.

Source: Safety and Security chapter, Measures 2.1 to 5.1 and 8.1, Appendix 1 (2025-07-10).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from pratique.domain.instances import NamedRisk
from pratique.domain.regime import Taxonomy
from pratique.domain.regime.taxonomy import RiskId

#: Ids of scenarios, tiers and mitigations within a risk.
PartId = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$", max_length=64)]
#: Words of taxonomies, and what a person is called in people.yaml; `register_flaws` knows which there are.
_Known = Annotated[str, Field(min_length=1, max_length=200)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
#: A text that may still be missing; then it is empty, so that a criterion can ask for it.
Blank = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RiskCategory(StrEnum):
    """Why a risk is assessed."""

    SPECIFIED = "specified"  #: the Code names it; it is always identified
    PROVIDER_DEFINED = "provider_defined"  #: it came out of the provider's own identification


class MitigationStatus(StrEnum):
    """How far a mitigation is."""

    PLANNED = "planned"
    IN_PLACE = "in_place"
    RETIRED = "retired"


class Scenario(_Data):
    """A way in which the risk could come about (Measure 2.2)."""

    id: PartId
    title: Title
    description: Blank = ""


class Tier(_Data):
    """A level of the risk, by what the model can do (Measure 4.1)."""

    id: PartId
    title: Title
    criterion: Text  #: what makes a model reach it
    reached: bool | None = None  #: None: not known
    acceptable: bool = False  #: a model that reaches it may go on


class Estimate(_Data):
    """How likely and how grave the risk is (Measure 3.4)."""

    without_mitigations: Blank = ""
    with_mitigations: Blank = ""
    uncertainty: Blank = ""
    estimated_on: date | None = None


class Mitigation(_Data):
    """What lowers the risk (Measure 5.1)."""

    id: PartId
    title: Title
    status: MitigationStatus = MitigationStatus.PLANNED


class Residual(_Data):
    """Whether what remains of the risk was accepted, by whom, and how far from the limit it stands (Measure 4.1)."""

    accepted: bool = False
    by: Annotated[str, Field(max_length=64)] = ""  #: the person, as people.yaml names them
    on: date | None = None
    margin: Blank = ""  #: the safety margin that was kept, and why it is enough


class RiskSources(_Data):
    """What the risk can come from, in the words of the taxonomy (Appendix 1.3)."""

    capabilities: tuple[_Known, ...] = ()
    propensities: tuple[_Known, ...] = ()
    affordances_and_other: tuple[_Known, ...] = ()


class Risk(_Data):
    """One identified systemic risk."""

    id: RiskId
    title: Title
    category: RiskCategory
    description: Blank = ""
    types: tuple[_Known, ...] = ()  #: of the taxonomy
    sources: RiskSources = RiskSources()
    indicators: tuple[Text, ...] = ()  #: what is measured or watched to see it come
    scenarios: tuple[Scenario, ...] = ()
    tiers: tuple[Tier, ...] = ()
    acceptance_criteria: tuple[Text, ...] = ()
    estimate: Estimate = Estimate()
    evidence: tuple[Annotated[str, Field(max_length=64)], ...] = ()  #: ids of evidence of this model version
    mitigations: tuple[Mitigation, ...] = ()
    residual: Residual = Residual()
    owner: Annotated[str, Field(max_length=64)] = ""  #: the person, as people.yaml names them (Measure 8.1)

    def as_json(self) -> dict[str, Any]:
        """Return the risk as plain JSON, every member present."""
        return self.model_dump(mode="json")


class RiskRegister(_Data):
    """What was recorded of the risks of a model version."""

    edition: Annotated[str, Field(max_length=80)]  #: whose taxonomy it was checked against
    risks: tuple[Risk, ...] = Field(default=(), max_length=100)

    def as_json(self) -> dict[str, Any]:
        """Return the register as plain JSON, every member present."""
        return self.model_dump(mode="json")


class RegisterFlaw(NamedTuple):
    """Something in a register that cannot stand."""

    path: str
    found: str
    expected: str


def named_risks(register: RiskRegister | None, taxonomy: Taxonomy | None) -> tuple[NamedRisk, ...]:
    """Return the identified risks: those always assessed, recorded or not, then the others by id."""
    always = taxonomy.always_assess if taxonomy is not None else ()
    fixed = {one.id for one in always}
    others = [risk for risk in register.risks if risk.id not in fixed] if register is not None else []
    named = [NamedRisk(one.id, one.title) for one in always]
    return (*named, *(NamedRisk(risk.id, risk.title) for risk in sorted(others, key=lambda risk: risk.id)))


def risk_values(register: RiskRegister | None, taxonomy: Taxonomy | None) -> dict[str, dict[str, Any]]:
    """Return `profile.risks`: every identified risk by id, with `recorded` saying whether the register has it.

    A risk that is always assessed and was not recorded has empty members, so that a criterion finds nothing there
    and says so, instead of failing on a missing key.
    """
    recorded = {risk.id: risk for risk in register.risks} if register is not None else {}
    values = {}
    for risk_id, title in named_risks(register, taxonomy):
        risk = recorded.get(risk_id)
        values[risk_id] = {**risk.as_json(), "recorded": True} if risk is not None else unrecorded(risk_id, title)
    return values


def unrecorded(risk_id: str, title: str) -> dict[str, Any]:
    """Return what `profile.risks` says of a risk that was not recorded."""
    # Not validated: titles of a taxonomy can be longer than those of a register.
    nothing = Risk.model_construct(id=risk_id, title=title, category=RiskCategory.SPECIFIED)
    return {**nothing.as_json(), "recorded": False}


#: Members of a risk in `profile.risks`.
RISK_MEMBERS = frozenset({*Risk.model_fields, "recorded"})


def register_flaws(
    register: RiskRegister, taxonomy: Taxonomy, *, people: Iterable[str], evidence: Iterable[str]
) -> list[RegisterFlaw]:
    """Return everything in a register that the taxonomy, the people and the evidence do not know.

    Args:
        register: what is to be recorded.
        taxonomy: of the running edition.
        people: ids of people.yaml.
        evidence: ids of the evidence of the model version.
    """
    known = _KnownWords.of(taxonomy, people, evidence)
    found = [RegisterFlaw("risks", f"{risk!r} {n} times", "each risk once") for risk, n in _doubles(register.risks)]
    for risk in register.risks:
        found += known.flaws(risk)
    return found


def _doubles(parts: Sequence[Any]) -> list[tuple[str, int]]:
    return [(one, count) for one, count in Counter(part.id for part in parts).items() if count > 1]


class _KnownWords(NamedTuple):
    """What a register may name."""

    always: tuple[str, ...]
    types: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]
    people: tuple[str, ...]
    evidence: tuple[str, ...]

    @classmethod
    def of(cls, taxonomy: Taxonomy, people: Iterable[str], evidence: Iterable[str]) -> _KnownWords:
        sources = {name: getattr(taxonomy.sources, name, ()) for name in RiskSources.model_fields}
        return cls(
            tuple(one.id for one in taxonomy.always_assess),
            tuple(one.id for one in taxonomy.types),
            sources,
            tuple(sorted(people)),
            tuple(evidence),
        )

    def flaws(self, risk: Risk) -> Iterator[RegisterFlaw]:
        where = f"risks[{risk.id}]"
        if (risk.id in self.always) is not (risk.category is RiskCategory.SPECIFIED):
            expected = (
                "specified, as the taxonomy names this risk"
                if risk.id in self.always
                else f"provider_defined; specified are {', '.join(self.always)}"
            )
            yield RegisterFlaw(f"{where}.category", risk.category.value, expected)
        yield from _unknown(f"{where}.types", risk.types, self.types)
        for name, words in self.sources.items():
            yield from _unknown(f"{where}.sources.{name}", getattr(risk.sources, name), words)
        yield from _unknown(f"{where}.owner", [risk.owner] if risk.owner else [], self.people)
        yield from _unknown(f"{where}.residual.by", [risk.residual.by] if risk.residual.by else [], self.people)
        for one in risk.evidence:
            if one not in self.evidence:
                yield RegisterFlaw(f"{where}.evidence", repr(one), "the id of evidence of this model version")
        for name in ("scenarios", "tiers", "mitigations"):
            for part, count in _doubles(getattr(risk, name)):
                yield RegisterFlaw(f"{where}.{name}", f"{part!r} {count} times", "each id once")
        yield from _half_accepted(where, risk.residual)


def _unknown(path: str, found: Iterable[str], known: Sequence[str]) -> Iterator[RegisterFlaw]:
    for one in found:
        if one not in known:
            yield RegisterFlaw(path, repr(one), f"one of {', '.join(known) or 'none: the taxonomy names none'}")


def _half_accepted(where: str, residual: Residual) -> Iterator[RegisterFlaw]:
    if residual.accepted:
        for name in ("by", "on"):
            if not getattr(residual, name):
                yield RegisterFlaw(f"{where}.residual.{name}", "nothing", "who accepted what remains, and on which day")
