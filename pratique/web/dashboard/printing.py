"""How values are printed: times in UTC with their label, digests short with the whole in the title."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from pratique.domain.times import instant_text, parse_instant

#: Digits of a digest that a line of text shows; the whole is in the title and in the data sheets.
SHORT_DIGEST = 12


def _instant(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else parse_instant(value)


def utc(value: str | datetime | None) -> Markup | str:
    """Return `2026-11-23 14:05 UTC` as a <time> element; a dash where there is no time."""
    if value is None:
        return "–"
    at = _instant(value)
    text = instant_text(at)
    return Markup('<time datetime="{}" title="{}">{} UTC</time>').format(text, text, f"{text[:10]} {text[11:16]}")


def day(value: str | datetime | None) -> str:
    """Return the UTC date alone."""
    return instant_text(_instant(value))[:10] if value is not None else "–"


def away(value: str | datetime, now: datetime) -> str:
    """Return how far off an instant is, such as `in 3 days` or `2 hours ago`."""
    delta = _instant(value) - now
    text = _span(abs(delta))
    if text == "now":
        return text
    return f"in {text}" if delta > timedelta(0) else f"{text} ago"


def _span(delta: timedelta) -> str:
    minutes = int(delta.total_seconds() // 60)
    for unit, length in (("day", 1440), ("hour", 60), ("minute", 1)):
        count = minutes // length
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "now"


def seconds(start: str, end: str | None) -> str:
    """Return a run's duration."""
    if end is None:
        return "running"
    taken = (parse_instant(end) - parse_instant(start)).total_seconds()
    if taken < 60:
        return f"{taken:.1f} s"
    return f"{int(taken // 60)} min {int(taken % 60)} s" if taken < 3600 else _span(timedelta(seconds=taken))


def digest(value: str | None) -> Markup | str:
    """Return the first digits of a digest, the whole in the title."""
    if not value:
        return "–"
    return Markup('<code class="digest" title="{}">{}</code>').format(value, value[:SHORT_DIGEST])


def size(count: int) -> str:
    """Return a size in bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{count} B"


def pretty(value: Any) -> str:
    """Return JSON for people: a plain scalar as itself, the rest indented."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False, default=str)


def safe_href(url: str | None) -> str | None:
    """Return `url` when it is http(s); a link out of the database must not run script."""
    return url if url and url.lower().startswith(("http://", "https://")) else None
