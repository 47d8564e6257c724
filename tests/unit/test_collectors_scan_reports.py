"""Reports of weights scanners: how many issues, and that nothing scanned is nothing shown."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA
from hypothesis import given
from hypothesis import strategies as st
from mutation import BOUNDED, check, damaged, mutated

from pratique.collectors import UnreadableError, build_registry, read_evidence
from pratique.domain.evidence import Extraction

SCANNERS = DATA / "scanners"
_MODELSCAN: dict[str, Any] = json.loads((SCANNERS / "modelscan-malicious_os_system.pkl.json").read_text())
_REPORTS = sorted(path for path in SCANNERS.iterdir() if path.name not in ("README.md", "fickling-benign.pkl.txt"))


def _read(path: Path) -> Extraction:
    found = check(path, path.name)
    assert found is not None
    assert found.kind == "weights-scan"
    return found


def _written(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("name", "tool", "scanned", "issues", "severities"),
    [
        ("modelscan-benign.pkl.json", "modelscan 0.8.8", 1, 0, {"critical": 0}),
        ("modelscan-malicious_os_system.pkl.json", "modelscan 0.8.8", 1, 1, {"critical": 1, "low": 0}),
        ("modelscan-malicious_torch_zip.pt.json", "modelscan 0.8.8", 1, 1, {"critical": 1}),
        ("picklescan-benign.pkl.txt", "picklescan", 1, 0, {"dangerous": 0, "suspicious": 0}),
        ("picklescan-malicious_eval.pkl.txt", "picklescan", 1, 1, {"dangerous": 1}),
        ("picklescan-malicious_os_system.pkl.txt", "picklescan", 1, 1, {"dangerous": 1}),
        ("picklescan-malicious_torch_zip.pt.txt", "picklescan", 1, 1, {"dangerous": 1}),
        ("fickling-safety_results.json", "fickling", 3, 2, {"likely_safe": 1, "overtly_malicious": 1}),
        ("fickling-malicious_eval.pkl.txt", "fickling", 1, 1, {"unsafe": 1}),
        ("fickling-malicious_os_system.pkl.txt", "fickling", 1, 1, {"unsafe": 1}),
    ],
)
def test_every_report_is_read_as_its_scanner_meant_it(
    name: str, tool: str, scanned: int, issues: int, severities: dict[str, int]
) -> None:
    found = _read(SCANNERS / name)
    assert found.complete
    assert (found.tool, found.planned, found.done, found.errors) == (tool, scanned, scanned, 0)
    assert (found.facts["scanned"], found.facts["issues"]) == (scanned, issues)
    assert severities.items() <= found.facts["by_severity"].items()
    assert found.produced_at is None  # none of them writes a zone
    assert found.subject is None


def test_what_fickling_prints_for_a_harmless_pickle_is_nothing_and_shows_nothing() -> None:
    assert check(SCANNERS / "fickling-benign.pkl.txt", "fickling.txt") is None


def test_the_worst_word_of_fickling_is_a_fact() -> None:
    facts = _read(SCANNERS / "fickling-safety_results.json").facts
    assert facts["worst"] == "OVERTLY_MALICIOUS"
    assert facts["checks"]["UnsafeImports"] == 2


def test_modelscan_with_nothing_scanned_is_incomplete(tmp_path: Path) -> None:
    report = json.loads((SCANNERS / "modelscan-benign.pkl.json").read_text())
    report["summary"]["scanned"] = {"total_scanned": 0}
    found = _read(_written(tmp_path, "m.json", json.dumps(report)))
    assert not found.complete
    assert found.incomplete_reason == "nothing was scanned"
    assert found.facts["issues"] == 0


@pytest.mark.parametrize(
    ("category", "is_complete"), [("SCAN_NOT_SUPPORTED", True), ("BAD_ZIP", False), ("NOT_IMPLEMENTED", False)]
)
def test_modelscan_passing_over_a_file_is_harmless_only_for_another_format(
    tmp_path: Path, category: str, is_complete: bool
) -> None:
    report = json.loads((SCANNERS / "modelscan-benign.pkl.json").read_text())
    report["summary"]["skipped"] = {"total_skipped": 1, "skipped_files": [{"category": category, "source": "a"}]}
    found = _read(_written(tmp_path, "m.json", json.dumps(report)))
    assert found.complete is is_complete
    assert found.facts["skipped"] == 1


def test_modelscan_skips_that_are_counted_and_not_listed_are_unseen(tmp_path: Path) -> None:
    report = copy.deepcopy(_MODELSCAN)
    report["summary"]["skipped"] = {"total_skipped": 40, "skipped_files": []}
    found = _read(_written(tmp_path, "r.json", json.dumps(report)))
    assert (found.planned, found.done, found.errors, found.complete) == (41, 1, 40, False)


def test_modelscan_errors_make_it_incomplete(tmp_path: Path) -> None:
    report = {**_MODELSCAN, "errors": [{"category": "PICKLE", "description": "x"}]}
    found = _read(_written(tmp_path, "m.json", json.dumps(report)))
    assert found.incomplete_reason == "1 files could not be scanned"


@pytest.mark.parametrize("name", ["total_issues", "total_issues_by_severity"])
def test_modelscan_counts_that_hide_an_issue_make_it_incomplete(tmp_path: Path, name: str) -> None:
    report = copy.deepcopy(_MODELSCAN)
    report["summary"][name] = 0 if name == "total_issues" else {"CRITICAL": 0}
    found = _read(_written(tmp_path, "m.json", json.dumps(report)))
    assert found.incomplete_reason == "the summary counts other issues than the report lists"
    assert found.facts["issues"] == 1  # those that are listed


_SUMMARY = (
    "----------- SCAN SUMMARY -----------\n"
    "Scanned files: {}\nInfected files: {}\nSuspicious globals: {}\nDangerous globals: {}\n"
)
_FINDING = "/w/a.pkl: dangerous import 'posix system' FOUND\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_SUMMARY.format(0, 0, 0, 0), "nothing was scanned"),
        (_FINDING + _SUMMARY.format(1, 0, 0, 0), "the summary counts other findings"),
        (_SUMMARY.format(1, 0, 0, 1), "the summary counts other findings"),
        (_SUMMARY.format(1, 2, 0, 2), "the summary counts other findings"),
        ("ERROR: parsing pickle in /w/a.pkl: truncated\n" + _SUMMARY.format(1, 0, 0, 0), "1 lines tell of something"),
        ("WARNING: could not parse /w/a.pkl as pickle\n" + _SUMMARY.format(1, 0, 0, 0), "1 lines tell of something"),
    ],
)
def test_picklescan_output_that_shows_less_than_it_counts_is_incomplete(tmp_path: Path, text: str, reason: str) -> None:
    found = _read(_written(tmp_path, "p.txt", text))
    assert not found.complete
    assert reason in (found.incomplete_reason or "")


def test_picklescan_lists_of_all_imports_are_read_too(tmp_path: Path) -> None:
    text = "All globals found:\n  * torch FloatStorage - innocuous\n" + _SUMMARY.format(1, 0, 1, 0)
    found = _read(_written(tmp_path, "p.txt", text))
    assert found.complete
    assert found.facts["by_severity"] == {"dangerous": 0, "suspicious": 1}
    assert found.facts["issues"] == 1


def test_picklescan_imports_that_nobody_knows_are_issues(tmp_path: Path) -> None:
    found = _read(_written(tmp_path, "p.txt", _FINDING + _SUMMARY.format(5, 1, 7, 1)))
    assert (found.complete, found.facts["issues"]) == (True, 8)
    line = "/w/a.pkl: suspicious import 'evil run' FOUND\n"
    assert _read(_written(tmp_path, "p.txt", line + _SUMMARY.format(1, 0, 0, 0))).facts["issues"] == 1


@pytest.mark.parametrize(
    "text",
    [
        _FINDING,
        _SUMMARY.format(1, 0, 0, 10)[:-2],  # 10 cut to 1 and no end of line
        _SUMMARY.format(1, 0, 0, "x"),
        _SUMMARY.format(1, 0, 0, 0) + "more\n",
        '{"severity": "FINE", "analysis": "", "detailed_results": {}}',
        "Warning: Fickling detected that the pickle file may be unsafe.\n",
    ],
)
def test_what_is_no_whole_report_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableError):
        read_evidence(_written(tmp_path, "p.txt", text), "p.txt", build_registry())


@pytest.mark.parametrize("path", _REPORTS, ids=lambda path: path.name)
def test_a_report_cut_anywhere_never_shows_fewer_issues_as_complete(tmp_path: Path, path: Path) -> None:
    whole, truth = path.read_bytes().rstrip(), _read(path)
    cut = tmp_path / path.name
    for end in [*(len(whole) * n // 16 for n in range(16)), len(whole) - 1]:
        cut.write_bytes(whole[:end])
        found = check(cut, path.name)
        assert found is None or found.kind != "weights-scan"  # of a text's beginning, nobody knows what it was
    cut.write_bytes(path.read_bytes())
    assert _read(cut).facts == truth.facts


@BOUNDED
@given(document=mutated(_MODELSCAN))
def test_any_modelscan_report_is_read_or_refused(tmp_path: Path, document: Any) -> None:
    found = check(_written(tmp_path, "m.json", json.dumps(document)), "m.json")
    if found is not None and found.kind == "weights-scan" and found.complete:
        assert found.facts["scanned"] > 0


@BOUNDED
@given(data=st.sampled_from(_REPORTS).flatmap(lambda path: damaged(path.read_bytes())))
def test_any_damaged_report_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "report"
    path.write_bytes(data)
    found = check(path, "report.txt")
    if found is not None and found.kind == "weights-scan" and found.complete:
        assert found.facts["scanned"] > 0
