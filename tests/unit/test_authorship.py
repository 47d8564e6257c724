"""Who counts as the author of a part of a profile."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.domain.authorship import authors_after, changed_parts, member_of

MANY = {"known_as": ["a", "b", "c", "d"], "attributes": {"team": "x"}}


@pytest.mark.parametrize(
    ("was", "now", "parts"),
    [
        ({"open_source": False}, {"open_source": True}, ["open_source"]),
        ({"open_source": True}, {"open_source": True}, []),
        ({"known_as": ["a"]}, {"known_as": ["b"]}, ["known_as[a]", "known_as[b]"]),
        ({"known_as": ["a", "b"]}, {"known_as": ["b", "a"]}, ["known_as order by mira"]),
        ({"known_as": ["a"]}, {"known_as": ["a", "a"]}, ["known_as order by mira"]),
        ({"known_as": ["a", "b"]}, {"known_as": ["c", "a", "b"]}, ["known_as[c]"]),
        ({"attributes": {"n": 1}}, {"attributes": {"n": True}}, ["attributes.n"]),
        ({"attributes": {"n": 1, "m": 2}}, {"attributes": {"m": 2, "o": 3}}, ["attributes.n", "attributes.o"]),
        ({}, {"modalities": ["text"]}, ["modalities"]),
    ],
)
def test_the_parts_that_differ(was: dict[str, Any], now: dict[str, Any], parts: list[str]) -> None:
    assert changed_parts(was, now, "mira") == parts


@pytest.mark.parametrize("part", ["known_as", "known_as[x.y] attributes.z", "known_as order by mira", "known_as.a[b]"])
def test_a_part_belongs_to_its_member_whatever_its_item_is_called(part: str) -> None:
    assert member_of(part) == "known_as"


def test_who_set_a_list_as_a_whole_stays_when_others_change_items() -> None:
    authors = authors_after({"known_as": "mira"}, was=MANY, now={**MANY, "known_as": ["e"]}, by="jonas")
    assert authors["known_as"] == "mira"
    assert authors["known_as[e]"] == "jonas"


def test_who_put_a_list_in_order_stays_when_others_do_so_too() -> None:
    first = {**MANY, "known_as": ["b", "a", "c", "d"]}
    authors = authors_after({}, was=MANY, now=first, by="mira")
    authors = authors_after(authors, was=first, now={**MANY, "known_as": ["b", "a", "d", "c"]}, by="jonas")
    assert set(authors.values()) == {"mira", "jonas"}
