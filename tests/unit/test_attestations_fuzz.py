"""Whatever bytes come as an envelope, a bundle or a statement: an extraction, or UnreadableError."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from signed_files import BOTH, IN_TOTO, SIGNING, read_signed

from pratique.canonical import digest_of
from pratique.collectors import UnreadableError, build_registry
from pratique.collectors.collector import HEAD_BYTES
from pratique.collectors.in_toto import InTotoCollector
from pratique.domain.evidence import Extraction

_FILES = [*sorted(IN_TOTO.glob("*.dsse.json")), *sorted(IN_TOTO.glob("*.statement.json")), SIGNING / "model.sig"]
_SHAPE = Draft202012Validator(dict(InTotoCollector.facts_schema))
_BOUNDED = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**20), max_value=10**20)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "a\0b", "x" * 3000, "PASSED", "2026-11-20T11:22:33Z", "AAAA", "1" * 64]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(path: Path) -> Extraction | None:
    try:
        found = read_signed(path)
    except UnreadableError as refused:
        refused.message.encode()
        return None
    digest_of(dict(found.facts))
    assert list(_SHAPE.iter_errors(dict(found.facts))) == []
    assert found.complete or found.incomplete_reason
    assert found.complete <= found.facts["verified"]
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(p for key, item in value.items() for p in places(item, (*path, key)))]
    if isinstance(value, list):
        return [path, *(p for index, item in enumerate(value) for p in places(item, (*path, index)))]
    return [path]


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    changed = copy.deepcopy(document)
    for path in draw(st.lists(st.sampled_from([p for p in places(document) if p]), min_size=1, max_size=4)):
        target = changed
        try:
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = draw(_VALUES)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return changed


@pytest.mark.parametrize("path", _FILES, ids=lambda p: p.name)
def test_a_file_cut_anywhere_is_unreadable(tmp_path: Path, path: Path) -> None:
    data = path.read_bytes()
    assert read(path) is not None
    for part in range(16):
        cut = tmp_path / "cut"
        cut.write_bytes(data[: len(data.rstrip()) * part // 16])
        assert read(cut) is None


@_BOUNDED
@given(data=st.data())
def test_any_mutated_document_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(_FILES))
    path = tmp_path / "mutated"
    path.write_text(json.dumps(data.draw(mutated(json.loads(source.read_text())))))
    read(path)


@_BOUNDED
@given(data=st.data())
def test_any_mutated_payload_is_read_or_refused_and_never_verified(tmp_path: Path, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([path for path in _FILES if "statement" not in path.name]))
    document = json.loads(source.read_text())
    inner = document.get("dsseEnvelope", document)
    payload = json.loads(base64.b64decode(inner["payload"]))
    changed = data.draw(mutated(payload))
    inner["payload"] = base64.b64encode(json.dumps(changed).encode("utf-8", "surrogatepass")).decode()
    path = tmp_path / "mutated"
    path.write_text(json.dumps(document))
    found = read(path)
    # The bytes differ from those that were signed even where the value is the same, but for the samples' own spelling.
    assert found is None or json.dumps(changed) == json.dumps(payload) or not found.complete


@_BOUNDED
@given(data=st.binary(max_size=200), prefix=st.sampled_from([b"", b'{"payloadType":"application/vnd.in-toto+json",']))
def test_any_bytes_are_refused(tmp_path: Path, data: bytes, prefix: bytes) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(prefix + data)
    assert read(path) is None
    build_registry(trusted_keys=BOTH).candidates((prefix + data)[:HEAD_BYTES], "a.dsse.json")
