"""Facts about notices and their deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json

#: In place of a gate run's id: what is told is about the installation itself.
NO_GATE = ""


def _subject(gate_run_id: str) -> str:
    return f"gate:{gate_run_id}" if gate_run_id != NO_GATE else "installation:notices"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesWritten(Fact):
    """People are to be told the same; `notices` lists {id, person, deliveries: [{id, channel}]}."""

    tag = "notice:people:written"
    filed_under = ("gate", "gate_run_id")
    gate_run_id: str
    kind: str
    occurrence: str  #: what makes these notices the only ones of their kind: `notice_key`
    severity: str
    content: Json
    notices: list[dict[str, Json]]

    @property
    def subject(self) -> str:
        """The gate run, or the installation."""
        return _subject(self.gate_run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWritten(Fact):
    """Retired: one person is to be told; `deliveries` lists {id, channel}. `NoticesWritten` is written instead."""

    tag = "notice:person:written"
    filed_under = ("gate", "gate_run_id")
    id: str
    key: str
    gate_run_id: str
    person: str
    kind: str
    severity: str
    content: Json
    deliveries: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAcknowledged(Fact):
    """The person saw the notice and said so."""

    tag = "notice:person:acknowledged"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str

    @property
    def subject(self) -> str:
        """The gate run, or the installation."""
        return _subject(self.gate_run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettled(Fact):
    """An attempt to tell somebody succeeded, failed for now, failed for good, or was no longer wanted."""

    tag = "notice:delivery:settled"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    status: str
    failures: int
    next_at: str | None = None
    reason: str | None = None

    @property
    def subject(self) -> str:
        """The gate run, or the installation."""
        return _subject(self.gate_run_id)


def notice_key(gate_run_id: str, kind: str, occurrence: str, person: str) -> str:
    """Return what is unique to a notice: one person is told of one occurrence of a kind once."""
    return f"{gate_run_id}:{kind}:{occurrence}:{person}"
