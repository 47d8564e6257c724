"""Who owes what in a running engine: provider, profile and compute move the gates that rest on the answers."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    _gate,
    _requirement,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
    write_config,
)

from pratique.domain.times import instant_text
from pratique.services.verify import verify_ledger

CONFIG = Path(__file__).resolve().parents[2] / "config"
SIGNED = ["transparency", "copyright", "safety_security"]
#: A licence with every particular that Art. 53(2) asks for.
FREE = {
    **dict.fromkeys(("allows_access", "allows_use", "allows_modification", "allows_distribution"), True),
    **{"weights_public": True, "architecture_public": True, "usage_info_public": True, "monetised": False},
}
NORDLICHT = {"name": "Nordlicht AI", "country": "FI", "size": "medium", "signed_chapters": SIGNED}
#: Signed by one owner; it rests on answers of scope alone.
OWED = _gate(
    "owed",
    _requirement("signed", profile="!profile.scope.alternative_means_owed", unmet="A chapter was not signed."),
    _requirement("small", profile="profile.scope.reduced_detail", gating="advise"),
    roles={"owner": 1},
)
#: Opens for models with systemic risk only.
RISKY = _gate(
    "risky",
    _requirement("signed", profile="!profile.scope.alternative_means_owed"),
    roles={"owner": 1},
    applies_when="profile.scope.systemic_risk",
)

CALM = _gate("calm", _requirement("calm", profile="!profile.scope.systemic_risk"), roles={"owner": 1})


@pytest.fixture(name="engine_config", scope="module")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scope") / "config"
    write_config(folder)
    for gate in (OWED, RISKY, CALM):
        (folder / "gates" / f"{gate['id']}.yaml").write_text(yaml.safe_dump(gate, sort_keys=False))
    for part in ("regimes", "holidays"):
        shutil.copytree(CONFIG / part, folder / part)
    return folder


def scope_of(engine: Engine, version: str = VERSION) -> dict[str, bool]:
    return dict(engine.get(f"{version}/scope")["scope"])


def record_provider(engine: Engine, who: str = "pipeline", **values: Any) -> Any:
    return ok(engine.send("PUT", "/v1/provider", who, json={**NORDLICHT, **values}))


def record_compute(engine: Engine, flop: float, begins: float, ends: float, **values: Any) -> Any:
    """Record compute from `begins` to `ends`, in days from now."""
    now = engine.clock.now
    body = {
        "run": "pre-1",
        "kind": "done",
        "flop": flop,
        "begins_at": instant_text(now + timedelta(days=begins)),
        "ends_at": instant_text(now + timedelta(days=ends)),
        "source": "cluster accounting",
        **values,
    }
    version, who = values.get("version", VERSION), values.get("who", "pipeline")
    sent = {name: value for name, value in body.items() if name not in ("version", "who")}
    return engine.send("POST", f"{version}/compute", who, json=sent)


def told(engine: Engine, version: str = VERSION) -> list[tuple[str, str]]:
    """Return (kind, time) of the occurrences of a version, oldest first."""
    items = engine.get(f"{version}/occurrences")["items"]
    return sorted((item["kind"], item["at"]) for item in items)


def test_scope_explains_every_answer_with_reason_and_source(engine: Engine) -> None:
    engine.register(systemic_risk=False, licence=FREE)
    found = engine.get(f"{VERSION}/scope")
    assert found["edition"] == "eu-gpai-code@2025-07-10"
    exempt = next(step for step in found["steps"] if step["id"] == "open_source_exempt")
    assert exempt["answer"] is True
    assert "Art. 53(2)" in exempt["reason"]
    assert (exempt["source"]["clause"], exempt["verified"]) == ("Art. 53(2)", True)
    assert found["scope"] == {step["id"]: step["answer"] for step in found["steps"]}
    assert found["grounds"]["provider"]["is_recorded"] is False
    assert "no legal advice" in found["does_not_show"]


def test_the_provider_is_recorded_shown_and_replaced(engine: Engine) -> None:
    refused(engine.send("GET", "/v1/provider"), 404, "not-found")
    assert record_provider(engine, "mira")["created"] is True
    assert record_provider(engine, "mira")["created"] is False
    changed = record_provider(engine, "jonas", size="large")
    assert changed["profile"]["size"] == "large"
    assert (changed["authors"]["size"], changed["authors"]["name"]) == ("jonas", "mira")
    assert engine.get("/v1/provider")["profile"]["country"] == "FI"
    entries = [entry["entry"]["tag"] for entry in _journal(engine) if entry["entry"]["tag"].startswith("provider:")]
    assert entries == ["provider:profile:recorded", "provider:profile:changed"]


def _journal(engine: Engine) -> list[Any]:
    engine.seal()
    return list(engine.get("/v1/journal", "admin", limit=1000)["entries"])


def test_a_provider_that_cannot_be_is_refused_and_changes_nothing(engine: Engine) -> None:
    record_provider(engine)
    for wrong, words in (
        ({"in_union": False}, "FI is a Member State"),
        ({"signed_chapters": ["safety"]}, "signed_chapters: found 'safety', expected one of copyright"),
        ({"alternative_means": {"safety": {"what": "a", "where": "b"}}}, "alternative_means: found 'safety'"),
        ({"size": "huge"}, "size"),
    ):
        problem = refused(engine.send("PUT", "/v1/provider", json={**NORDLICHT, **wrong}), 422, "invalid-input")
        assert words in problem["detail"]
    assert engine.get("/v1/provider")["profile"]["signed_chapters"] == SIGNED


def test_a_change_of_the_provider_reopens_what_rested_on_it(engine: Engine) -> None:
    engine.register()
    view = engine.trigger("owed")
    assert view["findings"][0]["reason"] == "A chapter was not signed."
    record_provider(engine)
    assert ok(engine.decide("mira", "owed"))["state"] == "cleared"
    record_provider(engine, send_registered_on="2026-11-01")  # no answer changed
    assert engine.gate("owed")["state"] == "cleared"
    record_provider(engine, signed_chapters=["copyright"])
    assert engine.gate("owed")["state"] == "stale"


def test_who_said_what_an_answer_rests_on_cannot_sign_alone(engine: Engine) -> None:
    engine.register()
    record_provider(engine)
    engine.trigger("owed")
    record_provider(engine, "mira", country="SE")
    alone = ok(engine.decide("mira", "owed"))
    assert alone["state"] == "in_review"
    assert alone["sign_off"]["profile_set_by"] == [{"by": "mira", "values": ["provider.country"]}]
    assert ok(engine.decide("kim", "owed"))["state"] == "cleared"


def test_who_recorded_compute_cannot_sign_alone(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    engine.trigger("calm")
    ok(record_compute(engine, 1e24, -10, 0, who="mira"))
    assert ok(engine.decide("mira", "calm"))["state"] == "in_review"
    assert ok(engine.decide("kim", "calm"))["state"] == "cleared"


def test_a_gate_that_names_no_answer_keeps_what_was_signed(engine: Engine) -> None:
    engine.register()
    engine.trigger("solo")
    engine.submit("score", value=10, who="jonas")
    signed = ok(engine.decide("mira", "solo"))
    record_provider(engine)
    ok(record_compute(engine, 2e24, -40, 0))
    after = engine.gate("solo")
    assert (after["state"], after["basis"]) == ("cleared", signed["basis"])


def test_a_profile_that_says_nothing_new_is_no_change(engine: Engine) -> None:
    engine.register()
    engine.register(crawls=True, most_capable=True, origin={"kind": "own"})
    assert [e["entry"]["tag"] for e in _journal(engine) if e["entry"]["tag"].startswith("model:version")] == [
        "model:version:registered"
    ]
    engine.register(crawls=False)
    assert engine.get(VERSION)["profile"]["crawls"] is False


def test_compute_that_crosses_the_line_is_told_at_the_moment_of_crossing(engine: Engine) -> None:
    """By hand: 2e25 FLOP over 40 days, 5e23 a day; 10^25 after 20 days, that is 20 days ago."""
    engine.register(systemic_risk=False)
    assert not scope_of(engine)["systemic_risk"]
    found = ok(record_compute(engine, 2e25, -40, 0))
    crossed = instant_text(engine.clock.now - timedelta(days=20))
    assert (found["met_at"], found["done_flop"]) == (crossed, 2e25)
    assert told(engine) == [("threshold_met", crossed)]
    assert scope_of(engine)["presumed_systemic_risk"]
    assert scope_of(engine)["safety_security"]


def test_a_plan_that_will_cross_the_line_is_told_when_it_is_recorded(engine: Engine) -> None:
    """By hand: 1e25 done, 1e25 more over the next 50 days, 2e23 a day; nothing is left to the line."""
    engine.register(systemic_risk=False)
    ok(record_compute(engine, 8e24, -10, 0))
    assert told(engine) == []
    planned = ok(record_compute(engine, 4e24, 0, 40, run="post", kind="planned", purpose="post_training"))
    known = instant_text(engine.clock.now)
    assert planned["projected_at"] == instant_text(engine.clock.now + timedelta(days=20))
    assert told(engine) == [("threshold_known", known)]
    assert scope_of(engine)["expected_systemic_risk"]
    engine.clock.forward(days=41)
    done = ok(record_compute(engine, 4e24, -41, -1, run="post", purpose="post_training"))
    assert [kind for kind, _ in told(engine)] == ["threshold_known", "threshold_met"]
    assert done["met_at"] == instant_text(engine.clock.now - timedelta(days=21))


def test_the_notification_runs_from_whichever_came_first(engine: Engine) -> None:
    """By hand: known on 23 November 2026; two weeks later is 7 December 2026 (Art. 52(1))."""
    engine.register(systemic_risk=False)
    ok(record_compute(engine, 2e25, 0, 40, kind="planned"))
    clocks = engine.rows("SELECT rule, due_on, state FROM clock WHERE rule = 'art-52-notification'")
    assert clocks == [("art-52-notification", "2026-12-07", "running")]


def test_compute_of_the_same_pre_training_run_counts_under_every_name(engine: Engine) -> None:
    engine.register(systemic_risk=False, first_placed_on="2025-07-01")
    later = "/v1/models/borealis/versions/1.0"
    ok(engine.send("PUT", later, json={"systemic_risk": False, "continues": "aurora/2.1"}))
    ok(record_compute(engine, 8e24, -10, 0))
    ok(record_compute(engine, 4e24, -5, 0, run="tuning", version=later))
    assert engine.get(f"{later}/compute")["done_flop"] == 1.2e25
    assert engine.get(f"{VERSION}/compute")["done_flop"] == 8e24
    assert scope_of(engine, later)["presumed_systemic_risk"]
    assert scope_of(engine, later)["legacy"]  # a later release of the same model
    assert [kind for kind, _ in told(engine, later)] == ["threshold_met"]
    assert told(engine) == []


def test_compute_recorded_of_an_earlier_version_reaches_the_later(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    later = "/v1/models/aurora/versions/2.2"
    ok(engine.send("PUT", later, json={"systemic_risk": False, "continues": "aurora/2.1"}))
    ok(record_compute(engine, 4e24, -5, 0, run="tuning", version=later))
    ok(record_compute(engine, 8e24, -10, 0))
    assert [kind for kind, _ in told(engine, later)] == ["threshold_met"]


def test_gates_of_later_versions_follow_what_classifies_an_earlier_one(engine: Engine) -> None:
    earlier = "/v1/models/borealis/versions/1.0"
    ok(engine.send("PUT", earlier, json={"systemic_risk": False}))
    engine.register(systemic_risk=False, continues="borealis/1.0")
    engine.trigger("calm")
    assert ok(engine.decide("mira", "calm"))["state"] == "cleared"
    known = occur(engine, "threshold_known", earlier)
    assert engine.gate("calm")["state"] == "stale"
    engine.post(f"/v1/occurrences/{known}/withdraw", "mira", {"reason": "Another model."})
    assert engine.gate("calm")["state"] == "in_review"


def occur(engine: Engine, kind: str, version: str = VERSION) -> str:
    body = {"kind": kind, "why": "As the Commission wrote."}
    return str(ok(engine.send("POST", f"{version}/occurrences", "mira", json=body))["id"])


def test_an_occurrence_that_classifies_the_model_counts_until_it_is_withdrawn(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    designated = occur(engine, "designated")
    assert scope_of(engine)["designated"]
    assert scope_of(engine)["safety_security"]
    assert not scope_of(engine)["notification_owed"]  # the Commission knows
    engine.post(f"/v1/occurrences/{designated}/withdraw", "mira", {"reason": "Of another model."})
    assert not scope_of(engine)["systemic_risk"]
    occur(engine, "threshold_known")
    assert scope_of(engine)["expected_systemic_risk"]
    engine.register(systemic_risk=False, contestation="accepted")
    assert not scope_of(engine)["systemic_risk"]


def test_what_classifies_a_version_classifies_those_that_continue_it(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    later = "/v1/models/borealis/versions/1.0"
    ok(engine.send("PUT", later, json={"systemic_risk": False, "continues": "aurora/2.1"}))
    assert not scope_of(engine, later)["systemic_risk"]
    occur(engine, "designated")
    assert scope_of(engine, later)["designated"]
    engine.register(systemic_risk=False, designation="withdrawn")
    assert not scope_of(engine, later)["systemic_risk"]
    engine.register(systemic_risk=True, designation="withdrawn")
    assert scope_of(engine, later)["expected_systemic_risk"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ends": -20}, "ends_at: found"),
        ({"ends": 3}, "expected a time that has come"),
        ({"flop": 0}, "flop"),
        ({"flop": 1e60}, "flop: found 1e+60"),
        ({"kind": "guessed"}, "kind"),
        ({"source": " "}, "source: found nothing"),
        ({"purpose": "fun"}, "purpose"),
    ],
)
def test_compute_that_cannot_be_is_refused(engine: Engine, given: dict[str, Any], words: str) -> None:
    engine.register()
    span = {"flop": 1e24, "begins": -10.0, "ends": 0.0, **given}
    problem = refused(record_compute(engine, **span), 422, "invalid-input")
    assert words in problem["detail"]
    assert engine.get(f"{VERSION}/compute")["items"] == []


def test_an_entry_is_withdrawn_by_a_person_with_a_reason(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    entry = ok(record_compute(engine, 8e24, -10, 0))["id"]
    path = f"{VERSION}/compute/{entry}/withdraw"
    refused(engine.send("POST", path, json={"reason": "Twice."}), 403, "not-allowed")
    found = engine.post(path, "mira", {"reason": "Counted twice."})
    assert (found["done_flop"], found["items"][0]["withdrawn_why"]) == (0.0, "Counted twice.")
    refused(engine.send("POST", path, "mira", json={"reason": "Again."}), 409, "conflict")
    refused(engine.send("POST", f"{VERSION}/compute/none/withdraw", "mira", json={"reason": "No."}), 404, "not-found")


def test_a_gate_opens_by_what_scope_answers(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    event = ok(engine.event("pratique.gate.triggered", gate="risky"))
    assert event["gates"] == []
    ok(record_compute(engine, 2e25, -40, 0))
    assert engine.trigger("risky")["state"] == "open"


def test_a_lost_reference_counts_for_six_months(engine: Engine) -> None:
    """By hand: lost on 1 June 2026; six months later is 1 December 2026, whose end in Brussels is 23:00 UTC."""
    four = ("cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation")
    safe = [{"risk": risk, "reference": "borealis/1.0", "shown_on": "2026-01-10"} for risk in four]
    safe[0]["lost_on"] = "2026-06-01"
    engine.register(similarly_safe=safe)
    assert scope_of(engine)["similarly_safe"]
    assert engine.get(f"{VERSION}/scope")["changes_at"] == "2026-12-01T23:00:00.000000Z"
    engine.clock.forward(days=9)
    assert not scope_of(engine)["similarly_safe"]
    assert engine.get(f"{VERSION}/scope")["changes_at"] is None


def test_a_loss_that_was_recorded_ends_the_relief_after_six_months(engine: Engine) -> None:
    """By hand: lost on 23 November 2026; six months later is 23 May 2027, whose end in Brussels is 22:00 UTC."""
    four = ("cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation")
    engine.register(
        similarly_safe=[{"risk": risk, "reference": "borealis/1.0", "shown_on": "2026-01-10"} for risk in four]
    )
    assert scope_of(engine)["similarly_safe"]
    assert engine.get(f"{VERSION}/scope")["changes_at"] is None
    body = {"kind": "safe_reference_lost", "why": "As the audit found.", "about": "borealis-1.0"}
    lost = ok(engine.send("POST", f"{VERSION}/occurrences", "mira", json=body))["id"]
    assert engine.get(f"{VERSION}/scope")["changes_at"] == "2027-05-23T22:00:00.000000Z"
    assert scope_of(engine)["similarly_safe"]
    engine.clock.forward(days=182)
    found = scope_of(engine)
    assert not found["similarly_safe"]
    assert found["external_evaluation_owed"]
    engine.post(f"/v1/occurrences/{lost}/withdraw", "mira", {"reason": "Another reference."})
    assert scope_of(engine)["similarly_safe"]


def test_a_version_continues_one_that_is_registered_and_not_itself(engine: Engine) -> None:
    engine.register()
    two = "/v1/models/aurora/versions/2.2"
    body = {"systemic_risk": True, "continues": "aurora/9.9"}
    problem = refused(engine.send("PUT", two, json=body), 422, "invalid-input")
    assert "found aurora/9.9, expected a model version that is registered" in problem["detail"]
    ok(engine.send("PUT", two, json={"systemic_risk": True, "continues": "aurora/2.1"}))
    circle = engine.send("PUT", VERSION, json={"systemic_risk": True, "continues": "aurora/2.2"})
    assert "continues aurora/2.1 itself" in refused(circle, 422, "invalid-input")["detail"]


def test_what_was_recorded_survives_a_check_of_the_whole_ledger(engine: Engine) -> None:
    engine.register(systemic_risk=False, crawls=False)
    record_provider(engine, "mira")
    record_provider(engine, "jonas", size="large")
    entry = ok(record_compute(engine, 2e25, -40, 0))["id"]
    engine.post(f"{VERSION}/compute/{entry}/withdraw", "mira", {"reason": "Counted twice."})
    engine.seal()
    assert verify_ledger(engine.settings).problems == []
