"""Collectors of documents: every sample is known by its content, and no damage to it comes out as another error."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from eval_files import DATA
from jsonschema import Draft202012Validator
from paper_files import REGISTRY, SAMPLES, read, read_or_refuse, sample

from pratique.collectors import HEAD_BYTES, Collector, Confidence, UnreadableError, schema_of
from pratique.collectors import registry as registry_module

#: Those that no mark in the first bytes tells: the members of these stand in any order, texts have none.
_TOLD_LATE = {
    "cyclonedx/env-1.6.cdx.json",
    "cyclonedx/env-1.7.cdx.json",
    "training/pretrain.yaml",
    "documents/policy.md",
    "documents/minutes.txt",
}
#: Texts and tables have no end mark: cut, they are shorter ones. What that means for each stands in its own tests.
_NO_END = ("codecarbon/", "model_card/", "documents/policy.md", "documents/minutes.txt", "training/pretrain.yaml")


def _sure(path: Path, filename: str) -> list[str]:
    head = path.read_bytes()[:HEAD_BYTES]
    return [c.name for c in REGISTRY if int(c.sniff(head, filename)) >= Confidence.SURE]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_known_by_its_content_and_read_by_one_collector(name: str) -> None:
    path = DATA / name
    assert _sure(path, path.name) == ([] if name in _TOLD_LATE else [SAMPLES[name]])
    assert read(path).collector == SAMPLES[name]


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - _TOLD_LATE))
def test_the_name_of_a_file_does_not_matter_where_its_content_tells(name: str) -> None:
    for filename in ("upload", "x.bin", "x.json", "x.md", "x.csv", "x.yaml"):
        assert _sure(DATA / name, filename) == [SAMPLES[name]]


def test_at_most_one_collector_is_sure_of_any_sample_there_is() -> None:
    doubted = {}
    for path in sorted(p for p in DATA.rglob("*") if p.is_file() and "entries" not in p.parts):
        sure = _sure(path, path.name)
        if len(sure) > 1:
            doubted[str(path.relative_to(DATA))] = sure
    assert doubted == {}


@pytest.mark.parametrize("name", SAMPLES)
def test_facts_are_of_the_shape_that_the_collector_states(name: str) -> None:
    found = sample(name)
    collector = REGISTRY.get(found.collector)
    assert collector is not None
    assert [e.message for e in Draft202012Validator(schema_of(collector)).iter_errors(dict(found.facts))] == []
    assert found.kind in collector.kinds
    assert found.collector_version == collector.version


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_cut_anywhere_is_refused_or_a_shorter_one(name: str, tmp_path: Path) -> None:
    whole = (DATA / name).read_bytes()
    path = tmp_path / "cut"
    for end in [*(len(whole) * sixteenth // 16 for sixteenth in range(16)), len(whole) - 1]:
        path.write_bytes(whole[:end])
        found = read_or_refuse(path, Path(name).name)
        if name.startswith("documents/report.pdf") or name.startswith("documents/adopted.docx"):
            assert found is None or end == len(whole) - 1
        elif not name.startswith(_NO_END) and end < len(whole.rstrip()):
            assert found is None


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_with_flipped_bits_is_read_or_refused(name: str, tmp_path: Path) -> None:
    whole = (DATA / name).read_bytes()
    path, picks = tmp_path / "flipped", random.Random(11)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(picks.randint(1, 4)):
            damaged[picks.randrange(len(whole))] ^= 1 << picks.randrange(8)
        path.write_bytes(damaged)
        read_or_refuse(path, Path(name).name)


@pytest.mark.parametrize("name", ["x.json", "x.csv", "x.md", "x.yaml", "x.pdf", "x.docx", "x.jsonld", "x"])
def test_garbage_behind_the_marks_of_a_format_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "garbage"
    starts = [(DATA / sample_name).read_bytes()[:200] for sample_name in SAMPLES if SAMPLES[sample_name] != "document"]
    for number, start in enumerate([*starts, b"%PDF-1.7\n", b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml"]):
        path.write_bytes(start + random.Random(number).randbytes(5000))
        with pytest.raises(UnreadableError) as refused:
            read(path, name)
        assert "failed on it" not in refused.value.message


@pytest.mark.parametrize("own", sorted({*SAMPLES.values()}))
def test_a_collector_that_is_handed_any_sample_raises_nothing_else(own: str) -> None:
    collector = REGISTRY.get(own)
    assert collector is not None
    for path in sorted(p for p in DATA.rglob("*") if p.is_file() and p.stat().st_size < 300_000):
        _try(collector, path)


def _try(collector: Collector, path: Path) -> None:
    try:
        found = collector.read(path)
    except UnreadableError:
        return
    registry_module._checked(collector, found)
