"""Request bodies, validated before anything else looks at them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from pratique.domain.decisions import Act

Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Occasion = Annotated[str, Field(min_length=1, max_length=64)]


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # the first and last day of the calendar, with an offset that leads out of it
        raise ValueError("time lies outside of the calendar") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DecisionBody(_Body):
    """A person's act on a gate run."""

    act: Act
    reason: Text
    basis: str = Field(pattern=r"^[0-9a-f]{64}$")  #: `basis` of the gate as it was seen
    role: Short | None = None
    row_version: int | None = Field(default=None, ge=0, le=2**53)
    occasion: Occasion | None = None


class WaiverBody(_Body):
    """An open finding taken on until a date."""

    requirement: Short
    reason: Text
    expires_at: Instant
    occasion: Occasion | None = None


class RevocationBody(_Body):
    """Why a waiver is taken back, and what was seen."""

    reason: Text
    basis: str = Field(pattern=r"^[0-9a-f]{64}$")  #: `basis` of the gate as it was seen
    occasion: Occasion | None = None


class DatesBody(_Body):
    """New dates of a gate run."""

    due_at: Instant
    follow_up_at: Instant | None = None
    reason: Text
    occasion: Occasion | None = None


class TokenBody(_Body):
    """A token that an admin wants."""

    label: Short
    kind: Literal["pipeline", "person", "worker", "admin"]
    person: Short | None = None
    scopes: tuple[Short, ...] | None = None
    expires_in_days: int | None = Field(default=None, ge=1, le=366)


class LoginLinkBody(_Body):
    """Whom a login link is for."""

    person: Short


class ClaimBody(_Body):
    """Work that a worker can take."""

    worker: Short
    topics: tuple[Literal["flow", "delivery"], ...] = Field(min_length=1, max_length=2)
    limit: int = Field(default=1, ge=1, le=100)
    lease_seconds: int | None = Field(default=None, ge=5, le=3600)


class ExtendBody(_Body):
    """A worker's sign of life."""

    worker: Short


class SettleBody(_Body):
    """How work ended."""

    worker: Short
    ok: bool
    error: str | None = Field(default=None, max_length=2000, pattern=r"^[^\x00]*$")
    retry_in_seconds: float | None = Field(default=None, ge=0, le=86400, allow_inf_nan=False)


class CheckpointBody(_Body):
    """The checkpoint that a flow works on; None means the whole gate."""

    checkpoint: Short | None = None


class DeliveryResultBody(_Body):
    """How an attempt to tell somebody ended."""

    ok: bool
    permanent: bool = False
    reason: str | None = Field(default=None, max_length=2000, pattern=r"^[^\x00]*$")


class FlowRunBody(_Body):
    """A flow run that began."""

    key: Annotated[str, Field(min_length=1, max_length=160, pattern=r"^[^\x00]*$")]
    flow: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
    name: Short
    gate_run: str | None = Field(default=None, max_length=36, pattern=r"^[^\x00]*$")
    prefect_run_id: str | None = Field(default=None, max_length=64, pattern=r"^[^\x00]*$")
    url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://[^\x00\s]*$")


class FlowRunEndBody(_Body):
    """How a flow run ended."""

    state: Literal["Cleared", "AwaitingDecision", "Blocked", "Completed", "Failed", "Crashed", "Rejected", "Cancelled"]
    message: str | None = Field(default=None, max_length=4000, pattern=r"^[^\x00]*$")
