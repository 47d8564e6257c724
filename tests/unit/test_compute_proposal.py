"""What evidence gives ground to record in the compute ledger: figures that are called what they are, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paper_files import changed, sample

from pratique.domain.compute import ComputeKind
from pratique.domain.compute_proposal import propose_compute
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.errors import ConflictError


def _evidence(extraction: Extraction | None, reading: Reading = Reading.READ) -> Evidence:
    return Evidence(
        id="0198f3a2",
        sha256="ab" * 32,
        filename="state.json",
        received_at=datetime(2026, 11, 23, tzinfo=UTC),
        submitter="pipeline",
        reading=reading,
        extraction=extraction,
    )


def test_the_state_of_a_run_proposes_its_estimate() -> None:
    found = propose_compute(_evidence(sample("training/trainer_state.json")))
    assert (found.kind, found.flop) == (ComputeKind.DONE, 576552960.0)
    assert found.source.startswith("evidence 0198f3a2 (state.json, sha256 abababababab): total_flos: the estimate")
    assert (found.begins_at, found.ends_at) == (None, None)
    assert any("does not say when" in caution for caution in found.cautions)
    assert any("resumed" in caution for caution in found.cautions)


def test_a_run_that_did_not_end_took_compute_all_the_same(tmp_path: Path) -> None:
    half = changed("training/trainer_state.json", lambda state: state.update(max_steps=40), tmp_path)
    found = propose_compute(_evidence(half))
    assert found.flop == 576552960.0
    assert any("20 of 40" in caution for caution in found.cautions)


def test_a_launch_file_proposes_a_plan() -> None:
    found = propose_compute(_evidence(sample("training/pretrain.yaml")))
    assert (found.kind, found.flop) == (ComputeKind.PLANNED, 8.1e22)
    assert not any("6 x" in caution for caution in found.cautions)  # 8.08e22 of the same file agrees


@pytest.mark.parametrize(("planned", "flop", "cautions"), [(None, 6e21, False), (1e25, 1e25, True)])
def test_a_figure_that_does_not_fit_its_own_file_is_told(planned: Any, flop: float, cautions: bool) -> None:
    launch = {"six_nd_flop": 6e21} | ({"planned_flop": planned} if planned else {})
    read = Extraction(kind="training-run", collector="training", collector_version="1", complete=True,
                      facts={"form": "launch", "launch": launch})  # fmt: skip
    found = propose_compute(_evidence(read))
    assert found.flop == flop
    assert any("6 x parameters" in caution for caution in found.cautions) is cautions


def test_an_mlflow_run_proposes_what_was_logged_and_when() -> None:
    found = propose_compute(_evidence(sample("mlflow/answers/answers.json")))
    assert (found.kind, found.flop) == (ComputeKind.DONE, 8.1e22)
    assert found.begins_at is not None
    assert found.ends_at is not None
    assert "param train_flops" in found.source


def test_a_param_of_a_run_that_did_not_end_is_a_plan(tmp_path: Path) -> None:
    running = changed("mlflow/api/run_get.json", lambda doc: doc["run"]["info"].update(status="RUNNING"), tmp_path)
    assert propose_compute(_evidence(running)).kind is ComputeKind.PLANNED


@pytest.mark.parametrize("flop", ["NaN", "inf", "0", "-1", "much", "1e999", True, None, 0.0])
def test_what_is_no_amount_is_not_proposed(flop: Any) -> None:
    read = Extraction(
        kind="registry-entry", collector="mlflow", collector_version="1", facts={"params": {"train_flops": flop}}
    )
    with pytest.raises(ConflictError, match="names no compute"):
        propose_compute(_evidence(read))


def test_other_evidence_and_files_that_were_not_read_propose_nothing() -> None:
    with pytest.raises(ConflictError, match="names no compute"):
        propose_compute(_evidence(sample("codecarbon/emissions.csv")))
    with pytest.raises(ConflictError, match="was not read"):
        propose_compute(_evidence(None, Reading.PENDING))
