"""Croissant and OSCAL: data sets whose files are fixed by digests, assessments in which no control is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paper_files import changed, sample

from pratique.collectors import UnreadableError

_DATASET = "croissant/croissant.json"
_RESULTS = "oscal/assessment-results.json"
_PLAN = "oscal/poam.json"


def test_a_data_set_is_read_with_its_licence_digests_and_what_it_says_of_people() -> None:
    found = sample(_DATASET)
    assert (found.kind, found.complete, found.planned, found.done) == ("dataset", True, 1, 1)
    assert found.subject is None  # a data set is no model
    assert found.facts["licences"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert found.facts["version"] == "3.1.0"
    assert found.facts["rai"]["personalSensitiveInformation"] == "e-mail addresses removed"
    assert found.facts["distribution"]["without_sha256"] == 0
    assert found.facts["records"] == {"sets": 1, "fields": 3}
    assert (found.produced_at, found.facts["date_published"]) == (None, "2026-10-01")


@pytest.mark.parametrize("digest", [None, "abc", "z" * 64])
def test_a_file_without_a_digest_makes_a_data_set_incomplete(tmp_path: Path, digest: str | None) -> None:
    found = changed(_DATASET, lambda doc: doc["distribution"][0].update(sha256=digest), tmp_path)
    assert "1 of 1 files have no SHA-256" in (found.incomplete_reason or "")
    live = changed(
        _DATASET, lambda doc: (doc.update(isLiveDataset=True), doc["distribution"][0].update(sha256=digest)), tmp_path
    )
    assert live.complete
    assert live.facts["is_live"] is True


def test_a_data_set_without_files_is_incomplete(tmp_path: Path) -> None:
    assert "lists no file" in (changed(_DATASET, lambda doc: doc.pop("distribution"), tmp_path).incomplete_reason or "")


def test_a_file_inside_another_needs_no_digest_of_its_own(tmp_path: Path) -> None:
    inner = {"@type": "cr:FileObject", "@id": "a", "name": "a", "containedIn": {"@id": "data.csv"}}
    found = changed(_DATASET, lambda doc: doc["distribution"].append(inner), tmp_path)
    assert found.complete
    assert found.facts["distribution"]["contained"] == 1


def test_a_data_set_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="conformsTo"):
        changed(_DATASET, lambda doc: doc.update(conformsTo="https://example.org/other"), tmp_path)


def test_findings_are_counted_by_state() -> None:
    found = sample(_RESULTS)
    assert (found.kind, found.complete) == ("assessment-results", True)
    assert (found.planned, found.done, found.errors) == (1, 1, 0)
    assert found.facts["findings"]["by_state"] == {"not-satisfied": 1, "satisfied": 1}
    assert found.facts["findings"]["unsatisfied_targets"] == ["measure-3.4_obj"]
    assert found.facts["risks"]["open"] == 1
    assert found.observed_until is not None


def _result(document: Any) -> Any:
    return document["assessment-results"]["results"][0]


def test_a_reviewed_control_without_a_finding_is_told(tmp_path: Path) -> None:
    def add(document: Any) -> None:
        selection = _result(document)["reviewed-controls"]["control-selections"][0]
        selection["include-controls"].append({"control-id": "measure-9.1"})

    found = changed(_RESULTS, add, tmp_path)
    assert (found.planned, found.done, found.complete) == (2, 1, False)
    assert "measure-9.1" in (found.incomplete_reason or "")


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        ({"include-all": {}}, "include-all"),
        ({"include-all": {}, "include-controls": [{"control-id": "measure-3.4"}]}, "include-all"),
        ({}, "names no control that was to be reviewed"),
    ],
)
def test_controls_that_are_not_named_leave_it_incomplete(tmp_path: Path, selection: Any, reason: str) -> None:
    found = changed(
        _RESULTS, lambda doc: _result(doc)["reviewed-controls"].update({"control-selections": [selection]}), tmp_path
    )
    assert reason in (found.incomplete_reason or "")


@pytest.mark.parametrize(
    ("targets", "missing"),
    [
        (["measure-3.4_smt.a"], ["measure-3.4_smt.b", "measure-3.4_smt.c.1"]),
        (["measure-3.4_smt.a", "measure-3.4_obj.b", "measure-3.4_smt.c"], []),
        (["measure-3.4_obj"], []),
        (["measure-3.4"], []),
        (["measure-3"], ["measure-3.4_smt.a", "measure-3.4_smt.b", "measure-3.4_smt.c.1"]),
    ],
)
def test_each_statement_that_is_named_needs_a_finding(tmp_path: Path, targets: list[str], missing: list[str]) -> None:
    statements = ["measure-3.4_smt.a", "measure-3.4_smt.b", "measure-3.4_smt.c.1"]

    def select(document: Any) -> None:
        result = _result(document)
        entry = {"control-id": "measure-3.4", "statement-ids": statements}
        result["reviewed-controls"]["control-selections"] = [{"include-controls": [entry]}]
        state = {"state": "satisfied"}
        result["findings"] = [{"uuid": "f", "target": {"target-id": one, "status": state}} for one in targets]

    found = changed(_RESULTS, select, tmp_path)
    assert found.facts["controls"]["without_finding"] == missing
    assert (found.planned, found.done, found.complete) == (3, 3 - len(missing), not missing)


@pytest.mark.parametrize("state", ["other", "", None, "Satisfied"])
def test_a_state_that_oscal_does_not_know_is_none(tmp_path: Path, state: Any) -> None:
    found = changed(_RESULTS, lambda doc: _result(doc)["findings"][0]["target"]["status"].update(state=state), tmp_path)
    assert found.errors == 1
    assert "neither satisfied nor not-satisfied" in (found.incomplete_reason or "")


def test_no_finding_is_no_assessment(tmp_path: Path) -> None:
    assert "holds no finding" in (
        changed(_RESULTS, lambda doc: _result(doc).pop("findings"), tmp_path).incomplete_reason or ""
    )


def test_what_is_overdue_goes_by_the_date_of_the_file(tmp_path: Path) -> None:
    def due(document: Any) -> None:
        task = {"timing": {"within-date-range": {"start": "2026-11-01T00:00:00Z", "end": "2026-11-10T00:00:00Z"}}}
        plan = document["plan-of-action-and-milestones"]
        plan["risks"][0] |= {"deadline": "2026-11-19T00:00:00Z", "remediations": [{"tasks": [task]}]}
        plan["risks"].append({"uuid": "b", "title": "Later", "status": "closed", "deadline": "2020-01-01T00:00:00Z"})

    risks = changed(_PLAN, due, tmp_path).facts["risks"]
    assert (risks["overdue"], risks["tasks_overdue"], risks["open"]) == (1, 1, 1)
    assert risks["next_deadline"] == "2026-11-19T00:00:00.000000Z"
    assert risks["by_status"] == {"closed": 1, "open": 1}


def test_without_a_date_of_the_file_nothing_is_said_of_what_is_overdue(tmp_path: Path) -> None:
    found = changed(_PLAN, lambda doc: doc["plan-of-action-and-milestones"]["metadata"].pop("last-modified"), tmp_path)
    assert "overdue" not in found.facts["risks"]
    assert found.produced_at is None


def test_an_item_is_open_until_its_risks_are_closed(tmp_path: Path) -> None:
    def relate(status: str) -> Any:
        def change(document: Any) -> None:
            plan = document["plan-of-action-and-milestones"]
            plan["risks"][0]["status"] = status
            plan["poam-items"][0]["related-risks"] = [{"risk-uuid": plan["risks"][0]["uuid"]}]

        return change

    assert sample(_PLAN).facts["items"] == {"total": 1, "open": 1, "closed": 0, "without_risk": 1}
    assert changed(_PLAN, relate("closed"), tmp_path).facts["items"]["open"] == 0
    assert changed(_PLAN, relate("deviation-approved"), tmp_path).facts["items"]["open"] == 1


@pytest.mark.parametrize("version", ["2.0.0", "", "one"])
def test_another_major_version_of_oscal_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(UnreadableError, match="oscal-version"):
        changed(
            _PLAN, lambda d: d["plan-of-action-and-milestones"]["metadata"].update({"oscal-version": version}), tmp_path
        )
