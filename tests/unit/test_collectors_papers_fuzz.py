"""Whatever stands in a document of a known format: an extraction that the ledger takes, or UnreadableError."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from paper_files import REGISTRY, SAMPLES, read_or_refuse

from pratique.collectors import HEAD_BYTES, schema_of
from pratique.collectors.jsonhead import json_head

_BOUNDED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**15, max_value=10**320)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "\ud800", "a\0b", "NaN", "77.1%", "1e400", "1_000", "approved", "closed", "sha256", "x" * 3000,
            "2026-11-23T14:00:00Z", "2026-11-23T14:00:00", "9999-12-31T23:59:59-23:59", "https://spdx.org/rdf/3.0.1/a",
        ]
    )
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
_JSON = {name: json.loads((DATA / name).read_text()) for name in SAMPLES if name.endswith(".json")}
_TEXTS = [name for name in SAMPLES if name.endswith((".csv", ".md", ".yaml", ".txt"))]
_PACKED = ["documents/report.pdf", "documents/adopted.docx"]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(p for key, item in value.items() for p in _places(item, (*path, key)))]
    if isinstance(value, list):
        return [path, *(p for index, item in enumerate(value[:4]) for p in _places(item, (*path, index)))]
    return [path]


_PLACES = {name: [place for place in _places(document) if place] for name, document in _JSON.items()}


@st.composite
def _mutated(draw: st.DrawFn, name: str) -> Any:
    """The document with some values replaced, removed or doubled, anywhere."""
    changed = copy.deepcopy(_JSON[name])
    for path in draw(st.lists(st.sampled_from(_PLACES[name]), min_size=1, max_size=5)):
        target = changed
        try:
            for key in path[:-1]:
                target = target[key]
            way = draw(st.integers(min_value=0, max_value=2))
            if way == 0:
                target[path[-1]] = draw(_VALUES)
            elif way == 1:
                del target[path[-1]]
            else:
                target[path[-1]] = [target[path[-1]], copy.deepcopy(target[path[-1]])]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return changed


def _check(path: Path, filename: str) -> None:
    found = read_or_refuse(path, filename)
    if found is None:
        return
    collector = REGISTRY.get(found.collector)
    assert collector is not None
    assert [e.message for e in Draft202012Validator(schema_of(collector)).iter_errors(dict(found.facts))] == []
    if found.complete and found.planned is not None and found.done is not None:
        assert found.done >= found.planned
    if found.subject_digest is not None:
        assert len(found.subject_digest) == 64


@pytest.mark.parametrize("name", sorted(_JSON))
@_BOUNDED
@given(data=st.data())
def test_any_json_like_a_sample_is_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / "document"
    path.write_text(json.dumps(data.draw(_mutated(name))))
    _check(path, Path(name).name)


@st.composite
def _torn(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes with pieces cut out, doubled or overwritten."""
    found = bytearray(whole)
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        start = draw(st.integers(min_value=0, max_value=max(0, len(found) - 1)))
        end = min(len(found), start + draw(st.integers(min_value=0, max_value=60)))
        piece = draw(
            st.sampled_from([b"", b"\0", b"\n---\n", b": ", b"&a *a", b",,", b'"', b"\xff", b"1e999", b"-5", b"#"])
        )
        found[start:end] = piece if draw(st.booleans()) else bytes(found[start:end]) * 2
    return bytes(found)


@pytest.mark.parametrize("name", [*_TEXTS, *_PACKED])
@_BOUNDED
@given(data=st.data())
def test_any_bytes_like_a_sample_are_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / "document"
    path.write_bytes(data.draw(_torn((DATA / name).read_bytes())))
    _check(path, Path(name).name)


@_BOUNDED
@given(head=st.binary(max_size=HEAD_BYTES) | st.text(alphabet='{}[]":,\\a1 \n').map(str.encode))
def test_the_beginning_of_any_file_is_looked_at_without_trouble(head: bytes) -> None:
    seen = json_head(head)
    assert seen.whole is (len(head) < HEAD_BYTES)
    for collector in REGISTRY:
        assert int(collector.sniff(head, "x.json")) <= 2


@_BOUNDED
@given(document=st.dictionaries(st.text(max_size=6), _VALUES, max_size=6))
def test_the_outermost_members_are_those_of_the_document(document: dict[str, Any]) -> None:
    text = json.dumps(document).encode()
    found = json_head(text)
    if found.whole:
        assert list(found.members) == [json.dumps(name)[1:-1] for name in document]


def test_members_further_inside_are_not_taken_for_outermost_ones() -> None:
    found = json_head(b'\xef\xbb\xbf {"a": {"bomFormat": "CycloneDX"}, "b": ["x", {"c": 1}], "d" : "e:f", "g": -1.5')
    assert dict(found.members) == {"a": "{", "b": "[", "d": '"e:f"', "g": "-1.5"}
    assert found.text("d") == "e:f"
    assert found.text("g") == ""
    inside = json_head(b'[{"state": "approved", "user": {}}, {"other": 1}]')
    assert dict(inside.members) == {"state": '"approved"', "user": "{"}
    assert json_head(b'"text"').opening == ""
