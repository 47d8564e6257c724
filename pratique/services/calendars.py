"""A person's deadlines as a calendar, under a secret address that only they were told.

Source: RFC 5545 (iCalendar), RFC 7986 (its properties for feeds).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from icalendar import Alarm, Calendar, Event
from sqlalchemy import Select, bindparam, select

from pratique.canonical import stored_json
from pratique.domain.entries import CalendarFeedMade, CalendarFeedRevoked
from pratique.domain.people import Person
from pratique.domain.times import parse_instant
from pratique.errors import ConflictError, NotFoundError
from pratique.services import lookups
from pratique.services.lookups import clock, model_version
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: A person needs one for each calendar program; more is a sign of addresses that nobody remembers.
MOST_FEEDS = 10
#: Deadlines that one calendar holds, the next due first.
MOST_EVENTS = 2000
#: How often programs should ask again.
_REFRESH = timedelta(hours=1)
_ALARM_BEFORE = timedelta(days=1)


def make_calendar(tx: Transaction, parts: Parts, person: str, *, credential: str) -> dict[str, Any]:
    """Make a secret address for a person's deadlines; it is in the answer and nowhere else.

    Raises:
        ConflictError: the person has as many as one can have.
    """
    live = [row for row in tx.all(lookups.CALENDAR_FEEDS_OF, person=person) if row["revoked_at"] is None]
    if len(live) >= MOST_FEEDS:
        raise ConflictError(f"{person} has {len(live)} calendars", hint="revoke one that is not used any more")
    secret, feed_id = secrets.token_urlsafe(32), tx.new_id()
    tx.record(CalendarFeedMade(id=feed_id, person=person, secret_sha256=_sha256(secret), credential=credential))
    url = f"{parts.settings.base_url}/calendar/{secret}.ics"
    return {"id": feed_id, "url": url, "made_at": tx.at, "revoked_at": None}


def revoke_calendar(tx: Transaction, feed_id: str, person: str, *, credential: str) -> dict[str, Any]:
    """End one of a person's own addresses; doing it again changes nothing.

    Raises:
        NotFoundError: the person has no such calendar.
    """
    row = tx.one(lookups.CALENDAR_FEED, id=feed_id) if "\x00" not in feed_id else None
    if row is None or row["person"] != person:
        raise NotFoundError(f"calendar {feed_id[:80]} is none of {person}")
    if row["revoked_at"] is None:
        tx.record(CalendarFeedRevoked(id=feed_id, person=person, credential=credential))
        return {**calendar_view(row), "revoked_at": tx.at}
    return calendar_view(row)


def calendars_of(reader: Reader, person: str) -> dict[str, Any]:
    """Return a person's calendars, without their addresses."""
    return {"items": [calendar_view(row) for row in reader.all(lookups.CALENDAR_FEEDS_OF, person=person)], "next": None}


def calendar_view(row: Row) -> dict[str, Any]:
    """Return a calendar as its owner sees it."""
    return {name: row[name] for name in ("id", "made_at", "revoked_at")}


def calendar_behind(reader: Reader, parts: Parts, secret: str) -> bytes | None:
    """Return the calendar under a secret address (RFC 5545); None where there is none, or no more."""
    row = reader.one(lookups.CALENDAR_FEED_BY_SECRET, secret_sha256=_sha256(secret))
    if row is None or row["revoked_at"] is not None:
        return None
    person = parts.people.find(row["person"])
    return _calendar(reader, parts, person) if person is not None else None


def _calendar(reader: Reader, parts: Parts, person: Person) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Pratique//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Pratique deadlines")
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", _REFRESH)
    for row in _running(reader, person):
        calendar.add_component(_event(row, parts.settings.base_url))
    return bytes(calendar.to_ical())


def _running(reader: Reader, person: Person) -> Iterable[Row]:
    """Return the running clocks of the models that a person holds a role for, the next due first."""
    if person.roles:
        return reader.all(_ALL, limit=MOST_EVENTS)
    models = [name for name, roles in person.models.items() if roles]
    found = [row for name in models for row in reader.all(_OF_MODEL, model=name, limit=MOST_EVENTS)]
    return sorted(found, key=lambda row: (row["due_at"], row["id"]))[:MOST_EVENTS]


def _event(row: Row, base_url: str) -> Event:
    """Return a clock as an event of its last day; the same clock always has the same UID, whatever day it moves to."""
    content = stored_json(row["content"])
    last_day, subject = date.fromisoformat(row["due_on"]), f"{row['model']} {row['version']}"
    summary = f"{content['title']} ({subject})"
    event = Event()
    event.add("uid", f"{row['id']}@pratique")
    event.add("dtstamp", parse_instant(row["changed_at"]))
    event.add("last-modified", parse_instant(row["changed_at"]))
    event.add("dtstart", last_day)
    event.add("dtend", last_day + timedelta(days=1))
    event.add("summary", summary)
    event.add("description", "\n".join(_told(row, content)))
    event.add("categories", [row["force"].replace("_", "-")])
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{base_url}/clocks/{row['id']}")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", -_ALARM_BEFORE)
    event.add_component(alarm)
    return event


def _told(row: Row, content: dict[str, Any]) -> list[str]:
    about = [f"about {row['about']}"] if row["about"] else []
    return [f"Last day {row['due_on']}, over at midnight in Brussels, towards {content['recipient']}", *about] + [
        str(line) for line in content["explanation"]
    ]


def _select() -> Select[Any]:
    return (
        select(clock, model_version.c.model, model_version.c.version)
        .join(model_version, model_version.c.id == clock.c.model_version_id)
        .where(clock.c.state == "running", clock.c.due_at.is_not(None))
        .order_by(clock.c.due_at, clock.c.id)
        .limit(bindparam("limit"))
    )


_ALL = Query(_select())
_OF_MODEL = Query(_select().where(model_version.c.model == bindparam("model")))


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
