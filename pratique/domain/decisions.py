"""Decisions and waivers: a named person's act, bound to what that person saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pratique.domain.findings import FindingStatus
from pratique.domain.spec import SignOff


class Act(StrEnum):
    """What a person can decide."""

    CLEAR = "clear"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One person's standing act on a gate run."""

    id: str
    person: str
    role: str
    act: Act
    reason: str
    basis: str  #: digest of what was shown; another basis dismisses the decision
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A person takes an open finding on themselves, with a reason, until a date.

    It covers the finding as it was: another status or other evidence is another finding.
    """

    id: str
    requirement: str
    covers: FindingStatus  #: what the finding was when it was waived
    evidence: str | None  #: the evidence it rested on
    person: str
    reason: str
    granted_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """True while neither expired nor revoked."""
        return self.revoked_at is None and self.granted_at <= now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far the sign-off is."""

    is_complete: bool
    missing: tuple[str, ...]  #: for people, one reason each
    waiting_roles: tuple[str, ...]  #: roles whose signature is still asked for
    signed: tuple[str, ...]  #: ids of people whose signature counts


def tally(sign_off: SignOff, decisions: Iterable[Decision], *, basis: str, submitters: Iterable[str]) -> Tally:
    """Count the signatures that clear a gate.

    A person counts once, for the role exercised, and only where the gate asks for that role. A decision on
    another basis counts for nothing. An act other than `clear` ends the round: signatures given before it
    count for nothing, so that nobody's objection is signed over by an earlier signature.

    Args:
        sign_off: roles and how many distinct people of each.
        decisions: standing decisions of the gate run.
        basis: digest of what is to be signed now.
        submitters: who is behind the evidence, the waivers and the profile values that the gate rests on.
    """
    signed = _signatures(sign_off, decisions, basis)
    missing: list[str] = []
    waiting: list[str] = []
    for role, wanted in sign_off.roles.items():
        found = sum(1 for held in signed.values() if held == role)
        if found < wanted:
            waiting.append(role)
            missing.append(f"{wanted - found} more signature{'s' if wanted - found > 1 else ''} in the role {role}")
    if sign_off.four_eyes and signed and not waiting:
        trouble = _four_eyes_trouble(frozenset(signed), frozenset(submitters))
        if trouble is not None:
            waiting.extend(sign_off.roles)
            missing.append(trouble)
    return Tally(
        is_complete=bool(sign_off.roles) and not missing,
        missing=tuple(missing),
        waiting_roles=tuple(waiting),
        signed=tuple(signed),
    )


def _four_eyes_trouble(signed: frozenset[str], submitters: frozenset[str]) -> str | None:
    if signed <= submitters:
        return (
            "a signature of somebody who submitted none of the evidence, granted none of the waivers "
            "and set none of the profile values that count here (four eyes)"
        )
    if len(signed) == 1 and any(is_nobody(submitter) for submitter in submitters):
        return (
            "a second signature: who submitted the evidence or set the profile is not known, "
            "so it may be who signed (four eyes)"
        )
    return None


def is_nobody(submitter: str) -> bool:
    """True for an actor such as `token:<id>` where a person would stand; ids of people have no colon."""
    return ":" in submitter


def _signatures(sign_off: SignOff, decisions: Iterable[Decision], basis: str) -> dict[str, str]:
    signed: dict[str, str] = {}
    for decision in sorted(decisions, key=lambda d: d.at):
        if decision.act is not Act.CLEAR:
            signed.clear()
        elif decision.basis == basis and decision.role in sign_off.roles:
            signed.setdefault(decision.person, decision.role)
    return signed
