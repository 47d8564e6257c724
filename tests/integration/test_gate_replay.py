"""Replaying history: each gate run is judged as the ledger was at its decision, and nothing is written."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    GATES,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)

from pratique.cli.main import main
from pratique.client.call import Call, Reply
from pratique.client.sync_regimes import RegimeNamespace

SPECS = {gate["id"]: gate for gate in GATES}


def proposed(gate: str, criterion: str | None = None, **members: Any) -> dict[str, Any]:
    """Return the gate with another criterion of its first requirement."""
    spec = copy.deepcopy(SPECS[gate]) | members
    if criterion is not None:
        spec["checkpoints"][0]["requirements"][0]["criterion"] = criterion
    return spec


def replay(engine: Engine, spec: dict[str, Any], who: str = "admin", **given: Any) -> Any:
    return engine.post(f"/v1/gates/{spec['id']}/replay", who, {"spec": spec, **given})


def entries(engine: Engine) -> int:
    return int(engine.rows("SELECT count(*) FROM journal_entry")[0][0])


def clear(engine: Engine, gate: str = "solo", value: float = 40, who: str = "mira") -> None:
    engine.trigger(gate)
    engine.submit("score", value=value, who="sam")
    assert ok(engine.decide(who, gate))["state"] == "cleared"


def test_the_spec_that_runs_changes_no_verdict_and_every_run_is_found_again_as_it_was_recorded(engine: Engine) -> None:
    engine.register()
    clear(engine)
    engine.clock.forward(days=2)
    engine.trigger("trial")
    before = entries(engine)
    for gate in ("solo", "trial"):
        found = replay(engine, proposed(gate))
        assert found["looked_at"] == 1
        assert (found["changed"], found["items"], found["not_reproduced"], found["next"]) == (0, [], [], None)
    assert entries(engine) == before


def test_a_stricter_criterion_shows_the_cleared_run_and_why(engine: Engine) -> None:
    engine.register()
    clear(engine, value=40)
    found = replay(engine, proposed("solo", "facts.value < 30"))
    assert found["changed"] == 1
    item = found["items"][0]
    assert (item["model"], item["version"], item["state"]) == ("aurora", "2.1", "cleared")
    assert (item["judged_on"], item["was"], item["becomes"], item["is_reproduced"]) == (
        "decision",
        "ready",
        "blocked",
        True,
    )
    assert item["requirements"] == [
        {"requirement": "score", "was": "met", "becomes": "unmet", "reason": "The score is too high."}
    ]
    assert engine.gate("solo")["state"] == "cleared"


def test_evidence_and_profile_of_after_the_decision_do_not_count(engine: Engine) -> None:
    engine.register(attributes={"team": "red"})
    clear(engine, value=40)
    engine.clock.forward(hours=1)
    engine.submit("score", value=10, who="sam")
    engine.register(attributes={"team": "blue"})
    stricter = replay(engine, proposed("solo", "facts.value < 30"))
    assert [item["becomes"] for item in stricter["items"]] == ["blocked"]
    then = replay(engine, proposed("solo", 'facts.value < 50 && profile.attributes.team == "red"'))
    assert then["items"] == []
    today = replay(engine, proposed("solo", 'facts.value < 50 && profile.attributes.team == "blue"'))
    assert today["changed"] == 1


def test_an_undecided_run_is_judged_as_it_is_now(engine: Engine) -> None:
    engine.register()
    engine.trigger("solo")
    engine.submit("score", value=60, who="sam")
    found = replay(engine, proposed("solo", "facts.value < 70"))
    item = found["items"][0]
    assert (item["judged_on"], item["was"], item["becomes"]) == ("now", "blocked", "ready")
    assert item["requirements"][0]["reason"] == "it holds now; it was open: The score is too high."


def test_a_run_that_became_stale_is_judged_at_its_clearance(engine: Engine) -> None:
    engine.register()
    clear(engine, value=40)
    engine.clock.forward(days=40)
    engine.sweep()
    assert engine.gate("solo")["state"] == "stale"
    found = replay(engine, proposed("solo"))
    assert (found["looked_at"], found["changed"], found["not_reproduced"]) == (1, 0, [])
    assert replay(engine, proposed("solo", "facts.value < 30"))["items"][0]["judged_on"] == "decision"


def test_a_gate_that_clears_itself_and_one_that_needs_another_are_found_again(engine: Engine) -> None:
    engine.register()
    engine.trigger("auto")
    engine.submit("report", ok=True, who="sam")
    assert engine.gate("auto")["state"] == "cleared"
    found = replay(engine, proposed("auto", "facts.ok && size(string(facts.ok)) > 9"))
    assert (found["changed"], found["not_reproduced"]) == (1, [])
    engine.trigger("trial")
    engine.trigger("final")
    engine.submit("score", value=1, who="sam")
    ok(engine.decide("mira", "trial"))
    assert ok(engine.decide("jonas", "trial"))["state"] == "cleared"
    found = replay(engine, proposed("final"))
    assert (found["changed"], found["not_reproduced"]) == (0, [])


def test_waivers_of_then_count_and_advice_holds_nothing_shut(engine: Engine) -> None:
    engine.register()
    engine.trigger("solo")
    engine.submit("score", value=60, who="sam")
    ok(engine.waive("mira", "solo", "score"))
    assert ok(engine.decide("kim", "solo"))["state"] == "cleared"
    assert replay(engine, proposed("solo"))["not_reproduced"] == []
    more = proposed("solo")
    advice = copy.deepcopy(SPECS["auto"]["checkpoints"][0]["requirements"][0]) | {"gating": "advise"}
    more["checkpoints"][0]["requirements"].append(advice)
    found = replay(engine, more)
    assert (found["changed"], found["other_findings"]) == (0, 1)


def test_pages_hold_every_run_once_and_filters_keep_to_a_model(engine: Engine) -> None:
    for number in range(5):
        engine.register(f"3.{number}")
        event = {"specversion": "1.0", "id": f"e{number}", "source": "/t", "type": "pratique.gate.triggered"}
        body = event | {"subject": f"aurora/3.{number}", "data": {"gate": "solo"}}
        headers = {"content-type": "application/cloudevents+json"}
        ok(engine.send("POST", "/v1/events", content=json.dumps(body), headers=headers))
    spec = proposed("solo")
    seen, cursor = 0, None
    for _ in range(3):
        page = replay(engine, spec, limit=2, **({"cursor": cursor} if cursor else {}))
        seen, cursor = seen + page["looked_at"], page["next"]
    assert (seen, cursor) == (5, None)
    assert replay(engine, spec, model="aurora", version="3.2")["looked_at"] == 1
    assert replay(engine, spec, model="borealis")["looked_at"] == 0


def test_only_an_admin_or_a_person_may_ask_and_a_spec_that_is_not_sound_is_refused_whole(engine: Engine) -> None:
    engine.register()
    clear(engine)
    path = "/v1/gates/solo/replay"
    for who in ("pipeline", "worker"):
        refused(engine.send("POST", path, who, json={"spec": proposed("solo")}), 403, "not-allowed")
    assert replay(engine, proposed("solo"), "mira")["looked_at"] == 1
    broken = proposed("solo", "facts.nope < 3 && facts.value >")
    broken["checkpoints"][0]["requirements"].append({"id": "x", "gate": "nowhere"})
    problem = refused(engine.send("POST", path, "admin", json={"spec": broken}), 422, "invalid-config")
    assert len(problem["errors"]) >= 2
    problem = refused(engine.send("POST", path, "admin", json={"spec": proposed("trial")}), 422, "invalid-config")
    assert problem["errors"] == ["spec: id: found 'trial', expected 'solo'"]
    unsound = proposed("solo", "facts.nope < 3")
    problem = refused(engine.send("POST", path, "admin", json={"spec": unsound}), 422, "invalid-config")
    assert "has no member 'nope'" in problem["errors"][0]
    unknown = proposed("solo", id="never")
    refused(engine.send("POST", "/v1/gates/never/replay", "admin", json={"spec": unknown}), 404, "not-found")


def test_a_replay_leaves_what_the_engine_remembers_as_it_was(engine: Engine) -> None:
    engine.register(attributes={"team": "red"})
    clear(engine)
    engine.register(attributes={"team": "blue"})
    before = engine.gate("solo")
    replay(engine, proposed("solo", 'facts.value < 50 && profile.attributes.team == "red"'))
    assert engine.gate("solo") == before
    assert len(engine.parts.pinned) == len(GATES)


def test_the_command_line_lists_what_would_change_and_why(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.register()
    clear(engine, value=40)
    for number in range(2):  # so that there is more than one page
        engine.trigger("solo", occasion=f"again-{number}")
    asked: list[str] = []

    class Client:
        def __init__(self) -> None:
            self.regimes = RegimeNamespace(cast(Any, self))

        def send(self, call: Call[Any]) -> Any:
            asked.append(call.path)
            answer = engine.send(call.method, call.path, "admin", json={**cast(dict[str, Any], call.body), "limit": 2})
            ok(answer)
            return call.read(Reply(status=200, headers={}, body=answer.content))

    monkeypatch.setattr("pratique.cli.replay.connect", lambda *_: Client())
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(proposed("solo", "facts.value < 30")))
    monkeypatch.setattr("sys.argv", ["pratique", "gate", "replay", "--spec", str(tmp_path / "new.yaml")])
    with pytest.raises(SystemExit) as ended:
        main()
    out, _ = capsys.readouterr()
    assert not ended.value.code
    assert asked == ["/v1/gates/solo/replay"] * 2
    rows = out.splitlines()
    assert "aurora/2.1" in rows[1]
    assert "decision 2026-11-23" in rows[1]
    assert "ready, would be blocked" in rows[1]
    assert "score met -> unmet (The score is too high.)" in rows[1]
    assert rows[-1] == "3 gate runs judged again: 3 would change"
    monkeypatch.setattr("sys.argv", ["pratique", "gate", "replay", "--spec", str(tmp_path / "no.yaml"), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1


def test_a_history_that_is_too_long_is_named_and_not_judged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.services.replaying.MAX_ENTRIES", 2)
    engine.register()
    clear(engine)
    found = replay(engine, proposed("solo"))
    assert found["looked_at"] == 0
    assert "at most 2 are gone through" in found["skipped"][0]["reason"]
