"""Nobody alone both lowers what a gate demands and signs that it is met."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
)

PROFILE = {"systemic_risk": True, "known_as": ["mockllm/model"]}
#: What is put and taken away where `known_as` becomes ["another/model"].
SWAPPED = ["known_as[another/model]", "known_as[mockllm/model]"]


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    """The gate `solo` asks for one owner; its evidence comes from jonas, who does not sign."""
    engine.register()
    engine.trigger("solo")
    engine.submit("score", value=10, who="jonas")
    return engine


def change(engine: Engine, who: str, **values: Any) -> None:
    ok(engine.send("PUT", VERSION, who, json={**PROFILE, **values}))


def test_one_signature_is_enough_where_others_submitted_everything(story: Engine) -> None:
    assert ok(story.decide("mira", "solo"))["state"] == "cleared"


def test_who_changed_the_profile_cannot_clear_alone(story: Engine) -> None:
    change(story, "mira", known_as=["another/model"])
    alone = ok(story.decide("mira", "solo"))
    assert alone["state"] == "in_review"
    assert "profile values" in alone["sign_off"]["missing"][0]
    assert alone["sign_off"]["profile_set_by"] == [{"by": "mira", "values": SWAPPED}]
    assert ok(story.decide("kim", "solo"))["state"] == "cleared"


def test_a_value_that_the_gate_does_not_read_makes_nobody_a_submitter(story: Engine) -> None:
    change(story, "mira", attributes={"team": "a"})
    view = ok(story.decide("mira", "solo"))
    assert (view["state"], view["sign_off"]["profile_set_by"]) == ("cleared", [])


def test_another_value_changed_by_somebody_else_hides_nobody(story: Engine) -> None:
    change(story, "mira", known_as=["another/model"])
    change(story, "jonas", known_as=["another/model"], attributes={"team": "a"})
    assert ok(story.decide("mira", "solo"))["state"] == "in_review"


def test_another_item_of_the_same_list_added_by_somebody_else_hides_nobody(story: Engine) -> None:
    change(story, "mira", known_as=["mockllm/model", "another/model"])
    change(story, "jonas", known_as=["mockllm/model", "another/model", "a/third"])
    view = ok(story.decide("mira", "solo"))
    assert view["state"] == "in_review"
    assert view["sign_off"]["profile_set_by"] == [
        {"by": "jonas", "values": ["known_as[a/third]"]},
        {"by": "mira", "values": ["known_as[another/model]"]},
    ]


def test_who_takes_an_item_away_frees_who_added_it_and_counts_instead(story: Engine) -> None:
    change(story, "mira", known_as=["mockllm/model", "another/model"])
    change(story, "jonas")
    view = ok(story.decide("mira", "solo"))
    assert view["sign_off"]["profile_set_by"] == [{"by": "jonas", "values": ["known_as[another/model]"]}]
    assert view["state"] == "cleared"


def test_who_took_an_item_away_cannot_clear_alone_whoever_changes_another(story: Engine) -> None:
    change(story, "jonas", known_as=["mockllm/model", "another/model"])
    change(story, "mira")
    change(story, "kim", known_as=["mockllm/model", "a/third"])
    assert ok(story.decide("mira", "solo"))["state"] == "in_review"


def test_the_same_value_set_by_somebody_else_frees_who_set_it_before(story: Engine) -> None:
    change(story, "mira", weights_sha256="a" * 64)
    change(story, "jonas", weights_sha256="b" * 64)
    assert "mira" not in [author["by"] for author in story.gate("solo")["sign_off"]["profile_set_by"]]


def test_a_token_that_names_nobody_and_changes_the_profile_asks_for_a_second_signature(story: Engine) -> None:
    change(story, "pipeline", known_as=["another/model"])
    view = ok(story.decide("mira", "solo"))
    assert view["state"] == "in_review"
    assert "a second signature" in view["sign_off"]["missing"][0]
    assert ok(story.decide("kim", "solo"))["state"] == "cleared"


def test_what_dismisses_a_signature_names_the_token_that_changed_the_profile(story: Engine) -> None:
    story.trigger("trial")
    ok(story.decide("jonas", "trial"))
    change(story, "pipeline", known_as=["another/model"])
    token = story.get("/v1/whoami", "pipeline")["token"]
    why = story.gate("trial")["decisions"][0]["dismissed"]["why"]
    assert why.startswith(f"token {token} changed the profile (known_as)")
    assert story.gate("trial")["sign_off"]["profile_set_by"] == [{"by": f"token:{token}", "values": SWAPPED}]


def test_a_person_who_registered_the_version_cannot_clear_alone(engine: Engine) -> None:
    change(engine, "mira")
    engine.trigger("solo")
    engine.submit("score", value=10, who="jonas")
    assert ok(engine.decide("mira", "solo"))["state"] == "in_review"
    assert ok(engine.decide("kim", "solo"))["state"] == "cleared"
