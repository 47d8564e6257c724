"""Gate specs as they are judged: one requirement for each identified risk, and the occasion put in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pratique.domain.spec import Checkpoint, GateSpec, Requirement

#: What expressions hold in place of a text that is known only when a gate run is judged.
RISK, OCCASION = "{risk}", "{occasion}"
#: Longest id of a requirement, as `Id` has it; that of an instance too.
MAX_ID = 64
#: Texts for people in which `{risk}` stands for the title of the risk.
_TEXTS = ("title", "why", "unmet", "not_applicable_because")
_EXPRESSIONS = ("applies_when", "profile", "criterion")


class NamedRisk(NamedTuple):
    """A risk that requirements are made for."""

    id: str
    title: str


def instantiate(spec: GateSpec, risks: Sequence[NamedRisk], occasion: str) -> GateSpec:
    """Return `spec` with every requirement as it is judged on an occasion, with these risks.

    A requirement `for_each` risk becomes one for each of `risks`, in their order. Where there is none it stays as it
    is, and is never met. Nothing is validated again: what was put in was checked when the spec was loaded.
    """
    checkpoints = tuple(
        checkpoint.model_copy(update={"requirements": tuple(_made(checkpoint.requirements, risks, occasion))})
        for checkpoint in spec.checkpoints
    )
    members = {name: getattr(spec, name) for name in GateSpec.model_fields}
    # Not `model_copy`, which would take the cached `placed` of the spec along.
    return GateSpec.model_construct(**members | {"checkpoints": checkpoints})


def instance_id(requirement: str, risk: str) -> str:
    """Return the id of a requirement made for a risk, such as `scenarios.loss-of-control`."""
    return f"{requirement}.{risk.replace('_', '-')}"


def placed_requirement(
    spec: GateSpec, requirement_id: str, risks: Sequence[NamedRisk] = ()
) -> tuple[Checkpoint, Requirement] | None:
    """Return the requirement that a finding is about, and its checkpoint, for people: its expressions are as written.

    One made for a risk is found in the spec that it was made of, even when the risk is in the register no more; then
    its texts have the id of the risk, in words, in place of the title.
    """
    placed = spec.placed.get(requirement_id)
    base, dot, risk = requirement_id.rpartition(".")
    if placed is not None or not dot:
        return placed
    placed = spec.placed.get(base)
    if placed is None or placed[1].for_each is None:
        return None
    titles = {one.id: one.title for one in risks}
    name = risk.replace("-", "_")
    named = NamedRisk(name, titles.get(name, risk.replace("-", " ")))
    return placed[0], _of_risk(placed[1], named)


def owner_of(spec: GateSpec, requirement_id: str) -> str:
    """Return the role that owes a requirement, made for a risk or not."""
    placed = placed_requirement(spec, requirement_id)
    return placed[1].owner if placed is not None else "owner"


def asks_for_risks(spec: GateSpec) -> bool:
    """True when a requirement is made for each risk."""
    return any(requirement.for_each is not None for requirement in spec.requirements())


def asks_for_occasion(spec: GateSpec) -> bool:
    """True when an expression names the occasion."""
    return any(OCCASION in text for requirement in spec.requirements() for text in expressions(requirement))


def expressions(requirement: Requirement) -> Iterator[str]:
    """Yield every expression of a requirement as it is written."""
    for name in _EXPRESSIONS:
        text = getattr(requirement, name)
        if text is not None:
            yield text
    if requirement.evidence is not None and requirement.evidence.select is not None:
        yield requirement.evidence.select


def filled(expression: str, *, risk: str | None = None, occasion: str | None = None) -> str:
    """Return an expression with texts of CEL in place of `{risk}` and `{occasion}`, where they are given."""
    for name, text in ((RISK, risk), (OCCASION, occasion)):
        if text is not None:
            expression = expression.replace(name, literal(text))
    return expression


def literal(text: str) -> str:
    """Return a text as CEL writes it; every escape of JSON is one of CEL."""
    return json.dumps(text)


def _made(requirements: Iterable[Requirement], risks: Sequence[NamedRisk], occasion: str) -> Iterator[Requirement]:
    for requirement in requirements:
        if requirement.for_each is None or not risks:
            yield _put_in(requirement, None, occasion)
        else:
            for risk in risks:
                yield _put_in(_of_risk(requirement, risk), risk.id, occasion)


def _of_risk(requirement: Requirement, risk: NamedRisk) -> Requirement:
    """Return the requirement under the id of its instance, its texts filled, its expressions as they were."""
    changed: dict[str, Any] = {"id": instance_id(requirement.id, risk.id), "for_each": None}
    for name in _TEXTS:
        text = getattr(requirement, name)
        if text is not None and RISK in text:
            changed[name] = text.replace(RISK, risk.title)
    return requirement.model_copy(update=changed)


def _put_in(requirement: Requirement, risk: str | None, occasion: str) -> Requirement:
    changed: dict[str, Any] = {}
    for name in _EXPRESSIONS:
        text = getattr(requirement, name)
        if text is not None and (now := filled(text, risk=risk, occasion=occasion)) != text:
            changed[name] = now
    need = requirement.evidence
    if need is not None and need.select is not None:
        select = filled(need.select, risk=risk, occasion=occasion)
        if select != need.select:
            changed["evidence"] = need.model_copy(update={"select": select})
    return requirement.model_copy(update=changed) if changed else requirement
