"""Files from strangers: cut, damaged, doubled, inflated. The only error is UnreadableError."""

from __future__ import annotations

import json
import random
import resource
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from backports import zstd
from eval_files import DATA, INSPECT, SANDBOX, changed, members, pack, pack_zstandard, read, zeros

from pratique.collectors import UnreadableError, build_registry, read_evidence
from pratique.errors import UnavailableError

_SAMPLES = sorted(p for folder in ("inspect", "lm_eval") for p in (DATA / folder).rglob("*.*") if p.suffix != ".md")


def _refusal(path: Path, filename: str | None = None) -> str:
    with pytest.raises(UnreadableError) as refused:
        read(path, filename)
    return refused.value.message


@pytest.mark.parametrize("sample", _SAMPLES, ids=[p.name if p.name != "results.json" else str(p) for p in _SAMPLES])
def test_a_file_cut_anywhere_is_refused(sample: Path, tmp_path: Path) -> None:
    whole = sample.read_bytes()
    cut = tmp_path / sample.name
    for sixteenth in range(16):
        cut.write_bytes(whole[: len(whole) * sixteenth // 16])
        _refusal(cut)
    cut.write_bytes(whole[:-1])
    _refusal(cut)


@pytest.mark.parametrize("sample", sorted(INSPECT.glob("*.eval")), ids=lambda p: p.stem)
def test_a_flipped_byte_is_refused_or_changes_nothing(sample: Path, tmp_path: Path) -> None:
    whole, truth = sample.read_bytes(), read(sample)
    path = tmp_path / "flipped.eval"
    picks = random.Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[picks.randrange(len(whole))] ^= 1 << picks.randrange(8)
        path.write_bytes(damaged)
        try:
            found = read(path)
        except UnreadableError:
            continue
        assert found.facts["metrics"] == truth.facts["metrics"]
        assert not found.complete or found.facts == truth.facts


@pytest.mark.parametrize("name", ["x.eval", "x.json", "x.yaml", "x.bin", "", "../../etc/passwd\n.eval", "\ud800.json"])
@pytest.mark.parametrize("size", [0, 1, 7, 4096, 100_000])
def test_garbage_is_refused_under_every_name(tmp_path: Path, name: str, size: int) -> None:
    path = tmp_path / "garbage"
    for start in (b"", b"PK\x03\x04", b"{", b'{"version": 2, "status": ', b'{"results": {', b"PK\x05\x06"):
        path.write_bytes((start + random.Random(size).randbytes(size))[:size])
        message = _refusal(path, name)
        assert "\n" not in message
        message.encode()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"version": 2, "status": "success", "eval": ' + "[" * 100_000,
        '{"results": {"a": ' + "9" * 5000 + '}, "configs": {"a": {}}}',
        '{"results": {"a": {}}, "configs": {"a": {}}, "model_name": "\\ud800"}',
        '{"results": {"a": {}}, "results": {"b": {}}, "configs": {"a": {}}, "model_name": "m"}',
        '{"results": {"a": {}}, "configs": {"a": {}}} trailing',
        '{"version": 2, "status": "success", "status": "error", "eval": {"model": "m", "task": "t"}}',
        '{"version": 2, "status": "success", "eval": {"model": "m", "task": "t"}, "samples": 3}',
        '{"version": 2, "status": "success", "eval": {"model": "m\\u0000evil", "task": "t"}}',
        '{"version": 2, "status": "success", "eval": []}',
        "null",
        "3",
        '"text"',
        "[]",
        "{}",
        "\ufeff{}",
        "\0",
    ],
)
@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_json_that_is_no_evidence_is_refused(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    _refusal(path, name)


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    better = changed(SANDBOX, "header.json", tags=["second"])["header.json"]
    path = pack(tmp_path / "two.eval", [*members(SANDBOX).items(), ("header.json", better)])
    assert "header.json stands in it twice" in _refusal(path)


@pytest.mark.parametrize("name", ["../header.json", "/etc/passwd", "samples/../../x.json", "a\\..\\b"])
def test_a_member_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "out.eval", [*members(SANDBOX).items(), (name, b"{}")])
    assert "leads out of the archive" in _refusal(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.eval"]


def test_a_member_whose_own_header_has_another_name_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "names.eval", members(SANDBOX).items(), zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("header.json").header_offset + 30
    data[at : at + 6] = b"hidden"
    path.write_bytes(data)
    assert "names another file than the directory does" in _refusal(path)


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "crc.eval", members(SANDBOX).items(), zipfile.ZIP_STORED)
    data = path.read_bytes()
    at = data.index(b'"status":"success"')
    path.write_bytes(data[: at + 10] + b"S" + data[at + 11 :])
    assert "checksum differs" in _refusal(path)


def test_deflated_and_stored_logs_are_read_too(tmp_path: Path) -> None:
    truth = read(SANDBOX).facts
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        assert read(pack(tmp_path / "older.eval", members(SANDBOX).items(), method)).facts == truth


def test_another_compression_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "lzma.eval", members(SANDBOX).items(), zipfile.ZIP_LZMA)
    assert "compression method 14 found" in _refusal(path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "locked.eval", members(SANDBOX).items())
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in _refusal(path)


def test_a_zip_that_is_no_log_is_refused(tmp_path: Path) -> None:
    assert "expected an Inspect log" in _refusal(pack(tmp_path / "photos.zip", [("a.txt", b"a")]))


@pytest.mark.parametrize("declared", [300 * 2**20, 1000])
def test_a_header_that_inflates_to_300_mb_is_refused_in_little_memory(tmp_path: Path, declared: int) -> None:
    packed, crc = zeros(300 * 2**20)
    path = pack_zstandard(tmp_path / "bomb.eval", "header.json", packed, size=declared, crc=crc)
    assert path.stat().st_size < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = _refusal(path)
    assert "at most" in message or "inflates beyond the 1000 bytes" in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


def test_a_deflate_bomb_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "bomb.eval", [("header.json", bytes(50 * 2**20))])
    assert "at most 16777216 expected" in _refusal(path)


def test_a_deflate_body_longer_than_declared_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "long.eval", [("header.json", b'{"version": 2}' + b" " * 1000)])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 14)
    path.write_bytes(data)
    assert "inflates beyond the 14 bytes" in _refusal(path)


def test_a_body_of_many_empty_frames_is_refused(tmp_path: Path) -> None:
    frames = zstd.compress(b"") * 10_000
    path = pack_zstandard(tmp_path / "frames.eval", "header.json", frames, size=0, crc=0)
    _refusal(path)


def test_a_body_of_several_frames_is_read(tmp_path: Path) -> None:
    header = members(SANDBOX)["header.json"]
    packed = zstd.compress(header[:500]) + zstd.compress(header[500:])
    path = pack_zstandard(tmp_path / "two.eval", "header.json", packed, size=len(header), crc=zlib.crc32(header))
    assert read(path).facts["task"] == "sandboxed"


@pytest.mark.parametrize("size", [2**31, 2**32 - 2])
def test_a_directory_that_claims_to_be_huge_is_refused(tmp_path: Path, size: int) -> None:
    path = pack(tmp_path / "huge.eval", members(SANDBOX).items())
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x05\x06") + 12
    data[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(data)
    assert "directory is larger" in _refusal(path)


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.eval"
    path.write_bytes(b"PK\x05\x06" + bytes(18))
    _refusal(path)


def _with_sample(tmp_path: Path, body: bytes, count: int = 1) -> Path:
    extra = [(f"samples/extra{number}_epoch_1.json", body) for number in range(count)]
    return pack(tmp_path / "fat.eval", [*members(SANDBOX).items(), *extra])


@pytest.mark.parametrize(
    ("mebibytes", "why"), [(15, "at most 8388608 expected"), (7, "lists and objects found, at most 250000 expected")]
)
def test_samples_of_empty_lists_are_refused_in_little_memory(tmp_path: Path, mebibytes: int, why: str) -> None:
    body = b'{"provenance": [' + b"[]," * (mebibytes * 2**20 // 3 - 10) + b"[]]}"
    path = _with_sample(tmp_path, body, count=4)
    del body
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert why in _refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


def test_a_large_sample_without_an_edit_is_looked_through_and_not_parsed(tmp_path: Path) -> None:
    found = read(_with_sample(tmp_path, b'{"messages": ["' + b"x" * 20 * 2**20 + b'"]}'))
    assert found.facts["edits"] == {"scores": 0, "log": 0}


def test_an_edit_is_found_wherever_the_pieces_meet(tmp_path: Path) -> None:
    for shift in range(-20, 3):
        padding = b"x" * (2**20 - len(b'{"m": "", ') + shift)
        body = b'{"m": "' + padding + b'", "invalidation": {"author": "a"}}'
        assert read(_with_sample(tmp_path, body)).facts["edits"]["scores"] == 0
        assert "1 samples were invalidated" in (read(_with_sample(tmp_path, body)).incomplete_reason or "")


def test_a_json_log_beyond_the_cap_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.write(b'{"version": 2, "status": "success", "eval": {')
        file.truncate(200 * 2**20)  # sparse
    assert "at most 33554432 expected" in _refusal(path)


def test_too_many_facts_are_refused(tmp_path: Path) -> None:
    results = {f"task_{n}": {"alias": "x", "acc,none": 0.5} for n in range(5000)}
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": results, "configs": {"a": {}}, "model_name": "m"}))
    assert "bytes of facts found, at most 65536 expected" in _refusal(path)


def test_a_long_list_of_samples_is_walked_in_little_memory(tmp_path: Path) -> None:
    sample = {"id": 1, "epoch": 1, "scores": {"s": {"value": "C"}}, "messages": ["word " * 20] * 500}
    header = '{"version": 2, "status": "success", "eval": {"model": "m", "task": "t", "dataset": {"samples": 1}}'
    path = tmp_path / "long.json"
    path.write_text(header + ', "samples": [' + ", ".join([json.dumps(sample)] * 500) + "]}")
    found = read(path)
    assert found.facts["samples"]["logged"] == 500
    assert "499 samples stand in the log twice" in (found.incomplete_reason or "")


def test_a_message_names_the_file_and_no_content(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_text('{"version": 2, "status": "success", "eval": {"secret": "hunter2" oops')
    message = _refusal(path, "nightly run.json")
    assert message.startswith("nightly run.json: Inspect log: not whole JSON at line 1")
    assert "hunter2" not in message


def test_a_missing_file_is_the_disks_trouble_and_not_the_contents(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="could not be read"):
        read_evidence(tmp_path / "gone", "x.eval", build_registry())
