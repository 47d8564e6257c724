"""safetensors: what the header says of the tensors, which must cover the file exactly."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA
from hypothesis import given
from hypothesis import strategies as st
from mutation import BOUNDED, check, damaged, mutated

from pratique.collectors import UnreadableError, build_registry, read_evidence

MODEL = DATA / "weights/model.safetensors"
_NAME = "model.safetensors"


def _header() -> dict[str, Any]:
    data = MODEL.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    found: dict[str, Any] = json.loads(data[8 : 8 + length])
    return found


_HEADER = _header()
_DATA_BYTES = 6144


def _write(tmp_path: Path, header: Any, data_bytes: int = _DATA_BYTES, *, padding: int = 0) -> Path:
    raw = (header if isinstance(header, bytes) else json.dumps(header).encode()) + b" " * padding
    path = tmp_path / _NAME
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + bytes(data_bytes))
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(UnreadableError) as refused:
        read_evidence(path, _NAME, build_registry())
    return refused.value.message


def test_the_sample_is_read() -> None:
    found = check(MODEL, _NAME)
    assert found is not None
    assert found.complete
    assert (found.kind, found.planned, found.done, found.tool) == ("weights", 2, 2, None)
    assert found.subject_digest == hashlib.sha256(MODEL.read_bytes()).hexdigest()
    facts = found.facts
    assert (facts["tensors"], facts["parameters"], facts["bytes"]) == (2, 2048, 6144)
    assert facts["dtypes"] == {"F16": {"tensors": 1, "parameters": 1024}, "F32": {"tensors": 1, "parameters": 1024}}
    assert facts["metadata"]["gpai.model"] == "acme-7b-instruct"
    assert facts["weights_sha256"] == found.subject_digest


def test_a_padded_header_and_any_order_of_tensors_are_read(tmp_path: Path) -> None:
    turned = dict(reversed(_HEADER.items()))
    found = check(_write(tmp_path, turned, padding=7), _NAME)
    assert found is not None
    assert found.complete


def test_tensors_without_numbers_are_tensors(tmp_path: Path) -> None:
    header = {
        "scalar": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
        "empty": {"dtype": "F32", "shape": [0, 9], "data_offsets": [8, 8]},
        "nibbles": {"dtype": "F4", "shape": [4], "data_offsets": [8, 10]},
    }
    found = check(_write(tmp_path, header, 10), _NAME)
    assert found is not None
    assert found.facts["parameters"] == 1 + 0 + 4


def test_a_file_without_tensors_is_incomplete(tmp_path: Path) -> None:
    found = check(_write(tmp_path, {}, 0), _NAME)
    assert found is not None
    assert found.incomplete_reason == "the file holds no tensor"


def test_metadata_beyond_the_room_for_it_is_named_and_left_out(tmp_path: Path) -> None:
    metadata = {f"n{number}": "x" * 1500 for number in range(60)}
    found = check(_write(tmp_path, {**_HEADER, "__metadata__": metadata}), _NAME)
    assert found is not None
    assert found.complete
    assert found.facts["metadata_members"] == 60
    assert list(found.facts["metadata"]) == [f"n{number}" for number in range(7)]
    assert "metadata.n7" in found.facts["dropped"]


def _changed(**changes: Any) -> dict[str, Any]:
    return {**_HEADER, "embed.weight": {**_HEADER["embed.weight"], **changes}}


@pytest.mark.parametrize(
    ("header", "data_bytes", "reason"),
    [
        (_HEADER, _DATA_BYTES - 1, "its tensors take 6144 bytes, the file has 6143"),
        (_HEADER, _DATA_BYTES + 1, "its tensors take 6144 bytes, the file has 6145"),
        (_changed(data_offsets=[8, 4104]), 6144, "overlap or leave a hole at byte 0"),
        (_changed(data_offsets=[4096, 8192]), 8192, "overlap or leave a hole at byte 0"),
        (_changed(data_offsets=[4096, 0]), 6144, "do not fit its type and shape"),
        (_changed(data_offsets=[0, 4095]), 6144, "do not fit its type and shape"),
        (_changed(shape=[64, 17]), 6144, "do not fit its type and shape"),
        (_changed(shape=[-64, -16]), 6144, "not whole numbers"),
        (_changed(shape=[64.0, 16]), 6144, "not whole numbers"),
        (_changed(shape=[True] * 65), 6144, "not whole numbers"),
        (_changed(shape=[1] * 65), 6144, "not whole numbers, or too many"),
        (_changed(shape=None), 6144, "not whole numbers"),
        (_changed(data_offsets=[0]), 6144, "not whole numbers"),
        (_changed(dtype="F7"), 6144, "type F7 found"),
        (_changed(dtype=None), 6144, "no type found"),
        ({**_HEADER, "x": 3}, 6144, "is no JSON object"),
        ({**_HEADER, "__metadata__": {"a": 1}}, 6144, "metadata is not text by name"),
        ({**_HEADER, "__metadata__": ["a"]}, 6144, "metadata is not text by name"),
        (b'{"a": {}, "a": {}}', 0, "a key stands twice"),
        (b'{"a": NaN}', 0, "NaN"),
        (b'{"a"', 0, "not whole JSON"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: Any, data_bytes: int, reason: str) -> None:
    assert reason in _refusal(_write(tmp_path, header, data_bytes))


@pytest.mark.parametrize("length", [2**31, 17 * 2**20, 6500])
def test_a_header_longer_than_the_file_or_the_cap_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / _NAME
    path.write_bytes(struct.pack("<Q", length) + MODEL.read_bytes()[8:])
    assert f"a header of {length} bytes is declared" in _refusal(path)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = MODEL.read_bytes()
    path = tmp_path / _NAME
    for end in [*(len(whole) * n // 16 for n in range(16)), len(whole) - 1]:
        path.write_bytes(whole[:end])
        assert check(path, _NAME) is None


@BOUNDED
@given(header=mutated(_HEADER), data_bytes=st.sampled_from([0, 4096, _DATA_BYTES]))
def test_any_header_is_read_or_refused(tmp_path: Path, header: Any, data_bytes: int) -> None:
    found = check(_write(tmp_path, header, data_bytes), _NAME)
    if found is not None and found.complete:
        assert found.facts["bytes"] == data_bytes


@BOUNDED
@given(data=damaged(MODEL.read_bytes()))
def test_any_damaged_file_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / _NAME
    path.write_bytes(data)
    check(path, _NAME)
