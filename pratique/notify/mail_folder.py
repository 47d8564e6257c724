"""The channel `mailfolder:///path`: readable mail files in a folder, for demos, tests and air-gapped sites."""

from __future__ import annotations

import os
import tempfile
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pratique.notify.bounded import run_bounded
from pratique.notify.channels import Channel
from pratique.notify.delivery import Delivery, one_line
from pratique.notify.message import Message
from pratique.notify.outcome import SendOutcome

SCHEME = "mailfolder"

#: A slow network folder is given this long.
WRITE_SECONDS = 20.0

#: `.invalid` can never be a real domain (RFC 2606), so nothing can be sent there by mistake.
_NO_DOMAIN = "pratique.invalid"
_FROM = f"pratique@{_NO_DOMAIN}"

#: Distinct notices of one kind to one person at one instant: one event may open several gates.
_MAX_SAME_NAME = 1_000


async def send_to_folder(channel: Channel, message: Message, delivery: Delivery) -> SendOutcome:
    """Write `message` as `<utc>-<person>-<kind>.eml`; sending the same delivery again changes nothing."""
    parts = urlsplit(channel.url.get_secret_value())
    if parts.netloc or not parts.path.strip("/"):
        return SendOutcome.refused(f"channel {channel.shown}: expected mailfolder:///absolute/folder")
    sender = parse_qs(parts.query).get("from", [_FROM])[0]
    mail = _mail(message, delivery, sender=sender)
    folder = Path(unquote(parts.path))
    try:
        await run_bounded(lambda: _write_once(folder, mail, delivery), seconds=WRITE_SECONDS)
    except TimeoutError:
        return SendOutcome.failed(f"channel {channel.shown}: the folder did not answer within {WRITE_SECONDS:g} s")
    except OSError as error:
        return SendOutcome.failed(f"channel {channel.shown}: the folder cannot be written ({error.strerror})")
    return SendOutcome.sent()


def _mail(message: Message, delivery: Delivery, *, sender: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Pratique", addr_spec=_plain_address(sender, otherwise=_FROM))
    mail["To"] = _to(delivery)
    mail["Subject"] = message.subject
    # The notice's own time: a second attempt tells of the same moment.
    mail["Date"] = format_datetime(delivery.notice.created_at)
    mail["Message-ID"] = f"<{_word(delivery.id)}@{_NO_DOMAIN}>"
    mail["X-Delivery-Id"] = delivery.key
    # 8 bit: a person reads the file as it is, without quoted-printable's equals signs.
    mail.set_content(message.text, cte="8bit")
    mail.add_alternative(message.html, subtype="html", cte="8bit")
    return mail.as_bytes()


def _to(delivery: Delivery) -> Address:
    recipient = delivery.recipient
    otherwise = f"{recipient.person}@{_NO_DOMAIN}"
    return Address(recipient.name, addr_spec=_plain_address(recipient.address or otherwise, otherwise=otherwise))


def _plain_address(text: str, *, otherwise: str) -> str:
    """Return `text` if it can stand in an address header, else `otherwise`."""
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError):  # malformed or not ASCII
        return otherwise
    return text if address.domain else otherwise


def _write_once(folder: Path, mail: bytes, delivery: Delivery) -> None:
    """Put `mail` into `folder` in one step; a reader never sees half a file, and no other mail is replaced."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        _link_under_free_name(part, delivery)
    finally:
        part.unlink()


def _link_under_free_name(part: Path, delivery: Delivery) -> None:
    stem = f"{delivery.notice.created_at:%Y%m%dT%H%M%SZ}-{delivery.recipient.person}-{delivery.notice.kind}"
    for number in range(1, _MAX_SAME_NAME + 1):
        target = part.with_name(f"{stem}{'' if number == 1 else f'-{number}'}.eml")
        try:
            os.link(part, target)  # unlike a rename this refuses to replace
        except FileExistsError:
            if _key_of(target) == delivery.key:
                return  # an earlier attempt wrote it
        else:
            return
    raise OSError(0, f"{_MAX_SAME_NAME} mails of that name exist")


def _key_of(path: Path) -> str | None:
    with path.open("rb") as file:
        found = BytesHeaderParser(policy=SMTP).parse(file)["X-Delivery-Id"]
    return None if found is None else "".join(str(found).split())


def _word(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in one_line(text, limit=100))
