"""Values on the command line: model versions, durations, moments, facts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import typer

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)([smhd]?)$")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model version as it is named on the command line."""

    model: str
    version: str

    def __str__(self) -> str:
        return f"{self.model}/{self.version}"


def model_version(text: str) -> ModelVersion:
    """Return the model version that `text` names, as in aurora/2.1."""
    model, slash, version = text.partition("/")
    if not (model and slash and version) or "/" in version:
        raise typer.BadParameter(f"{text!r} does not name a model version; expected MODEL/VERSION, such as aurora/2.1")
    return ModelVersion(model, version)


def seconds(text: str) -> float:
    """Return the seconds that `text` names: 90, 90s, 30m, 2h or 7d."""
    match = _DURATION.match(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a duration; expected something like 90s, 30m, 2h or 7d")
    return float(match[1]) * _UNIT_SECONDS[match[2]]


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that `text` names: a duration from now, a date (its end, UTC) or a time with a zone."""
    if re.fullmatch(r"\d+[mhd]", text):
        return now + timedelta(seconds=seconds(text))
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(datetime.fromisoformat(text).date(), time(23, 59, 59), UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no moment; expected 30d, 2026-12-31 or 2026-12-31T12:00:00Z") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone; add Z or an offset such as +01:00")
    return at


def past(text: str | None, now: datetime) -> datetime | None:
    """Return the moment of something that was so: 3h (ago), a date (its beginning, UTC) or a time with a zone."""
    if text is None:
        return None
    if re.fullmatch(r"\d+[mhd]", text):
        return now - timedelta(seconds=seconds(text))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.combine(moment(text, now).date(), time(), UTC)
    return moment(text, now)


def facts(pairs: list[str]) -> dict[str, Any]:
    """Return `key=value` pairs as a mapping; a value that reads as JSON is JSON, any other is text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"{pair!r} is no fact; expected KEY=VALUE")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
