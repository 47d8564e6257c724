"""CodeCarbon: sums over runs, units in names, and how far the figures were measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_files import DATA
from paper_files import sample, written

from pratique.collectors import UnreadableError

_TEXT = (DATA / "codecarbon/emissions.csv").read_text()
_HEADER, _FIRST, _SECOND = _TEXT.splitlines()
_COLUMNS = _HEADER.split(",")


def _with(tmp_path: Path, **values: str) -> str:
    row = dict(zip(_COLUMNS, _FIRST.split(","), strict=True)) | values
    return "\n".join([_HEADER, ",".join(row[name] for name in _COLUMNS), _SECOND, ""])


def test_runs_are_summed_and_units_stand_in_the_names() -> None:
    found = sample("codecarbon/emissions.csv")
    assert (found.complete, found.planned, found.done, found.errors) == (True, 2, 2, 0)
    assert found.facts["emissions_kg"] == pytest.approx(2.3706076621061712e-05 + 2.3729133573301446e-05)
    assert found.facts["energy_kwh"] == pytest.approx(6.222884006053737e-05 + 6.228936493844716e-05)
    assert found.facts["duration_seconds"] == pytest.approx(16.0618293920)
    assert found.facts["runs"] == {"rows": 2, "counted": 2, "run_ids": 2, "experiment_ids": 1, "repeated": 0}
    assert found.tool == "codecarbon 3.3.2"
    assert found.subject is None


def test_a_time_without_a_zone_is_no_time_of_production() -> None:
    found = sample("codecarbon/emissions.csv")
    assert found.produced_at is None
    assert found.facts["produced_at_local"] == "2026-11-23T14:08:26"


def test_how_far_the_figures_were_measured_is_a_fact() -> None:
    tracking = sample("codecarbon/emissions.csv").facts["tracking"]
    assert tracking["cpu_power_constant"] is True  # 6.56 W is what CodeCarbon assumes without RAPL
    assert tracking["gpu_measured"] is False
    assert tracking["modes"] == ["machine"]


def test_measured_power_is_told_from_a_constant(tmp_path: Path) -> None:
    found = written(_with(tmp_path, cpu_power="48.2", gpu_power="310.5"), "emissions.csv", tmp_path)
    assert found.facts["tracking"]["cpu_power_constant"] is False
    assert found.facts["tracking"]["gpu_measured"] is True


def test_a_spreadsheet_of_another_country_is_read_alike(tmp_path: Path) -> None:
    text = "\ufeff" + _TEXT.replace(",", ";").replace(".", ",").replace("\n", "\r\n")
    found = written(text, "emissions.csv", tmp_path)
    assert found.facts["emissions_kg"] == sample("codecarbon/emissions.csv").facts["emissions_kg"]
    assert found.complete


@pytest.mark.parametrize("amount", ["", "NaN", "inf", "-1", "about 3"])
def test_a_row_without_a_figure_makes_it_incomplete(tmp_path: Path, amount: str) -> None:
    found = written(_with(tmp_path, emissions=amount), "emissions.csv", tmp_path)
    assert (found.complete, found.done, found.errors) == (False, 1, 1)
    assert "1 of 2 rows lack" in (found.incomplete_reason or "")


def test_a_run_that_stands_twice_is_told(tmp_path: Path) -> None:
    found = written("\n".join([_HEADER, _FIRST, _FIRST, ""]), "emissions.csv", tmp_path)
    assert "1 rows stand in the file twice" in (found.incomplete_reason or "")


def test_no_run_and_no_energy_are_no_result(tmp_path: Path) -> None:
    assert "holds no run" in (written(_HEADER + "\n", "emissions.csv", tmp_path).incomplete_reason or "")
    nothing = "\n".join([_HEADER, _with(tmp_path, energy_consumed="0.0").splitlines()[1], ""])
    assert "no energy was measured" in (written(nothing, "emissions.csv", tmp_path).incomplete_reason or "")


def test_a_file_that_ends_inside_a_row_is_refused_or_incomplete(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="columns in line 3"):
        written(_TEXT[: -len(_SECOND) // 2], "emissions.csv", tmp_path)
    found = written(_TEXT.rstrip("\n"), "emissions.csv", tmp_path)
    assert "may have been cut" in (found.incomplete_reason or "")


def test_older_files_with_fewer_columns_are_read_by_name(tmp_path: Path) -> None:
    names = ["run_id", "timestamp", "emissions", "duration", "energy_consumed"]
    found = written(",".join(names) + "\na,2024-01-01T00:00:00+00:00,0.5,60,1.25\n", "emissions.csv", tmp_path)
    assert (found.facts["emissions_kg"], found.facts["energy_kwh"]) == (0.5, 1.25)
    assert "water_litres" not in found.facts
    assert found.produced_at is not None
