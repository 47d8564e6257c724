"""Request bodies about occurrences, incidents and requests."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pratique.domain.occurrences import Limb, ReportItem, ReportStage, RequestPeriod
from pratique.web.api.bodies import Instant, Short, Text

About = Annotated[str, Field(min_length=1, max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OccurrenceBody(_Body):
    """Something that happened, or is planned."""

    kind: Short
    at: Instant | None = None  #: None: now
    why: Text
    about: About | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class WithdrawalBody(_Body):
    """Why an occurrence is taken back."""

    reason: Text


class SaidBody(_Body):
    """When something was so, and why that is known."""

    at: Instant | None = None  #: when it was so; None: now
    why: Text


class IncidentBody(SaidBody):
    """The provider became aware that the model was involved in a serious incident."""

    limbs: tuple[Limb, ...] = Field(default=(), max_length=4)  #: empty before triage
    causal: Literal["led_to", "established", "suspected"] = "suspected"
    aware_by: Short | None = None  #: who became aware, where that is not who records it
    reference: Short | None = None  #: the provider's own name of it


class NearMissBody(SaidBody):
    """What could have been a serious incident."""

    reference: Short | None = None


class LimbsBody(SaidBody):
    """Kinds of harm that were found to apply."""

    limbs: tuple[Limb, ...] = Field(min_length=1, max_length=4)


class ReportBody(SaidBody):
    """A report that went out."""

    stage: ReportStage
    items: tuple[ReportItem, ...] = Field(default=(), max_length=9)  #: told in it
    not_yet_known: tuple[ReportItem, ...] = Field(default=(), max_length=9)  #: which it says are not yet known
    also: tuple[About, ...] = Field(default=(), max_length=20)  #: similar incidents that the same report is about
    receipt: Short | None = None  #: of EU SEND, for instance
    exceptional_circumstances: Short | None = None


class ResolutionBody(SaidBody):
    """Corrective measures were adopted."""


class RequestBody(SaidBody):
    """A request or a complaint that was received."""

    kind: Literal["request", "complaint"] = "request"
    sender: Short | None = Field(default=None, alias="from")
    basis: Short | None = None
    due_on: date | None = None
    period: RequestPeriod | None = None
    reference: Short | None = None

    def terms(self) -> dict[str, Any]:
        """Return what the occurrence says beside its time."""
        return self.model_dump(
            mode="json", by_alias=True, exclude_none=True, include={"sender", "basis", "due_on", "period", "reference"}
        )


class AnswerBody(SaidBody):
    """How a request was answered, or a complaint decided."""

    outcome: Short | None = None
    receipt: Short | None = None
    exceptional_circumstances: Short | None = None
