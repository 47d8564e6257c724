"""That systemic risk is known is recorded once, whoever says it, and is withdrawn only with what it rested on."""

from __future__ import annotations

from datetime import timedelta
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
from test_scope import engine_config_fixture, occur, record_compute, scope_of, told  # noqa: F401 - a fixture among them

from pratique.canonical import digest_of
from pratique.domain.entries import ModelVersionRegistered
from pratique.domain.models import ModelProfile
from pratique.domain.times import instant_text
from pratique.services.verify import verify_ledger


def occurrences(engine: Engine) -> list[Any]:
    items = engine.get(f"{VERSION}/occurrences")["items"]
    return sorted(items, key=lambda item: (item["at"], item["kind"]))


def _ever(engine: Engine) -> list[Any]:
    names = ("kind", "at", "why", "person", "withdrawn_why", "data")
    rows = engine.rows(f"SELECT {', '.join(names)} FROM occurrence ORDER BY at, id")
    return [dict(zip(names, row, strict=True)) for row in rows]


def says(engine: Engine, who: str, **profile: Any) -> None:
    """Register the version as `who` says it."""
    ok(engine.send("PUT", VERSION, who, json={"systemic_risk": False, **profile}))


def art_52(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.rows("SELECT due_on, state FROM clock WHERE rule = 'art-52-notification'")


@pytest.mark.parametrize(
    ("profile", "kind", "words"),
    [
        ({"systemic_risk": True}, "threshold_known", "the profile says so: systemic_risk"),
        ({"expects_systemic_risk": True}, "threshold_known", "the profile says so: expects_systemic_risk"),
        ({"training_flop": 2e25}, "threshold_met", "the profile says so: training_flop 2e+25"),
        ({"training_flop": 2e25, "stage": "planned"}, "threshold_known", "the profile says so: training_flop 2e+25"),
        (
            {
                "origin": {
                    "kind": "modified",
                    "upstream": "b",
                    "upstream_systemic_risk": True,
                    "modification_flop": 4e24,
                }
            },
            "threshold_known",
            "the profile says so: origin.upstream_systemic_risk",
        ),
    ],
)
def test_a_profile_that_states_systemic_risk_starts_the_clock_of_art_52(
    engine: Engine, profile: dict[str, Any], kind: str, words: str
) -> None:
    """By hand: said on 23 November 2026; two weeks later is 7 December 2026 (Art. 52(1))."""
    says(engine, "mira", **profile)
    (found,) = occurrences(engine)
    assert (found["kind"], found["at"], found["person"]) == (kind, instant_text(engine.clock.now), "mira")
    assert words in found["why"]
    assert art_52(engine) == [("2026-12-07", "running")]


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"training_flop": 1e25},
        {"systemic_risk": True, "designation": "designated"},  # the Commission knows
        {"stage": "trained"},  # compute that nobody recorded is no knowledge
        {"origin": {"kind": "modified", "upstream": "b", "upstream_systemic_risk": True, "modification_flop": 1e24}},
    ],
)
def test_a_profile_that_states_no_systemic_risk_starts_nothing(engine: Engine, profile: dict[str, Any]) -> None:
    says(engine, "mira", **profile)
    assert occurrences(engine) == []


def test_what_a_profile_states_is_recorded_once_and_stays_when_it_says_so_no_more(engine: Engine) -> None:
    says(engine, "mira")
    engine.clock.forward(days=1)
    says(engine, "jonas", systemic_risk=True)
    known = ("threshold_known", instant_text(engine.clock.now))
    assert told(engine) == [known]
    engine.clock.forward(days=1)
    says(engine, "mira", systemic_risk=True, expects_systemic_risk=True)
    says(engine, "mira")
    says(engine, "mira", systemic_risk=True)
    assert told(engine) == [known]
    assert [one["person"] for one in occurrences(engine)] == ["jonas"]


def test_what_was_known_is_met_when_the_profile_says_how_much_it_took(engine: Engine) -> None:
    says(engine, "mira", systemic_risk=True)
    engine.clock.forward(days=1)
    says(engine, "mira", systemic_risk=True, training_flop=2e25)
    assert [kind for kind, _ in told(engine)] == ["threshold_known", "threshold_met"]
    assert art_52(engine) == [("2026-12-07", "running")]


def test_what_a_person_withdrew_comes_back_only_when_it_is_said_anew(engine: Engine) -> None:
    says(engine, "mira", systemic_risk=True)
    engine.post(f"/v1/occurrences/{occurrences(engine)[0]['id']}/withdraw", "mira", {"reason": "Of another model."})
    says(engine, "mira", systemic_risk=True, crawls=False)
    assert [one for one in _ever(engine) if one["withdrawn_why"] is None] == []
    says(engine, "mira")
    says(engine, "mira", systemic_risk=True)
    assert len([one for one in _ever(engine) if one["withdrawn_why"] is None]) == 1


def test_a_profile_of_before_is_known_since_it_was_written(engine: Engine) -> None:
    """Written by an engine that recorded nothing of it: its next change does, as of that day."""
    was = engine.clock.now
    profile = {"systemic_risk": True}
    stored = ModelProfile.model_validate(profile).stored()
    fact = ModelVersionRegistered(
        id="old", model="aurora", model_version="2.1", profile=stored, profile_digest=digest_of(stored)
    )
    engine.parts.ledger.write("test", lambda tx: tx.record(fact))
    engine.clock.forward(days=3)
    says(engine, "mira", **profile, crawls=False)
    (found,) = occurrences(engine)
    assert (found["kind"], found["at"]) == ("threshold_known", instant_text(was))
    assert found["why"] == "the profile says so: systemic_risk, since 2026-11-23 at the latest"
    assert art_52(engine) == [("2026-12-07", "running")]


def test_a_token_that_names_nobody_is_named_by_its_credential(engine: Engine) -> None:
    engine.register()
    ((person, credential),) = engine.rows("SELECT person, credential FROM occurrence")
    assert person is None
    assert credential.startswith("token:")


def test_what_was_recorded_of_wrong_compute_is_withdrawn_with_it(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    entry = ok(record_compute(engine, 2e25, -40, 0))["id"]
    assert [kind for kind, _ in told(engine)] == ["threshold_met"]
    engine.post(f"{VERSION}/compute/{entry}/withdraw", "mira", {"reason": "Counted twice."})
    (gone,) = _ever(engine)
    assert gone["withdrawn_why"] == f"compute entry {entry} of pre-1 was withdrawn: Counted twice."
    assert not scope_of(engine)["systemic_risk"]
    assert [state for _, state in art_52(engine)] == ["void"]
    engine.seal()
    assert verify_ledger(engine.settings).problems == []


def test_the_moment_of_crossing_follows_what_is_left_of_the_ledger(engine: Engine) -> None:
    """By hand: two runs of 2e25 FLOP, evenly over 40 days each; the second crosses 10^25 after 20 days."""
    engine.register(systemic_risk=False)
    first = ok(record_compute(engine, 2e25, -90, -50))["id"]
    ok(record_compute(engine, 2e25, -40, 0, run="pre-2"))
    assert told(engine) == [("threshold_met", instant_text(engine.clock.now - timedelta(days=70)))]
    engine.post(f"{VERSION}/compute/{first}/withdraw", "mira", {"reason": "Of another model."})
    left = [(one["kind"], one["at"]) for one in _ever(engine) if one["withdrawn_why"] is None]
    assert left == [("threshold_met", instant_text(engine.clock.now - timedelta(days=20)))]


@pytest.mark.parametrize("other", ["compute", "profile", "person", "plan"])
def test_what_something_else_supports_stays(engine: Engine, other: str) -> None:
    engine.register(systemic_risk=False)
    kind = "planned" if other in ("plan", "profile") else "done"
    ends = 40 if kind == "planned" else 0
    entry = ok(record_compute(engine, 2e25, -40, ends, kind=kind))["id"]
    before = told(engine)
    if other == "compute":
        ok(record_compute(engine, 2e25, -40, 0, run="pre-2"))
    elif other == "plan":
        ok(record_compute(engine, 2e25, 1, 40, run="pre-2", kind="planned"))
    elif other == "profile":
        engine.register(systemic_risk=True)
    else:
        before = [("threshold_known", occur_at(engine)), *before][:1]
    engine.post(f"{VERSION}/compute/{entry}/withdraw", "mira", {"reason": "Counted twice."})
    left = [(one["kind"], one["at"]) for one in _ever(engine) if one["withdrawn_why"] is None]
    assert left == before
    assert scope_of(engine)["systemic_risk"]


def occur_at(engine: Engine) -> str:
    occur(engine, "threshold_known")
    return next(one["at"] for one in _ever(engine) if one["kind"] == "threshold_known")


def test_what_an_earlier_version_brought_a_later_one_is_withdrawn_there_too(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    later = "/v1/models/aurora/versions/2.2"
    ok(engine.send("PUT", later, json={"systemic_risk": False, "continues": "aurora/2.1"}))
    ok(record_compute(engine, 4e24, -5, 0, run="tuning", version=later))
    entry = ok(record_compute(engine, 8e24, -10, 0))["id"]
    assert [kind for kind, _ in told(engine, later)] == ["threshold_met"]
    engine.post(f"{VERSION}/compute/{entry}/withdraw", "mira", {"reason": "Counted twice."})
    assert all(one["withdrawn_why"] is not None for one in _ever(engine))
    assert not scope_of(engine, later)["systemic_risk"]
