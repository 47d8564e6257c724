"""The installation moves to a fictional edition after the final one; nothing that was answered is lost."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    forget_configuration,
    ok,
    refused,
)
from regime_fixtures import (  # noqa: F401 - fixtures are used by name
    FINAL,
    NEXT,
    RENAMED,
    edit,
    regime_engine_fixture,
    regime_settings_fixture,
    write,
    write_next_edition,
    write_tightened,
)

from pratique.services.adopted import catch_up
from pratique.services.adoptions import settle
from pratique.services.verify import verify_ledger
from pratique.settings import Settings

LIST = ("changes", "gates", "gate_runs", "registers", "counts", "totals")


@pytest.fixture(name="overlay")
def overlay_fixture(regime_settings: Settings) -> Path:
    assert regime_settings.overlay_dir is not None
    return regime_settings.overlay_dir


def adopt(engine: Engine, edition: str = NEXT, **given: Any) -> Any:
    """Adopt an edition as the admin and return the answer."""
    return engine.send("POST", "/v1/regimes/adoptions", "admin", json={"edition": edition, **given})


def cleared_and_open(engine: Engine) -> None:
    """Clear `quorum` and `logs`-less `solo`, leave `trial` signed by one, `final` and `auto` waiting."""
    engine.register()
    for gate in ("quorum", "trial", "final", "auto"):
        engine.trigger(gate)
    engine.submit("score", value=20)
    for person in ("jonas", "ines"):
        assert ok(engine.decide(person, "quorum"))
    assert engine.gate("quorum")["state"] == "cleared"


def moves(plan: dict[str, Any]) -> dict[str, str]:
    return {run["gate"]: run["effect"] for run in plan["gate_runs"]}


def test_a_first_start_adopts_the_shipped_final_edition_and_moves_nothing(engine: Engine) -> None:
    (first,) = engine.get("/v1/regimes/adoptions")["items"]
    assert (first["edition"], first["was_edition"], first["person"]) == (FINAL, None, None)
    assert first["content"] == {"changes": [], "gates": [], "gate_runs": [], "registers": []}
    assert set(first["gates"]) == {"trial", "final", "auto", "quorum", "solo", "logs", "risks"}
    listed = {item["edition"]: item for item in engine.get("/v1/regimes")["items"]}
    assert [name for name, item in listed.items() if item["is_adopted"]] == [FINAL]
    assert len(listed[FINAL]["digest"]) == 64


def test_adopting_moves_cleared_gates_whose_rules_changed_and_keeps_the_rest(engine: Engine, overlay: Path) -> None:
    cleared_and_open(engine)
    before = {gate: engine.gate(gate) for gate in ("quorum", "trial", "final", "auto")}
    told = {person: len(engine.inbox(person)) for person in ("mira", "jonas", "ines", "kim")}
    write_next_edition(overlay)
    write_tightened(overlay, "quorum", "score", "facts.value < 10")

    rehearsed = ok(adopt(engine, dry_run=True))
    assert engine.gate("quorum") == before["quorum"]
    real = ok(adopt(engine, reason="The later edition applies."))
    assert {name: real[name] for name in LIST} == {name: rehearsed[name] for name in LIST}
    assert moves(real) == {"quorum": "stale", "trial": "carried", "final": "carried", "auto": "carried"}

    quorum = engine.gate("quorum")
    assert (quorum["state"], quorum["edition"], quorum["spec_digest"] != before["quorum"]["spec_digest"]) == (
        "stale",
        NEXT,
        True,
    )
    assert [f["status"] for f in quorum["findings"]] == ["unmet"]
    assert {d["person"] for d in quorum["decisions"]} == {"jonas", "ines"}  # history stays
    assert engine.gate("trial")["edition"] == NEXT
    for person in ("mira", "jonas", "ines", "kim"):  # who owns or signs it: told once, with the reason
        new = engine.get("/v1/inbox", person)["items"][: len(engine.inbox(person)) - told[person]]
        assert [(n["kind"], n["gate"]) for n in new] == [("stale", "quorum")]
        assert f"{NEXT} was adopted: score: changed (measures, criterion)" in str(new[0])
    lines = [change["line"] for change in real["changes"]]
    assert "renamed measure S-3.2 to S-3.6: Another number." in lines
    assert "split risk cbrn into chem_bio, rad_nuc; to be assessed again: Two categories." in lines

    again = ok(adopt(engine))
    assert (again["changes_something"], again["adoption"]) == (False, None)
    assert len(engine.get("/v1/regimes/adoptions")["items"]) == 2
    engine.seal()
    assert verify_ledger(engine.settings).problems == []


def test_new_gate_runs_go_by_the_adopted_edition_and_so_does_a_restart(
    engine: Engine, overlay: Path, regime_settings: Settings
) -> None:
    write_next_edition(overlay)
    engine.register()
    ok(adopt(engine))
    assert engine.trigger("quorum")["edition"] == NEXT
    assert engine.gate("quorum")["findings"][0]["measures"] == [RENAMED[1]]
    engine.parts.ledger.close()
    forget_configuration(regime_settings)
    again = Engine(regime_settings, engine.clock)
    assert again.parts.rules.adopted == {"eu-gpai-code": NEXT}
    assert again.parts.rules.edition is not None
    assert again.parts.rules.edition.id == NEXT
    again.client.close()
    again.parts.ledger.close()


def test_what_was_signed_on_the_same_demands_keeps_the_spec_that_was_seen(engine: Engine, overlay: Path) -> None:
    cleared_and_open(engine)
    engine.trigger("solo")
    ok(engine.decide("jonas", "trial"))  # one of two signatures
    before = {gate: engine.gate(gate) for gate in ("quorum", "trial")}
    told = {person: engine.inbox(person) for person in ("mira", "jonas", "ines", "kim")}
    write_next_edition(overlay)
    plan = ok(adopt(engine))
    assert moves(plan)["quorum"] == moves(plan)["trial"] == "kept"
    for gate, seen in before.items():
        now = engine.gate(gate)
        assert (now["state"], now["edition"], now["basis"]) == (seen["state"], FINAL, seen["basis"])
    assert {person: engine.inbox(person) for person in told} == told  # not a word


def test_a_gate_that_needs_a_stale_one_becomes_stale_with_it_once(engine: Engine, overlay: Path) -> None:
    engine.register()
    for gate in ("trial", "final"):
        engine.trigger(gate)
    engine.submit("score", value=20)
    engine.submit("report", ok=True)
    for person in ("jonas", "mira"):
        engine.decide(person, "trial")
    for person in ("jonas", "ines"):
        ok(engine.decide(person, "final"))
    assert engine.gate("final")["state"] == "cleared"
    write_next_edition(overlay)
    write_tightened(overlay, "trial", "score", "facts.value < 10")
    plan = ok(adopt(engine))
    effects = [(run["gate"], run["effect"]) for run in plan["gate_runs"]]
    assert effects == [("trial", "stale"), ("final", "kept"), ("final", "depends")]
    assert [engine.gate(gate)["state"] for gate in ("trial", "final")] == ["stale", "stale"]
    stale = [gate for kind, gate in engine.inbox("mira") if kind == "stale"]
    assert sorted(stale) == ["final", "trial"]


def test_an_earlier_occasion_that_still_waits_moves_too(engine: Engine, overlay: Path) -> None:
    """It could be cleared still: under the rules that were adopted, not under those that it was opened with."""
    engine.register()
    first = engine.trigger("quorum", "march")["gate_run"]
    second = engine.trigger("quorum", "april")["gate_run"]
    engine.submit("score", value=20)
    write_next_edition(overlay)
    write_tightened(overlay, "quorum", "score", "facts.value < 10")
    plan = ok(adopt(engine))
    touched = {run["occasion"]: (run["gate_run"], run["effect"]) for run in plan["gate_runs"]}
    assert touched == {"march": (first, "judged_anew"), "april": (second, "judged_anew")}
    stored = engine.rows("SELECT occasion, state, is_latest, spec_digest FROM gate_run")
    assert {row[:2] for row in stored} == {("march", "open"), ("april", "open")}
    assert {row[3] for row in stored} == {engine.parts.rules.digests["quorum"]}
    assert sorted(bool(row[2]) for row in stored) == [False, True]


def test_the_journal_keeps_counts_and_people_see_the_list(engine: Engine, overlay: Path) -> None:
    cleared_and_open(engine)
    engine.trigger("quorum", "again")
    write_next_edition(overlay)
    write_tightened(overlay, "quorum", "score", "facts.value < 10")
    plan = ok(adopt(engine))
    assert plan["totals"] == {"gate_runs": len(plan["gate_runs"]), "registers": 0}
    (stored,) = (a["content"] for a in engine.get("/v1/regimes/adoptions")["items"] if a["edition"] == NEXT)
    assert stored["gate_runs"] == plan["counts"]["gate_runs"]
    assert sum(one["count"] for one in stored["gate_runs"]) == len(plan["gate_runs"])
    quorum = [one for one in stored["gate_runs"] if one["gate"] == "quorum"]
    assert quorum == [
        {"gate": "quorum", "effect": "judged_anew", "count": 1, "why": ["score: changed (measures, criterion)"]}
    ]
    assert all("model" not in one for one in stored["gate_runs"])


def test_adoptions_are_listed_page_by_page(engine: Engine, overlay: Path) -> None:
    write_next_edition(overlay)
    ok(adopt(engine))
    first = engine.get("/v1/regimes/adoptions", limit=1)
    assert [item["edition"] for item in first["items"]] == [NEXT]
    second = engine.get("/v1/regimes/adoptions", limit=1, cursor=first["next"])
    assert ([item["edition"] for item in second["items"]], second["next"]) == ([FINAL], None)
    refused(engine.send("GET", "/v1/regimes/adoptions", params={"cursor": "x"}), 422, "invalid-input")


BAD = {
    "duplicate id": (
        "regimes/eu-gpai-code/2027-01-01/acts.yaml",
        lambda a: a | {"acts": [*a["acts"], a["acts"][0]]},
        "which acts[",
    ),
    "dangling reference": (
        "regimes/eu-gpai-code/2027-01-01/safety-security.yaml",
        lambda c: _first_measure(c, deadlines=["NOWHERE-1"]),
        "'NOWHERE-1'",
    ),
    "unknown unit": (
        "regimes/eu-gpai-code/2027-01-01/deadlines.yaml",
        lambda d: d | {"deadlines": [d["deadlines"][0] | {"unit": "fortnights"}, *d["deadlines"][1:]]},
        "unit: found 'fortnights'",
    ),
}


def _first_measure(chapter: dict[str, Any], **members: Any) -> dict[str, Any]:
    chapter["commitments"][0]["measures"][0] |= members
    return chapter


def test_an_edition_that_is_not_sound_is_refused_as_a_whole_with_every_error(engine: Engine, overlay: Path) -> None:
    engine.register()
    write_next_edition(overlay)
    for file, change, _ in BAD.values():
        edit(overlay / file, change)
    cycle = {"format": "pratique.gate-overlay/1", "gate": "trial", "because": "b", "checkpoints": [
        {"id": "a", "requirements": [
            {"id": "after", "title": "T", "measures": ["S-1.2"], "why": "W", "gate": "final"}]}]}  # fmt: skip
    write(overlay / "gates/cycle.yaml", cycle)
    write_tightened(overlay, "solo", "score", "facts.value <")
    journal = len(engine.get("/v1/journal", limit=1000)["entries"])
    for dry_run in (True, False):
        problem = refused(adopt(engine, dry_run=dry_run), 422, "invalid-config")
        for expected in (
            *(text for _, _, text in BAD.values()),
            "a cycle: final -> trial -> final",
            "does not compile",
        ):
            assert any(expected in line for line in problem["errors"]), (expected, problem["errors"])
    assert engine.parts.rules.adopted == {"eu-gpai-code": FINAL}
    assert engine.trigger("quorum")["edition"] == FINAL  # the engine goes on
    assert engine.get("/v1/journal", limit=1000)["entries"][:journal]


def test_only_an_admin_adopts_and_only_what_there_is(engine: Engine) -> None:
    refused(engine.send("POST", "/v1/regimes/adoptions", "pipeline", json={"edition": FINAL}), 403, "not-allowed")
    refused(adopt(engine, "eu-gpai-code@2031-01-01"), 404, "not-found")
    refused(adopt(engine, "eu-gpai-code@draft-1"), 422, "invalid-config")  # an edition without gates
    for who in ("pipeline", "mira"):  # a rehearsal reads every file and every gate run
        refused(engine.send("GET", "/v1/regimes/impact", who, params={"edition": FINAL}), 403, "not-allowed")
    answer = engine.send("GET", "/v1/regimes/impact", "admin", params={"edition": FINAL})
    assert ok(answer)["changes_something"] is False


def test_runs_of_before_an_upgrade_move_when_somebody_adopts(engine: Engine, regime_settings: Settings) -> None:
    """Files of an edition changed under a ledger: open runs keep their pin until the edition is adopted again."""
    cleared_and_open(engine)
    gate = regime_settings.config_dir / "gates/quorum.yaml"
    edit(gate, tighter)
    plan = ok(adopt(engine, FINAL, dry_run=True))
    assert moves(plan) == {"quorum": "stale"}
    assert engine.gate("quorum")["state"] == "cleared"
    ok(adopt(engine, FINAL))
    assert engine.gate("quorum")["state"] == "stale"
    assert ok(adopt(engine, FINAL))["changes_something"] is False


def test_another_replica_follows_what_the_ledger_says(engine: Engine, overlay: Path) -> None:
    write_next_edition(overlay)
    before, followed = engine.parts.running.now, engine.parts.running.followed
    ok(adopt(engine))
    engine.parts.running.put(before, followed)  # as a replica that knows nothing of it
    with engine.parts.ledger.read() as reader:
        assert catch_up(reader, engine.parts)
        assert not catch_up(reader, engine.parts)
    assert engine.parts.rules.adopted == {"eu-gpai-code": NEXT}


def test_no_command_goes_by_rules_that_another_replica_replaced(engine: Engine, overlay: Path) -> None:
    write_next_edition(overlay)
    engine.register()
    before, followed = engine.parts.running.now, engine.parts.running.followed
    ok(adopt(engine))
    engine.parts.running.put(before, followed)  # as on a replica that did not hear of it yet
    assert engine.trigger("quorum")["edition"] == NEXT


def test_what_a_replica_wrote_by_old_rules_is_moved_once_it_follows(engine: Engine, overlay: Path) -> None:
    write_next_edition(overlay)
    engine.register()
    before, followed = engine.parts.running.now, engine.parts.running.followed
    ok(adopt(engine))
    engine.parts.running.put(before, followed)
    engine.parts.ledger.look_before(lambda reader: None)  # as in a command that began before the adoption
    assert engine.trigger("quorum")["edition"] == FINAL
    engine.parts.ledger.look_before(partial(catch_up, parts=engine.parts))
    assert settle(engine.parts, "engine:test") == 1
    assert engine.gate("quorum")["edition"] == NEXT
    assert settle(engine.parts, "engine:test") == 0


def test_a_replica_that_cannot_follow_refuses_to_write_and_says_why(engine: Engine, overlay: Path) -> None:
    write_next_edition(overlay)
    engine.register()
    before, followed = engine.parts.running.now, engine.parts.running.followed
    ok(adopt(engine))
    ok(engine.send("GET", VERSION, "mira"))  # whoever is to be refused has a token already
    engine.parts.running.put(before, followed)
    broken = overlay / "gates" / "broken.yaml"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("id: [")
    answer = engine.send("PUT", VERSION, "mira", json={"systemic_risk": True, "crawls": False})
    assert answer.status_code == 503
    assert "this engine cannot follow: overlay/gates/broken.yaml" in answer.json()["detail"]
    assert engine.send("GET", "/readyz", None).status_code == 503
    broken.unlink()
    assert engine.trigger("quorum")["edition"] == NEXT
    assert engine.send("GET", "/readyz", None).status_code == 200


def tighter(gate: dict[str, Any]) -> dict[str, Any]:
    gate["checkpoints"][0]["requirements"][0]["criterion"] = "facts.value < 10"
    return gate


def test_a_risk_that_is_split_is_carried_in_the_register_and_assessed_again(engine: Engine, overlay: Path) -> None:
    engine.register()
    risk = {
        "id": "cbrn",
        "title": "CBRN",
        "category": "specified",
        "scenarios": [{"id": "a", "title": "A"}],
        "residual": {"accepted": True, "by": "jonas", "on": "2026-11-01", "margin": "Wide."},
        "owner": "mira",
    }
    ok(engine.send("PUT", f"{VERSION}/risks", "mira", json={"risks": [risk]}))
    write_next_edition(overlay)
    plan = ok(adopt(engine))
    moved = {"was": "cbrn", "now": ["chem_bio", "rad_nuc"], "reassess": True}
    assert plan["registers"] == [{"model": "aurora", "version": "2.1", "risks": [moved]}]
    risks = {one["id"]: one for one in engine.get(f"{VERSION}/risks")["risks"]}
    for name in ("chem_bio", "rad_nuc"):
        assert risks[name]["scenarios"] == [{"id": "a", "title": "A", "description": ""}]
        assert (risks[name]["owner"], risks[name]["residual"]["accepted"]) == ("mira", False)


def accepted(*names: str) -> dict[str, Any]:
    residual = {"accepted": True, "by": "jonas", "on": "2026-11-01", "margin": "Wide."}
    return {"risks": [{"id": name, "title": name, "category": "specified", "residual": residual} for name in names]}


def test_a_gate_asked_for_each_risk_asks_for_the_risks_of_the_later_edition(engine: Engine, overlay: Path) -> None:
    engine.register()
    others = ("loss_of_control", "cyber_offence", "harmful_manipulation")
    ok(engine.send("PUT", f"{VERSION}/risks", "mira", json=accepted("cbrn", *others)))
    engine.trigger("risks")
    assert ok(engine.decide("jonas", "risks"))["state"] == "cleared"
    write_next_edition(overlay)
    plan = ok(adopt(engine))
    (touched,) = plan["gate_runs"]
    assert (touched["effect"], touched["why"]) == ("stale", ["accepted: changed (risks)"])
    view = engine.gate("risks")
    unmet = [f["requirement"] for f in view["findings"] if f["status"] == "unmet"]
    assert (view["state"], unmet) == ("stale", ["accepted.chem-bio", "accepted.rad-nuc"])
    assert [d["person"] for d in view["decisions"]] == ["jonas"]
    ok(engine.send("PUT", f"{VERSION}/risks", "mira", json=accepted("chem_bio", "rad_nuc", *others)))
    assert engine.gate("risks")["state"] == "in_review"
    assert ok(engine.decide("jonas", "risks"))["state"] == "cleared"
    engine.seal()
    assert verify_ledger(engine.settings).problems == []
