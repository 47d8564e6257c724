"""The words of a notice, as plain text and as HTML, from one template a kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from pratique.notify.delivery import REASONS_SHOWN, Delivery

#: Every kind that has words of its own; any other kind is told with `kinds/other.j2`.
KINDS = (
    "review_opened",
    "findings_open",
    "decision_needed",
    "cleared",
    "returned",
    "rejected",
    "stale",
    "follow_up",
    "overdue",
    "sign_offs_dismissed",
    "changed_since",
    "superseded",
    "limit_ahead",
    "limit_missed",
    "withdrawn",
    "hook_dead",
)


@dataclass(frozen=True, slots=True)
class Message:
    """One rendered message."""

    subject: str  #: one line, at most 150 characters
    text: str
    html: str


def render(delivery: Delivery) -> Message:
    """Return the message of `delivery`; the same delivery always gives the same words."""
    return Message(
        subject=delivery.notice.subject,
        text=_render(delivery, "layout.txt.j2"),
        html=_render(delivery, "layout.html.j2"),
    )


def _render(delivery: Delivery, layout: str) -> str:
    notice = delivery.notice
    kind = notice.kind if notice.kind in KINDS else "other"
    return (
        _environment(escape=layout.endswith(".html.j2"))
        .get_template(f"kinds/{kind}.j2")
        .render(
            layout=layout,
            notice=notice,
            recipient=delivery.recipient,
            key=delivery.key,
            reasons=notice.reasons[:REASONS_SHOWN],
            unshown=max(0, len(notice.reasons) - REASONS_SHOWN),
        )
    )


@cache
def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("pratique.notify"),
        autoescape=escape,  # noqa: S701  plain text must show `<` as it is; the HTML layout escapes
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    return environment


def _moment(at: datetime) -> str:
    """Return an instant as people in any country read it the same way."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
