"""The schema of schemas in one piece finds what the published one finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pratique.regimes.metaschema import META, is_plain

PUBLISHED = Draft202012Validator(Draft202012Validator.META_SCHEMA)
SHIPPED = sorted((Path(__file__).resolve().parents[2] / "config" / "facts").glob("*.json"))
KEYWORDS = sorted({*json.loads(json.dumps(META.schema["properties"])), "unknown"})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["object", "strin", "#/$defs/a", "a(", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=3),
    max_leaves=12,
)


def found(validator: Any, schema: Any) -> set[tuple[str, str]]:
    return {("/".join(map(str, e.absolute_path)), e.message) for e in validator.iter_errors(schema)}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_it_accepts_what_is_shipped(path: Path) -> None:
    assert found(META, json.loads(path.read_text())) == set()


@given(schema=st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=5))
def test_it_finds_what_the_published_one_finds(schema: dict[str, Any]) -> None:
    assert found(META, schema) == found(PUBLISHED, schema)


def test_it_finds_a_misspelt_type_deep_inside() -> None:
    schema = {"properties": {"a": {"items": {"type": "strin"}}}}
    assert [where for where, _ in found(META, schema)] == ["properties/a/items/type"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_is_shipped_is_plain(path: Path) -> None:
    assert is_plain(json.loads(path.read_text()))


@given(schema=st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=3))
def test_what_is_plain_is_sound(schema: dict[str, Any]) -> None:
    assert not is_plain(schema) or found(META, schema) == set()


@pytest.mark.parametrize("path", SHIPPED[:6], ids=lambda path: path.name)
@given(data=st.data())
def test_one_changed_value_is_plain_only_where_it_is_sound(path: Path, data: st.DataObject) -> None:
    schema = json.loads(path.read_text())
    inner = schema
    while True:  # down to some place in it
        key = data.draw(st.sampled_from(sorted(inner)))
        if not isinstance(inner[key], dict) or not inner[key] or data.draw(st.booleans()):
            break
        inner = inner[key]
    inner[key] = data.draw(VALUES)
    assert not is_plain(schema) or found(META, schema) == set()
