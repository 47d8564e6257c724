"""The registry: ours without installed metadata, others' beside them, the broken ones left out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from eval_files import SANDBOX

from pratique.collectors import (
    BUILT_IN,
    GROUP,
    Collector,
    CollectorContext,
    CollectorRegistry,
    Confidence,
    UnreadableError,
    build_registry,
    read_evidence,
)
from pratique.domain.evidence import Extraction
from pratique.errors import ConfigError


class TextCollector:
    """Reads `.text` files: the whole content is one fact."""

    name = "text"
    version = "1"
    kinds = frozenset({"text"})

    def __init__(self, facts: Mapping[str, Any] | None = None, **fields: Any) -> None:
        self.facts = facts
        self.fields = fields

    def sniff(self, head: bytes, filename: str) -> bool:
        return filename.endswith(".text")

    def read(self, path: Path) -> Extraction:
        facts = {"text": path.read_text()} if self.facts is None else self.facts
        fields: dict[str, Any] = {"kind": "text", "complete": True, **self.fields}
        return Extraction(collector=self.name, collector_version=self.version, facts=facts, **fields)


def build_text(_context: CollectorContext) -> Collector:
    return TextCollector()


class RivalCollector(TextCollector):
    name = "inspect"


def build_rival(_context: CollectorContext) -> Collector:
    return RivalCollector()


def build_broken(_context: CollectorContext) -> Collector:
    raise RuntimeError("no licence file")


def build_nothing(_context: CollectorContext) -> Any:
    return object()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages; real metadata, found as pip's would be."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def _install(folder: Path, **entries: str) -> None:
    info = folder / "somebody-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")


def test_ours_are_there_without_installed_metadata() -> None:
    registry = build_registry()
    assert {collector.name for collector in registry} == set(BUILT_IN) >= {"inspect", "lm_eval", "facts"}
    assert len(registry) == len(BUILT_IN)
    assert registry.problems == ()


def test_the_project_file_declares_the_same_collectors() -> None:
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    declared = project["project"]["entry-points"][GROUP]
    loaded = {name: EntryPoint(name, value, GROUP).load() for name, value in declared.items()}
    assert loaded == dict(BUILT_IN)


def test_our_own_installed_entries_are_not_a_second_collector(installed: Path) -> None:
    _install(installed, inspect="pratique.collectors.inspect_collector:build")
    assert build_registry().problems == ()


def test_a_package_adds_a_format(installed: Path, tmp_path: Path) -> None:
    _install(installed, text=f"{__name__}:build_text")
    registry = build_registry()
    assert "text" in registry.kinds
    (tmp_path / "a.text").write_text("hello")
    assert read_evidence(tmp_path / "a.text", "a.text", registry).facts == {"text": "hello"}


def test_a_broken_collector_is_reported_and_left_out(installed: Path) -> None:
    _install(
        installed,
        raising=f"{__name__}:build_broken",
        absent="no_such_package:build",
        shapeless=f"{__name__}:build_nothing",
        text=f"{__name__}:build_text",
    )
    registry = build_registry()
    assert {collector.name for collector in registry} == {*BUILT_IN, "text"}
    assert len(registry.problems) == 3
    assert "no licence file" in "".join(registry.problems)


@pytest.mark.parametrize("entry", ["inspect", "other"])
def test_a_package_cannot_take_our_name(installed: Path, entry: str) -> None:
    _install(installed, **{entry: f"{__name__}:build_rival"})
    registry = build_registry()
    assert len(registry.problems) == 1
    assert "the name inspect is taken" in registry.problems[0]
    assert not any(isinstance(collector, RivalCollector) for collector in registry)
    assert read_evidence(SANDBOX, SANDBOX.name, registry).facts["task"] == "sandboxed"


def test_two_collectors_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="text is registered twice"):
        CollectorRegistry([TextCollector(), TextCollector()])


class _Failing(TextCollector):
    def read(self, path: Path) -> Extraction:
        raise KeyError("hunter2")


class _FailingSniff(TextCollector):
    name = "bad-sniff"

    def sniff(self, head: bytes, filename: str) -> bool:
        raise ValueError("oops")


def _read_text(tmp_path: Path, *collectors: Collector) -> Extraction:
    path = tmp_path / "a.text"
    path.write_text("hello")
    return read_evidence(path, "a.text", CollectorRegistry(collectors))


def test_a_collector_that_fails_makes_the_file_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"collector text failed on it \(KeyError\)") as refused:
        _read_text(tmp_path, _Failing())
    assert "hunter2" not in refused.value.message


def test_a_collector_that_fails_to_sniff_does_not_stop_the_others(tmp_path: Path) -> None:
    assert _read_text(tmp_path, _FailingSniff(), TextCollector()).complete


@pytest.mark.parametrize(
    "collector",
    [
        TextCollector({"x": float("nan")}),
        TextCollector({"x": "a\0b"}),
        TextCollector({"x": object()}),
        TextCollector({"x": "y" * 1500, **{str(n): "y" * 1500 for n in range(60)}}),
        TextCollector(kind="evaluation"),
        TextCollector(subject=""),
        TextCollector(subject="a\0b"),
        TextCollector(produced_at=datetime(2026, 1, 1)),  # noqa: DTZ001 - the fault that is tested
    ],
)
def test_what_a_collector_gives_is_checked_before_anybody_sees_it(tmp_path: Path, collector: Collector) -> None:
    with pytest.raises(UnreadableError, match="collector text"):
        _read_text(tmp_path, collector)


def test_an_incomplete_extraction_always_has_a_reason(tmp_path: Path) -> None:
    assert _read_text(tmp_path, TextCollector(complete=False)).incomplete_reason == "the collector gave no reason"


def test_the_collector_that_is_sure_reads_alone() -> None:
    registry = build_registry()
    sure = registry.candidates(b'{"results": {"a": {}}}', "x.json")
    assert [collector.name for collector in sure] == ["lm_eval"]
    unsure = registry.candidates(b'{"a": 1}', "x.json")
    assert {"facts", "lm_eval"} <= {collector.name for collector in unsure}
    assert registry.candidates(b"\x7fELF", "x.o") == []
    assert Confidence.NO < Confidence.MAYBE == True < Confidence.SURE  # noqa: E712 - a bool is a confidence
