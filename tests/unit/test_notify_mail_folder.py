from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from notify_samples import LINK, delivery
from pydantic import SecretStr

from pratique.notify import SendOutcome, send


def write(folder: Path | str, document: dict[str, Any]) -> SendOutcome:
    return asyncio.run(send({**document, "channel": "demo"}, {"demo": SecretStr(f"mailfolder://{folder}")}))


def read(path: Path) -> EmailMessage:
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def test_a_notice_becomes_a_readable_mail_file(tmp_path: Path) -> None:
    assert write(tmp_path / "mails", delivery()).ok
    (path,) = (tmp_path / "mails").iterdir()
    assert path.name == "20261123T140000Z-mira-findings_open.eml"
    mail = read(path)
    assert mail["To"] == "Mira <mira@example.org>"
    assert mail["From"] == "Pratique <pratique@pratique.invalid>"
    assert mail["Subject"] == "Evidence is owed: aurora 2.1 at training-trigger"
    assert mail["Date"] == "Mon, 23 Nov 2026 14:00:00 +0000"
    assert mail["Message-ID"] == "<019abc-1@pratique.invalid>"
    assert mail["X-Delivery-Id"] == "gr1:findings_open:mira:mail"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert LINK in path.read_text()  # readable without a mail program


def test_sending_again_adds_no_second_file(tmp_path: Path) -> None:
    document = delivery()
    document["idempotency_key"] = "k" * 190  # longer than a header line
    assert [write(tmp_path, document).ok for _ in range(3)] == [True] * 3
    assert len(list(tmp_path.iterdir())) == 1


def test_two_gates_opened_by_one_event_give_two_mails(tmp_path: Path) -> None:
    other = {**delivery(gate="placement"), "idempotency_key": "gr2:findings_open:mira:mail"}
    for document in (delivery(), other, other):
        assert write(tmp_path, document).ok
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "20261123T140000Z-mira-findings_open-2.eml",
        "20261123T140000Z-mira-findings_open.eml",
    ]


def test_the_folder_may_differ_by_person_and_hold_odd_characters(tmp_path: Path) -> None:
    assert write(f"{tmp_path}/a%20b/{{person}}?from=gates@example.org", delivery()).ok
    (path,) = (tmp_path / "a b" / "mira").iterdir()
    assert read(path)["From"] == "Pratique <gates@example.org>"


@pytest.mark.parametrize(
    "hostile", ["Mira\r\nBcc: all@example.org", "<script>", "x" * 5_000, "Zoë 中 \U0001f6a2", '"a, b" <c@d>']
)
def test_hostile_names_stay_inside_their_header(tmp_path: Path, hostile: str) -> None:
    document = delivery(title=hostile, model=hostile)
    document["recipient"]["name"] = hostile
    assert write(tmp_path, document).ok
    mail = read(next(tmp_path.iterdir()))
    assert set(mail.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "X-Delivery-Id",
        "MIME-Version",
        "Content-Type",
    }
    assert mail["To"].addresses[0].addr_spec == "mira@example.org"
    assert len(mail["To"].addresses) == 1


@pytest.mark.parametrize("email", [None, "a@b,c@d", "mira\r\nBcc: x@y", "mïra@example.org"])
def test_a_person_without_a_usable_address_is_written_to_all_the_same(tmp_path: Path, email: str | None) -> None:
    document = delivery()
    document["recipient"]["email"] = email
    assert write(tmp_path, document).ok
    assert read(next(tmp_path.iterdir()))["To"].addresses[0].addr_spec == "mira@pratique.invalid"


@pytest.mark.parametrize("url", ["relative/folder", "/", ""])
def test_a_folder_that_is_not_absolute_is_refused(url: str) -> None:
    outcome = write(url, delivery())
    assert outcome == SendOutcome.refused("channel demo (mailfolder://…): expected mailfolder:///absolute/folder")


def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = write(tmp_path / "file", delivery())
    assert outcome == SendOutcome.failed("channel demo (mailfolder://…): the folder cannot be written (File exists)")


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    write(tmp_path, delivery())
    assert [p for p in tmp_path.iterdir() if p.suffix != ".eml"] == []
