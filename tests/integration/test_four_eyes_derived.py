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
from risk_fixtures import engine_config_fixture, record, risk  # noqa: F401 - fixtures are used by name

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


def provide(engine: Engine, who: str, **members: Any) -> None:
    ok(engine.send("PUT", "/v1/provider", who, json={**PROVIDER, **members}))


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
    assert alone["sign_off"]["profile_set_by"] == [{"by": "mira", "values": ["compute[r1]"]}]


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
