"""Sends one delivery: find the channel, fill it for the person, write the message, hand it over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from pratique.notify.apprise_sender import send_with_apprise
from pratique.notify.channels import fill_channel
from pratique.notify.delivery import Delivery, one_line
from pratique.notify.mail_folder import SCHEME as MAIL_FOLDER
from pratique.notify.mail_folder import send_to_folder
from pratique.notify.message import render
from pratique.notify.outcome import SendOutcome
from pratique.notify.redaction import guard_logs


async def send(delivery: dict[str, Any], channels: Mapping[str, SecretStr]) -> SendOutcome:
    """Tell one person over one channel, once.

    Delivery is at least once: after a time-out or a crash the same message may arrive again, with the same
    idempotency key. Whether the delivery is still wanted is for the caller to ask just before.

    Args:
        delivery: the document of `GET /v1/deliveries/{id}`.
        channels: channel name -> URL with optional `{email}` and `{person}`; an Apprise URL or `mailfolder:///`.

    Returns:
        The outcome. Nothing is raised for a bad channel, person or receiver; no reason holds a secret.
    """
    try:
        parsed = Delivery.model_validate(delivery)
    except ValidationError as error:
        return SendOutcome.refused(f"the delivery is malformed: {_fields(error)}")
    template = channels.get(parsed.channel)
    if template is None:
        return SendOutcome.refused(f"channel {one_line(parsed.channel, limit=64)} is not configured")
    guard_logs(template.get_secret_value())
    channel = fill_channel(parsed.channel, template, parsed.recipient)
    if isinstance(channel, SendOutcome):
        return channel
    message = render(parsed)
    if channel.scheme == MAIL_FOLDER:
        return await send_to_folder(channel, message, parsed)
    return await send_with_apprise(channel, message, key=parsed.key, severity=parsed.notice.severity)


def _fields(error: ValidationError) -> str:
    """Name the fields and what was expected, without the values."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
