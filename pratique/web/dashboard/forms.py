"""What people typed: kept as text, so that a refused form comes back as it was, and read once it is valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pratique.domain.decisions import Act
from pratique.errors import InvalidInputError
from pratique.web.dashboard.ports import DatesInput, DecisionInput, WaiverInput

#: A reason is read by people years later; a page of text is enough.
MAX_REASON = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionForm:
    """The decision form as typed."""

    act: str = ""
    role: str = ""
    reason: str = ""
    basis: str = ""
    row_version: str = ""

    def read(self) -> DecisionInput:
        """Return the decision.

        Raises:
            InvalidInputError: something is missing; the message says what.
        """
        if self.act not in {act.value for act in Act}:
            raise InvalidInputError("Choose what you decide.")
        if not self.role:
            raise InvalidInputError("Choose the role in which you decide.")
        return DecisionInput(
            act=self.act,
            role=self.role,
            reason=_reason(self.reason),
            basis=self.basis,
            row_version=_row_version(self.row_version),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverForm:
    """The waiver form as typed."""

    requirement: str = ""
    reason: str = ""
    last_day: str = ""  #: ISO date; the waiver ends with this day, UTC
    row_version: str = ""

    def read(self, now: datetime) -> WaiverInput:
        """Return the waiver.

        Raises:
            InvalidInputError: something is missing or the day is past; the message says what.
        """
        if not self.requirement:
            raise InvalidInputError("Choose the requirement that you waive.")
        reason = _reason(self.reason)
        expires_at = _end_of_day(self.last_day, "the waiver's last day")
        if expires_at <= now:
            raise InvalidInputError("The waiver's last day must not be past.")
        return WaiverInput(
            requirement=self.requirement,
            reason=reason,
            expires_at=expires_at,
            row_version=_row_version(self.row_version),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesForm:
    """The form that moves the dates, as typed."""

    due_day: str = ""  #: ISO date; due with the end of this day, UTC
    follow_up_day: str = ""  #: ISO date of the reminder, at its beginning, UTC; empty leaves it, if it fits
    reason: str = ""
    row_version: str = ""

    def read(self, now: datetime) -> DatesInput:
        """Return the new dates.

        Raises:
            InvalidInputError: something is missing, or the days do not fit each other; the message says what.
        """
        reason = _reason(self.reason)
        due_at = _end_of_day(self.due_day, "the due day")
        if due_at <= now:
            raise InvalidInputError("The due day must not be past.")
        follow_up_at = None
        if self.follow_up_day:
            follow_up_at = _end_of_day(self.follow_up_day, "the day of the reminder") - timedelta(days=1)
            if follow_up_at >= due_at:
                raise InvalidInputError("The reminder must not come after the due day.")
        return DatesInput(
            due_at=due_at, follow_up_at=follow_up_at, reason=reason, row_version=_row_version(self.row_version)
        )


def read_reason(text: str) -> str:
    """Return a reason that stands alone, such as for revoking a waiver.

    Raises:
        InvalidInputError: empty or too long.
    """
    return _reason(text)


def _reason(text: str) -> str:
    reason = text.replace("\r\n", "\n").strip()
    if not reason:
        raise InvalidInputError("Write the reason. It is what a reader has years from now.")
    if len(reason) > MAX_REASON:
        raise InvalidInputError(f"The reason has {len(reason)} characters; at most {MAX_REASON} are kept.")
    return reason


def _row_version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidInputError("The form is incomplete; open the page again.")
    return int(text)


def _end_of_day(text: str, what: str) -> datetime:
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"Give {what} as a date, such as 2026-12-31.") from None
