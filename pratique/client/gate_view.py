"""A gate as the engine described it at one moment, and the refusal to go on when it is not cleared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pratique.client.views import Decision, Finding, Json, SignOff, Waiting, Waiver
from pratique.errors import ConflictError, PratiqueError

#: Outcomes that no waiting changes.
SETTLED_OUTCOMES = frozenset({"cleared", "rejected"})

_NAME_WEIGHTS = "register the model version with profile.weights_sha256, and have the gate cleared for these weights"

_OUTCOME_WORDS = {
    "cleared": "cleared",
    "awaiting_decision": "awaiting a decision",
    "blocked": "blocked",
    "rejected": "rejected",
}


class GateNotCleared(PratiqueError):  # noqa: N818 - the name that pipelines catch, without a suffix
    """The pipeline must not go on: the gate is not cleared. The message says why, on whom and until when."""

    code = "gate-not-cleared"
    status = 409
    title = "Gate not cleared"

    def __init__(self, gate: GateView) -> None:
        super().__init__("\n".join(gate.lines()), hint=f"see {gate.links['page']}" if "page" in gate.links else None)
        self.gate = gate  #: what the engine said

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that hold the gate shut."""
        return self.gate.open_findings


class GateChangedError(ConflictError):
    """What was cleared is not what is about to be used."""

    code = "gate-changed"
    title = "Gate changed"


class GateWaitTimeoutError(PratiqueError, TimeoutError):
    """The gate was neither cleared nor rejected in time. Time never approves."""

    code = "wait-timed-out"
    status = 408
    title = "Wait timed out"

    def __init__(self, gate: GateView, seconds: float, *, unheard: str | None = None) -> None:
        lines = [f"waited {seconds:.0f} s", *gate.lines()]
        if unheard:
            lines.append(f"the engine did not answer at the end: {unheard}")
        super().__init__("\n".join(lines), hint="the gate goes on waiting; wait again, or ask whom it waits on")
        self.gate = gate  #: what the engine said last


@dataclass(frozen=True, kw_only=True)
class GateView:
    """One gate run of a model version, as of one answer."""

    gate_run: str
    model: str
    version: str
    gate: str
    title: str
    state: str  #: open, in_review, cleared, returned, rejected, stale or withdrawn
    outcome: str  #: cleared, awaiting_decision, blocked or rejected
    row_version: int  #: grows with each change
    occasion: str = "default"
    decides: str = ""  #: what the gate is for, in one sentence
    edition: str = ""  #: edition of the text that its spec is traced to
    spec_version: str | None = None
    spec_digest: str | None = None
    stage: str | None = None
    opened_at: str | None = None
    changed_at: str | None = None
    due_at: str | None = None
    follow_up_at: str | None = None
    is_overdue: bool = False
    basis: str | None = None  #: digest of what a decision made now would rest on
    inputs: str | None = None  #: digest of all that the evaluation read
    findings: tuple[Finding, ...] = ()
    sign_off: SignOff = field(default_factory=SignOff)
    waiting_on: tuple[Waiting, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    decisions: tuple[Decision, ...] = ()
    superseded_by: str | None = None  #: the occasion that took this one's place; nobody is reminded of this one
    weights_sha256: str | None = None
    does_not_show: str = ""  #: what a cleared gate does not prove
    links: Mapping[str, str] = field(default_factory=dict)  #: self, page, evidence and perhaps prefect
    raw: Json = field(default_factory=dict, repr=False, compare=False)  #: the answer as it came

    @property
    def subject(self) -> str:
        """The model version in one word, `model/version`."""
        return f"{self.model}/{self.version}"

    @property
    def is_cleared(self) -> bool:
        """True when the pipeline may go on."""
        return self.outcome == "cleared" and self.state == "cleared"

    @property
    def is_settled(self) -> bool:
        """True when waiting changes nothing: cleared or rejected."""
        return self.outcome in SETTLED_OUTCOMES

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that hold the gate shut."""
        return tuple(finding for finding in self.findings if finding.holds_gate_shut)

    @property
    def headline(self) -> str:
        """The gate and where it stands, in one line."""
        occasion = "" if self.occasion == "default" else f" ({self.occasion})"
        words = _OUTCOME_WORDS.get(self.outcome, self.outcome)
        state = f", {self.state.replace('_', ' ')}" if self.state not in {"cleared", "rejected", "in_review"} else ""
        return f"{self.gate}{occasion} of {self.subject} is {words}{state}"

    @property
    def summary(self) -> str:
        """The headline, how many findings hold the gate shut, and who signed."""
        count = len(self.open_findings)
        shut = f", {count} open finding{'s' if count > 1 else ''}" if count else ""
        people = ", ".join(item.get("person", "?") for item in self.sign_off.signed)
        return f"{self.headline}{shut}{f', signed by {people}' if people else ''}"

    def is_newer_than(self, other: GateView) -> bool:
        """True when something changed since `other` was answered."""
        return (self.gate_run, self.row_version) != (other.gate_run, other.row_version)

    def require(self) -> Self:
        """Return the gate itself when it is cleared; ask the engine nothing.

        Raises:
            GateNotCleared: it is not; the message holds every open finding and who is waited on.
        """
        if not self.is_cleared:
            raise GateNotCleared(self)
        return self

    def lines(self) -> list[str]:
        """Return why the gate is where it is, for people: findings, signatures, who is waited on, until when."""
        out = [self.headline]
        if self.superseded_by and not self.is_settled:
            out.append(f"  occasion {self.superseded_by} took its place; nobody is reminded of this one any more")
        out += [f"  {finding.line}" for finding in self.findings if finding.status != "met"]
        if self.outcome == "awaiting_decision":
            out += [f"  missing  {text}" for text in self.sign_off.missing]
        if not self.is_settled:
            out += [f"  waiting on {party.line}" for party in self.waiting_on]
            if self.due_at:
                out.append(f"  due at {self.due_at}{', overdue' if self.is_overdue else ''}")
        return out

    @classmethod
    def from_json(cls, value: Json) -> GateView:
        """Return the gate in an answer of the engine."""
        return GateView(
            gate_run=value["gate_run"],
            model=value["model"],
            version=value["version"],
            gate=value["gate"],
            title=value.get("title") or value["gate"],
            state=value["state"],
            outcome=value["outcome"],
            row_version=int(value["row_version"]),
            is_overdue=bool(value.get("is_overdue", False)),
            findings=tuple(Finding.from_json(item) for item in value["findings"]),
            sign_off=SignOff.from_json(value.get("sign_off") or {}),
            waiting_on=tuple(Waiting.from_json(item) for item in value.get("waiting_on") or ()),
            waivers=tuple(Waiver.from_json(item) for item in value.get("waivers") or ()),
            decisions=tuple(Decision.from_json(item) for item in value.get("decisions") or ()),
            links={name: link for name, link in (value.get("links") or {}).items() if link},
            raw=value,
            **_plain_members(value),
        )


def checked_unchanged(held: GateView, now: GateView, weights_sha256: str | None) -> None:
    """Refuse unless `now` is the cleared gate that `held` was, for exactly these weights.

    Raises:
        GateNotCleared: the gate is not cleared now.
        GateChangedError: another run, another basis, or other weights than those that were cleared.
    """
    now.require()
    if now.gate_run != held.gate_run:
        raise GateChangedError(
            f"{now.headline}, but as another run ({now.gate_run}) than the one held: {held.gate_run}"
        )
    if held.is_cleared and held.basis != now.basis:
        raise GateChangedError(f"{now.headline}, but on another basis ({now.basis}) than the one held: {held.basis}")
    wanted = held.weights_sha256 if weights_sha256 is None else weights_sha256.lower()
    if wanted != now.weights_sha256:
        raise GateChangedError(
            f"{now.headline}, for weights {now.weights_sha256 or 'that were never named'}, not for {wanted}",
            hint=_NAME_WEIGHTS,
        )


def checked_weights(now: GateView, weights_sha256: str | None) -> None:
    """Refuse unless `now` is cleared, and for exactly these weights.

    Raises:
        GateNotCleared: the gate is not cleared now.
        GateChangedError: it is cleared for other weights, or for weights that were never named.
    """
    now.require()
    if weights_sha256 is not None and weights_sha256 != now.weights_sha256:
        raise GateChangedError(
            f"{now.headline}, for weights {now.weights_sha256 or 'that were never named'}, not for {weights_sha256}",
            hint=_NAME_WEIGHTS,
        )


def _plain_members(value: Json) -> dict[str, Any]:
    optional = "spec_digest stage opened_at changed_at due_at follow_up_at basis inputs superseded_by weights_sha256"
    members: dict[str, Any] = {name: value.get(name) for name in optional.split()}
    members |= {name: value.get(name) or "" for name in ("decides", "edition", "does_not_show")}
    version = value.get("spec_version")
    return members | {
        "occasion": value.get("occasion") or "default",
        "spec_version": None if version is None else str(version),
    }
