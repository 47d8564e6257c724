import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pratique.canonical import (
    MAX_SAFE_INTEGER,
    canonical_json,
    canonical_object,
    canonical_texts,
    digest_of,
    sha256_hex,
    stored_json,
)
from pratique.errors import InvalidInputError

texts = st.text(
    st.characters(codec="utf-8", max_codepoint=0x2FFF) | st.sampled_from('\0\x1f\x7f\u2028\U0001f6a6\\"/'), max_size=8
)
safe = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
plain = st.recursive(
    st.none() | st.booleans() | safe | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('abAB_\x00"\\ 09', max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)
anything = st.recursive(
    st.none() | st.booleans() | safe | texts | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_plain_values_have_the_bytes_of_rfc_8785(value):
    assert canonical_json(value) == rfc8785.dumps(value)


@given(st.lists(st.lists(texts | st.none(), max_size=4), max_size=4))
def test_rows_of_text_have_the_bytes_of_rfc_8785(rows):
    assert canonical_texts(rows) == rfc8785.dumps(rows)


def test_a_lone_surrogate_in_a_row_has_no_canonical_form():
    with pytest.raises(InvalidInputError, match="no canonical JSON form"):
        canonical_texts([["a", "\ud800"]])


@given(st.dictionaries(st.sampled_from(["gate_run", "gates", "a", "B", "_", "weights_at"]), anything))
def test_an_object_made_of_canonical_members_has_the_bytes_of_rfc_8785(members):
    written = {name: canonical_json(value) for name, value in members.items()}
    assert canonical_object(**written) == rfc8785.dumps(members)


@given(anything)
def test_floats_and_any_keys_have_the_bytes_of_rfc_8785(value):
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (1e-7, b"1e-7"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
        (5e-324, b"5e-324"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (0.1 + 0.2, b"0.30000000000000004"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(number, text):
    assert canonical_json(number) == text
    assert canonical_json([number, "x"]) == b"[" + text + b',"x"]'


def test_keys_are_in_utf16_order():
    value = {"\U0001f600": 1, "\ufb33": 2, "a": 3}
    assert canonical_json(value) == '{"a":3,"\U0001f600":1,"\ufb33":2}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        MAX_SAFE_INTEGER + 1,
        -MAX_SAFE_INTEGER - 1,
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {"a": b"bytes"},
        object(),
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(InvalidInputError):
        canonical_json(value)
    with pytest.raises(InvalidInputError):
        canonical_json({"deep": [value, 1.5]})


def test_a_cycle_is_refused():
    cycle = []
    cycle.append(cycle)
    with pytest.raises(InvalidInputError):
        canonical_json(cycle)


def test_the_digest_is_that_of_the_canonical_bytes():
    value = {"b": 1, "a": [True, None, "é"]}
    assert digest_of(value) == sha256_hex(canonical_json(value)) == hashlib.sha256(canonical_json(value)).hexdigest()
    assert digest_of({"a": [True, None, "é"], "b": 1}) == digest_of(value)


@given(st.floats(min_value=0.0005, max_value=2e15) | st.floats(min_value=-2e15, max_value=-0.0005))
def test_floats_of_usual_size_have_the_bytes_of_rfc_8785(value):
    assert canonical_json({"score": value}) == rfc8785.dumps({"score": value})


@given(st.floats(min_value=2.0**53, max_value=1e300) | st.integers(2**53, 2**70).map(float))
def test_a_whole_float_that_was_stored_comes_back_as_it_was(number):
    for value in (number, -number, {"flop": [number, {"x": "1" * 20}]}):
        assert stored_json(canonical_json(value)) == value
        assert canonical_json(stored_json(canonical_json(value).decode())) == canonical_json(value)


def test_digits_in_text_stay_text():
    assert stored_json('{"a":"12345678901234567890","b":9007199254740991}') == {
        "a": "12345678901234567890",
        "b": MAX_SAFE_INTEGER,
    }
