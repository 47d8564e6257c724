"""Facts keep their shape, and every one of them becomes rows in one way."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import AT, EXAMPLES, fixed_id

import pratique.store.tables  # noqa: F401 - registers the tables
from pratique.canonical import canonical_json
from pratique.domain.entries import FACTS, Fact
from pratique.errors import IntegrityError
from pratique.store import projection
from pratique.store.changes import Insert, key_column, table_named
from pratique.store.journal import make_entry
from pratique.store.projection import project
from pratique.store.tables import PROJECTED

GOLDEN = Path(__file__).parent.parent / "data" / "entries"
BY_TAG = {fact.tag: fact for fact in EXAMPLES}


def body_of(fact: Fact) -> bytes:
    return make_entry(fact, entry_id=fixed_id(0xE0), at=AT, actor="token:ci").body


def test_every_fact_class_has_an_example_a_golden_file_and_a_projector() -> None:
    names = {tag.replace(":", ".") for tag in FACTS}
    assert set(BY_TAG) == set(FACTS) == set(projection._PROJECTORS)
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.json" for name in names}


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: fact.tag)
def test_an_entry_has_the_bytes_of_its_golden_file(fact: Fact) -> None:
    # A change here makes old ledgers read otherwise: a new member needs a default, a new meaning a new version.
    assert body_of(fact) == (GOLDEN / f"{fact.tag.replace(':', '.')}.json").read_bytes()


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: fact.tag)
def test_the_examples_leave_no_member_out(fact: Fact) -> None:
    assert set(fact.values()) == {member.name for member in fields(fact)}


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: fact.tag)
def test_a_fact_changes_only_columns_that_exist_and_an_insert_names_them_all(fact: Fact) -> None:
    for change in project(fact.tag, fact.values(), AT):
        columns = set(table_named(change.table).columns.keys())
        if isinstance(change, Insert):
            assert set(change.values) == columns
        else:
            assert set(change.values) <= columns - {key_column(table_named(change.table))}


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: fact.tag)
def test_what_is_projected_when_written_is_projected_from_the_stored_bytes(fact: Fact) -> None:
    stored: dict[str, Any] = json.loads(body_of(fact))
    assert project(stored["tag"], stored["values"], stored["at"]) == project(fact.tag, fact.values(), AT)


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: fact.tag)
def test_optional_members_may_be_absent(fact: Fact) -> None:
    needed = {m.name for m in fields(fact) if m.default is not None}
    project(fact.tag, {name: value for name, value in fact.values().items() if name in needed}, AT)


def test_every_projected_table_is_made_by_a_fact() -> None:
    made = {c.table for f in EXAMPLES for c in project(f.tag, f.values(), AT) if isinstance(c, Insert)}
    assert made == {row.__tablename__ for row in PROJECTED}


def test_an_unknown_tag_is_refused_by_name() -> None:
    with pytest.raises(IntegrityError, match="'gate:run:teleported' is unknown"):
        project("gate:run:teleported", {}, AT)


def test_an_entry_body_is_canonical_and_holds_exactly_its_members() -> None:
    for fact in EXAMPLES:
        stored = json.loads(body_of(fact))
        assert canonical_json(stored) == body_of(fact)
        assert set(stored) == {"id", "at", "tag", "actor", "subject", "v", "values"}
