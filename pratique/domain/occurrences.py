"""What can happen that clocks run from: the kinds of occurrences, and what each says beside its time.

An edition names its kinds; what the engine knows of them beyond that is here. Kinds that an overlay adds carry free
data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pratique.errors import InvalidInputError

#: Names an incident, request, evaluation, change; it can be the occasion of a gate run.
ABOUT_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?$"

About = Annotated[str, Field(pattern=ABOUT_PATTERN)]
Line = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\x00]*$")]
#: Such as `10 days` or `5 business_days`.
RequestPeriod = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3} (?:hour|day|business_day|week|month|year)s?$")]
#: Beyond these years no duty of the Act begins or ends, and the calendar itself soon does.
FIRST_YEAR, LAST_YEAR = 1970, 2199
_Day = Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Scalar = bool | int | float | Line


class Thread(StrEnum):
    """What several occurrences belong to by their `about`."""

    INCIDENT = "incident"
    REQUEST = "request"
    COMPLAINT = "complaint"


class Limb(StrEnum):
    """Kinds of harm, each with its own time for the initial report. Source: S&S Measure 9.3 (2025-07-10)."""

    CRITICAL_INFRASTRUCTURE = "critical_infrastructure"  #: 2 days
    CYBERSECURITY = "cybersecurity"  #: 5 days
    DEATH = "death"  #: 10 days
    OTHER_SERIOUS = "other_serious"  #: 15 days: health, fundamental rights, property, environment


class ReportStage(StrEnum):
    """Which report of an incident was filed. Source: S&S Measure 9.3 (2025-07-10)."""

    INITIAL = "initial"
    INTERMEDIATE = "intermediate"
    FINAL = "final"


class ReportItem(StrEnum):
    """The nine items of an incident report, in order. Source: S&S Measure 9.2 (2025-07-10)."""

    INCIDENT_DATES = "incident_dates"
    HARM = "harm"
    CHAIN_OF_EVENTS = "chain_of_events"
    MODEL = "model"
    EVIDENCE = "evidence"
    RESPONSE = "response"
    RECOMMENDATIONS = "recommendations"
    ROOT_CAUSE = "root_cause"
    MONITORING_PATTERNS = "monitoring_patterns"


#: Items that the initial report needs; the other two follow as they become known (M9.3: items 1 to 7, then 8 and 9).
INITIAL_ITEMS = tuple(ReportItem)[:7]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Awareness(_Data):
    """When the provider became aware that the model was involved; recorded before triage, so limbs may be empty."""

    limbs: tuple[Limb, ...] = ()
    causal: Literal["led_to", "established", "suspected"] = "suspected"
    aware_by: Line | None = None  #: who became aware, where that is not who records it
    reference: Line | None = None  #: the provider's own name of the incident


class LimbsFound(_Data):
    """Kinds of harm that were found to apply."""

    limbs: tuple[Limb, ...] = Field(min_length=1)


class IncidentReport(_Data):
    """A report that went to the AI Office."""

    stage: ReportStage
    items: tuple[ReportItem, ...] = ()  #: told in it
    not_yet_known: tuple[ReportItem, ...] = ()  #: which it says are not yet known (Measure 9.2)
    bundled_with: About | None = None  #: the incident that the same report is about first (Measure 9.3)
    receipt: Line | None = None  #: of EU SEND, for instance
    recipients: tuple[Line, ...] = ("AI Office",)
    exceptional_circumstances: Line | None = None  #: why it is late, where it is

    @property
    def missing(self) -> tuple[ReportItem, ...]:
        """Items that a report of this stage needs, and that this one neither tells nor says are not yet known."""
        needed = tuple(ReportItem) if self.stage is ReportStage.FINAL else INITIAL_ITEMS
        return tuple(item for item in needed if item not in self.items and item not in self.not_yet_known)

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        both = [item.value for item in self.items if item in self.not_yet_known]
        if both:
            raise ValueError(f"found {', '.join(both)} in `items` and in `not_yet_known`, expected each in one of them")
        return self


class RequestTerms(_Data):
    """Who asks, on what ground, and until when; the AI Office sets the time in its request."""

    sender: Literal["ai_office", "national_authority", "downstream_provider"] = Field(alias="from")
    basis: Literal["art_53", "art_75_3", "art_91", "art_92", "art_93"] | None = None
    due_on: _Day | None = None
    period: RequestPeriod | None = None  #: the time that the request gives for its answer
    reference: Line | None = None

    @model_validator(mode="after")
    def _has_time(self) -> Self:
        if self.due_on is not None and self.period is not None:
            raise ValueError("at most one of `due_on` and `period` is expected")
        if self.sender != "downstream_provider" and self.due_on is None and self.period is None:
            raise ValueError("`due_on` or `period` is expected: an authority sets the time in its request")
        if self.sender != "downstream_provider" and self.basis in (None, "art_53"):
            raise ValueError("`basis` is expected with an authority: art_75_3, art_91, art_92 or art_93")
        return self


class ComplaintTerms(_Data):
    """Who complains, and whether the complaint is one that must be answered (Copyright Measure 1.5)."""

    sender: Line = Field(default="rightsholder", alias="from")
    substantiated: bool = True
    reference: Line | None = None


class Answered(_Data):
    """How a request or complaint was answered."""

    outcome: Line | None = None
    receipt: Line | None = None
    exceptional_circumstances: Line | None = None


class InterimReport(_Data):
    """An interim Model Report, with what lets the full one come later (S&S Measure 7.7)."""

    good_faith: bool  #: the AI Office regards the provider as acting in good faith
    receipt: Line | None = None


class SkippedUpdate(_Data):
    """Why a six-monthly update of the Model Report is not owed this time (S&S Measure 7.6)."""

    exception: Literal["nothing_changed", "more_capable_soon", "similarly_safe"]


class FreeData(BaseModel):
    """Whatever else is worth keeping: words to short values."""

    model_config = ConfigDict(frozen=True)

    members: dict[_Word, _Scalar | Annotated[list[_Scalar], Field(max_length=50)] | None] = Field(max_length=20)


@dataclass(frozen=True, slots=True)
class OccurrenceKind:
    """What an occurrence of one kind may say."""

    is_plan: bool = False  #: it lies ahead: its time may be in the future
    is_wide: bool = False  #: it may concern the provider, and so every model version
    thread: Thread | None = None  #: what it belongs to by `about`, which is then needed
    begins: bool = False  #: it is the first of its thread
    data: type[_Data] | None = None  #: None: free data


_EVENT, _PLAN, _WIDE = OccurrenceKind(), OccurrenceKind(is_plan=True), OccurrenceKind(is_wide=True)
#: A kind that only the edition knows.
OTHER = OccurrenceKind(is_plan=True, is_wide=True)


def _of(thread: Thread, data: type[_Data] | None = None, *, begins: bool = False) -> OccurrenceKind:
    return OccurrenceKind(thread=thread, data=data, begins=begins)


#: Every kind that the shipped rules know.
KINDS: Mapping[str, OccurrenceKind] = {
    **dict.fromkeys(
        (
            *("threshold_met", "threshold_known", "art52_notified", "contestation_submitted", "contestation_accepted"),
            *("designated", "placed", "withdrawn_from_market", "model_report_provided", "full_process_finished"),
            *("documentation_completed", "contact_published", "downstream_information_provided"),
            *(
                "legacy_duties_taken_up",
                "report_update_confirmed",
                "report_doubt",
                "report_reassessed",
                "change_made",
                "summary_published",
            ),
            *("further_training", "near_miss", "safe_reference_lost", "safe_reference_replaced"),
            *("external_findings_received", "external_findings_published"),
            *("external_search_opened", "external_search_closed", "evaluation_started", "evaluation_ended"),
            *("pre_training_started", "compute_estimated", "parameters_deleted", "parameters_published"),
        ),
        _EVENT,
    ),
    **dict.fromkeys(("placement_planned", "change_planned", "pre_training_planned"), _PLAN),
    **dict.fromkeys(
        (
            *("framework_confirmed", "framework_update_confirmed", "framework_provided", "framework_doubt"),
            *("framework_assessed", "framework_update_needed", "framework_updated", "representative_mandated"),
            *("crawler_information_changed", "crawler_change_notified", "interface_access_reviewed"),
            *("whistleblower_reminder_sent", "send_registration_submitted", "send_ready"),
        ),
        _WIDE,
    ),
    "interim_report_provided": OccurrenceKind(data=InterimReport),
    "report_update_excused": OccurrenceKind(data=SkippedUpdate),
    "incident_aware": _of(Thread.INCIDENT, Awareness, begins=True),
    "incident_limb_found": _of(Thread.INCIDENT, LimbsFound),
    "incident_report_filed": _of(Thread.INCIDENT, IncidentReport),
    "incident_resolved": _of(Thread.INCIDENT),
    "request_received": _of(Thread.REQUEST, RequestTerms, begins=True),
    "request_answered": _of(Thread.REQUEST, Answered),
    "complaint_received": _of(Thread.COMPLAINT, ComplaintTerms, begins=True),
    "complaint_decided": _of(Thread.COMPLAINT, Answered),
}
#: Which kind begins a thread.
BEGINNINGS: Mapping[Thread, str] = {
    kind.thread: name for name, kind in KINDS.items() if kind.begins and kind.thread is not None
}


def check_data(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an occurrence, defaults filled in and ready for JSON.

    Raises:
        InvalidInputError: not what an occurrence of this kind says; holds every error.
    """
    known = KINDS.get(kind)
    try:
        if known is None or known.data is None:
            return FreeData(members=dict(data)).model_dump(mode="json")["members"]  # type: ignore[no-any-return]
        return known.data.model_validate(dict(data)).model_dump(mode="json", by_alias=True, exclude_none=True)
    except ValidationError as error:
        errors = [f"data{_place(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()]
        raise InvalidInputError(f"{kind}: " + "; ".join(errors), errors=errors) from None


def _place(location: tuple[int | str, ...]) -> str:
    return "".join(f".{part}" for part in location if part != "members")
