"""Projectors of occurrences, clocks and calendars."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text

_DATES = ("due_on", "due_at", "met_at")


def _occurrence_recorded(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "kind", "at", "why")}
    row |= {name: v.get(name) for name in ("model_version_id", "about", "person", "credential")}
    row |= {"data": text(v.get("data", {})), "recorded_at": at}
    row |= dict.fromkeys(("withdrawn_at", "withdrawn_why", "withdrawn_by"))
    return (Insert("occurrence", row),)


def _occurrence_withdrawn(v: Values, at: str) -> tuple[Change, ...]:
    row = {"withdrawn_at": at, "withdrawn_why": v["reason"], "withdrawn_by": v.get("person") or v.get("credential")}
    return (Update("occurrence", v["id"], row),)


def _clock_started(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "key", "model_version_id", "rule", "edition", "start_at", "state", "force")
    row = {name: v[name] for name in names} | {name: v.get(name) for name in ("about", *_DATES)}
    return (Insert("clock", row | {"content": text(v["content"]), "started_at": at, "changed_at": at}),)


def _clock_revised(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("start_at", "state")} | {name: v.get(name) for name in _DATES}
    if v.get("force") is not None:
        row["force"] = v["force"]
    return (Update("clock", v["id"], row | {"content": text(v["content"]), "changed_at": at}),)


def _feed_made(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "person", "secret_sha256")}
    return (Insert("calendar_feed", row | {"made_at": at, "revoked_at": None}),)


def _feed_revoked(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("calendar_feed", v["id"], {"revoked_at": at}),)


#: By tag.
CLOCKS: dict[str, Projector] = {
    "clock:occurrence:recorded": _occurrence_recorded,
    "clock:occurrence:withdrawn": _occurrence_withdrawn,
    "clock:limit:started": _clock_started,
    "clock:limit:revised": _clock_revised,
    "access:calendar:made": _feed_made,
    "access:calendar:revoked": _feed_revoked,
}
