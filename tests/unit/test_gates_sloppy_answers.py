"""What a sloppy answer does not do, and a careful one does: interim reports, incidents, requests, the end."""

import pytest
from shipped_gates import open_ids_with as open_ids

INTERIM = ["acceptability", "failure_conditions", "decision", "landscape"]


@pytest.mark.parametrize(
    ("access", "is_open"),
    [
        ({}, True),
        ({"good_faith": True}, True),
        ({"interim_sections": INTERIM}, True),
        ({"good_faith": False, "interim_sections": INTERIM}, True),
        ({"good_faith": True, "interim_sections": INTERIM[:3]}, True),
        ({"good_faith": True, "interim_sections": INTERIM}, False),
    ],
)
def test_an_interim_report_is_enough_in_good_faith_and_with_reasons_and_landscape(access, is_open):
    def interim(facts):
        facts["model_report_access"].update(status="interim_given", **access)

    found = open_ids("placement", "placement-readiness.json", interim)
    assert found == ({"model-report-access"} if is_open else set())


@pytest.mark.parametrize("left_out", [None, *INTERIM])
def test_the_gate_before_placement_takes_an_interim_report_with_those_sections_only(left_out):
    def interim(facts):
        facts["is_interim"] = True
        facts["sections"] = [section for section in INTERIM if section != left_out]

    assert bool(open_ids("pre-placement", "model-report.json", interim)) is (left_out is not None)


def test_a_short_report_that_is_not_interim_is_not_complete():
    def shorten(facts):
        facts["sections"] = INTERIM

    assert open_ids("pre-placement", "model-report.json", shorten) == {"model-report", "model-report-risks"}


def elsewhere(facts):
    facts["reports"][0]["recipients"] = ["A national authority"]


def no_initial(facts):
    facts["reports"] = [report for report in facts["reports"] if report["stage"] != "initial"]


@pytest.mark.parametrize("change", [elsewhere, no_initial])
def test_each_report_on_an_incident_goes_to_the_ai_office_and_the_first_is_there(change):
    assert open_ids("serious-incident", "incident-file.json", change) == {"reports-received"}


@pytest.mark.parametrize(
    ("late", "is_open"),
    [
        ({"kind": "downstream_provider"}, True),
        ({"kind": "downstream_provider", "exceptional_circumstances": "Flood."}, False),
        ({"kind": "ai_office", "exceptional_circumstances": "Flood."}, True),
        ({"kind": "ai_office", "late_because": "The request was found late."}, False),
    ],
)
def test_exceptional_circumstances_excuse_towards_downstream_providers_alone(late, is_open):
    found = open_ids("requests", "request-record.json", lambda facts: facts.update(answered_on="2027-02-20", **late))
    assert found == ({"answered-in-time"} if is_open else set())


@pytest.mark.parametrize(
    ("kind", "due_on", "is_open"),
    [
        ("downstream_provider", "2027-02-15", False),
        ("downstream_provider", "2027-02-16", True),
        ("ai_office", "2027-03-30", False),
    ],
)
def test_who_records_a_request_cannot_give_a_downstream_provider_more_than_fourteen_days(kind, due_on, is_open):
    found = open_ids("requests", "request-record.json", lambda facts: facts.update(kind=kind, due_on=due_on))
    assert found == ({"request-recorded"} if is_open else set())


@pytest.mark.parametrize(
    ("what", "requirement", "kept_until", "is_open"),
    [
        ("model_documentation", "model-documentation-kept", "2036-11-30", True),
        ("model_documentation", "model-documentation-kept", "2036-12-01", False),
        ("safety_documentation", "safety-documentation-kept", "2030-01-01", True),
        ("representative_copy", "representative-copy-kept", "2030-01-01", True),
        ("incident_records", "incident-records-kept", "2033-06-29", True),
        ("incident_records", "incident-records-kept", "2033-06-30", False),
    ],
)
def test_what_is_kept_is_kept_long_enough_by_its_day(what, requirement, kept_until, is_open):
    def shorten(facts):
        (entry,) = [one for one in facts["retention"] if one["what"] == what]
        entry["kept_until"] = kept_until

    assert open_ids("retirement", "retirement-record.json", shorten) == ({requirement} if is_open else set())
