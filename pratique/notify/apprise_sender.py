"""Sends one message through one Apprise URL. Only what Apprise 1.13 and 2 share is used."""

from __future__ import annotations

from urllib.parse import quote

from pratique.errors import UnavailableError
from pratique.notify.bounded import run_bounded
from pratique.notify.channels import Channel
from pratique.notify.message import Message
from pratique.notify.outcome import SendOutcome
from pratique.notify.redaction import guard_logs

#: Over everything: connect, send, answer. Apprise 1.13 itself only limits each read of the socket (4 s).
SEND_SECONDS = 20.0

_MAIL = frozenset({"mailto", "mailtos"})
_WEB = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})

#: Severity of a notice -> Apprise's own four words; an unknown severity is told as information.
_TYPES = {"info": "info", "warning": "warning", "critical": "failure", "success": "success"}


async def send_with_apprise(
    channel: Channel, message: Message, *, key: str, severity: str, seconds: float = SEND_SECONDS
) -> SendOutcome:
    """Send `message` to the one receiver of `channel`.

    Args:
        channel: holds exactly one URL for exactly one person.
        message: mail gets the HTML (Apprise adds a text part), everything else the plain text.
        key: idempotency key, sent as a header where the channel has headers. Delivery is at least once.
        severity: of the notice.
        seconds: time-out over the whole send.
    """
    guard_logs(channel.url.get_secret_value())
    try:
        return await run_bounded(lambda: _notify(channel, message, key=key, severity=severity), seconds=seconds)
    except TimeoutError:
        return SendOutcome.failed(f"channel {channel.shown}: no answer within {seconds:g} s; it may have arrived")
    except UnavailableError as error:
        return SendOutcome.failed(f"channel {channel.shown}: {error.message}")
    except Exception as error:  # a plugin may raise anything; its text may hold the URL, so only its type is kept
        return SendOutcome.failed(f"channel {channel.shown}: the sender failed ({type(error).__name__})")


def _notify(channel: Channel, message: Message, *, key: str, severity: str) -> SendOutcome:
    # Heavy (it loads every plugin, about a second once), and only the worker sends.
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode

    # A redirect could lead to any host inside the network; an admin may still ask for it with ?redirect=yes.
    asset = AppriseAsset(app_id="Pratique", storage_mode=PersistentStoreMode.MEMORY, http_redirects=False)
    # A new object each time: a kept one sleeps between mails and mixes the results of its URLs.
    sender = Apprise(asset=asset)
    if not sender.add(_with_key(channel, key)):
        return SendOutcome.refused(f"channel {channel.shown}: Apprise does not understand this URL")
    if len(sender) != 1:
        return SendOutcome.refused(f"channel {channel.shown} holds {len(sender)} URLs; expected exactly one")
    is_mail = channel.scheme in _MAIL
    took_it = sender.notify(
        body=message.html if is_mail else message.text,
        body_format=NotifyFormat.HTML if is_mail else NotifyFormat.TEXT,
        title=message.subject,
        notify_type=NotifyType(_TYPES.get(severity, "info")),
    )
    if took_it:
        return SendOutcome.sent()
    return SendOutcome.failed(f"channel {channel.shown}: refused by the receiver, or it cannot be reached")


def _with_key(channel: Channel, key: str) -> str:
    """Return the URL with the key as headers, where the scheme has headers (`?+Name=value`)."""
    url = channel.url.get_secret_value()
    # Not Message-ID: Apprise would write a second one, which makes the mail invalid.
    names = ["X-Delivery-Id"] if channel.scheme in _MAIL | _WEB else []
    names += ["Idempotency-Key"] if channel.scheme in _WEB else []
    added = "&".join(f"+{name}={quote(key, safe='')}" for name in names)
    if not added:
        return url
    return f"{url}{'&' if '?' in url else '?'}{added}"
