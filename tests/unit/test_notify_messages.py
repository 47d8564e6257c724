from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from notify_samples import LINK, delivery

from pratique.notify import KINDS, Message, render
from pratique.notify.delivery import Delivery, one_line

HOSTILE = [
    "<script>alert(1)</script>",
    "a\r\nBcc: everyone@example.org\r\n\r\nbody",
    "x" * 5_000,
    "</td></table><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    'a" onmouseover="alert(1)',
    "\x00\x1b[31mred\x07",
    "safe\u202etxt.exe\u2066",
    "\ud800 lone",
    "line\u2028break",
]


class Shape(HTMLParser):
    """Collects what a mail client would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]


def message(**values: Any) -> Message:
    return render(Delivery.model_validate(delivery(**values)))


@pytest.mark.parametrize("kind", [*KINDS, "a_kind_of_tomorrow"])
def test_every_kind_says_what_waits_why_until_when_and_what_is_next(kind: str) -> None:
    sent = message(kind=kind)
    for body in (sent.text, sent.html):
        for expected in ("Mira,", "aurora 2.1", "training-trigger", "safety/1.2, safety/3.2", "2026-11-25 14:00 UTC"):
            assert expected in body
        assert "the trigger point that the Framework defines" in body
        assert "no evidence yet" in body
        assert "What happens next" in body


@pytest.mark.parametrize("kind", [*KINDS, "a_kind_of_tomorrow"])
def test_every_kind_holds_exactly_one_link(kind: str) -> None:
    sent = message(kind=kind)
    assert re.findall(r"https?://\S+", sent.text) == [LINK]
    assert Shape(sent.html).links == [LINK]


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_promises_more_than_was_shown(kind: str) -> None:
    sent = message(kind=kind)
    assert not re.search(r"compliant|compliance|conform|presum|guarantee", sent.text + sent.html, re.IGNORECASE)


def test_every_kind_has_words_of_its_own() -> None:
    first_lines = {message(kind=kind).text.split("\n")[2] for kind in (*KINDS, "a_kind_of_tomorrow")}
    assert len(first_lines) == len(KINDS) + 1


@pytest.mark.parametrize("kind", [*KINDS, "a_kind_of_tomorrow"])
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_shown_as_plain_words(kind: str, value: str) -> None:
    document = delivery(
        kind=kind, title=value, model=value, version=value, gate=value, state=value, why=value,
        measures=[value], next=value, reasons=[value] * 50,
    )  # fmt: skip
    document["recipient"]["name"] = value
    sent = render(Delivery.model_validate(document))
    shape, harmless = Shape(sent.html), Shape(message(kind=kind).html)
    assert set(shape.tags) <= set(harmless.tags)
    assert shape.attributes == harmless.attributes
    assert shape.links == [LINK]
    assert len(sent.subject) <= 150
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202e\u2066]", sent.subject)
    for body in (sent.text, sent.html):
        body.encode()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202e\u2066]", body)
        assert "\nBcc:" not in body
        assert len(body) < 200_000


def test_a_template_in_a_value_is_not_evaluated() -> None:
    assert "{{ 7 * 7 }}" in message(why="{{ 7 * 7 }}").text


def test_the_engines_own_words_replace_the_templates_next_step() -> None:
    assert "Ask Sam for the red team report." in message(next="Ask Sam for the red team report.").html
    assert "Submit the evidence." not in message(next="Ask Sam for the red team report.").text


def test_long_lists_are_counted_not_sent() -> None:
    sent = message(reasons=[f"finding {n}" for n in range(25)])
    assert "finding 19" in sent.text
    assert "finding 20" not in sent.text
    assert "and 5 more on the gate's page" in sent.text


def test_members_that_are_null_are_left_out() -> None:
    sent = message(due_at=None, why=None, measures=None, reasons=None, next=None, state=None)
    assert "Until:" not in sent.text
    assert "None" not in sent.text + sent.html


def test_an_empty_title_still_gives_a_subject() -> None:
    assert message(title=" \r\n ").subject == "Gate training-trigger"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://a b", "https://x/\r\nBcc:y", 'https://x/"onclick="'])
def test_a_link_that_is_no_web_address_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="link"):
        message(link=link)


def test_cutting_a_line_leaves_an_ellipsis() -> None:
    assert one_line("abc " * 100, limit=20) == "abc abc abc abc abc…"
