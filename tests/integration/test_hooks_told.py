"""Those who look after the installation are told of deliveries that could not be mapped, once a day of each hook."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    ok,
)
from hook_fixtures import Hooked, created, hook_config_fixture, hooked_fixture  # noqa: F401

from pratique.domain.people import Person
from pratique.notify import render
from pratique.notify.delivery import Delivery
from pratique.services.notices import KEEPER
from pratique.services.verify import verify_ledger

UNKNOWN = "model version aurora/2.1 is not registered"


@pytest.fixture(name="kept")
def kept_fixture(hooked: Hooked) -> Hooked:
    """An engine with one person who looks after it, besides those who sign."""
    ada = Person(id="ada", name="Ada", email="ada@acme.example", roles=(KEEPER,))
    people = hooked.parts.people
    object.__setattr__(hooked.parts, "people", people.model_copy(update={"people": (*people.people, ada)}))
    return hooked


def inbox(engine: Hooked, who: str) -> list[dict[str, object]]:
    return list(engine.get("/v1/inbox", who)["items"])


def test_keepers_are_told_once_a_day_of_each_hook_and_nobody_else_is(kept: Hooked) -> None:
    first = kept.mlflow(created(), delivery="d-1").json()["delivery"]
    kept.mlflow(created(description="again"), delivery="d-2")
    [told] = inbox(kept, "ada")
    assert (told["kind"], told["gate"], told["model"]) == ("hook_dead", None, None)
    content = told["content"]
    assert isinstance(content, dict)
    assert content["title"] == "What a tool reported could not be mapped: hook mlflow"
    assert content["reasons"] == [f"delivery {first}: {UNKNOWN}"]
    assert inbox(kept, "mira") == []
    kept.clock.forward(days=1)
    kept.mlflow(created(description="next day"), delivery="d-3")
    assert len(inbox(kept, "ada")) == 2
    assert kept.send("POST", f"/v1/notices/{told['id']}/acknowledge", "ada").status_code == 204
    assert [one["acknowledged_at"] is None for one in inbox(kept, "ada")] == [True, False]
    assert verify_ledger(kept.settings).problems == []


def test_the_notice_is_delivered_with_a_link_to_the_inbox(kept: Hooked) -> None:
    kept.mlflow(created())
    [item] = kept.post("/v1/work/claim", "worker", {"worker": "w", "topics": ["delivery"], "limit": 10})["items"]
    document = kept.get(f"/v1/deliveries/{item['payload']['delivery']}", "worker")
    message = render(Delivery.model_validate(document))
    assert message.subject == "What a tool reported could not be mapped: hook mlflow"
    assert UNKNOWN in message.text
    assert "Open your inbox: http://127.0.0.1:8470/inbox" in message.text
    assert "Gate" not in message.text.replace("Gates that wait", "")
    done = {"ok": True}
    assert kept.post(f"/v1/deliveries/{document['id']}/result", "worker", done)["status"] == "sent"


def test_a_person_who_has_one_mapped_again_is_told_by_the_answer_alone(kept: Hooked) -> None:
    dead = kept.mlflow(created()).json()["delivery"]
    kept.clock.forward(days=1)
    assert ok(kept.send("POST", f"/v1/hooks/{dead}/replay", "mira"))["state"] == "dead"
    assert len(inbox(kept, "ada")) == 1


def test_without_a_keeper_the_log_says_that_nobody_was_told(hooked: Hooked, caplog: pytest.LogCaptureFixture) -> None:
    hooked.mlflow(created())
    assert [line for line in caplog.messages if "nobody holds the role admin" in line]
    assert json.dumps(hooked.get("/v1/hooks", state="dead")["items"]).count(UNKNOWN) == 1
