"""The risk register: recorded by people, held to the taxonomy, and what gates ask of each risk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)
from risk_fixtures import (  # noqa: F401 - fixtures are used by name
    ALWAYS,
    RISKS,
    engine_config_fixture,
    record,
    risk,
    statuses,
)

from pratique.services.verify import verify_ledger

FOUR = [risk(one) for one in ALWAYS]


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


def test_specified_risks_are_identified_before_anything_is_recorded(story: Engine) -> None:
    found = story.get(RISKS)
    assert [one["id"] for one in found["risks"]] == ALWAYS
    assert not any(one["recorded"] for one in found["risks"])
    assert (found["edition"], found["running_edition"]) == (None, "eu-gpai-code@2025-07-10")


def test_a_gate_asks_of_each_risk_under_the_title_of_the_risk(story: Engine) -> None:
    view = story.trigger("owners")
    assert statuses(view) == dict.fromkeys(
        ["owned.cbrn", "owned.loss-of-control", "owned.cyber-offence", "owned.harmful-manipulation"], "unmet"
    )
    assert view["findings"][1]["title"] == "Loss of control has an owner"
    assert view["findings"][1]["reason"] == "Nobody owns Loss of control."


def test_what_is_recorded_is_judged(story: Engine) -> None:
    story.trigger("owners")
    done = record(story, "jonas", *FOUR[:3], risk("harmful_manipulation", owner=""))
    assert [one["owner"] for one in done["risks"]] == ["sam", "sam", "sam", ""]
    assert done["edition"] == "eu-gpai-code@2025-07-10"
    assert done["authors"]["risks.cbrn"] == "jonas"
    view = story.gate("owners")
    assert list(statuses(view).values()) == ["met", "met", "met", "unmet"]
    record(story, "jonas", *FOUR)
    assert story.gate("owners")["state"] == "in_review"


def test_a_new_risk_makes_a_cleared_gate_stale_and_says_why(story: Engine) -> None:
    record(story, "jonas", *FOUR)
    story.trigger("owners")
    assert ok(story.decide("mira", "owners"))["state"] == "cleared"
    record(story, "jonas", *FOUR, risk("grid_collapse", owner=""))
    view = story.gate("owners")
    assert view["state"] == "stale"
    assert statuses(view)["owned.grid-collapse"] == "unmet"
    told = [n for n in story.get("/v1/inbox", "mira")["items"] if n["kind"] == "stale"]
    assert told[0]["content"]["reasons"][0] == "jonas changed the risk register (grid_collapse)"


def test_gates_that_ask_nothing_of_risks_stay_as_they_were(story: Engine) -> None:
    before = story.trigger("auto")
    record(story, "jonas", *FOUR)
    assert story.gate("auto")["row_version"] == before["row_version"]
    assert story.gate("auto")["basis"] == before["basis"]


def test_who_recorded_a_risk_cannot_clear_alone(story: Engine) -> None:
    record(story, "mira", *FOUR)
    story.trigger("owners")
    alone = ok(story.decide("mira", "owners"))
    assert alone["state"] == "in_review"
    assert alone["sign_off"]["profile_set_by"] == [{"by": "mira", "values": [f"risks.{one}" for one in sorted(ALWAYS)]}]
    assert ok(story.decide("kim", "owners"))["state"] == "cleared"


def test_who_took_a_risk_away_cannot_clear_alone_either(story: Engine) -> None:
    record(story, "jonas", *FOUR, risk("grid_collapse", owner=""))
    story.trigger("owners")
    record(story, "mira", *FOUR)
    assert ok(story.decide("mira", "owners"))["state"] == "in_review"


def test_a_gate_that_reads_only_files_of_each_risk_rests_on_the_register_too(story: Engine) -> None:
    record(story, "mira", *FOUR)
    story.trigger("scores")
    for one in ALWAYS:
        story.submit("score", who="jonas", value=1, risk=one)
    assert ok(story.decide("mira", "scores"))["state"] == "in_review"


def test_a_pipeline_that_records_is_nobody_who_could_have_signed(story: Engine) -> None:
    record(story, "pipeline", *FOUR)
    story.trigger("owners")
    alone = ok(story.decide("mira", "owners"))
    assert "second signature" in alone["sign_off"]["missing"][0]


def test_everything_unknown_is_named_at_once_and_nothing_is_changed(story: Engine) -> None:
    record(story, "jonas", *FOUR)
    before = story.get(RISKS)
    wrong = [
        risk("cbrn", category="provider_defined", types=["weather"]),
        risk("grid_collapse", category="specified", owner="nobody", evidence=["e-1"]),
        risk("other", sources={"propensities": ["moodiness"]}, residual={"accepted": True}),
        risk("other"),
    ]
    problem = refused(story.send("PUT", RISKS, "jonas", json={"risks": wrong}), 422, "invalid-input")
    errors = "\n".join(problem["errors"])
    assert "risks: found 'other' 2 times, expected each risk once" in errors
    assert "risks[cbrn].category: found provider_defined, expected specified" in errors
    assert "risks[cbrn].types: found 'weather', expected one of public_health, safety" in errors
    assert "risks[grid_collapse].category: found specified, expected provider_defined" in errors
    assert "risks[grid_collapse].owner: found 'nobody', expected one of ines, jonas" in errors
    assert "risks[grid_collapse].evidence: found 'e-1', expected the id of evidence of this model version" in errors
    assert "risks[other].sources.propensities: found 'moodiness', expected one of misalignment" in errors
    assert "risks[other].residual.by: found nothing" in errors
    assert story.get(RISKS) == before


@pytest.mark.parametrize(
    "body",
    [
        {"risks": [risk("Grid")]},
        {"risks": [risk("g" * 31)]},
        {"risks": [risk("grid", mood="x")]},
        {"risks": [risk("grid", title="a\u0000b")]},
        {"risks": [risk("grid", tiers=[{"id": "one", "title": "One"}])]},
        {"risks": [risk("grid", estimate={"estimated_on": "soon"})]},
        {"risks": "all"},
        {},
        [],
    ],
)
def test_a_malformed_register_is_refused(story: Engine, body: Any) -> None:
    refused(story.send("PUT", RISKS, "jonas", json=body), 422, "invalid-input")
    assert story.get(RISKS)["digest"] is None


def test_registers_belong_to_registered_versions_and_need_the_scope(story: Engine) -> None:
    missing = "/v1/models/aurora/versions/9.9/risks"
    refused(story.send("PUT", missing, "jonas", json={"risks": []}), 404, "not-found")
    refused(story.send("GET", missing), 404, "not-found")
    reader = story.issue(kind="pipeline", scopes=("gates:read",))
    story.tokens["reader"] = reader
    refused(story.send("PUT", RISKS, "reader", json={"risks": []}), 403, "not-allowed")


def test_the_same_register_again_changes_nothing(story: Engine) -> None:
    first = record(story, "jonas", *FOUR)
    assert record(story, "mira", *reversed(FOUR)) == first
    assert len(story.get("/v1/journal", "admin", tag="model:register:recorded")["entries"]) == 1


def test_the_journal_holds_each_register_and_the_ledger_agrees_with_it(story: Engine) -> None:
    story.trigger("owners")
    record(story, "jonas", *FOUR)
    record(story, "mira", *FOUR[1:], risk("cbrn", owner="kim"))
    story.seal()
    entries = story.get("/v1/journal", "admin", tag="model:register:recorded")["entries"]
    first, second = (entry["entry"]["values"] for entry in entries)
    assert second["was_digest"] == first["digest"]
    assert story.rows("SELECT risks_digest FROM model_version") == [(second["digest"],)]
    assert second["authors"] == first["authors"] | {"risks.cbrn": "mira"}
    assert verify_ledger(story.settings).problems == []


def test_findings_of_a_risk_that_is_gone_still_say_what_they_are_about(story: Engine) -> None:
    record(story, "jonas", *FOUR, risk("grid_collapse", owner=""))
    story.trigger("owners")
    assert ok(story.decide("mira", "owners", "reject"))["state"] == "rejected"
    record(story, "jonas", *FOUR)
    shown = {one["requirement"]: one for one in story.gate("owners")["findings"]}
    assert shown["owned.grid-collapse"]["title"] == "grid collapse has an owner"
    assert shown["owned.cbrn"]["title"] == "Chemical, biological, radiological and nuclear has an owner"


def test_a_waiver_is_of_one_risk_alone(story: Engine) -> None:
    record(story, "jonas", *FOUR[:2], risk("cyber_offence", owner=""), risk("harmful_manipulation", owner=""))
    story.trigger("owners")
    view = ok(story.waive("kim", "owners", "owned.cyber-offence"))
    assert statuses(view)["owned.cyber-offence"] == "waived"
    assert statuses(view)["owned.harmful-manipulation"] == "unmet"


def _report(story: Engine) -> Any:
    document = {
        "schema": "pratique.facts/report@1",
        "model": "aurora-2.1",
        "produced_at": "2026-11-01T00:00:00.000000Z",
        "facts": {"ok": True},
    }
    return ok(story.upload(json.dumps(document).encode(), "report.json", "jonas"))


def test_a_later_occasion_takes_evidence_that_is_sent_again_for_it(story: Engine) -> None:
    first = _report(story)["evidence"]["id"]
    assert statuses(story.trigger("again")) == {"again": "met"}
    story.clock.forward(days=1)
    later = story.trigger("again", "second")
    assert statuses(later) == {"again": "stale"}
    assert "was shown for an earlier occasion" in later["findings"][0]["reason"]
    story.clock.forward(days=1)
    second = _report(story)["evidence"]["id"]
    assert second != first
    assert story.gate("again")["findings"][0]["evidence"] == second
    assert statuses(story.gate("again")) == {"again": "met"}
    assert _report(story)["evidence"]["id"] == second
    assert statuses(story.gate("again", occasion="default")) == {"again": "met"}
