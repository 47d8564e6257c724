"""What can be said about an expression before any evidence is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple, Protocol

from pratique.domain.evaluation import Criteria
from pratique.domain.models import ModelProfile
from pratique.domain.spec import GateSpec


class CheckedCriteria(Criteria, Protocol):
    """A criteria language that can say what is wrong with an expression without facts."""

    def compile_check(self, expression: str) -> list[str]:
        """Return what is wrong with `expression`; empty when nothing is."""
        ...


class Place(NamedTuple):
    """An expression and where it stands."""

    path: str
    name: str  #: `applies_when`, `select` or `criterion`
    expression: str
    kind: str | None = None  #: evidence kind, where there is one


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


def places(spec: GateSpec) -> Iterator[Place]:
    """Yield every expression of `spec`."""
    if spec.applies_when is not None:
        yield Place("applies_when", "applies_when", spec.applies_when)
    for checkpoint in spec.checkpoints:
        for requirement in checkpoint.requirements:
            path = f"checkpoints[{checkpoint.id}].requirements[{requirement.id}]"
            if requirement.applies_when is not None:
                yield Place(f"{path}.applies_when", "applies_when", requirement.applies_when)
            need = requirement.evidence
            if need is not None and need.select is not None:
                yield Place(f"{path}.evidence.select", "select", need.select, need.kind)
            if need is not None and requirement.criterion is not None:
                yield Place(f"{path}.criterion", "criterion", requirement.criterion, need.kind)


def profile_members(spec: GateSpec) -> frozenset[str]:
    """Return the profile members that judging a gate looks at.

    Those that its expressions name (all, where one takes the profile as a whole), and the two to which every piece
    of evidence is held: the names that tools know the model by, and its weights.
    """
    found = {member for place in places(spec) for member in _PROFILE.findall(_bare(place.expression))}
    if "" in found:
        return frozenset(ModelProfile.model_fields)
    if any(requirement.evidence is not None for requirement in spec.requirements()):
        found |= {"known_as", "weights_sha256"}
    return frozenset(found)


def troubles(place: Place, criteria: CheckedCriteria, facts_members: Mapping[str, frozenset[str]]) -> list[str]:
    """Return what is wrong with the expression at `place`.

    Args:
        place: where it stands.
        criteria: the language.
        facts_members: member names that the schema of an evidence kind knows, by kind.
    """
    found = criteria.compile_check(place.expression)
    if found:
        return found
    bare = _bare(place.expression)
    unknown = sorted(set(_PROFILE_MEMBER.findall(bare)) - set(ModelProfile.model_fields))
    found += [f"profile has no member {name!r}" for name in unknown]
    if place.name == "applies_when" and _FACTS.search(bare):
        found.append("`applies_when` sees `profile` only, not `facts`")
    known = facts_members.get(place.kind or "")
    if known is not None:
        found += [
            f"the schema of {place.kind} has no member {name!r}"
            for name in sorted(set(_FACTS_MEMBER.findall(bare)) - known)
        ]
    if place.name == "criterion" and _holds_on_nothing(place.expression, criteria):
        found.append("it holds on a file that says nothing; name the facts that must be there")
    return found


def _bare(expression: str) -> str:
    """Return `expression` with empty texts, no comments, and `.profile` and `.facts` as the variables they are."""
    return _ABSOLUTE.sub(r"\1 ", _COMMENT_OR_TEXT.sub(lambda found: '""' if found["text"] else " ", expression))


def _holds_on_nothing(criterion: str, criteria: Criteria) -> bool:
    return any(criteria.bind(profile, {}, key="").judge(criterion).holds is True for profile in _sample_profiles())


def _sample_profiles() -> Iterator[dict[str, Any]]:
    for systemic_risk, open_source in product((False, True), repeat=2):
        yield ModelProfile(systemic_risk=systemic_risk, open_source=open_source).as_json()
