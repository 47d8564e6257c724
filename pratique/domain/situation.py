"""What an evaluation looks at, and the language its criteria are written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pratique.domain.decisions import Waiver
from pratique.domain.evidence import Evidence
from pratique.domain.gates import GateState
from pratique.domain.limits import TimeLimit


class Judgement(NamedTuple):
    """What an expression came to. `holds` is None where it could not be judged; `reason` says why."""

    holds: bool | None
    reason: str = ""


class BoundFacts(Protocol):
    """Facts and profile, bound once for many expressions."""

    def judge(self, expression: str) -> Judgement:
        """Judge one boolean expression; an error of any kind is `holds=None`, never an exception."""
        ...


class Criteria(Protocol):
    """The language that criteria are written in."""

    def bind(self, profile: Mapping[str, Any], facts: Mapping[str, Any], *, key: str) -> BoundFacts:
        """Bind facts and profile; `key` names this pair, so that a binding can be reused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything an evaluation looks at, beside the spec and the time."""

    gate_run: str
    spec_digest: str
    model: str
    version: str
    profile: Mapping[str, Any]  #: `ModelProfile.as_json()`, with the derived members that the spec names
    profile_digest: str
    profile_until: datetime | None = None  #: when the profile becomes another one by itself
    evidence: Sequence[Evidence] = ()
    waivers: Sequence[Waiver] = ()
    gates: Mapping[str, GateState] | None = None  #: latest run of each other gate of this model version
    weights_at: datetime | None = None  #: when other weights were named; what is older was shown for those before
    limits: Sequence[TimeLimit] = ()  #: clocks of this model version that a spec may ask for
    occasion_since: datetime | None = None  #: when this gate run was opened; None where it is the first of its gate
    is_cleared: bool = False  #: people cleared it, and its spec says when that is settled
