"""What an occurrence may say: the engine's knowledge of kinds beside the vocabulary of the shipped edition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from pratique.cli.clock import left
from pratique.cli.incident import ITEMS, Limb, Stage, items_named
from pratique.domain import occurrences
from pratique.domain.occurrences import BEGINNINGS, KINDS, IncidentReport, ReportItem, ReportStage, check_data
from pratique.errors import InvalidInputError

CLOCKS = Path(__file__).resolve().parents[2] / "config" / "regimes" / "eu-gpai-code" / "2025-07-10" / "clocks.yaml"


@pytest.fixture(name="vocabulary", scope="module")
def vocabulary_fixture() -> dict[str, dict[str, Any]]:
    kinds = yaml.safe_load(CLOCKS.read_text(encoding="utf-8"))["occurrences"]
    return {kind["id"]: kind for kind in kinds}


def test_every_kind_of_the_edition_is_known_with_the_same_meaning(vocabulary: dict[str, dict[str, Any]]) -> None:
    assert set(vocabulary) == set(KINDS)
    assert {name for name, kind in vocabulary.items() if kind.get("planned")} == {
        name for name, kind in KINDS.items() if kind.is_plan
    }
    for name, kind in KINDS.items():
        if kind.thread is not None:
            assert vocabulary[name]["about"] == kind.thread.value, name


def test_what_the_rules_look_for_is_what_can_be_said(vocabulary: dict[str, dict[str, Any]]) -> None:
    rules = yaml.safe_load(CLOCKS.read_text(encoding="utf-8"))["rules"]
    limbs = {limit["limb"] for rule in rules for limit in rule["limits"] if "limb" in limit}
    assert limbs == {limb.value for limb in occurrences.Limb}
    assert check_data("request_received", {"from": "ai_office", "basis": "art_91", "period": "10 days"})
    excuses = {excuse["id"] for rule in rules for excuse in rule.get("excuses", ())}
    for excuse in excuses:
        assert check_data("report_update_excused", {"exception": excuse}) == {"exception": excuse}
    assert excuses


def test_the_command_line_speaks_the_same_words() -> None:
    assert tuple(ITEMS) == tuple(item.value for item in ReportItem)
    assert [limb.value for limb in Limb] == [limb.value for limb in occurrences.Limb]
    assert [stage.value for stage in Stage] == [stage.value for stage in ReportStage]


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("incident_aware", {"limbs": ["flood"]}, "data.limbs.0"),
        ("incident_aware", {"limb": ["death"]}, "data.limb"),
        ("incident_limb_found", {"limbs": []}, "data.limbs"),
        ("incident_report_filed", {}, "data.stage"),
        ("incident_report_filed", {"stage": "initial", "items": ["cause"]}, "data.items.0"),
        ("interim_report_provided", {}, "data.good_faith"),
        ("request_received", {"from": "ai_office", "basis": "art_91"}, "due_on"),
        ("request_received", {"from": "ai_office", "due_on": "2026-12-01"}, "basis"),
        ("request_received", {"from": "ai_office", "basis": "art_91", "period": "a week"}, "data.period"),
        (
            "request_received",
            {"from": "ai_office", "basis": "art_91", "period": "7 days", "due_on": "2026-12-01"},
            "at most one",
        ),
        ("placed", {"Note": "x"}, "data.Note"),
        ("placed", {"note": "\x00"}, "data.note"),
        ("placed", {"note": {"deep": 1}}, "data.note"),
    ],
)
def test_data_that_a_kind_does_not_carry_is_refused_by_its_place(kind: str, data: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        check_data(kind, data)


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_data("incident_report_filed", {"stage": "last", "items": ["cause"], "extra": 1})
    assert len(refusal.value.extra["errors"]) == 3


def test_kinds_of_others_carry_what_they_like_within_bounds() -> None:
    assert check_data("audit_begun", {"by": "us", "sites": ["a", "b"], "days": 3}) == {
        "by": "us",
        "sites": ["a", "b"],
        "days": 3,
    }
    with pytest.raises(InvalidInputError):
        check_data("audit_begun", {f"m{n}": n for n in range(21)})


@pytest.mark.parametrize(("stage", "held", "missing"), [("initial", 7, 0), ("initial", 5, 2), ("final", 7, 2)])
def test_a_report_knows_what_it_lacks(stage: str, held: int, missing: int) -> None:
    nine = tuple(ReportItem)
    report = IncidentReport(stage=ReportStage(stage), items=nine[:held])
    assert len(report.missing) == missing
    said = IncidentReport(stage=ReportStage(stage), items=nine[:held], not_yet_known=nine[held:])
    assert said.missing == (), "S-9.2: what is not yet known is stated"


def test_an_item_is_told_or_not_yet_known_and_not_both() -> None:
    with pytest.raises(InvalidInputError, match="found harm in `items` and in `not_yet_known`"):
        check_data("incident_report_filed", {"stage": "initial", "items": ["harm"], "not_yet_known": ["harm"]})


def test_each_thread_begins_with_a_kind_that_says_so() -> None:
    assert set(BEGINNINGS) == set(occurrences.Thread)


@pytest.mark.parametrize(("text", "count"), [("all", 9), ("1-7", 7), ("1-7,9", 8), ("harm", 1), ("3,3", 1)])
def test_items_are_named_by_number_span_or_word(text: str, count: int) -> None:
    assert len(items_named(text)) == count


@pytest.mark.parametrize("text", ["0", "1-10", "7-1", "cause", "", "1-"])
def test_items_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        items_named(text)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, None), (90_000, "1 d 1 h"), (3_660, "1 h 1 min"), (-90_000, "1 d 1 h late"), (0, "0 h 0 min")],
)
def test_the_time_that_is_left_is_told_in_days_and_hours(seconds: int | None, told: str | None) -> None:
    assert left(seconds) == told
