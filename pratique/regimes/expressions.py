"""What can be said about an expression before any evidence is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple, Protocol

from pratique.domain.evaluation import Criteria
from pratique.domain.instances import MAX_ID, expressions, filled, instance_id
from pratique.domain.models import ModelProfile
from pratique.domain.risks import RISK_MEMBERS, unrecorded
from pratique.domain.spec import GateSpec, Requirement


class CheckedCriteria(Criteria, Protocol):
    """A criteria language that can say what is wrong with an expression without facts."""

    def compile_check(self, expression: str) -> list[str]:
        """Return what is wrong with `expression`; empty when nothing is."""
        ...


class Place(NamedTuple):
    """An expression and where it stands."""

    path: str
    name: str  #: `applies_when`, `settled_when`, `profile`, `select` or `criterion`
    expression: str
    kind: str | None = None  #: evidence kind, where there is one
    placeholders: frozenset[str] = frozenset()  #: which may stand in it


#: Members of `profile` that follow from other records, by what they hold; see `services.effective_profile`.
DERIVED_MEMBERS = frozenset({"provider", "scope", "compute", "risks", "lineage", "references"})


_COMMENT_OR_TEXT = re.compile(
    r"""//[^\n]*|(?P<text>\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""",
    re.DOTALL,
)
#: The dot of an absolute name, `.profile`: a dot with nothing before it to select from.
_ABSOLUTE = re.compile(r"(^|[^\w)\]}\"`\s]|(?<![\w.])in)\s*\.(?=\s*[A-Za-z_])")
_PROFILE_MEMBER = re.compile(r"\bprofile\s*\.\s*([A-Za-z_]\w*)")
_PROFILE = re.compile(r"(?<![.\w])profile\b(?:\s*\.\s*([A-Za-z_]\w*))?")
_FACTS_MEMBER = re.compile(r"(?<![.\w])facts\s*\.\s*([A-Za-z_]\w*)")
_FACTS = re.compile(r"(?<![.\w])facts\b")
_DERIVED_PATH = re.compile(r"\bprofile\s*\.\s*(\w+)\s*\.\s*([A-Za-z_]\w*)")
_PLACEHOLDER = re.compile(r"\{\s*(\w+)\s*\}")
_RISK_MEMBER = re.compile(r"\bprofile\s*\.\s*risks\s*\[\{risk\}\]\s*\.\s*(\w+)")
#: Expressions that see no facts.
_OF_PROFILE = frozenset({"applies_when", "settled_when", "profile"})
#: Longest id of a risk, and what stands for one where none is known yet.
_LONGEST_RISK = "r" * 30
_SAMPLE = "sample"


def places(spec: GateSpec) -> Iterator[Place]:
    """Yield every expression of `spec`."""
    if spec.applies_when is not None:
        yield Place("applies_when", "applies_when", spec.applies_when)
    if spec.settled_when is not None:
        yield Place("settled_when", "settled_when", spec.settled_when)
    for checkpoint in spec.checkpoints:
        for requirement in checkpoint.requirements:
            yield from _of_requirement(f"checkpoints[{checkpoint.id}].requirements[{requirement.id}]", requirement)


def _of_requirement(path: str, requirement: Requirement) -> Iterator[Place]:
    known = frozenset({"occasion", "risk"} if requirement.for_each is not None else {"occasion"})
    if requirement.applies_when is not None:
        yield Place(f"{path}.applies_when", "applies_when", requirement.applies_when, None, known)
    if requirement.profile is not None:
        yield Place(f"{path}.profile", "profile", requirement.profile, None, known)
    need = requirement.evidence
    if need is not None and need.select is not None:
        yield Place(f"{path}.evidence.select", "select", need.select, need.kind, known)
    if need is not None and requirement.criterion is not None:
        yield Place(f"{path}.criterion", "criterion", requirement.criterion, need.kind, known)


def flaws_per_risk(spec: GateSpec) -> Iterator[tuple[str, str, str]]:
    """Yield (path, found, expected) of what is wrong with requirements that are made for each risk."""
    for checkpoint in spec.checkpoints:
        for requirement in checkpoint.requirements:
            if requirement.for_each is None:
                continue
            path = f"checkpoints[{checkpoint.id}].requirements[{requirement.id}]"
            room = MAX_ID - len(instance_id("", _LONGEST_RISK))
            if len(requirement.id) > room:
                yield f"{path}.id", f"{len(requirement.id)} characters", f"at most {room}, as the id of a risk follows"
            taken = [r.id for r in spec.requirements() if r.id.rpartition(".")[0] == requirement.id]
            for other in taken:
                yield f"{path}.id", repr(other), f"no id that could be {requirement.id} made for a risk"
            if not any("risk" in _placeholders(text) for text in expressions(requirement)):
                yield (
                    f"{path}.for_each",
                    "no `{risk}` in an expression",
                    "a requirement that asks something of each risk",
                )


def derived_members(spec: GateSpec) -> frozenset[str]:
    """Return the derived members of `profile` that the expressions of a gate name."""
    return frozenset(m for place in places(spec) for m in _PROFILE_MEMBER.findall(_bare(place.expression))) & (
        DERIVED_MEMBERS
    )


def members_named(expression: str) -> frozenset[str]:
    """Return the profile members that an expression names; "" stands for the profile as a whole."""
    return frozenset(_PROFILE.findall(_bare(expression)))


def derived_paths(expression: str) -> list[tuple[str, str]]:
    """Return (derived member, member of it) of what an expression names, such as ("scope", "legacy")."""
    return [found for found in _DERIVED_PATH.findall(_bare(expression)) if found[0] in DERIVED_MEMBERS]


def profile_members(spec: GateSpec) -> frozenset[str]:
    """Return the profile members that judging a gate looks at.

    Those that its expressions name (all, where one takes the profile as a whole), the derived ones among them, and the
    two to which every piece of evidence is held: the names that tools know the model by, and its weights.
    """
    found = {member for place in places(spec) for member in _PROFILE.findall(_bare(place.expression))}
    if "" in found:
        return frozenset(ModelProfile.model_fields)
    if any(requirement.evidence is not None for requirement in spec.requirements()):
        found |= {"known_as", "weights_sha256"}
    return frozenset(found)


def compile_troubles(expression: str, criteria: CheckedCriteria) -> list[str]:
    """Return what is wrong with an expression by itself, its placeholders filled."""
    return criteria.compile_check(filled(expression, risk=_SAMPLE, occasion=_SAMPLE))


def troubles(place: Place, criteria: CheckedCriteria, facts_members: Mapping[str, frozenset[str]]) -> list[str]:
    """Return what is wrong with the expression at `place`.

    Args:
        place: where it stands.
        criteria: the language.
        facts_members: member names that the schema of an evidence kind knows, by kind.
    """
    bare = _bare(place.expression)
    found = _misplaced(place, bare)
    if found:
        return found
    found = compile_troubles(place.expression, criteria)
    if found:
        return found
    sample = filled(place.expression, risk=_SAMPLE, occasion=_SAMPLE)
    unknown = sorted(set(_PROFILE_MEMBER.findall(bare)) - set(ModelProfile.model_fields) - DERIVED_MEMBERS)
    found += [f"profile has no member {name!r}" for name in unknown]
    unknown = sorted(set(_RISK_MEMBER.findall(bare)) - RISK_MEMBERS)
    found += [f"a risk of the register has no member {name!r}" for name in unknown]
    if place.name in _OF_PROFILE and _FACTS.search(bare):
        found.append(f"`{place.name}` sees `profile` only, not `facts`")
    known = facts_members.get(place.kind or "")
    if known is not None:
        found += [
            f"the schema of {place.kind} has no member {name!r}"
            for name in sorted(set(_FACTS_MEMBER.findall(bare)) - known)
        ]
    if place.name == "criterion" and _holds_on_nothing(sample, criteria):
        found.append("it holds on a file that says nothing; name the facts that must be there")
    if place.name == "profile" and "risk" in place.placeholders and _holds_on_nothing(sample, criteria):
        found.append("it holds for a risk that was never recorded; name what must be there")
    return found


def _placeholders(expression: str) -> list[str]:
    return _PLACEHOLDER.findall(_bare(expression))


def _misplaced(place: Place, bare: str) -> list[str]:
    """Return what is wrong with the placeholders of an expression."""
    found = []
    for name in dict.fromkeys(_PLACEHOLDER.findall(bare)):
        if name == "risk" and "risk" not in place.placeholders:
            found.append("`{risk}` stands only in a requirement with `for_each: identified_risk`")
        elif name not in place.placeholders:
            known = " and ".join(f"`{{{one}}}`" for one in sorted(place.placeholders)) or "none here"
            found.append(f"unknown placeholder `{{{name}}}`, known: {known}")
    for name in sorted(place.placeholders):
        written = "{" + name + "}"
        if place.expression.count(written) != bare.count(written):
            found.append(f"`{written}` stands within a text or a comment; it is a text itself")
    return found


def _bare(expression: str) -> str:
    """Return `expression` with empty texts, no comments, and `.profile` and `.facts` as the variables they are."""
    return _ABSOLUTE.sub(r"\1 ", _COMMENT_OR_TEXT.sub(lambda found: '""' if found["text"] else " ", expression))


def _holds_on_nothing(criterion: str, criteria: Criteria) -> bool:
    return any(
        criteria.bind(profile, {}, key=f"nothing/{number}").judge(criterion).holds is True
        for number, profile in enumerate(_sample_profiles())
    )


@cache
def _sample_profiles() -> tuple[dict[str, Any], ...]:
    nothing = {_SAMPLE: unrecorded(_SAMPLE, _SAMPLE)}
    return tuple(
        {**ModelProfile(systemic_risk=systemic_risk, open_source=open_source).as_json(), "risks": nothing}
        for systemic_risk, open_source in product((False, True), repeat=2)
    )
