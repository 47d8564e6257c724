"""What the engine answers, as frozen values. Members that this version does not know stay in `raw`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A JSON object as it came.
Json = Mapping[str, Any]


def texts(value: Any) -> tuple[str, ...]:
    """Return a JSON array of strings (or nothing) as a tuple."""
    return tuple(str(item) for item in value or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer for one requirement of a gate."""

    requirement: str
    title: str
    status: str  #: met, unmet, not_tested, stale, not_applicable or waived
    reason: str = ""  #: for people; empty only when met
    checkpoint: str = ""
    checkpoint_kind: str = ""  #: assessment, mitigation, documentation or governance
    measures: tuple[str, ...] = ()  #: measures and articles it is traced to, such as S-3.2
    owner: str | None = None  #: role that owes the evidence
    enforced: bool = True  #: False: advice, holds no gate shut
    evidence: str | None = None  #: id of the evidence that was judged
    waiver: str | None = None
    without_waiver: str | None = None  #: the status it would have; set when waived
    until: str | None = None  #: instant at which this answer runs out by itself

    @property
    def holds_gate_shut(self) -> bool:
        """True when the gate cannot go on because of this finding."""
        return self.enforced and self.status not in {"met", "waived", "not_applicable"}

    @property
    def line(self) -> str:
        """One line for people."""
        measures = f" [{', '.join(self.measures)}]" if self.measures else ""
        owed = f" (owed by {self.owner})" if self.owner and self.holds_gate_shut else ""
        # An answer that holds the gate shut has no use for the date on which its evidence runs out.
        until = f" until {self.until}" if self.until and not self.holds_gate_shut else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.status.replace('_', ' ')}{until}  {self.requirement}{measures}{reason}{owed}"

    @classmethod
    def from_json(cls, value: Json) -> Finding:
        """Return the finding in an answer of the engine."""
        return cls(
            requirement=value["requirement"],
            title=value.get("title") or value["requirement"],
            status=value["status"],
            reason=value.get("reason") or "",
            checkpoint=value.get("checkpoint") or "",
            checkpoint_kind=value.get("checkpoint_kind") or "",
            measures=texts(value.get("measures")),
            owner=value.get("owner"),
            enforced=value.get("enforced", True),
            evidence=value.get("evidence"),
            waiver=value.get("waiver"),
            without_waiver=value.get("without_waiver"),
            until=value.get("until"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """Whose signatures a gate wants and has."""

    roles: Mapping[str, int] = field(default_factory=dict)  #: distinct people wanted of each role
    four_eyes: bool = True
    signed: tuple[Mapping[str, str], ...] = ()  #: person, role, at
    missing: tuple[str, ...] = ()  #: for people, one reason each
    profile_set_by: tuple[Json, ...] = ()  #: by, values: who last set what the gate reads of the profile

    @classmethod
    def from_json(cls, value: Json) -> SignOff:
        """Return the sign-off in an answer of the engine."""
        return cls(
            roles=dict(value.get("roles") or {}),
            four_eyes=value.get("four_eyes", True),
            signed=tuple(dict(item) for item in value.get("signed") or ()),
            missing=texts(value.get("missing")),
            profile_set_by=tuple(dict(item) for item in value.get("profile_set_by") or ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Who owes something now."""

    role: str
    people: tuple[str, ...] = ()  #: ids of the people who hold the role
    what: str = "evidence"  #: evidence or decision
    requirements: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """One line for people."""
        who = f"{self.role} ({', '.join(self.people)})" if self.people else f"{self.role} (nobody holds this role)"
        article = "a decision" if self.what == "decision" else self.what
        about = f": {', '.join(self.requirements)}" if self.requirements else ""
        return f"{who} for {article}{about}"

    @classmethod
    def from_json(cls, value: Json) -> Waiting:
        """Return one waiting party in an answer of the engine."""
        return cls(
            role=value["role"],
            people=texts(value.get("people")),
            what=value.get("for") or "evidence",
            requirements=texts(value.get("requirements")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A person took an open finding on themselves until a date."""

    id: str
    requirement: str
    person: str
    reason: str
    granted_at: str
    expires_at: str
    revoked_at: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`; None in old ledgers
    revoked_by: str | None = None
    revoked_credential: str | None = None

    @classmethod
    def from_json(cls, value: Json) -> Waiver:
        """Return the waiver in an answer of the engine."""
        return cls(
            id=value["id"],
            requirement=value["requirement"],
            person=value["person"],
            reason=value.get("reason") or "",
            granted_at=value["granted_at"],
            expires_at=value["expires_at"],
            revoked_at=value.get("revoked_at"),
            credential=value.get("credential"),
            revoked_by=value.get("revoked_by"),
            revoked_credential=value.get("revoked_credential"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One person's act on a gate."""

    id: str
    person: str
    role: str
    act: str  #: clear, return, reject or withdraw
    reason: str
    at: str
    dismissed_at: str | None = None  #: what was signed changed later; the signature no longer counts
    dismissed_why: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`; None in old ledgers

    @classmethod
    def from_json(cls, value: Json) -> Decision:
        """Return the decision in an answer of the engine."""
        dismissed = value.get("dismissed") or {}
        return cls(
            id=value["id"],
            person=value["person"],
            role=value.get("role") or "",
            act=value["act"],
            reason=value.get("reason") or "",
            at=value["at"],
            dismissed_at=dismissed.get("at"),
            dismissed_why=dismissed.get("why"),
            credential=value.get("credential"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One file that the engine keeps, and what its own readers found in it."""

    id: str
    filename: str
    size: int  #: bytes
    sha256: str
    received_at: str
    reading: str  #: whether it was read, and how that ended
    reading_reason: str = ""
    model: str = ""
    version: str = ""
    submitter: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>`; None in old ledgers
    media_type: str | None = None
    requirement: str | None = None
    kind: str | None = None
    collector: str | None = None
    tool: str | None = None
    subject: str | None = None  #: what the file itself says was evaluated
    subject_version: str | None = None
    subject_digest: str | None = None  #: SHA-256 of the weights that it speaks of
    planned: int | None = None
    done: int | None = None
    errors: int | None = None
    skew_seconds: float | None = None  #: receipt minus the producer's time; below zero, its clock was ahead
    complete: bool | None = None
    incomplete_reason: str | None = None
    produced_at: str | None = None
    observed_from: str | None = None  #: the time that it tells of, apart from when it was made
    observed_until: str | None = None
    valid_until: str | None = None
    revises: str | None = None  #: the evidence that it replaces
    revised_by: str | None = None  #: the evidence that replaces it
    purged_at: str | None = None  #: when its file was given up
    facts: Mapping[str, Any] = field(default_factory=dict)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> Evidence:
        """Return the evidence in an answer of the engine."""
        optional = (
            "submitter credential media_type requirement kind collector tool subject subject_version subject_digest "
            "planned done errors skew_seconds complete incomplete_reason produced_at observed_from observed_until "
            "valid_until revises revised_by purged_at"
        )
        return cls(
            id=value["id"],
            filename=value["filename"],
            size=int(value["size"]),
            sha256=value["sha256"],
            received_at=value["received_at"],
            reading=value["reading"],
            reading_reason=value.get("reading_reason") or "",
            model=value.get("model") or "",
            version=value.get("version") or "",
            facts=value.get("facts") or {},
            raw=value,
            **{name: value.get(name) for name in optional.split()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A model version and its profile."""

    model: str
    version: str
    profile: Mapping[str, Any]
    is_new: bool = False  #: True when this call made it
    gates: tuple[Mapping[str, Any], ...] = ()  #: gate, state, outcome, gate_run of each opened gate
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> Registration:
        """Return the model version in an answer of the engine."""
        return cls(
            model=value["model"],
            version=value["version"],
            profile=value.get("profile") or {},
            is_new=bool(value.get("created", False)),
            gates=tuple(dict(item) for item in value.get("gates") or ()),
            raw=value,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Some entries of the journal, in its order."""

    entries: tuple[Json, ...]  #: seq, link and entry (id, at, tag, actor, subject, v, values)
    next: int | None  #: pass as `after` for the entries that follow; None at the end

    @classmethod
    def from_json(cls, value: Json) -> JournalPage:
        """Return the page in an answer of the engine."""
        return cls(entries=tuple(value["entries"]), next=value.get("next"))
