"""What judging a gate spec needs beside the evidence: looked up once for each spec."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.instances import asks_for_occasion, asks_for_risks
from pratique.domain.spec import GateSpec
from pratique.regimes.expressions import derived_members, profile_members


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a spec looks at. What it does not need is not read, and changes nothing for it."""

    members: frozenset[str]  #: of the profile, the derived ones among them
    derived: frozenset[str]  #: members of the profile that follow from other records
    clocks: frozenset[str]  #: rules of time limits
    is_per_risk: bool  #: a requirement is made for each identified risk
    names_occasion: bool  #: an expression holds `{occasion}`
    is_per_occasion: bool  #: evidence of an earlier occasion does not count


#: By digest of the spec, with the spec that they are of; there are as many as specs were ever adopted, and those that
#: were proposed.
_KNOWN: dict[str, tuple[GateSpec, Needs]] = {}
_MAX_KNOWN = 4096


def needs_of(spec: GateSpec, digest: str) -> Needs:
    """Return what judging a spec needs.

    Args:
        spec: as gate runs pinned it.
        digest: of that spec.
    """
    held = _KNOWN.get(digest)
    if held is not None and (held[0] is spec or held[0] == spec):
        return held[1]
    needs = _needs(spec)
    if len(_KNOWN) >= _MAX_KNOWN:
        _KNOWN.clear()
    _KNOWN[digest] = (spec, needs)
    return needs


def _needs(spec: GateSpec) -> Needs:
    requirements = tuple(spec.requirements())
    # A gate that asks something of each risk rests on which risks there are, whatever its expressions name.
    risks = frozenset({"risks"} if asks_for_risks(spec) else ())
    return Needs(
        members=profile_members(spec) | risks,
        derived=derived_members(spec),
        clocks=frozenset(r.clock for r in requirements if r.clock is not None),
        is_per_risk=asks_for_risks(spec),
        names_occasion=asks_for_occasion(spec),
        is_per_occasion=any(r.per_occasion for r in requirements),
    )
