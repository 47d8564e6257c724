"""Until when a file is kept follows from the rules; a hold beats them; only the purge removes, and says why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
    recorded,
)
from engine_fixtures import VERSION, Engine, clock_fixture, ok, refused  # noqa: F401 - fixtures are used by name

from pratique.services.file_check import verify_files
from pratique.services.purging import remove_purged
from pratique.services.verify import verify_ledger

PLACED = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEN_YEARS = "2036-11-20"
RULES = {"documentation-retention", "safety-records-retention"}


def submit(engine: Engine, content: bytes = b"as it was", filename: str = "report.bin", version: str = "2.1") -> Any:
    path = f"/v1/models/aurora/versions/{version}/evidence"
    return ok(engine.send("POST", path, content=content, params={"filename": filename}))["evidence"]


def retention(engine: Engine, evidence: Any) -> Any:
    return engine.get(f"/v1/evidence/{evidence['id']}/retention")


def purge(engine: Engine, evidence: Any, who: str = "keeper") -> Any:
    if who == "keeper":  # anew each time: such a token ends, and years go by here
        scopes = ("admin", "gates:read", "journal:read")
        engine.tokens[who] = engine.issue(kind="person", person="mira", scopes=scopes)
    return engine.send("POST", f"/v1/evidence/{evidence['id']}/purge", who, json={"reason": "Kept long enough."})


def hold(engine: Engine, who: str = "mira", **on: str) -> Any:
    return engine.send("POST", "/v1/holds", who, json={"reason": "A case is pending.", **on})


def later(engine: Engine, at: datetime) -> None:
    engine.clock.now = at


@pytest.fixture(name="placed")
def placed_fixture(bureau: Engine) -> Engine:
    recorded(bureau, "placed", at=PLACED)
    return bureau


def test_while_a_model_is_not_placed_no_date_is_guessed_and_nothing_is_purged(bureau: Engine) -> None:
    evidence = submit(bureau)
    found = retention(bureau, evidence)
    assert found["kept_until"] is None
    assert {rule["rule"] for rule in found["rules"]} >= RULES
    assert all("placed" in rule["unknown"] for rule in found["rules"])
    assert not found["may_be_purged"]
    later(bureau, PLACED + timedelta(days=20 * 365))
    problem = refused(purge(bureau, evidence), 409, "conflict")
    assert any("not recorded yet" in line for line in problem["refused"])
    assert bureau.parts.files.has(evidence["sha256"])


def test_a_placing_that_was_recorded_wrongly_leaves_no_date(bureau: Engine) -> None:
    placing = recorded(bureau, "placed", at=PLACED)
    evidence = submit(bureau)
    assert retention(bureau, evidence)["kept_until"] is not None
    path = f"/v1/occurrences/{placing['id']}/withdraw"
    ok(bureau.send("POST", path, "mira", json={"reason": "Another model."}))
    found = retention(bureau, evidence)
    assert (found["kept_until"], found["may_be_purged"]) == (None, False)
    assert {rule["rule"] for rule in found["rules"]} >= RULES


def test_ten_years_from_placing_by_the_later_of_both_readings(placed: Engine) -> None:
    evidence = submit(placed)
    found = retention(placed, evidence)
    dates = {rule["rule"]: rule["until"] for rule in found["rules"]}
    assert set(dates) >= RULES
    assert {until[:10] for until in dates.values()} == {TEN_YEARS}  # the last instant of the day, in Brussels
    assert found["kept_until"] == max(dates.values())
    assert (found["holds"], found["rests_on"]) == ([], [])
    refused(purge(placed, evidence), 409, "conflict")
    until = datetime.fromisoformat(found["kept_until"])
    later(placed, until - timedelta(microseconds=1))
    refused(purge(placed, evidence), 409, "conflict")
    later(placed, until)
    assert retention(placed, evidence)["may_be_purged"]
    ok(purge(placed, evidence))


def test_of_all_the_evidence_that_a_file_is_the_one_that_asks_most_counts(placed: Engine) -> None:
    placed.register("3.0", designation="designated")
    first, second = submit(placed), submit(placed, version="3.0")
    assert first["sha256"] == second["sha256"]
    assert retention(placed, first)["kept_until"][:10] == TEN_YEARS
    refusals = retention(placed, first)["refused"]
    assert any("aurora/3.0" in line and "not recorded yet" in line for line in refusals)
    body = {"kind": "placed", "why": "Launch.", "at": "2026-11-22T08:00:00.000000Z", "data": {}}
    ok(placed.send("POST", "/v1/models/aurora/versions/3.0/occurrences", "mira", json=body))
    assert retention(placed, first)["kept_until"][:10] == "2036-11-22"
    assert retention(placed, first)["kept_until"] == retention(placed, second)["kept_until"]


def test_records_of_an_incident_run_from_the_date_of_the_documentation_where_that_is_later(placed: Engine) -> None:
    recorded(placed, "incident_aware", at=PLACED, about="inc-1", limbs=["cybersecurity"])
    later(placed, datetime(2034, 3, 1, 10, tzinfo=UTC))
    placed.tokens.clear()
    placed.tokens.update(
        {n: (placed.settings.tokens_dir / f"{n}.token").read_text().strip() for n in ("pipeline", "admin")}
    )
    evidence = submit(placed)
    rules = {rule["rule"]: rule for rule in retention(placed, evidence)["rules"]}
    kept = rules["incident-records-retention"]
    assert (kept["about"], kept["deadline"], kept["until"][:7]) == ("inc-1", "S-9.4-5Y", "2039-03")
    assert retention(placed, evidence)["kept_until"][:7] == "2039-03"


def test_a_rule_that_does_not_apply_keeps_nothing(bureau: Engine) -> None:
    bureau.register("4.0", designation="none", systemic_risk=False)
    evidence = submit(bureau, version="4.0")
    unknown = [rule for rule in retention(bureau, evidence)["rules"] if rule["rule"] == "safety-records-retention"]
    assert unknown == []
    assert all(rule["unknown"] for rule in retention(bureau, evidence)["rules"])


def test_a_hold_beats_everything_until_it_is_lifted(placed: Engine) -> None:
    evidence = submit(placed)
    refused(hold(placed, "pipeline", evidence=evidence["id"]), 403, "not-allowed")
    refused(hold(placed, "zed", evidence=evidence["id"]), 403, "not-allowed")
    refused(hold(placed, evidence="nothing"), 404, "not-found")
    refused(hold(placed, evidence=evidence["id"], model="aurora", version="2.1"), 422, "invalid-input")
    of_file = ok(hold(placed, evidence=evidence["id"]))
    of_version = ok(hold(placed, "jonas", model="aurora", version="2.1"))
    assert (of_file["person"], of_file["sha256"], of_version["model"]) == ("mira", evidence["sha256"], "aurora")
    later(placed, PLACED + timedelta(days=11 * 366))
    problem = refused(purge(placed, evidence), 409, "conflict")
    assert [line[:7] for line in problem["refused"]] == ["on hold", "on hold"]
    assert "A case is pending." in problem["refused"][0]
    for number, one in enumerate((of_file, of_version)):
        assert len(retention(placed, evidence)["holds"]) == 2 - number
        placed.tokens.pop("mira", None)
        lifted = ok(placed.send("POST", f"/v1/holds/{one['id']}/lift", "mira", json={"reason": "Closed."}))
        assert (lifted["lifted_by"], lifted["lifted_why"]) == ("mira", "Closed.")
    refused(placed.send("POST", f"/v1/holds/{of_file['id']}/lift", "mira", json={"reason": "Again."}), 409, "conflict")
    assert [one["lifted_by"] for one in placed.get("/v1/holds")["items"]] == ["mira", "mira"]
    first = placed.get("/v1/holds", limit="1")
    assert ([one["id"] for one in first["items"]], first["next"] is None) == ([of_version["id"]], False)
    rest = placed.get("/v1/holds", limit="1", cursor=first["next"])
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([of_file["id"]], None)
    placed.tokens["narrow"] = placed.issue(kind="pipeline", scopes=("gates:read", "evidence:write"))
    for path in ("/v1/holds", f"/v1/evidence/{evidence['id']}/retention"):
        refused(placed.send("GET", path, "narrow"), 403, "not-allowed")
    ok(purge(placed, evidence))
    refused(hold(placed, evidence=evidence["id"]), 409, "conflict")
    placed.seal()
    assert verify_ledger(placed.settings).problems == []


def test_a_purge_takes_a_person_who_may_takes_the_file_and_leaves_what_was_read(placed: Engine) -> None:
    evidence = submit(placed)
    twin = submit(placed, filename="copy.bin")  # the same content is one file
    later(placed, PLACED + timedelta(days=11 * 366))
    for who in ("pipeline", "worker", "admin", "jonas"):
        refused(purge(placed, evidence, who), 403, "not-allowed")
    answer = ok(purge(placed, evidence))
    assert answer == {"evidence": evidence["id"], "sha256": evidence["sha256"], "is_purged": True}
    assert not placed.parts.files.has(evidence["sha256"])
    assert ok(purge(placed, evidence)) == answer  # again changes nothing
    for one in (evidence, twin):
        shown = placed.get(f"/v1/evidence/{one['id']}")
        assert shown["purged_at"] == "2037-11-28T12:00:00.000000Z"
        assert (shown["filename"], shown["sha256"]) == (one["filename"], one["sha256"])
        gone = refused(placed.send("GET", f"/v1/evidence/{one['id']}/content"), 404, "not-found")
        assert "was purged" in gone["detail"]
    purged = retention(placed, evidence)["purged"]
    assert (len(purged), purged[0]["reason"], purged[0]["kept_until"][:10]) == (1, "Kept long enough.", TEN_YEARS)
    assert any("S-10.1-10Y" in line for line in purged[0]["allowed"])
    entry = placed.get("/v1/journal", "admin", tag="evidence:file:purged")["entries"]
    assert len(entry) == 1
    placed.seal()
    report = verify_files(placed.settings)
    assert (report.ok, report.files, report.purged) == (True, 0, 1)
    assert verify_ledger(placed.settings).problems == []

    again = submit(placed)  # the same content again is evidence of its own, and stored
    assert again["id"] not in (evidence["id"], twin["id"])
    assert placed.send("GET", f"/v1/evidence/{again['id']}/content").content == b"as it was"
    ok(purge(placed, evidence))
    assert placed.parts.files.has(evidence["sha256"])  # it was purged as what it was, and is something new now


def test_a_file_that_a_crash_left_is_named_and_removed_by_purging_again(placed: Engine) -> None:
    evidence = submit(placed)
    later(placed, PLACED + timedelta(days=11 * 366))
    ok(purge(placed, evidence))
    placed.parts.files.store([b"as it was"])
    placed.seal()
    problems = verify_files(placed.settings).problems
    assert [(p.sha256, p.found) for p in problems] == [(evidence["sha256"], "still stored, though it was purged")]
    ok(purge(placed, evidence))
    assert verify_files(placed.settings).ok


def test_what_a_gate_or_a_waiver_rests_on_is_not_purged(placed: Engine) -> None:
    placed.trigger("placement")
    evidence = placed.submit("noted", ok=False)["evidence"]
    ok(placed.waive("jonas", "placement", "noted", days=300))
    later(placed, PLACED + timedelta(days=11 * 366))
    placed.sweep()
    lines = refused(purge(placed, evidence), 409, "conflict")["refused"]
    assert all("gate " in line for line in lines)  # gates of clocks that ran out are alive too
    assert any("gate placement of aurora/2.1 (default, open) rests on noted.json: noted" in line for line in lines)
    assert not any(line.startswith("waiver") for line in lines)  # it ran out
    placed.tokens.pop("jonas")
    ok(placed.waive("jonas", "placement", "noted", days=300, occasion="default"))
    lines = refused(purge(placed, evidence), 409, "conflict")["refused"]
    assert sum(line.startswith("waiver") for line in lines) == 1
    later(placed, PLACED + timedelta(days=12 * 366))
    newer = placed.submit("noted", ok=True)["evidence"]
    ok(purge(placed, evidence))
    assert placed.gate("placement")["findings"][0]["evidence"] == newer["id"]
    refused(purge(placed, newer), 409, "conflict")
    placed.seal()
    assert verify_ledger(placed.settings).problems == []


def test_purged_evidence_is_judged_no_more(placed: Engine) -> None:
    old = submit(placed, json.dumps({"schema": "x"}).encode(), "old.json")
    later(placed, PLACED + timedelta(days=11 * 366))
    ok(purge(placed, old))
    placed.trigger("placement")
    assert placed.gate("placement")["findings"][0]["status"] == "not_tested"
    assert "no evidence of kind" in placed.gate("placement")["findings"][0]["reason"]


def test_content_that_is_purged_just_while_it_comes_in_is_asked_for_again(
    placed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = submit(placed)
    later(placed, PLACED + timedelta(days=11 * 366))
    ok(purge(placed, evidence))
    files, store_stream = placed.parts.files, placed.parts.files.store_stream

    async def stored_and_lost(*given: Any, **named: Any) -> Any:
        received = await store_stream(*given, **named)
        files.remove(received.sha256)
        return received

    path = f"{VERSION}/evidence"
    with monkeypatch.context() as patch:
        patch.setattr(files, "store_stream", stored_and_lost)
        answer = placed.send("POST", path, content=b"as it was", params={"filename": "again.bin"})
        assert "send the file again" in refused(answer, 503, "unavailable")["detail"]
    with monkeypatch.context() as patch:  # only after the evidence was written
        patch.setattr(files, "has", lambda _: False)
        answer = placed.send("POST", path, content=b"as it was", params={"filename": "again.bin"})
        assert "send the file again" in refused(answer, 503, "unavailable")["detail"]
    again = submit(placed, filename="again.bin")
    assert placed.send("GET", f"/v1/evidence/{again['id']}/content").content == b"as it was"
    assert remove_purged(placed.parts, evidence["sha256"], actor="engine:test") is False  # it is needed again
    assert files.has(evidence["sha256"])
