"""SARIF: which results are open findings, of what level, and when a run shows nothing."""

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

SARIF = DATA / "sarif"
_SEMGREP: dict[str, Any] = json.loads((SARIF / "semgrep.sarif").read_text())
_BANDIT: dict[str, Any] = json.loads((SARIF / "bandit.sarif").read_text())
_NAME = "x.sarif"


def _read(tmp_path: Path, document: Any) -> Extraction:
    path = tmp_path / _NAME
    path.write_text(json.dumps(document))
    found = check(path, _NAME)
    assert found is not None
    return found


def _log(*results: dict[str, Any], **run: Any) -> dict[str, Any]:
    """A log of one run that executed successfully; its tool has a rule of level note and one without a level."""
    rules = [{"id": "A1", "defaultConfiguration": {"level": "note"}}, {"id": "A2"}]
    made = {"tool": {"driver": {"name": "T", "version": "1", "rules": rules}}, "results": list(results)}
    return {"version": "2.1.0", "runs": [{**made, "invocations": [{"executionSuccessful": True}], **run}]}


def test_bandit_states_the_level_of_each_result() -> None:
    found = check(SARIF / "bandit.sarif", _NAME)
    assert found is not None
    assert found.complete
    assert (found.kind, found.tool) == ("static-analysis", "Bandit 1.9.4")
    assert found.facts["open"] == {"total": 9, "error": 2, "warning": 4, "note": 3, "none": 0}
    assert found.produced_at is not None
    assert found.produced_at.isoformat() == "2026-11-23T14:10:53+00:00"


def test_semgrep_leaves_the_level_to_the_rules() -> None:
    found = check(SARIF / "semgrep.sarif", _NAME)
    assert found is not None
    assert found.complete
    assert found.facts["open"] == {"total": 2, "error": 1, "warning": 1, "note": 0, "none": 0}
    assert found.facts["rules"]["open"] == ["acme.hardcoded-secret", "acme.torch-load-unsafe"]


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ({"ruleId": "A1"}, "note"),
        ({"ruleId": "A1/sub"}, "note"),
        ({"ruleIndex": 0}, "note"),
        ({"rule": {"index": 0}}, "note"),
        ({"ruleId": "A2"}, "warning"),
        ({"ruleId": "unknown"}, "warning"),
        ({}, "warning"),
        ({"ruleId": "A1", "level": "error"}, "error"),
        ({"ruleId": "A2", "ruleIndex": 0}, "warning"),  # the index names another rule than the id
        ({"ruleId": "A1", "ruleIndex": 99}, "note"),
    ],
)
def test_a_level_comes_from_the_result_or_its_rule_or_is_warning(
    tmp_path: Path, result: dict[str, Any], level: str
) -> None:
    assert _read(tmp_path, _log(result)).facts["open"][level] == 1


def test_a_level_may_be_overridden_for_one_invocation(tmp_path: Path) -> None:
    override = {"descriptor": {"id": "A1"}, "configuration": {"level": "error"}}
    calls = [{"executionSuccessful": True, "ruleConfigurationOverrides": [override]}]
    assert _read(tmp_path, _log({"ruleId": "A1"}, invocations=calls)).facts["open"]["error"] == 1


def test_rules_of_extensions_give_levels_too(tmp_path: Path) -> None:
    log = _log({"ruleId": "E1", "rule": {"index": 0, "toolComponent": {"index": 0}}})
    log["runs"][0]["tool"]["extensions"] = [
        {"name": "E", "rules": [{"id": "E1", "defaultConfiguration": {"level": "error"}}]}
    ]
    assert _read(tmp_path, log).facts["open"]["error"] == 1


@pytest.mark.parametrize(
    ("suppressions", "is_open"),
    [
        ([], True),
        ([{"kind": "inSource"}], False),
        ([{"kind": "external", "status": "accepted"}], False),
        ([{"kind": "external", "status": "rejected"}], True),
        ([{"kind": "external", "status": "underReview"}], True),
        ([{"kind": "inSource"}, {"kind": "external", "status": "rejected"}], True),
        ([None], True),
        ([{"kind": "external", "status": 7}], True),
    ],
)
def test_a_suppression_hides_a_finding_only_when_it_was_accepted(
    tmp_path: Path, suppressions: list[Any], is_open: bool
) -> None:
    facts = _read(tmp_path, _log({"ruleId": "A1", "suppressions": suppressions})).facts
    assert (facts["open"]["total"], facts["suppressed"]["total"]) == ((1, 0) if is_open else (0, 1))


def test_a_result_that_is_no_failure_is_no_finding(tmp_path: Path) -> None:
    facts = _read(tmp_path, _log({"kind": "pass"}, {"kind": "review"}, {"ruleId": "A1"})).facts
    assert facts["open"]["total"] == 1
    assert facts["by_kind"] == {"fail": 1, "pass": 1, "review": 1}


def test_a_result_that_has_a_level_is_a_failure_whatever_its_kind_says(tmp_path: Path) -> None:
    assert _read(tmp_path, _log({"kind": "pass", "level": "error"})).facts["open"]["error"] == 1


def test_a_result_that_is_gone_since_the_baseline_is_no_finding(tmp_path: Path) -> None:
    states = ("new", "unchanged", "updated", "absent")
    facts = _read(tmp_path, _log(*({"ruleId": "A1", "baselineState": state} for state in states))).facts
    assert (facts["open"]["total"], facts["new"]["total"], facts["gone"], facts["results"]) == (3, 1, 1, 4)


def test_the_worst_security_severity_of_open_rules_is_a_fact(tmp_path: Path) -> None:
    log = _log({"ruleId": "A1"}, {"ruleId": "A2", "suppressions": [{"kind": "inSource"}]})
    for rule, severity in zip(log["runs"][0]["tool"]["driver"]["rules"], ("7.5", "9.9"), strict=True):
        rule["properties"] = {"security-severity": severity}
    assert _read(tmp_path, log).facts["max_security_severity"] == 7.5


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"results": None}, "has no results"),
        ({"results": 0}, "has no results"),
        ({"invocations": [{"executionSuccessful": False}]}, "did not execute successfully"),
        ({"invocations": [{"executionSuccessful": True}, {}]}, "did not execute successfully"),
        ({"externalPropertyFileReferences": {"results": [{"location": {}}]}}, "keeps results in another file"),
        (
            {
                "invocations": [
                    {"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error"}, {"level": "note"}]}
                ]
            },
            "the tool reported 1 errors",
        ),
    ],
)
def test_a_run_that_did_not_go_well_is_incomplete(tmp_path: Path, run: dict[str, Any], reason: str) -> None:
    found = _read(tmp_path, _log(**run))
    assert not found.complete
    assert f"run 1 (T 1): {reason}" in (found.incomplete_reason or "")


def test_a_run_without_results_is_not_a_run_without_findings(tmp_path: Path) -> None:
    log = _log()
    assert _read(tmp_path, log).complete
    del log["runs"][0]["results"]
    assert not _read(tmp_path, log).complete


def test_every_run_must_have_gone_well(tmp_path: Path) -> None:
    log = copy.deepcopy(_SEMGREP)
    log["runs"] += [*_log({"ruleId": "A1"})["runs"], *_log(results=None)["runs"]]
    found = _read(tmp_path, log)
    assert (found.planned, found.done, found.errors) == (3, 2, 1)
    assert "run 3 (T 1): has no results" in (found.incomplete_reason or "")
    assert found.facts["open"]["total"] == 3
    assert found.facts["tools"] == ["Semgrep OSS 1.182.0", "T 1"]


@pytest.mark.parametrize(
    "document",
    [
        {**_SEMGREP, "version": "2.0.0"},
        {**_SEMGREP, "runs": []},
        {**_SEMGREP, "runs": [3]},
        {**_SEMGREP, "runs": {}},
        _log("text"),  # type: ignore[arg-type]  # a result that is no object
        _log({"kind": "maybe"}),
        _log({"level": "fatal"}),
    ],
)
def test_what_is_no_sarif_is_refused(tmp_path: Path, document: Any) -> None:
    path = tmp_path / _NAME
    path.write_text(json.dumps(document))
    with pytest.raises(UnreadableError, match="SARIF"):
        read_evidence(path, _NAME, build_registry())


def test_source_and_credentials_part(tmp_path: Path) -> None:
    source = {"repositoryUri": "https://me:secret@git.example/a.git", "revisionId": "abc"}
    facts = _read(tmp_path, _log(versionControlProvenance=[source])).facts
    assert facts["revision"] == {"origin": "https://git.example/a.git", "commit": "abc"}


@pytest.mark.parametrize("path", sorted(SARIF.glob("*.sarif")), ids=lambda path: path.stem)
def test_nothing_of_the_code_comes_out(path: Path) -> None:
    found = check(path, _NAME)
    assert found is not None
    assert "hunter2" not in json.dumps(dict(found.facts))
    assert "hunter2" in path.read_text()


@pytest.mark.parametrize("path", sorted(SARIF.glob("*.sarif")), ids=lambda path: path.stem)
def test_a_log_cut_anywhere_is_refused(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes().rstrip()
    cut = tmp_path / _NAME
    for end in [*(len(whole) * n // 16 for n in range(16)), len(whole) - 1]:
        cut.write_bytes(whole[:end])
        assert check(cut, _NAME) is None


@BOUNDED
@given(document=st.one_of(mutated(_SEMGREP), mutated(_BANDIT)))
def test_any_sarif_is_read_or_refused(tmp_path: Path, document: Any) -> None:
    path = tmp_path / _NAME
    path.write_text(json.dumps(document))
    found = check(path, _NAME)
    if found is not None:
        facts = found.facts
        assert sum(facts["by_kind"].values()) == facts["results"]
        assert facts["open"]["total"] + facts["suppressed"]["total"] + facts["gone"] <= facts["results"]


@BOUNDED
@given(data=damaged((SARIF / "semgrep.sarif").read_bytes()))
def test_any_damaged_sarif_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / _NAME
    path.write_bytes(data)
    check(path, _NAME)
