from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from notify_samples import delivery
from pydantic import SecretStr

from pratique.notify import SendOutcome, send
from pratique.notify.channels import Channel, fill_channel
from pratique.notify.delivery import Recipient
from pratique.notify.redaction import Redactor, guard_logs

MIRA = Recipient(person="mira", name="Mira", email="mira+gates@example.org")


def fill(url: str, recipient: Recipient = MIRA) -> Channel | SendOutcome:
    return fill_channel("mail", SecretStr(url), recipient)


def sent(document: dict[str, Any], **channels: str) -> SendOutcome:
    return asyncio.run(send(document, {name: SecretStr(url) for name, url in channels.items()}))


def test_placeholders_are_filled_url_quoted() -> None:
    channel = fill("mailto://127.0.0.1:25?to={email}&name={person}")
    assert isinstance(channel, Channel)
    assert channel.url.get_secret_value() == "mailto://127.0.0.1:25?to=mira%2Bgates%40example.org&name=mira"


def test_a_channel_never_shows_its_url() -> None:
    channel = fill("JSONS://user:hunter22@example.org/hook")
    assert isinstance(channel, Channel)
    assert "hunter22" not in f"{channel} {channel!r} {channel.shown}"
    assert channel.shown == "mail (jsons://…)"


@pytest.mark.parametrize(
    "email", [None, "", "a@x.org,b@evil.org", "a@x.org b@evil.org", "a@x.org\r\nBcc: b@evil.org", "<a@x.org>", "mira"]
)
def test_a_person_without_one_plain_address_is_a_permanent_failure(email: str | None) -> None:
    outcome = fill("mailto://127.0.0.1?to={email}", Recipient(person="sam", name="Sam", email=email))
    assert outcome == SendOutcome.refused("person sam has no single valid mail address, which channel mail needs")


def test_an_unknown_channel_is_a_permanent_failure() -> None:
    assert sent(delivery(channel="ops")) == SendOutcome.refused("channel ops is not configured")


def test_a_channel_that_is_no_url_is_a_permanent_failure_that_hides_it() -> None:
    outcome = sent(delivery(), mail="my-secret-token")
    assert outcome == SendOutcome.refused("channel mail is not a URL; expected scheme://...")


def test_a_malformed_delivery_is_a_permanent_failure_that_names_the_fields() -> None:
    document = delivery(link="javascript:alert(1)")
    document["recipient"]["person"] = "../etc"
    outcome = sent(document, mail="json://127.0.0.1")
    assert outcome.permanent
    assert "notice.link" in outcome.reason
    assert "recipient.person" in outcome.reason
    assert "alert" not in outcome.reason


def test_an_empty_document_is_a_permanent_failure() -> None:
    assert sent({}).permanent


@pytest.mark.parametrize(
    "line",
    [
        "Unparseable URL mailto://mira:pass word 1@example.org/x",
        "JSON POST URL: https://example.org/hooks/T0KENT0KEN (cert_verify=True)",
        "path /hooks/T0KENT0KEN answered 500",
        "Authorization: Bearer%20abcdef123456 / Bearer abcdef123456",
    ],
)
def test_log_lines_lose_their_secrets(line: str) -> None:
    redactor = Redactor()
    redactor.remember("jsons://mira:pass word 1@example.org/hooks/T0KENT0KEN?+Authorization=Bearer%20abcdef123456")
    record = logging.LogRecord("apprise", logging.WARNING, "f", 1, "%s", (line,), None)
    redactor.filter(record)
    for secret in ("pass word 1", "T0KENT0KEN", "abcdef123456"):
        assert secret not in record.getMessage()


def test_a_traceback_that_could_hold_a_url_is_dropped() -> None:
    try:
        raise ValueError("jsons://token@example.org")
    except ValueError as error:
        record = logging.LogRecord(
            "apprise", logging.ERROR, "f", 1, "it failed", (), (ValueError, error, error.__traceback__)
        )
    Redactor().filter(record)
    assert "token" not in logging.Formatter().format(record)


@pytest.mark.parametrize("name", ["apprise", "urllib3", "urllib3.connectionpool"])
def test_debug_logging_of_the_senders_is_capped(name: str) -> None:
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    guard_logs("json://127.0.0.1")
    assert not logger.isEnabledFor(logging.DEBUG)
    logger.setLevel(logging.ERROR)
    guard_logs("json://127.0.0.1")
    assert logger.level == logging.ERROR
    logger.setLevel(logging.NOTSET)
