"""Who recorded what a gate reads beside the profile stands behind it, and cannot clear it alone."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
)
from risk_fixtures import engine_config_fixture, record, risk, statuses  # noqa: F401 - fixtures are used by name

from pratique.domain.times import instant_text

PLAIN = {"systemic_risk": False, "known_as": ["mockllm/model"], "general_purpose": True}
PROVIDER = {"name": "Aurora Labs", "country": "FR"}
COMPUTE = {
    "run": "r1",
    "kind": "done",
    "flop": 2e24,
    "begins_at": "2026-10-01T00:00:00Z",
    "ends_at": "2026-11-01T00:00:00Z",
    "purpose": "pre_training",
    "source": "the cluster's own count",
}


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register(general_purpose=True)
    ok(engine.send("PUT", "/v1/provider", "jonas", json=PROVIDER))
    return engine


@pytest.fixture(name="plain")
def plain_fixture(engine: Engine) -> Engine:
    """An engine with a model that nothing classifies yet."""
    ok(engine.send("PUT", VERSION, "jonas", json=PLAIN))
    return engine


def provide(engine: Engine, who: str, **members: Any) -> None:
    ok(engine.send("PUT", "/v1/provider", who, json={**PROVIDER, **members}))


def happened(engine: Engine, who: str, kind: str) -> str:
    body = {"kind": kind, "at": instant_text(engine.clock.now), "why": "For the test."}
    return str(ok(engine.send("POST", f"{VERSION}/occurrences", who, json=body))["id"])


def withdraw(engine: Engine, who: str, occurrence: str) -> None:
    ok(engine.send("POST", f"/v1/occurrences/{occurrence}/withdraw", who, json={"reason": "It was another model."}))


def test_who_recorded_compute_cannot_clear_a_gate_that_reads_it(story: Engine) -> None:
    ok(story.send("POST", f"{VERSION}/compute", "mira", json=COMPUTE))
    story.trigger("sizes")
    alone = ok(story.decide("mira", "sizes"))
    assert alone["state"] == "in_review"
    assert alone["sign_off"]["profile_set_by"] == [{"by": "mira", "values": ["compute[r1]"]}]
    assert ok(story.decide("kim", "sizes"))["state"] == "cleared"


def test_who_withdrew_compute_cannot_clear_a_gate_that_reads_it(story: Engine) -> None:
    entry = ok(story.send("POST", f"{VERSION}/compute", "jonas", json=COMPUTE))["id"]
    story.trigger("sizes")
    ok(story.send("POST", f"{VERSION}/compute/{entry}/withdraw", "mira", json={"reason": "Counted twice."}))
    alone = ok(story.decide("mira", "sizes"))
    assert alone["state"] == "in_review"
    assert {"by": "mira", "values": ["compute[r1]"]} in alone["sign_off"]["profile_set_by"]


def test_who_recorded_compute_that_was_withdrawn_cannot_clear_a_gate_that_reads_it(story: Engine) -> None:
    entry = ok(story.send("POST", f"{VERSION}/compute", "mira", json=COMPUTE))["id"]
    ok(story.send("POST", f"{VERSION}/compute/{entry}/withdraw", "jonas", json={"reason": "Counted twice."}))
    story.trigger("sizes")
    assert ok(story.decide("mira", "sizes"))["state"] == "in_review"
    assert ok(story.decide("kim", "sizes"))["state"] == "cleared"


def test_who_withdrew_what_classifies_the_model_cannot_clear_a_gate_that_reads_scope(plain: Engine) -> None:
    told = happened(plain, "jonas", "threshold_met")
    plain.trigger("scopes")
    withdraw(plain, "mira", told)
    alone = ok(plain.decide("mira", "scopes"))
    assert alone["state"] == "in_review"
    assert {"by": "mira", "values": ["threshold_met"]} in alone["sign_off"]["profile_set_by"]
    assert ok(plain.decide("kim", "scopes"))["state"] == "cleared"


def test_who_withdrew_what_started_a_time_limit_cannot_clear_the_gate_that_asks_for_it(plain: Engine) -> None:
    told = happened(plain, "jonas", "threshold_met")
    plain.trigger("dated")
    assert statuses(plain.gate("dated")) == {"named": "met", "told": "unmet"}
    withdraw(plain, "mira", told)
    assert statuses(plain.gate("dated")) == {"named": "met", "told": "not_applicable"}
    alone = ok(plain.decide("mira", "dated"))
    assert alone["state"] == "in_review"
    mine = next(one["values"] for one in alone["sign_off"]["profile_set_by"] if one["by"] == "mira")
    assert mine == ["clock[art-52-notification]", "threshold_met"]
    assert ok(plain.decide("kim", "dated"))["state"] == "cleared"


def test_whose_profile_value_voids_a_time_limit_cannot_clear_the_gate_that_asks_for_it(plain: Engine) -> None:
    happened(plain, "jonas", "threshold_met")
    plain.trigger("dated")
    body = PLAIN | {"origin": {"kind": "modified", "upstream": "borealis", "modification_flop": 1e20}}
    ok(plain.send("PUT", VERSION, "mira", json=body))
    assert statuses(plain.gate("dated")) == {"named": "met", "told": "not_applicable"}
    alone = ok(plain.decide("mira", "dated"))
    assert alone["state"] == "in_review"
    assert {"by": "mira", "values": ["origin.kind", "origin.modification_flop", "origin.upstream"]} in alone[
        "sign_off"
    ]["profile_set_by"]


def test_a_machine_that_starts_a_time_limit_asks_for_no_second_signature(plain: Engine) -> None:
    told = happened(plain, "pipeline", "threshold_met")
    plain.trigger("dated")
    withdraw(plain, "jonas", told)
    assert ok(plain.decide("mira", "dated"))["state"] == "cleared"


def test_who_changed_an_earlier_version_of_the_same_model_cannot_clear_a_gate_of_this_one(story: Engine) -> None:
    earlier = "/v1/models/aurora/versions/2.0"
    ok(story.send("PUT", earlier, "jonas", json={"systemic_risk": True, "general_purpose": True}))
    body = {"systemic_risk": False, "known_as": ["mockllm/model"], "general_purpose": True, "continues": "aurora/2.0"}
    ok(story.send("PUT", VERSION, "jonas", json=body))
    story.trigger("scopes")
    ok(story.send("PUT", earlier, "mira", json={"systemic_risk": False, "general_purpose": True}))
    alone = ok(story.decide("mira", "scopes"))
    assert alone["state"] == "in_review"
    assert {"by": "mira", "values": ["systemic_risk of aurora/2.0"]} in alone["sign_off"]["profile_set_by"]
    assert ok(story.decide("kim", "scopes"))["state"] == "cleared"


def test_who_took_a_risk_away_cannot_clear_a_gate_that_reads_which_references_cover_all(story: Engine) -> None:
    record(story, "jonas", risk("cbrn"), risk("own_risk"))
    story.trigger("references")
    record(story, "mira", risk("cbrn"))
    assert ok(story.decide("mira", "references"))["state"] == "in_review"
    assert ok(story.decide("kim", "references"))["state"] == "cleared"


def test_who_changed_the_provider_cannot_clear_a_gate_that_reads_scope(story: Engine) -> None:
    story.trigger("scopes")
    provide(story, "mira", size="small")
    alone = ok(story.decide("mira", "scopes"))
    assert alone["state"] == "in_review"
    assert {"by": "mira", "values": ["provider.size"]} in alone["sign_off"]["profile_set_by"]
    assert ok(story.decide("kim", "scopes"))["state"] == "cleared"


def test_who_changed_a_value_that_scope_rests_on_cannot_clear_alone(story: Engine) -> None:
    story.trigger("scopes")
    body = {"systemic_risk": True, "known_as": ["mockllm/model"], "general_purpose": True, "crawls": False}
    ok(story.send("PUT", VERSION, "mira", json=body))
    assert ok(story.decide("mira", "scopes"))["state"] == "in_review"


def test_who_recorded_what_a_gate_does_not_read_clears_it_alone(story: Engine) -> None:
    record(story, "mira", risk("cbrn"))
    provide(story, "mira", size="small")
    story.trigger("sizes")
    ok(story.send("POST", f"{VERSION}/compute", "jonas", json=COMPUTE))
    view = ok(story.decide("mira", "sizes"))
    assert view["sign_off"]["profile_set_by"][0]["by"] == "jonas"


def test_signatures_stand_where_what_changed_is_not_read(story: Engine) -> None:
    ok(story.send("POST", f"{VERSION}/compute", "jonas", json=COMPUTE))
    before = story.trigger("sizes")["basis"]
    record(story, "jonas", risk("cbrn"))
    assert story.gate("sizes")["basis"] == before
    ok(story.send("POST", f"{VERSION}/compute", "jonas", json={**COMPUTE, "run": "r2"}))
    assert story.gate("sizes")["basis"] != before
