"""Data sheets of gates, and the page that is made of them."""

import runpy

import pytest
from shipped_gates import EDITION, ROOT, RULEBOOK

from pratique.regimes.datasheet import data_sheet, limit_words

SHEETS = {gate: data_sheet(spec, EDITION) for gate, spec in RULEBOOK.specs.items()}


def test_the_page_is_current():
    made = runpy.run_path(str(ROOT / "docs" / "gate_sheets.py"))
    assert made["page"]() == (ROOT / "docs" / "gates.md").read_text(encoding="utf-8"), "run: make docs"


@pytest.mark.parametrize("gate", SHEETS)
def test_a_sheet_says_what_people_need_before_they_open_a_gate(gate):
    sheet = SHEETS[gate]
    spec = RULEBOOK.spec(gate)
    assert sheet.decides.endswith("?")
    assert sheet.signs == spec.sign_off.roles
    assert all(role.replace("_", " ") in sheet.clears for role in sheet.signs)
    assert sheet.not_checked
    assert "does not show" in sheet.does_not_show
    rows = [row for checkpoint in sheet.checkpoints for row in checkpoint.requirements]
    assert [row.id for row in rows] == [requirement.id for requirement in spec.requirements()]
    shown = [row.title + row.why + (row.open_while or "") for row in rows]
    assert not any("{risk}" in text for text in shown)


@pytest.mark.parametrize("gate", SHEETS)
def test_each_source_that_a_gate_cites_is_on_its_sheet_with_where_it_was_read(gate):
    cited = {source for requirement in RULEBOOK.spec(gate).requirements() for source in requirement.measures}
    named = {source.id for source in SHEETS[gate].sources}
    assert cited <= named
    assert all(source.title and source.read_in for source in SHEETS[gate].sources)


def test_each_clock_of_the_edition_is_on_the_sheet_of_its_gate():
    shown = {clock.id: gate for gate, sheet in SHEETS.items() for clock in sheet.clocks}
    assert shown == {rule.id: rule.gate for rule in EDITION.clocks.rules}
    assert all(clock.limits for sheet in SHEETS.values() for clock in sheet.clocks)


def test_time_limits_are_told_in_words():
    told = {rule.id: limit_words(rule) for rule in EDITION.deadlines}
    assert told["S-9.3-2D"].startswith("within 2 days of: Awareness of model involvement")
    assert told["S-1.1-2W"] == "at least 2 weeks before: Planned placing on the market"
    assert told["S-1.3-12M"].startswith("at least every 12 months from: ")
    assert told["T-1.1-RET"].startswith("kept for at least 10 years from: ")
    assert told["S-3.5-30BD"].startswith("held back for at most 30 business days from: ")
    assert not any("{" in text for text in told.values())


def test_without_an_edition_a_sheet_names_no_sources_and_no_clocks():
    sheet = data_sheet(RULEBOOK.spec("requests"), None)
    assert (sheet.sources, sheet.clocks) == ((), ())
    assert sheet.as_json()["checkpoints"][0]["requirements"][0]["id"] == "request-recorded"
