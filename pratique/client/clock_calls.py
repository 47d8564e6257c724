"""The calls about time limits: what clocks run from, clocks, incidents, requests, calendars."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json
from pratique.errors import InvalidInputError

#: A page, and the cursor of the next.
Page = tuple[list[Json], str | None]
At = datetime | str | None


def clocks(wanted: Mapping[str, str | None], cursor: str | None) -> Call[Page]:
    """Ask for a page of clocks, the next due first."""
    return Call(method="GET", path=path_of("clocks"), query={**wanted, "cursor": cursor}, read=_page)


def clock(clock: str) -> Call[Json]:
    """Ask what the date of a clock rests on."""
    return Call(method="GET", path=path_of("clocks", clock), read=_json)


def record_occurrence(
    version: tuple[str, str] | None,
    kind: str,
    *,
    why: str,
    at: At,
    about: str | None,
    data: Mapping[str, Any] | None,
) -> Call[Json]:
    """Say what happened, or is planned; without a version it concerns the provider."""
    return _post(version, ("occurrences",), {**_said(why, at), "kind": kind, "about": about, "data": data})


def withdraw_occurrence(occurrence: str, reason: str) -> Call[Json]:
    """Say that an occurrence was recorded wrongly."""
    return _post(None, ("occurrences", occurrence, "withdraw"), {"reason": reason})


def occurrences(version: tuple[str, str] | None, cursor: str | None) -> Call[Page]:
    """Ask for a page of occurrences, newest first."""
    return Call(method="GET", path=_path(version, "occurrences"), query={"cursor": cursor}, read=_page)


def open_incident(
    version: tuple[str, str],
    *,
    why: str,
    at: At,
    limbs: Iterable[str],
    causal: str | None,
    aware_by: str | None,
    reference: str | None,
) -> Call[Json]:
    """Record awareness of a serious incident."""
    members = {"limbs": list(limbs), "causal": causal, "aware_by": aware_by, "reference": reference}
    return _post(version, ("incidents",), {**_said(why, at), **members})


def record_near_miss(version: tuple[str, str], *, why: str, at: At, reference: str | None) -> Call[Json]:
    """Record what could have been a serious incident."""
    return _post(version, ("near-misses",), {**_said(why, at), "reference": reference})


def add_limbs(version: tuple[str, str], incident: str, *, why: str, at: At, limbs: Iterable[str]) -> Call[Json]:
    """Record kinds of harm that apply."""
    return _post(version, ("incidents", incident, "limbs"), {**_said(why, at), "limbs": list(limbs)})


def file_report(
    version: tuple[str, str],
    incident: str,
    *,
    why: str,
    at: At,
    stage: str,
    items: Iterable[str],
    not_yet_known: Iterable[str],
    also: Iterable[str],
    receipt: str | None,
    exceptional_circumstances: str | None,
) -> Call[Json]:
    """Record a report that was filed."""
    members = {
        "stage": stage,
        "items": list(items),
        "not_yet_known": list(not_yet_known),
        "also": list(also),
        "receipt": receipt,
        "exceptional_circumstances": exceptional_circumstances,
    }
    return _post(version, ("incidents", incident, "reports"), {**_said(why, at), **members})


def resolve_incident(version: tuple[str, str], incident: str, *, why: str, at: At) -> Call[Json]:
    """Record that corrective measures were adopted."""
    return _post(version, ("incidents", incident, "resolution"), _said(why, at))


def incident(version: tuple[str, str], incident: str) -> Call[Json]:
    """Ask for an incident."""
    return Call(method="GET", path=_path(version, "incidents", incident), read=_json)


def incidents(version: tuple[str, str], cursor: str | None) -> Call[Page]:
    """Ask for a page of incidents, newest first."""
    return Call(method="GET", path=_path(version, "incidents"), query={"cursor": cursor}, read=_page)


def open_request(
    version: tuple[str, str],
    kind: str,
    *,
    why: str,
    at: At,
    sender: str | None,
    basis: str | None,
    due_on: date | str | None,
    period: str | None,
    reference: str | None,
) -> Call[Json]:
    """Record a request or a complaint that was received."""
    last = due_on.isoformat() if isinstance(due_on, date) else due_on
    members = {"kind": kind, "from": sender, "basis": basis, "due_on": last, "period": period, "reference": reference}
    return _post(version, ("requests",), {**_said(why, at), **members})


def answer_request(
    version: tuple[str, str], request: str, *, why: str, at: At, outcome: str | None, receipt: str | None
) -> Call[Json]:
    """Record that a request was answered, or a complaint decided."""
    return _post(version, ("requests", request, "answer"), {**_said(why, at), "outcome": outcome, "receipt": receipt})


def request(version: tuple[str, str], request: str) -> Call[Json]:
    """Ask for a request or complaint."""
    return Call(method="GET", path=_path(version, "requests", request), read=_json)


def requests(version: tuple[str, str], cursor: str | None) -> Call[Page]:
    """Ask for a page of requests and complaints, newest first."""
    return Call(method="GET", path=_path(version, "requests"), query={"cursor": cursor}, read=_page)


def make_calendar() -> Call[Json]:
    """Make a secret address under which one's deadlines stand as a calendar."""
    return _post(None, ("calendar",), {})


def calendars() -> Call[list[Json]]:
    """Ask for one's calendars, without their addresses."""
    return Call(method="GET", path=path_of("calendar"), read=lambda reply: _page(reply)[0])


def revoke_calendar(calendar: str) -> Call[Json]:
    """End a calendar's address."""
    return _post(None, ("calendar", calendar, "revoke"), {})


def _post(version: tuple[str, str] | None, noun: tuple[str, ...], members: Mapping[str, Any]) -> Call[Json]:
    """Return a call that counts once, however often it is sent."""
    body = {name: value for name, value in members.items() if value is not None}
    return Call(method="POST", path=_path(version, *noun), body=body, key=secrets.token_hex(16), read=_json)


def _path(version: tuple[str, str] | None, *noun: str) -> str:
    return path_of("models", version[0], "versions", version[1], *noun) if version is not None else path_of(*noun)


def _said(why: str, at: At) -> dict[str, Any]:
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise InvalidInputError(f"time {at.isoformat()} has no time zone; expected an aware time")
        at = at.astimezone(UTC).isoformat()
    return {"why": why, "at": at}


def _json(reply: Reply) -> Json:
    value = reply.json()
    return value if isinstance(value, dict) else {}


def _page(reply: Reply) -> Page:
    value = reply.json()
    return [dict(item) for item in value["items"]], value.get("next")
