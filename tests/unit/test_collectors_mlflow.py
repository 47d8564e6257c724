"""MLflow's answers: a version of the registry counts with the run that it comes from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paper_files import changed, sample

from pratique.collectors import UnreadableError

_ALL = "mlflow/answers/answers.json"


def test_answers_about_one_version_are_read_together() -> None:
    found = sample(_ALL)
    assert (found.kind, found.complete) == ("registry-entry", True)
    assert (found.subject, found.subject_version, found.subject_digest) == ("acme-7b-instruct-v2", "2", "ab" * 32)
    assert found.facts["metrics"] == {"loss": 2.2, "harmful_compliance_rate": 0.031}
    assert found.facts["params"]["train_flops"] == "8.1e+22"
    assert found.facts["tags"] == {"git_sha": "df9ad47", "gpai.model_family": "acme-7b"}
    assert found.facts["run"]["datasets"] == ["pretrain-mix"]
    assert found.facts["logged_model"]["status"] == "LOGGED_MODEL_READY"
    assert found.produced_at == datetime(2026, 11, 23, 13, 49, 0, 695000, tzinfo=UTC)
    assert found.observed_from is not None


def test_a_metric_that_is_the_text_nan_is_no_number_and_named() -> None:
    found = sample("mlflow/api/run_get.json")
    assert "nan_metric" not in found.facts["metrics"]
    assert found.facts["dropped"] == ["metrics.nan_metric"]
    assert (found.errors, found.facts["metric_count"]) == (1, 3)


def test_metrics_of_the_logged_model_are_left_alone() -> None:
    found = sample("mlflow/api/logged_model_get.json")  # there NaN is 0.0
    assert found.facts["metrics"] == {}


@pytest.mark.parametrize("name", ["model_version_get", "registered_model_get", "logged_model_get"])
def test_without_its_run_nothing_says_that_training_ended(name: str) -> None:
    assert "holds no run" in (sample(f"mlflow/api/{name}.json").incomplete_reason or "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["run"]["info"].update(status="RUNNING"), "the run is RUNNING"),
        (lambda d: d["run"]["info"].update(status="FAILED"), "the run is FAILED"),
        (lambda d: d["run"]["info"].pop("status"), "without a status"),
        (lambda d: d["run"]["info"].update(lifecycle_stage="deleted"), "was deleted"),
        (lambda d: d["run"]["info"].update(end_time=0), "has no end"),
        (lambda d: d["model_version"].update(status="PENDING_REGISTRATION"), "not READY"),
        (lambda d: d["model_version"].update(run_id="0" * 32), "not the one that the model version comes from"),
        (lambda d: d["registered_model"].update(name="other"), "not that of the model version"),
        (lambda d: d["model"]["info"].update(status="LOGGED_MODEL_PENDING"), "not LOGGED_MODEL_READY"),
    ],
)
def test_whatever_did_not_end_well_is_incomplete(tmp_path: Path, change: Any, words: str) -> None:
    found = changed(_ALL, change, tmp_path)
    assert words in (found.incomplete_reason or "")
    assert found.done == 0


def test_a_version_that_was_registered_without_a_run_takes_the_one_in_the_file(tmp_path: Path) -> None:
    assert changed(_ALL, lambda d: d["model_version"].update(run_id=None), tmp_path).complete


def test_times_may_be_texts_as_protobuf_writes_them(tmp_path: Path) -> None:
    found = changed(_ALL, lambda d: d["model_version"].update(last_updated_timestamp="1795441740695"), tmp_path)
    assert found.produced_at == sample(_ALL).produced_at


def test_other_json_with_a_model_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        changed(_ALL, lambda d: (d.clear(), d.update(model={"name": "x"}, run=3)), tmp_path)
