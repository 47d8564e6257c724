"""People who answer for documents: gates that ask for it, four eyes, and what a file cannot say of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    GATES,
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
    write_config,
)
from test_scope_cli import AppTransport, Ended

from pratique.cli import evidence_attesting
from pratique.cli.main import main
from pratique.client import Client
from pratique.services.attesters import attested
from pratique.services.verify import verify_ledger

_MINUTES = b"The board met on 2026-11-20 and adopted the policy.\n"
_SHA256 = hashlib.sha256(_MINUTES).hexdigest()
_STATEMENT = "Minutes of the meeting that adopted the policy."


@pytest.fixture(name="engine_config", scope="session")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gates of other tests; `solo` asks for a document that somebody else than its submitter attests."""
    folder = tmp_path_factory.mktemp("attestations") / "config"
    write_config(folder)
    by_id: dict[str, Any] = {gate["id"]: gate for gate in GATES}
    report = by_id["auto"]["checkpoints"][0]["requirements"][0]
    asked = report | {
        "id": "minutes",
        "evidence": {"kind": "document", "select": 'facts.media_type == "text/plain"'},
        "criterion": "size(facts.attested_by_others) > 0",
    }
    solo = by_id["solo"] | {"checkpoints": [by_id["solo"]["checkpoints"][0] | {"requirements": [asked]}]}
    (folder / "gates" / "solo.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(solo)), sort_keys=False))
    return folder


def _submit(engine: Engine, who: str = "pipeline", content: bytes = _MINUTES, name: str = "minutes.txt") -> str:
    return str(ok(engine.upload(content, name, who))["evidence"]["id"])


def _attest(engine: Engine, evidence: str, who: str, **given: Any) -> Any:
    body = {"statement": _STATEMENT, "sha256": _SHA256, **given}
    return engine.send("POST", f"/v1/evidence/{evidence}/attestations", who, json=body)


def _status(engine: Engine) -> str:
    return str(engine.gate("solo")["findings"][0]["status"])


def _started(engine: Engine, who: str = "ines") -> str:
    engine.register()
    engine.trigger("solo")
    return _submit(engine, who)


def test_a_document_counts_once_a_person_answers_for_it(engine: Engine) -> None:
    evidence = _started(engine)
    assert _status(engine) == "unmet"
    before = engine.gate("solo")["basis"]
    made = ok(_attest(engine, evidence, "sam"))
    assert made["attested_by"] == ["sam"]
    item = made["items"][0]
    assert (item["person"], item["role"], item["statement"]) == ("sam", "security_lead", _STATEMENT)
    assert (item["sha256"], item["withdrawn_at"]) == (_SHA256, None)
    assert _status(engine) == "met"
    assert engine.gate("solo")["basis"] != before  # whoever looked before has not seen this
    assert engine.get(f"/v1/evidence/{evidence}/attestations") == made


def test_a_clearance_that_rests_on_a_withdrawn_word_is_judged_again(engine: Engine) -> None:
    evidence = _started(engine)
    attestation = ok(_attest(engine, evidence, "sam"))["items"][0]["id"]
    ok(engine.decide("mira", "solo"))
    assert engine.gate("solo")["state"] == "cleared"
    path = f"/v1/evidence/{evidence}/attestations/{attestation}/withdraw"
    left = engine.post(path, "jonas", {"reason": "An older edition was meant."})
    assert (left["attested_by"], left["items"][0]["withdrawn_by"]) == ([], "jonas")
    assert engine.gate("solo")["state"] != "cleared"
    assert refused(engine.send("POST", path, "jonas", json={"reason": "Again."}), 409, "conflict")
    ok(_attest(engine, evidence, "sam", statement="Read again: it is the right edition."))
    assert _status(engine) == "met"


def test_whoever_submitted_a_document_does_not_count_among_the_others(engine: Engine) -> None:
    evidence = _started(engine, who="mira")
    assert ok(_attest(engine, evidence, "mira"))["attested_by"] == ["mira"]
    assert _status(engine) == "unmet"
    assert ok(_attest(engine, evidence, "jonas"))["attested_by"] == ["jonas", "mira"]
    assert _status(engine) == "met"


@pytest.mark.parametrize("submitter", ["pipeline", "token:0a1b", "source:drop"])
def test_who_sent_a_file_by_a_machine_may_be_whoever_attests_it(engine: Engine, submitter: str) -> None:
    if submitter != "pipeline":
        assert attested({}, ("mira",), submitter)["attested_by_others"] == []
        assert attested({}, ("mira", "sam"), submitter)["attested_by_others"] == ["sam"]
        return
    evidence = _started(engine, who="pipeline")
    ok(_attest(engine, evidence, "mira"))
    assert _status(engine) == "unmet"
    ok(_attest(engine, evidence, "jonas"))
    assert _status(engine) == "met"


def test_whoever_attested_does_not_clear_alone(engine: Engine) -> None:
    engine.register()
    ok(engine.send("PUT", "/v1/models/aurora/versions/2.1", "ines", json={"systemic_risk": True, "known_as": ["a"]}))
    engine.trigger("solo")
    evidence = _submit(engine, "jonas")
    ok(_attest(engine, evidence, "mira"))
    ok(engine.decide("mira", "solo"))
    assert engine.gate("solo")["state"] == "in_review"  # four eyes: hers are behind the evidence
    ok(engine.decide("kim", "solo"))
    assert engine.gate("solo")["state"] == "cleared"


def test_whoever_had_nothing_to_do_with_it_clears_alone(engine: Engine) -> None:
    engine.register()
    ok(engine.send("PUT", "/v1/models/aurora/versions/2.1", "ines", json={"systemic_risk": True, "known_as": ["a"]}))
    engine.trigger("solo")
    ok(_attest(engine, _submit(engine, "jonas"), "sam"))
    ok(engine.decide("mira", "solo"))
    assert engine.gate("solo")["state"] == "cleared"


def test_what_cannot_be_attested_is_refused_and_changes_nothing(engine: Engine) -> None:
    evidence = _started(engine)
    other = {"sha256": "0" * 64}
    assert (
        "you read a file that has 000000000000"
        in refused(_attest(engine, evidence, "sam", **other), 409, "conflict")["detail"]
    )
    for change in ({"statement": ""}, {"statement": "a\0b"}, {"sha256": "abc"}, {"note": "x"}):
        assert _attest(engine, evidence, "sam", **change).status_code in (400, 422), change
    refused(_attest(engine, evidence, "sam", statement="   "), 422, "invalid-input")
    refused(_attest(engine, evidence, "sam", role="executive"), 403, "not-allowed")
    refused(_attest(engine, "none", "sam"), 404, "not-found")
    assert _attest(engine, evidence, "pipeline").status_code == 403  # a pipeline read nothing
    broken = _submit(engine, content=b"\xff\xfe\0", name="broken.txt")
    digest = hashlib.sha256(b"\xff\xfe\0").hexdigest()
    assert "unreadable" in refused(_attest(engine, broken, "sam", sha256=digest), 409, "conflict")["detail"]
    assert engine.get(f"/v1/evidence/{evidence}/attestations")["items"] == []
    assert _status(engine) == "unmet"


def test_one_person_has_one_word(engine: Engine) -> None:
    evidence = _started(engine)
    ok(_attest(engine, evidence, "sam"))
    assert "already" in refused(_attest(engine, evidence, "sam"), 409, "conflict")["detail"]


def test_a_file_cannot_attest_itself() -> None:
    claimed = {"attested": True, "attested_by": ["sam"], "attested_by_others": ["sam"], "ok": True}
    assert attested(claimed, (), "pipeline") == {
        "attested": False, "attested_by": [], "attested_by_others": [], "ok": True,
    }  # fmt: skip
    for name, value in claimed.items():
        if name != "ok":  # each alone, too
            assert attested({name: value, "ok": True}, (), "pipeline") == attested(claimed, (), "pipeline")
    assert attested({"ok": True}, (), "pipeline") == {"ok": True}
    assert attested({"ok": True}, ("mira", "sam"), "mira")["attested_by_others"] == ["sam"]


def test_attestations_follow_from_the_journal(engine: Engine) -> None:
    evidence = _started(engine)
    attestation = ok(_attest(engine, evidence, "sam"))["items"][0]["id"]
    engine.post(f"/v1/evidence/{evidence}/attestations/{attestation}/withdraw", "sam", {"reason": "Wrong file."})
    engine.seal()
    assert verify_ledger(engine.settings).problems == []


@pytest.fixture(name="run")
def run_fixture(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    def connect(url: str | None, token_file: Path | None, holder: str) -> Client:
        who = "sam" if holder == "person" else holder
        return Client("http://engine", engine.headers(who)["Authorization"][7:], transport=AppTransport(engine))

    monkeypatch.setattr(evidence_attesting, "connect", connect)

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", "evidence", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


def test_the_command_line_attests_a_file_that_was_read(
    engine: Engine, run: Callable[..., Ended], tmp_path: Path
) -> None:
    evidence = _started(engine)
    file = tmp_path / "mine.txt"
    file.write_bytes(_MINUTES)
    said = ("attest", evidence, "--statement", _STATEMENT)
    assert run(*said).code == 2
    assert run(*said, "--file", str(file)).out == "minutes.txt is attested by sam\n"
    table = run("attestations", evidence).out
    assert _STATEMENT in table
    attestation = table.splitlines()[1].split()[3]
    assert run("withdraw-attestation", evidence, attestation, "--reason", "Wrong.").out.endswith("by nobody\n")
    file.write_bytes(b"another file")
    assert run(*said, "--file", str(file)).code == 1
    assert json.loads(run("attestations", evidence, "--json").out)["attested_by"] == []
