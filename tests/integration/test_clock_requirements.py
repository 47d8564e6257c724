"""A gate that asks for a time limit goes by the clock of the model version."""

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
from risk_fixtures import engine_config_fixture, statuses  # noqa: F401 - fixtures are used by name

from pratique.domain.times import instant_text


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register(general_purpose=True, designation="designated")  # the Commission knows: nothing runs yet
    return engine


def happened(engine: Engine, kind: str, **more: Any) -> Any:
    body = {"kind": kind, "at": instant_text(engine.clock.now), "why": "For the test.", **more}
    return ok(engine.send("POST", f"{VERSION}/occurrences", "mira", json=body))


def test_a_gate_waits_for_the_act_that_meets_the_limit(story: Engine) -> None:
    assert statuses(story.trigger("notices")) == {"told": "not_tested"}
    happened(story, "threshold_met")
    running = story.gate("notices")
    assert statuses(running) == {"told": "unmet"}
    assert "time limit art-52-notification runs; its last day is 2026-12-07" in running["findings"][0]["reason"]
    story.clock.forward(days=2)
    happened(story, "art52_notified")
    assert statuses(story.gate("notices")) == {"told": "met"}
    assert story.gate("notices")["state"] == "in_review"


def test_a_limit_that_passes_is_noticed_by_time_alone(story: Engine) -> None:
    story.trigger("notices")
    happened(story, "threshold_met")
    row = story.rows("SELECT recheck_at FROM gate_run WHERE gate = 'notices'")
    assert row == [("2026-12-07T23:00:00.000000Z",)]
    story.clock.forward(days=15)
    story.sweep()
    assert "was missed; its last day was 2026-12-07" in story.gate("notices")["findings"][0]["reason"]
    happened(story, "art52_notified")
    late = story.gate("notices")["findings"][0]
    assert late["status"] == "met"
    assert late["reason"].endswith("done on 2026-12-08, 1 day after it was due on 2026-12-07")
    (clock,) = story.get("/v1/clocks", rule="art-52-notification")["items"]
    assert (clock["state"], clock["met_at"][:10]) == ("missed", "2026-12-08")


def test_a_waiver_lets_a_missed_limit_pass_and_stays_visible(story: Engine) -> None:
    story.trigger("notices")
    happened(story, "threshold_met")
    story.clock.forward(days=15)
    story.sweep()
    view = ok(story.waive("kim", "notices", "told"))
    assert statuses(view) == {"told": "waived"}
    assert view["state"] == "in_review"


def test_another_occasion_does_not_forget_what_was_late(story: Engine) -> None:
    happened(story, "threshold_met")
    story.trigger("notices")
    story.clock.forward(days=60)
    story.sweep()
    assert statuses(story.trigger("notices", "again")) == {"told": "unmet"}
    happened(story, "art52_notified")
    story.clock.forward(minutes=5)
    (late,) = story.trigger("notices", "once-more")["findings"]
    assert late["status"] == "met"
    assert "days after it was due on 2026-12-07" in late["reason"]
