"""What a sloppy record does not do, and a careful one does: changes, monitoring, documentation, reliefs."""

import json

import pytest
from shipped_gates import EDITION, EXAMPLES, MEETS, RULEBOOK, changed, each, ids, see
from shipped_gates import open_ids_with as open_ids

from pratique.domain.findings import FindingStatus

UNMET, NOT_TESTED = FindingStatus.UNMET, FindingStatus.NOT_TESTED


@pytest.mark.parametrize(
    "name",
    [
        "change-record.json",
        "mitigation-record.change.json",
        "model-documentation.change.json",
        "model-report.change.json",
    ],
)
def test_a_record_of_another_change_or_of_none_says_nothing_of_this_one(name):
    assert open_ids("model-change", name, lambda facts: facts.update(change="chg-2")) == MEETS["model-change"][name]
    if name != "change-record.json":
        assert open_ids("model-change", name, lambda facts: facts.pop("change")) == MEETS["model-change"][name]


def test_a_review_of_another_round_says_nothing_of_this_one():
    name = "post-market-review.json"
    assert open_ids("post-market", name, lambda facts: facts.update(round="2026-h2")) == MEETS["post-market"][name]
    assert open_ids("post-market", name, lambda facts: facts.pop("round")) == set()


def one_method(facts):
    facts["methods"] = [facts["methods"][0]] * 11


def one_missing(facts):
    facts["methods"].pop()


@pytest.mark.parametrize("change", [one_method, one_missing])
def test_one_method_eleven_times_is_one_method(change):
    assert open_ids("post-market", "post-market-review.json", change) == {"methods-considered"}


def test_a_method_of_ones_own_may_stand_beside_the_eleven():
    def add(facts):
        facts["methods"].append({"method": "other", "is_used": True, "reason": "Honeypots."})

    assert open_ids("post-market", "post-market-review.json", add) == set()


@pytest.mark.parametrize(("state", "is_open"), [("holds", True), ("updated", False)])
def test_a_failure_condition_that_came_about_is_answered_by_an_updated_report(state, is_open):
    def come_about(facts):
        facts["failure_conditions"][0]["has_occurred"] = True
        facts["model_report"]["state"] = state

    found = open_ids("post-market", "post-market-review.json", come_about)
    assert found == ({"failure-conditions"} if is_open else set())


@pytest.mark.parametrize("stage", ["training", "trained"])
def test_monitoring_follows_placement_and_asks_for_no_gate_again(stage):
    result = see("post-market", MEETS["post-market"], gates={}, stage=stage)
    assert ids(result, UNMET) == {"on-the-market"}
    assert see("post-market", MEETS["post-market"], gates={}, stage="in_service").is_ready


@pytest.mark.parametrize("gate", ["training-trigger", "pre-placement", "placement"])
def test_what_was_cleared_before_placement_is_settled_once_the_model_is_on_the_market(gate):
    settled = RULEBOOK.spec(gate).settled_when
    assert settled == 'profile.stage in ["placed", "in_service", "withdrawn"]'


def test_a_framework_assessment_may_not_be_due_yet_but_says_when_it_will_be():
    name = "framework-assessment.json"

    def not_due(facts):
        by = facts["assessed_by"]
        facts.clear()
        facts.update(trigger="not_due_yet", framework_version="1.0", assessed_by=by, ground="Placed in May 2027.")

    def not_due_until(facts):
        not_due(facts)
        facts["due_on"] = "2028-05-03"

    assert open_ids("post-market", name, not_due) == {"framework-assessment"}
    assert open_ids("post-market", name, not_due_until) == set()


def test_what_was_due_by_placement_and_every_limit_of_monitoring_is_enforced():
    advice = {r.id for r in RULEBOOK.spec("post-market").requirements() if r.clock and r.gating == "advise"}
    assert advice == {"whistleblower-reminder", "training-summary-update"}, "an indication, and an unverified notice"
    assert not [r.id for r in RULEBOOK.spec("serious-incident").requirements() if r.gating == "advise"]


FORM = [
    field.id
    for document in EDITION.documents
    if document.id == "model_documentation_form"
    for section in document.sections
    for field in section.fields
]
DOCUMENTED = {
    "pre-placement": ("model-documentation.json", "model-documentation"),
    "post-market": ("model-documentation.json", "documentation-current"),
    "model-change": ("model-documentation.change.json", "model-documentation"),
}


@pytest.mark.parametrize("gate", DOCUMENTED)
def test_every_field_of_the_form_is_asked_for(gate):
    name, requirement = DOCUMENTED[gate]
    shown = [item["field"] for item in json.loads((EXAMPLES / name).read_text("utf-8"))["facts"]["items"]]
    assert shown == FORM
    criterion = RULEBOOK.spec(gate).requirement(requirement).criterion
    assert [field for field in FORM if f'"{field}"' not in criterion] == []


@pytest.mark.parametrize("gate", DOCUMENTED)
@pytest.mark.parametrize("field", [FORM[0], "training_compute", "model_authenticity"])
@pytest.mark.parametrize("flaw", ["missing", "twice", "open", "no reason"])
def test_a_field_of_the_form_that_is_missing_twice_or_open_holds_the_gate_shut(gate, field, flaw):
    name, requirement = DOCUMENTED[gate]

    def spoil(facts):
        (item,) = [one for one in facts["items"] if one["field"] == field]
        if flaw == "missing":
            facts["items"].remove(item)
        elif flaw == "twice":
            facts["items"].append(item)
        else:
            item["state"] = "open" if flaw == "open" else "not_applicable"

    assert open_ids(gate, name, spoil) == {requirement}


@pytest.mark.parametrize("gate", DOCUMENTED)
@pytest.mark.parametrize("version", ["2.0", "1", "aurora/2.1", "12.1"])
def test_documentation_of_another_version_is_not_of_this_one(gate, version):
    name, requirement = DOCUMENTED[gate]

    def cover(facts):
        facts["covers_version"] = facts["infringing_output"]["tested_version"] = version

    assert open_ids(gate, name, cover) == {requirement} | (set() if gate == "post-market" else {"infringing-output"})


def test_the_summary_of_training_content_covers_this_version():
    def cover(facts):
        facts["training_content_summary"]["covers_version"] = "2.0"

    assert open_ids("placement", "placement-readiness.json", cover) == {"training-content-summary"}


def test_what_a_modification_leaves_as_it_was_need_not_be_documented_again():
    name, requirement = DOCUMENTED["pre-placement"]

    def original(facts):
        facts["items"][10].update(state="not_applicable", reason="original")

    origin = {"kind": "modified", "upstream": "other/1", "upstream_flop": 1e24, "modification_flop": 1e24}
    assert open_ids("pre-placement", name, original) == {requirement}
    assert requirement not in open_ids("pre-placement", name, original, origin=origin)


def test_each_relief_that_the_profile_claims_is_shown():
    claims = {"most_capable": False, "crawls": False, "open_source": True}
    files = [*MEETS["scope-and-role"], "scope-reliefs.json"]
    assert "reliefs-shown" in ids(see("scope-and-role", files[:-1], **claims), NOT_TESTED)
    assert "reliefs-shown" in ids(see("scope-and-role", files, **claims), FindingStatus.MET)
    assert "reliefs-shown" in ids(see("scope-and-role", files), FindingStatus.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("claim", "relief"),
    [
        ({"most_capable": False}, "not_most_capable"),
        ({"crawls": False}, "does_not_crawl"),
        ({"open_source": True}, "open_source"),
        ({"weaker_than_open_model": True}, "weaker_than_open_model"),
        ({"parameters_state": "public"}, "parameters_public"),
        ({"parameters_state": "deleted"}, "parameters_deleted"),
        ({"contestation": "accepted"}, "contestation_accepted"),
        ({"general_purpose": False, "systemic_risk": False, "training_flop": 2e23}, "not_general_purpose"),
    ],
)
def test_a_relief_is_shown_by_its_own_entry(claim, relief):
    def only(wanted):
        def change(facts):
            facts["reliefs"] = [facts["reliefs"][0] | {"relief": wanted}]

        return [*MEETS["scope-and-role"], changed("scope-reliefs.json", change)]

    other = "not_most_capable" if relief != "not_most_capable" else "open_source"
    assert "reliefs-shown" in ids(see("scope-and-role", only(relief), **claim), FindingStatus.MET)
    assert "reliefs-shown" in ids(see("scope-and-role", only(other), **claim), UNMET)


def test_a_planned_change_opens_scope_and_role_too():
    opened = [spec.id for spec in RULEBOOK.gates_opened_by("pratique.occurrence.change_planned")]
    assert sorted(opened) == ["model-change", "scope-and-role"]


def test_each_risk_is_evaluated_and_mitigated_on_the_changed_model():
    def untold(facts):
        del facts["risks"][0]["evaluation"]

    def unmitigated(facts):
        del facts["mitigations"][0]

    assert open_ids("model-change", "change-record.json", untold) == {"risk-evaluation-after-change.cbrn"}
    found = open_ids("model-change", "mitigation-record.change.json", unmitigated)
    assert found == {"risk-mitigation-after-change.cbrn"}


@pytest.mark.parametrize(
    ("crawling", "is_open"),
    [
        ({"state": "no_crawled_data"}, False),
        ({"state": "not_checked"}, True),
        ({"state": "rules_kept"}, True),
        ({"state": "rules_kept", "record_sha256": "e" * 64}, False),
    ],
)
def test_what_is_crawled_for_a_change_keeps_to_the_rules(crawling, is_open):
    found = open_ids("model-change", "change-record.json", lambda facts: facts.update(crawling=crawling))
    assert found == ({"crawling-after-change"} if is_open else set())


def test_the_terms_of_a_changed_model_forbid_infringing_use():
    def allow(facts):
        facts["infringing_output"]["use_terms"] = "none"

    assert open_ids("model-change", "model-documentation.change.json", allow) == {"infringing-output"}


def test_each_risk_is_asked_for_with_a_change():
    asked = {finding.requirement for finding in see("model-change", []).findings}
    assert each("risk-after-change", "risk-evaluation-after-change", "risk-mitigation-after-change") <= asked
