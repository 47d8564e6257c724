"""Every real sample, what it must be read as, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from eval_files import DATA, INSPECT, SANDBOX, changed, members, pack, read

from pratique.canonical import digest_of
from pratique.collectors import UnreadableError


class Sample(NamedTuple):
    file: str
    task: str
    incomplete: str | None  #: words of the reason; None where the sample is complete
    counts: tuple[int, int, int]  #: planned, done, errors
    metrics: dict[str, float]  #: some of them, rounded
    headline: str | None


_MC = {"choice/mean/accuracy": 0.55, "choice/mode/accuracy": 0.65, "choice/at_least_1/all": 0.9}
_FLAG = {"agentic_scorer/solved/accuracy": 0.8462, "agentic_scorer/steps/mean": 3.0}
_NAN = {"sometimes_nan/mean": 0.6548}

SAMPLES = [
    Sample("inspect/cbrn_mc_epochs3.eval", "cbrn_proxy_mc", None, (120, 120, 0), _MC, "choice/mean/biology"),
    Sample("inspect/cbrn_mc_epochs3.json", "cbrn_proxy_mc", None, (120, 120, 0), _MC, "choice/mean/biology"),
    Sample(
        "inspect/cyber_agent_tools.eval", "cyber_flag_agent", None, (13, 13, 0), _FLAG, "agentic_scorer/solved/accuracy"
    ),
    Sample(
        "inspect/cyber_agent_tools.json", "cyber_flag_agent", None, (13, 13, 0), _FLAG, "agentic_scorer/solved/accuracy"
    ),
    Sample("inspect/error_run.eval", "flaky_task", "ended with status error", (20, 0, 19), {}, None),
    Sample("inspect/killed_midrun_started.eval", "killed_task", "status started", (20, 14, 0), {}, None),
    Sample(
        "inspect/limited_8_of_40.eval",
        "cbrn_proxy_mc",
        "8 of 40 planned samples were done (config.limit)",
        (40, 8, 0),
        {"choice/mean/accuracy": 0.0},
        "choice/mean/biology",
    ),
    Sample(
        "inspect/limits_hit.eval",
        "limits_task",
        "every one of the 6 samples was stopped by a limit",
        (6, 6, 0),
        {"includes/accuracy": 0.0},
        "includes/accuracy",
    ),
    Sample(
        "inspect/model_graded_roles.eval",
        "refusal_graded",
        None,
        (6, 6, 0),
        {"model_graded_qa/accuracy": 0.6667},
        "model_graded_qa/accuracy",
    ),
    Sample(
        "inspect/nan_unscored_unicode.eval",
        "nan_task",
        "4 samples have no score",
        (10, 10, 0),
        _NAN,
        "sometimes_nan/mean",
    ),
    Sample(
        "inspect/nan_unscored_unicode.json",
        "nan_task",
        "4 samples have no score",
        (10, 10, 0),
        _NAN,
        "sometimes_nan/mean",
    ),
    Sample(
        "inspect/partial_errors_tolerated.eval",
        "flaky_task",
        "15 of 20 planned samples were done; 5 samples ended in an error",
        (20, 15, 5),
        {"includes/accuracy": 1.0},
        "includes/accuracy",
    ),
    Sample("inspect/sandbox_local.eval", "sandboxed", None, (3, 3, 0), {"includes/accuracy": 1.0}, "includes/accuracy"),
    Sample(
        "lm_eval/dummy/results.json",
        "proxy_suite",
        None,
        (180, 180, 0),
        {"proxy_bio_mc/acc,none": 0.3083, "proxy_suite/acc,none": 0.3083, "proxy_arith_gen/exact_match,flexible": 0.0},
        None,
    ),
    Sample(
        "lm_eval/hf_limit25/results.json",
        "proxy_bio_mc,proxy_arith_gen",
        "proxy_bio_mc: 25 of 120 samples were evaluated (config.limit)",
        (180, 50, 0),
        {"proxy_bio_mc/acc,none": 0.32},
        None,
    ),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=[s.file for s in SAMPLES])
def test_every_sample_is_read_as_the_table_says(sample: Sample) -> None:
    found = read(DATA / sample.file)
    facts = found.facts
    assert found.kind == "evaluation"
    assert facts["task"] == sample.task
    assert (found.planned, found.done, found.errors) == sample.counts
    assert [facts["samples"][name] for name in ("planned", "done", "errors")] == list(sample.counts)
    assert found.complete is (sample.incomplete is None)
    assert (sample.incomplete or "") in (found.incomplete_reason or "")
    assert {key: round(facts["metrics"][key], 4) for key in sample.metrics} == sample.metrics
    assert facts.get("headline_metric") == sample.headline
    assert facts.get("headline") == facts["metrics"].get(sample.headline or "")
    assert found.produced_at is not None
    assert found.produced_at.utcoffset() == datetime.now(UTC).utcoffset()
    assert facts["model"] == found.subject
    assert facts["tool"] == (found.tool or "").split()[0]
    digest_of(dict(facts))  # has a canonical form


def test_the_table_has_every_sample_file() -> None:
    files = {str(p.relative_to(DATA)) for folder in ("inspect", "lm_eval") for p in (DATA / folder).rglob("*.*")}
    others = {"inspect/README.md", "lm_eval/README.md", "lm_eval/dummy/samples_proxy_bio_mc.jsonl"}
    assert files - others == {sample.file for sample in SAMPLES}


def test_lm_eval_samples_are_no_evidence_of_a_result() -> None:
    with pytest.raises(UnreadableError, match="text of an unknown format found"):
        read(DATA / "lm_eval/dummy/samples_proxy_bio_mc.jsonl")


def test_both_forms_of_a_log_give_the_same_metrics() -> None:
    for name in ("cbrn_mc_epochs3", "cyber_agent_tools", "nan_unscored_unicode"):
        packed, plain = read(INSPECT / f"{name}.eval"), read(INSPECT / f"{name}.json")
        for fact in ("metrics", "samples", "limits_hit", "edits", "headline", "revision"):
            assert packed.facts[fact] == plain.facts[fact]
        assert packed.incomplete_reason == plain.incomplete_reason


def test_identity_facts_are_read_from_a_log() -> None:
    facts = read(INSPECT / "cbrn_mc_epochs3.eval").facts
    assert facts["dataset"]["name"] == "cbrn_proxy_mc"
    assert facts["revision"] == {
        "origin": "https://git.example.org/acme-ai/gpai-evals.git",
        "commit": "df9ad47",
        "dirty": False,
    }
    assert facts["epochs"] == 3
    assert facts["tags"] == ["gpai-cop", "cbrn"]
    assert facts["metadata"] == {"risk_area": "cbrn", "code_measure": "3.2"}
    assert facts["dropped"] == []
    assert read(INSPECT / "model_graded_roles.eval").facts["model_roles"] == {"grader": "mockllm/grader"}
    assert read(INSPECT / "limits_hit.eval").facts["limits_hit"] == {"total": 6, "by_kind": {"message": 6}}


def _changed_log(tmp_path: Path, name: str = "header.json", **values: Any) -> Path:
    return pack(tmp_path / "changed.eval", changed(SANDBOX, name, **values).items())


@pytest.mark.parametrize("status", ["error", "cancelled", "started", "paused"])
def test_a_run_that_did_not_succeed_is_incomplete(tmp_path: Path, status: str) -> None:
    found = read(_changed_log(tmp_path, status=status))
    assert not found.complete
    assert status in (found.incomplete_reason or "")
    assert found.facts["status"] == status


def test_an_invalidated_log_is_incomplete(tmp_path: Path) -> None:
    found = read(_changed_log(tmp_path, invalidated=True))
    assert not found.complete
    assert "invalidated" in (found.incomplete_reason or "")


def test_a_log_without_scores_is_incomplete(tmp_path: Path) -> None:
    results = json.loads(members(SANDBOX)["header.json"])["results"]
    assert not read(_changed_log(tmp_path, results={**results, "scores": []})).complete


@pytest.mark.parametrize("version", [3, 1, 0, None, "2", True, 2.0])
def test_another_schema_version_is_refused(tmp_path: Path, version: Any) -> None:
    with pytest.raises(UnreadableError, match=r"Inspect log schema version (\d|no number) found, 2 expected"):
        read(_changed_log(tmp_path, version=version))


def test_the_refusal_names_the_version_found(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="Inspect log schema version 3 found, 2 expected"):
        read(_changed_log(tmp_path, version=3))


def test_a_killed_run_cannot_claim_success_in_its_journal(tmp_path: Path) -> None:
    killed = INSPECT / "killed_midrun_started.eval"
    results = json.loads(members(SANDBOX)["header.json"])["results"]
    contents = changed(killed, "_journal/start.json", status="success", results=results)
    found = read(pack(tmp_path / "k.eval", contents.items()))
    assert not found.complete
    assert found.facts["status"] == "started"
    assert found.facts["metrics"] == {}


def _sample_name() -> str:
    return next(name for name in members(SANDBOX) if name.startswith("samples/"))


def test_an_edited_score_makes_the_log_incomplete(tmp_path: Path) -> None:
    edit = {"value": "C", "provenance": {"author": "someone", "reason": "looked right", "timestamp": "2026-11-23"}}
    scores = json.loads(members(SANDBOX)[_sample_name()])["scores"]
    scores["includes"]["history"] = [{"value": "I"}, edit]
    found = read(_changed_log(tmp_path, _sample_name(), scores=scores))
    assert not found.complete
    assert found.incomplete_reason == "1 samples had their score edited after the run"
    assert found.facts["edits"] == {"scores": 1, "log": 0}


def test_a_score_edit_event_alone_makes_the_log_incomplete(tmp_path: Path) -> None:
    found = read(_changed_log(tmp_path, _sample_name(), events=[{"event": "score_edit", "score_name": "includes"}]))
    assert found.facts["edits"]["scores"] == 1
    assert not found.complete


def test_an_edited_score_is_seen_in_the_json_form(tmp_path: Path) -> None:
    document = json.loads((INSPECT / "cyber_agent_tools.json").read_text())
    document["samples"][3]["scores"]["agentic_scorer"]["history"] = [{"provenance": {"author": "someone"}}]
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(document))
    assert read(path).facts["edits"]["scores"] == 1
    assert not read(path).complete


def test_an_invalidated_sample_makes_the_log_incomplete(tmp_path: Path) -> None:
    assert not read(_changed_log(tmp_path, _sample_name(), invalidation={"author": "someone"})).complete


def test_edits_of_tags_and_metadata_are_a_fact_and_do_not_reach_the_facts(tmp_path: Path) -> None:
    digest = "ab" * 32
    found = read(_changed_log(tmp_path, log_updates=[{"edits": []}], metadata={"weights_sha256": digest}))
    assert found.complete
    assert found.facts["edits"]["log"] == 1
    assert "weights_sha256" not in found.facts


def test_the_weights_digest_of_the_run_is_a_fact(tmp_path: Path) -> None:
    run = json.loads(members(SANDBOX)["header.json"])["eval"]
    digest = "ab" * 32
    found = read(_changed_log(tmp_path, eval={**run, "metadata": {"weights_sha256": f"sha256:{digest.upper()}"}}))
    assert found.facts["weights_sha256"] == digest


def test_a_log_without_its_samples_is_incomplete(tmp_path: Path) -> None:
    kept = {name: body for name, body in members(SANDBOX).items() if not name.startswith("samples/")}
    found = read(pack(tmp_path / "thin.eval", kept.items()))
    assert not found.complete
    assert "the header counts 3 samples, the file holds 0" in (found.incomplete_reason or "")


def test_a_log_without_summaries_is_judged_by_its_samples(tmp_path: Path) -> None:
    source = members(INSPECT / "partial_errors_tolerated.eval")
    kept = {name: body for name, body in source.items() if "summaries" not in name}
    found = read(pack(tmp_path / "thin.eval", kept.items()))
    assert (found.planned, found.done, found.errors) == (20, 15, 5)


def test_a_stop_by_an_operator_makes_the_log_incomplete(tmp_path: Path) -> None:
    contents = members(SANDBOX)
    summaries = json.loads(contents["summaries.json"])
    summaries[0]["limit"] = "operator"
    contents["summaries.json"] = json.dumps(summaries).encode()
    found = read(pack(tmp_path / "stopped.eval", contents.items()))
    assert not found.complete
    assert found.facts["limits_hit"] == {"total": 1, "by_kind": {"operator": 1}}


def test_a_metric_that_is_not_finite_is_dropped_and_named(tmp_path: Path) -> None:
    contents = members(SANDBOX)
    text = contents["header.json"].decode().replace('"name":"accuracy","value":1.0', '"name":"accuracy","value":NaN')
    assert "NaN" in text
    contents["header.json"] = text.encode()
    facts = read(pack(tmp_path / "nan.eval", contents.items())).facts
    assert "includes/accuracy" not in facts["metrics"]
    assert "metrics.includes/accuracy" in facts["dropped"]


def test_a_metric_that_stands_twice_is_dropped(tmp_path: Path) -> None:
    results = json.loads(members(SANDBOX)["header.json"])["results"]
    results["scores"] *= 2
    facts = read(_changed_log(tmp_path, results=results)).facts
    assert facts["metrics"] == {}
    assert "metrics.includes/accuracy" in facts["dropped"]


def test_a_log_that_names_no_model_is_refused(tmp_path: Path) -> None:
    run = json.loads(members(SANDBOX)["header.json"])["eval"]
    with pytest.raises(UnreadableError, match=r"no text at eval\.model"):
        read(_changed_log(tmp_path, eval={**run, "model": ""}))


def test_credentials_in_an_origin_do_not_become_facts(tmp_path: Path) -> None:
    run = json.loads(members(SANDBOX)["header.json"])["eval"]
    revision = {"origin": "https://me:hunter2@git.example.org/x.git", "commit": "df9ad47", "dirty": True}
    facts = read(_changed_log(tmp_path, eval={**run, "revision": revision})).facts
    assert facts["revision"]["origin"] == "https://git.example.org/x.git"
    assert "hunter2" not in json.dumps(facts)


def test_lm_eval_without_sample_counts_is_incomplete(tmp_path: Path) -> None:
    document = json.loads((DATA / "lm_eval/dummy/results.json").read_text())
    del document["n-samples"]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document))
    assert not read(path).complete


def test_lm_eval_in_another_key_order_is_still_recognised(tmp_path: Path) -> None:
    document = json.loads((DATA / "lm_eval/dummy/results.json").read_text())
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document, sort_keys=True))
    assert read(path).complete


def test_an_lm_eval_standard_error_that_is_not_available_is_left_out(tmp_path: Path) -> None:
    document = json.loads((DATA / "lm_eval/dummy/results.json").read_text())
    row = document["results"]["proxy_bio_mc"]
    row["acc_stderr,none"], row["acc,none"] = "N/A", float("nan")
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document))
    facts = read(path).facts
    assert "proxy_bio_mc/acc_stderr,none" not in facts["metrics"]
    assert facts["dropped"] == ["metrics.proxy_bio_mc/acc,none"]
