"""What differs between two specs of a gate, and whether it changes what is demanded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pratique.domain.regime.diff import What
from pratique.domain.spec import GateSpec, Gating, Requirement

#: Members of a requirement by which it is judged. The others (title, why, measures, owner) only speak of it.
_JUDGED = (
    "applies_when",
    "evidence",
    "gate",
    "profile",
    "clock",
    "for_each",
    "per_occasion",
    "if_begun",
    "may_run",
    "criterion",
    "fresh_for_days",
    "renew_on",
    "gating",
)
#: Members of a gate that decide whether it is cleared, beside its requirements.
_DECIDING = ("applies_when", "settled_when", "sign_off")
_RISKS = re.compile(r"\bprofile\s*\.\s*risks\b")
#: Members that every spec of another edition has otherwise, or that its requirements tell of.
_NOT_TOLD = frozenset({"format", "id", "version", "edition", "checkpoints"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementChange:
    """One requirement that is not as it was."""

    requirement: str
    what: What
    keys: tuple[str, ...] = ()  #: members that differ
    is_demand: bool  #: it holds the gate shut, and is judged by something else than before

    @property
    def line(self) -> str:
        """One line for people."""
        return f"{self.requirement}: {self.what.value}" + (f" ({', '.join(self.keys)})" if self.keys else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChange:
    """One gate that is not as it was."""

    gate: str
    what: What
    keys: tuple[str, ...] = ()  #: members of the gate itself that differ
    requirements: tuple[RequirementChange, ...] = ()

    @property
    def demands(self) -> tuple[str, ...]:
        """What is demanded otherwise than before, a line each; empty where only words changed."""
        own = tuple(f"{key}: changed" for key in self.keys if key in _DECIDING)
        return (*own, *(change.line for change in self.requirements if change.is_demand))

    def as_json(self) -> dict[str, Any]:
        """Return it as the API and the journal show it."""
        listed = [
            {"requirement": c.requirement, "what": c.what.value, "keys": list(c.keys), "is_demand": c.is_demand}
            for c in self.requirements
        ]
        return {"gate": self.gate, "what": self.what.value, "keys": list(self.keys), "requirements": listed}


def gate_change(earlier: GateSpec, later: GateSpec, *, risks: tuple[str, ...] = ()) -> GateChange | None:
    """Return what differs between two specs of one gate; None when nothing does.

    Args:
        earlier: the spec before.
        later: the spec after.
        risks: what became of risks, a line each; where there are any, whatever is asked of risks changed.
    """
    before, after = {r.id: r for r in earlier.requirements()}, {r.id: r for r in later.requirements()}
    changes = [
        _requirement_change(name, before.get(name), after.get(name), risks) for name in dict.fromkeys([*before, *after])
    ]
    found = tuple(change for change in changes if change is not None)
    keys = tuple(key for key in _members(later) if _members(earlier).get(key) != _members(later)[key])
    if not (found or keys):
        return None
    return GateChange(gate=later.id, what=What.CHANGED, keys=keys, requirements=found)


def gates_changed(
    earlier: Mapping[str, GateSpec], later: Mapping[str, GateSpec], *, risks: tuple[str, ...] = ()
) -> tuple[GateChange, ...]:
    """Return every gate that is new, gone, or not as it was."""
    found: list[GateChange] = []
    for gate in dict.fromkeys([*earlier, *later]):
        if gate not in later:
            found.append(GateChange(gate=gate, what=What.REMOVED))
        elif gate not in earlier:
            found.append(GateChange(gate=gate, what=What.ADDED))
        elif (change := gate_change(earlier[gate], later[gate], risks=risks)) is not None:
            found.append(change)
    return tuple(found)


def _requirement_change(
    name: str, before: Requirement | None, after: Requirement | None, risks: tuple[str, ...]
) -> RequirementChange | None:
    one = after or before
    if one is None:
        return None
    if before is None or after is None:
        what = What.ADDED if before is None else What.REMOVED
        return RequirementChange(requirement=name, what=what, is_demand=one.gating is Gating.ENFORCE)
    was, now = before.model_dump(), after.model_dump()
    keys = [key for key in was if was[key] != now[key]]
    if risks and (asks_of_risks(before) or asks_of_risks(after)):
        keys.append("risks")
    if not keys:
        return None
    is_enforced = Gating.ENFORCE in (before.gating, after.gating)
    is_judged = any(key in _JUDGED or key == "risks" for key in keys)
    return RequirementChange(requirement=name, what=What.CHANGED, keys=tuple(keys), is_demand=is_enforced and is_judged)


def asks_of_risks(requirement: Requirement) -> bool:
    """True when a requirement is made for each risk, or looks at the risk register."""
    select = requirement.evidence.select if requirement.evidence is not None else None
    read = (requirement.applies_when, requirement.profile, requirement.criterion, select)
    return requirement.for_each is not None or any(_RISKS.search(text) for text in read if text is not None)


def _members(spec: GateSpec) -> dict[str, Any]:
    return {key: value for key, value in spec.model_dump(mode="json").items() if key not in _NOT_TOLD}
