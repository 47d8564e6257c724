"""Training runs: how far they came, estimates that are called estimates, and figures that readers disagree on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from eval_files import DATA
from paper_files import changed, sample, written

from pratique.collectors import UnreadableError

_STATE = "training/trainer_state.json"
_LAUNCH = (DATA / "training/pretrain.yaml").read_text()


def test_a_run_that_did_every_step_is_complete() -> None:
    found = sample(_STATE)
    assert (found.kind, found.complete, found.planned, found.done) == ("training-run", True, 20, 20)
    assert found.facts["flop_estimate"] == 576552960.0
    assert "6 x parameters x tokens" in found.facts["flop_method"]
    assert "no measurement" in found.facts["flop_method"]
    assert found.facts["tokens"] == 960
    assert found.facts["loss"]["last"] == pytest.approx(4.0717308)
    assert found.facts["runtime_seconds"] == 1.4115


@pytest.mark.parametrize(
    ("planned", "done", "words"),
    [(40, 20, "20 of 40"), (10, 20, "only 10 were planned"), (0, 20, "does not say"), (-1, 20, "does not say"),
     (None, 20, "does not say"), (20, "20", "does not say")],
)  # fmt: skip
def test_a_run_that_came_less_or_further_is_not(tmp_path: Path, planned: Any, done: Any, words: str) -> None:
    found = changed(_STATE, lambda state: state.update(max_steps=planned, global_step=done), tmp_path)
    assert not found.complete
    assert words in (found.incomplete_reason or "")


def test_a_run_that_was_told_to_stop_says_so(tmp_path: Path) -> None:
    found = changed(_STATE, lambda state: state.update(max_steps=40), tmp_path)
    assert found.facts["stopped_early"] is True
    assert "told to stop" in (found.incomplete_reason or "")


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_makes_the_run_incomplete(tmp_path: Path, loss: float) -> None:
    found = changed(_STATE, lambda state: state["log_history"][1].update(loss=loss), tmp_path)
    assert (found.errors, found.facts["loss"]["not_finite"]) == (1, 1)
    assert "NaN or infinite 1 times" in (found.incomplete_reason or "")


def test_compute_beyond_every_integer_is_a_float(tmp_path: Path) -> None:
    for flop in (8.1e22, 10**25):
        facts = changed(_STATE, lambda state, flop=flop: state.update(total_flos=flop), tmp_path).facts
        assert facts["flop_estimate"] == float(flop)
        assert isinstance(facts["flop_estimate"], float)


@pytest.mark.parametrize("flop", [0, None, "8e22", -5.0])
def test_compute_that_was_never_counted_is_no_fact(tmp_path: Path, flop: Any) -> None:
    assert "flop_estimate" not in changed(_STATE, lambda state: state.update(total_flos=flop), tmp_path).facts


@pytest.mark.parametrize("name", ["train_results", "all_results"])
def test_results_without_steps_are_never_complete(name: str) -> None:
    found = sample(f"training/{name}.json")
    assert found.facts["form"] == "results"
    assert "submit trainer_state.json" in (found.incomplete_reason or "")


def test_a_configuration_says_nothing_of_a_run() -> None:
    found = sample("training/config.json")
    assert (found.facts["form"], found.facts["model_type"], found.complete) == ("config", "gpt2", True)
    assert found.facts["config"]["vocab_size"] == 305
    assert "flop_estimate" not in found.facts


def test_a_launch_file_plans() -> None:
    found = sample("training/pretrain.yaml")
    launch = found.facts["launch"]
    assert launch["planned_flop"] == 8.1e22
    assert launch["tokens"] == 1.86e12
    assert launch["six_nd_flop"] == pytest.approx(6 * 7241732096 * 1.86e12)
    assert found.facts["config"]["safety"]["filter_csam"] is True
    assert "flop_estimate" not in found.facts


@pytest.mark.parametrize("number", ["1_000", "0042", "1:30", "8.1e22 FLOP", "true", ".inf"])
def test_a_figure_that_readers_disagree_on_is_left_out_and_named(tmp_path: Path, number: str) -> None:
    found = written(_LAUNCH.replace("train_flops: 8.1e22", f"train_flops: {number}"), "pretrain.yaml", tmp_path)
    assert "planned_flop" not in found.facts["launch"]
    assert "launch.planned_flop" in found.facts["dropped"]


def test_other_yaml_is_no_launch_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        written("model: aurora\ncompute: much\n", "notes.yaml", tmp_path)
    with pytest.raises(UnreadableError):
        written("a: 1\n", "notes.yaml", tmp_path)


def test_a_pickle_of_arguments_is_never_read_as_a_run() -> None:
    try:
        kind = sample("training/training_args.bin").kind
    except UnreadableError:
        return
    assert kind != "training-run"
