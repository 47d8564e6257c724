"""Sends one message to one subscription by webhook."""

from __future__ import annotations

from datetime import datetime

from pratique.answers.outcome import AnswerOutcome, failed, judged, refused
from pratique.answers.secrets import Secrets
from pratique.answers.signing import KeyTroubleError, key_of, signed_headers
from pratique.domain.subscriptions import WebhookSubscription
from pratique.egress import Egress, EgressFailedError, EgressRefusedError

#: Of an answer nothing is used but its status.
_MOST_ANSWER_BYTES = 64 * 1024


async def send_webhook(
    subscription: WebhookSubscription, *, message: str, body: str, at: datetime, secrets: Secrets, egress: Egress
) -> AnswerOutcome:
    """Post a message once.

    Args:
        subscription: whom to tell.
        message: its id.
        body: a CloudEvent in JSON, as it was made.
        at: now.
        secrets: where its keys are.
        egress: the guarded way out.

    Returns:
        What came of it; nothing is raised for whatever the receiver does.
    """
    keys = [key for key in map(secrets.read, subscription.secrets) if key is not None]
    if len(keys) < len(subscription.secrets) and secrets.read(subscription.secrets[0]) is None:
        return failed(f"there is no secret in {subscription.secrets[0]}")
    try:
        signed = signed_headers([key_of(key) for key in keys], message=message, at=at, body=body)
    except KeyTroubleError as error:
        return failed(f"a secret of the subscription {error}")
    headers = {**signed, "content-type": "application/cloudevents+json; charset=utf-8"}
    try:
        answer = await egress.post(subscription.url, body.encode(), headers=headers, max_bytes=_MOST_ANSWER_BYTES)
    except EgressRefusedError as error:
        return refused(error.message)
    except EgressFailedError as error:
        return failed(error.message)
    return judged(answer)
