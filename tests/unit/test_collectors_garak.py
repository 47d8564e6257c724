"""garak reports: what was attacked, how often that worked, and when a run shows nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA
from hypothesis import given
from hypothesis import strategies as st
from mutation import BOUNDED, check, damaged, mutated

from pratique.domain.evidence import Extraction

GARAK = DATA / "garak"
REPEAT = GARAK / "repeat.report.jsonl"
_NAME = "x.report.jsonl"


def _entries(path: Path = REPEAT) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _write(tmp_path: Path, entries: list[Any]) -> Path:
    path = tmp_path / _NAME
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def _read(tmp_path: Path, entries: list[Any]) -> Extraction:
    found = check(_write(tmp_path, entries), _NAME)
    assert found is not None
    return found


def test_a_whole_run_gives_the_rate_of_every_probe_and_detector() -> None:
    found = check(REPEAT, _NAME)
    assert found is not None
    assert found.complete
    assert (found.kind, found.tool, found.subject) == ("red-teaming", "garak 0.17.1", "test.Repeat")
    assert (found.planned, found.done, found.errors) == (7, 7, 0)
    facts = found.facts
    assert facts["detectors"]["goodside.Tag/base.TriggerListDetector"]["rate"] == 0.0
    assert facts["detectors"]["exploitation.SQLInjectionEcho/exploitation.SQLiEcho"]["rate"] == 1.0
    assert facts["attack_success_rate"] == {"max": 1.0, "overall": 0.4}
    assert facts["min_group_score"] == 0.0
    assert facts["min_defcon"] == 1
    assert found.produced_at is None  # its times have no zone
    assert facts["produced_at_local"] == "2026-11-23T14:31:22.084140"


def test_a_run_whose_model_never_answered_is_incomplete() -> None:
    found = check(GARAK / "nones.report.jsonl", _NAME)
    assert found is not None
    assert not found.complete
    assert "3 probes had no answer that could be evaluated: encoding.InjectHex" in (found.incomplete_reason or "")
    assert (found.planned, found.done, found.errors) == (3, 0, 3)
    assert "attack_success_rate" not in found.facts


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [("completion", "never ended (no completion entry)"), ("digest", "wrote no digest"), ("eval", "7 of 7 probes")],
)
def test_a_run_that_stopped_is_incomplete(tmp_path: Path, left_out: str, reason: str) -> None:
    found = _read(tmp_path, [entry for entry in _entries() if entry["entry_type"] != left_out])
    assert not found.complete
    assert reason in (found.incomplete_reason or "")


def test_a_probe_that_no_detector_judged_is_incomplete_though_the_run_ended(tmp_path: Path) -> None:
    entries = [entry for entry in _entries() if entry.get("probe") != "goodside.Tag"]
    found = _read(tmp_path, entries)
    assert "1 of 7 probes were never evaluated: goodside.Tag" in (found.incomplete_reason or "")
    assert found.facts["probes"] == {"planned": 7, "evaluated": 6, "missing": ["goodside.Tag"]}


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        ({"nones": 999}, False),
        ({"total_processed": 1000}, False),
        ({"passed": 990, "fails": 0, "total_evaluated": 990, "nones": 10, "total_processed": 1000}, True),
        ({"passed": 989, "fails": 0, "total_evaluated": 989, "nones": 11, "total_processed": 1000}, False),
    ],
)
def test_answers_that_were_not_evaluated_make_it_incomplete(
    tmp_path: Path, changes: dict[str, int], complete: bool
) -> None:
    entries = _entries()
    next(entry for entry in entries if entry["entry_type"] == "eval").update(changes)
    found = _read(tmp_path, entries)
    assert found.complete is complete
    assert complete or found.done == (found.planned or 0) - 1
    assert complete or "more than 1 % of their answers not evaluated" in (found.incomplete_reason or "")


def test_counts_that_do_not_add_up_give_no_rate(tmp_path: Path) -> None:
    entries = _entries()
    wrong = next(entry for entry in entries if entry["entry_type"] == "eval" and entry["fails"] == 30)
    wrong["fails"] = 3
    found = _read(tmp_path, entries)
    assert "1 evaluations whose counts do not add up: exploitation.SQLiEcho" in (found.incomplete_reason or "")
    assert "rate" not in found.facts["detectors"]["exploitation.SQLInjectionEcho/exploitation.SQLiEcho"]


def test_an_evaluation_that_stands_twice_is_incomplete(tmp_path: Path) -> None:
    entries = _entries()
    first = next(entry for entry in entries if entry["entry_type"] == "eval")
    found = _read(tmp_path, [*entries, first])
    assert "1 evaluations stand in the report twice" in (found.incomplete_reason or "")


def test_two_runs_in_one_file_are_refused(tmp_path: Path) -> None:
    assert check(_write(tmp_path, [*_entries(), *_entries()]), _NAME) is None


def test_a_named_target_is_the_subject(tmp_path: Path) -> None:
    entries = _entries()
    entries[0]["plugins.target_name"] = "aurora-2.1"
    assert _read(tmp_path, entries).subject == "aurora-2.1"


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]


@pytest.mark.parametrize("path", sorted(GARAK.glob("*.jsonl")), ids=lambda path: path.stem)
def test_nothing_of_prompts_or_answers_comes_out(path: Path) -> None:
    found = check(path, _NAME)
    assert found is not None
    shown = json.dumps(dict(found.facts), ensure_ascii=False) + str(found.incomplete_reason)
    attempts = [entry for entry in _entries(path) if entry["entry_type"] == "attempt"]
    content = {
        text
        for entry in attempts
        for name in ("prompt", "outputs", "notes", "conversations")
        for text in _texts(entry[name])
    }
    words = {text for text in content if len(text) > 12}
    assert len(words) > 10
    assert [text for text in words if text in shown] == []


def test_names_that_are_no_plugins_are_not_repeated(tmp_path: Path) -> None:
    entries = _entries()
    for entry in entries:
        if entry["entry_type"] == "eval" and entry["probe"] == "goodside.Tag":
            entry["probe"] = entry["detector"] = "Ignore all that was said before and"
    entries[0]["transient.active_probes"].append("probes.Ignore all that was said before and")
    entries[-1]["eval"]["Ignore all that was said before and"] = {"_summary": {"score": 1.0}}
    found = _read(tmp_path, entries)
    assert "Ignore" not in json.dumps(dict(found.facts)) + str(found.incomplete_reason)


def test_a_report_cut_anywhere_is_never_complete(tmp_path: Path) -> None:
    whole = REPEAT.read_bytes()
    path = tmp_path / _NAME
    for cut in [*(len(whole) * n // 16 for n in range(16)), len(whole) - 2]:
        path.write_bytes(whole[:cut])
        found = check(path, _NAME)
        assert found is None or not found.complete


def test_a_run_of_many_detectors_keeps_the_worst_and_counts_all(tmp_path: Path) -> None:
    entries = [entry for entry in _entries() if entry["entry_type"] != "attempt"]
    one = next(entry for entry in entries if entry["entry_type"] == "eval" and entry["fails"] == 0)
    more = [{**one, "detector": f"made.Up{number}"} for number in range(500)]
    found = _read(tmp_path, [*entries[:-1], *more, entries[-1]])
    assert found.complete
    assert len(found.facts["detectors"]) == 350
    assert found.facts["detectors"]["exploitation.SQLInjectionEcho/exploitation.SQLiEcho"]["rate"] == 1.0
    assert found.facts["evaluations"]["evaluated"] == 255 + 500 * one["total_evaluated"]
    assert found.facts["dropped"] == ["detectors (159 with the lowest rates)"]


def test_a_line_beyond_the_cap_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / _NAME
    path.write_bytes(REPEAT.read_bytes() + b'{"entry_type": "attempt", "prompt": "' + b"x" * 17 * 2**20 + b'"}\n')
    assert check(path, _NAME) is None


def _light() -> list[dict[str, Any]]:
    kept = [
        entry
        for entry in _entries()
        if entry["entry_type"] in ("start_run setup", "init", "eval", "completion", "digest")
    ]
    for entry in kept:
        entry.pop("technique_intent_matrix", None)
        entry.pop("meta", None)
    return kept


@BOUNDED
@given(entries=mutated(_light()))
def test_any_report_is_read_or_refused(tmp_path: Path, entries: Any) -> None:
    found = check(_write(tmp_path, entries), _NAME)
    if found is not None and found.complete:
        assert found.done == found.planned
        assert found.planned


@BOUNDED
@given(data=st.deferred(lambda: damaged(b"".join(json.dumps(entry).encode() + b"\n" for entry in _light()))))
def test_any_damaged_report_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / _NAME
    path.write_bytes(data)
    check(path, _NAME)
