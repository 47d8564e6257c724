"""Real receivers on 127.0.0.1: what arrives, and what a receiver that misbehaves can do."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from notify_samples import LINK, delivery
from pydantic import SecretStr

from pratique.notify import Message, SendOutcome, bounded, send
from pratique.notify.apprise_sender import send_with_apprise
from pratique.notify.channels import Channel

SECRET = "s3cr3t-t0ken"


class Receiver(BaseHTTPRequestHandler):
    """Does what its path says, and remembers every request."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        behaviour = self.path.split("?")[0].rsplit("/", 1)[-1]
        getattr(self, f"_{behaviour}", self._ok)()

    def _ok(self) -> None:
        self.send_response(200)
        self.end_headers()

    def _error(self) -> None:
        self.send_response(500)
        self.end_headers()
        self.wfile.write(SECRET.encode())

    def _redirect(self) -> None:
        self.send_response(307)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")  # type: ignore[attr-defined]
        self.end_headers()

    def _hang(self) -> None:
        self.server.released.wait(20)  # type: ignore[attr-defined]

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        while not self.server.released.wait(0.1):  # type: ignore[attr-defined]
            try:
                self.wfile.write(b".")
            except OSError:
                return

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that left is not news
    server.seen, server.released = [], threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    _wait_for_senders()


def _wait_for_senders() -> None:
    for thread in threading.enumerate():
        if thread.name == "pratique-send":
            thread.join(10)


class Mailbox:
    """Keeps every mail; refuses one recipient."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("refused"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


@pytest.fixture
def smtp(free_port: Any) -> Iterator[tuple[Mailbox, int]]:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


def tell(document: dict[str, Any], url: str) -> SendOutcome:
    return asyncio.run(send(document, {"mail": SecretStr(url)}))


def mail_url(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=pratique@example.org&to={{email}}&mode=insecure"


def test_a_mail_reaches_the_one_person_with_text_html_and_key(smtp: tuple[Mailbox, int]) -> None:
    mailbox, port = smtp
    assert tell(delivery(why="1 < 2 & <b>bold</b>", title="Müll & <i>: wait"), mail_url(port)) == SendOutcome.sent()
    ((sender, recipients, content),) = mailbox.mails
    assert (sender, recipients) == ("pratique@example.org", ["mira@example.org"])
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == "Müll & <i>: wait"
    assert mail["X-Delivery-Id"] == "gr1:findings_open:mira:mail"
    assert len(mail.get_all("Message-ID") or []) == 1
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "1 &lt; 2 &amp; &lt;b&gt;bold&lt;/b&gt;" in html.get_content()
    assert LINK in html.get_content()
    assert "training-trigger is blocked" in text.get_content()


@pytest.mark.parametrize("title", ["Hello\r\nBcc: all@example.org", "Hello\nX-Evil: 1", "x" * 5_000, "\x00"])
def test_a_hostile_title_adds_no_header_and_still_arrives(smtp: tuple[Mailbox, int], title: str) -> None:
    mailbox, port = smtp
    assert tell(delivery(title=title), mail_url(port)).ok
    ((_, recipients, content),) = mailbox.mails
    mail = message_from_bytes(content, policy=default)
    assert recipients == ["mira@example.org"]
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert 0 < len(mail["Subject"]) <= 150


def test_mail_after_mail_does_not_wait_for_a_rate_limit(smtp: tuple[Mailbox, int]) -> None:
    mailbox, port = smtp
    tell(delivery(), mail_url(port))
    before = time.monotonic()
    for _ in range(3):
        assert tell(delivery(), mail_url(port)).ok
    assert len(mailbox.mails) == 4
    assert time.monotonic() - before < 5  # a kept Apprise object sleeps 5.5 s between mails


def test_a_refused_recipient_is_a_failure(smtp: tuple[Mailbox, int]) -> None:
    mailbox, port = smtp
    outcome = tell(delivery(person="refused"), mail_url(port))
    assert (outcome.ok, outcome.permanent) == (False, False)
    assert mailbox.mails == []


def test_a_web_receiver_gets_the_text_and_the_key(receiver: Any) -> None:
    assert tell(delivery(), f"json://127.0.0.1:{receiver.server_port}/hook/{SECRET}/ok").ok
    ((_, headers, body),) = receiver.seen
    assert headers["Idempotency-Key"] == headers["X-Delivery-Id"] == "gr1:findings_open:mira:mail"
    sent = json.loads(body)
    assert sent["title"] == "Evidence is owed: aurora 2.1 at training-trigger"
    assert sent["type"] == "warning"
    assert f"Open the gate: {LINK}" in sent["message"]


def test_the_key_is_added_beside_the_channels_own_headers(receiver: Any) -> None:
    document = delivery()
    document["idempotency_key"] = "a&b=c\r\nX-Evil: 1 ü"
    url = f"json://127.0.0.1:{receiver.server_port}/ok?+Authorization=Bearer%20{SECRET}"
    assert tell(document, url).ok
    ((_, headers, _),) = receiver.seen
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["X-Delivery-Id"] == "a&b=c__X-Evil:_1__"
    assert "X-Evil" not in headers


def test_a_receiver_that_fails_is_tried_again_later_and_once_at_a_time(receiver: Any) -> None:
    outcome = tell(delivery(), f"json://127.0.0.1:{receiver.server_port}/error")
    assert outcome == SendOutcome.failed("channel mail (json://…): refused by the receiver, or it cannot be reached")
    assert len(receiver.seen) == 1


def test_a_redirect_is_not_followed(receiver: Any) -> None:
    assert not tell(delivery(), f"json://127.0.0.1:{receiver.server_port}/redirect").ok
    assert [path for path, _, _ in receiver.seen] == ["/redirect"]


def test_a_receiver_that_does_not_exist_is_tried_again_later(free_port: Any) -> None:
    outcome = tell(delivery(), f"json://127.0.0.1:{free_port()}/x")
    assert (outcome.ok, outcome.permanent) == (False, False)


def test_a_receiver_that_hangs_ends_by_the_socket_time_out(receiver: Any) -> None:
    before = time.monotonic()
    outcome = tell(delivery(), f"json://127.0.0.1:{receiver.server_port}/hang?rto=0.5")
    assert (outcome.ok, outcome.permanent) == (False, False)
    assert time.monotonic() - before < 10


async def _send_dripped(receiver: Any, *, seconds: float) -> SendOutcome:
    channel = Channel("ops", "json", SecretStr(f"json://127.0.0.1:{receiver.server_port}/drip"))
    return await send_with_apprise(channel, Message("t", "b", "<p>b</p>"), key="k", severity="info", seconds=seconds)


def test_a_receiver_that_drips_ends_by_the_total_time_out(receiver: Any) -> None:
    tell(delivery(), f"json://127.0.0.1:{receiver.server_port}/ok")  # Apprise's first import is not what is timed
    before = time.monotonic()
    outcome = asyncio.run(_send_dripped(receiver, seconds=1))
    assert outcome == SendOutcome.failed("channel ops (json://…): no answer within 1 s; it may have arrived")
    assert time.monotonic() - before < 5  # and the loop closed: its thread holds nothing up


def test_hanging_sends_are_capped_and_free_their_place(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_slots", threading.BoundedSemaphore(1))
    assert "it may have arrived" in asyncio.run(_send_dripped(receiver, seconds=1)).reason
    assert "earlier sends still hang" in asyncio.run(_send_dripped(receiver, seconds=1)).reason
    receiver.released.set()
    _wait_for_senders()
    assert tell(delivery(), f"json://127.0.0.1:{receiver.server_port}/ok").ok


def test_the_loop_goes_on_while_a_send_waits(receiver: Any) -> None:
    async def longest_gap() -> float:
        sending = asyncio.create_task(_send_dripped(receiver, seconds=1))
        gap, last = 0.0, time.monotonic()
        while not sending.done():
            await asyncio.sleep(0.01)
            gap, last = max(gap, time.monotonic() - last), time.monotonic()
        return gap

    assert asyncio.run(longest_gap()) < 0.7


@pytest.mark.parametrize(
    "url",
    [
        f"nosuchscheme://{SECRET}@127.0.0.1/x",
        f"slack://{SECRET}",
        f"mailto://user:{SECRET}@",
        f"json://127.0.0.1/{SECRET}, json://127.0.0.1/other",
    ],
)
def test_a_url_that_is_not_one_channel_is_a_permanent_failure(url: str) -> None:
    outcome = tell(delivery(), url)
    assert outcome.permanent
    assert SECRET not in outcome.reason


@pytest.mark.parametrize(
    "url",
    [
        "json://user:{secret}@127.0.0.1:{port}/ok",
        "json://127.0.0.1:{port}/hooks/{secret}/error",
        "json://127.0.0.1:{port}/error?+Authorization=Bearer%20{secret}",
        "json://127.0.0.1:{port}/redirect?token={secret}",
        "json://127.0.0.1:{closed}/hooks/{secret}",
        "json://127.0.0.1:{port}/hooks/{secret}/hang?rto=0.2",
        "mailto://user:{secret}@127.0.0.1:{closed}?from=a@example.org&to=b@example.org",
        "nosuchscheme://{secret}@127.0.0.1/x",
        "mailto://user:{secret}@",
        "slack://{secret}",
        "json://[bad/{secret}",
        "{secret}",
    ],
)
def test_no_secret_reaches_a_log_or_a_reason(
    receiver: Any, free_port: Any, url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)  # the root and all that inherit from it
    filled = url.format(secret=SECRET, port=receiver.server_port, closed=free_port())
    outcome = tell(delivery(), filled)
    printed = capfd.readouterr()
    assert SECRET not in f"{outcome}{caplog.text}{printed.out}{printed.err}"


def test_a_plugin_that_raises_gives_a_reason_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import apprise

    def explode(*_: object, **__: object) -> bool:
        raise RuntimeError(f"could not reach https://{SECRET}@example.org")

    monkeypatch.setattr(apprise.Apprise, "notify", explode)  # no real plugin raises on demand
    outcome = tell(delivery(), "json://127.0.0.1:9/x")
    assert outcome == SendOutcome.failed("channel mail (json://…): the sender failed (RuntimeError)")


def test_many_deliveries_at_once_arrive_or_are_told_to_wait(receiver: Any) -> None:
    url = SecretStr(f"json://127.0.0.1:{receiver.server_port}/ok")

    async def all_at_once() -> list[SendOutcome]:
        return await asyncio.gather(*(send(delivery(person=f"p{n}"), {"mail": url}) for n in range(40)))

    outcomes = asyncio.run(all_at_once())
    waiting = [o for o in outcomes if not o.ok]
    assert all("earlier sends still hang" in o.reason and not o.permanent for o in waiting)
    assert len(receiver.seen) == len(outcomes) - len(waiting) >= bounded.MAX_THREADS
