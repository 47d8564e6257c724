"""Signed evidence before gates: what a trusted key signed counts, and stops counting with the key."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
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
    write_config,
)
from signed_files import IN_TOTO

from pratique.collectors.predicates import VERIFICATION_SUMMARY
from pratique.services.evidence import (
    FileReading,
    Submission,
    find_evidence,
    read_file,
    reading_entry,
    record_reading,
    submit_evidence,
)
from pratique.services.verify import verify_ledger

WEIGHTS = "97e1b141acb7d649f218cb9a12e044c33f6035fc7e23e453971f36e1117b6aee"
SUMMARY = (IN_TOTO / "vsa.dsse.json").read_bytes()
_ATTESTED = _requirement(
    "build",
    evidence={"kind": "attestation", "select": f'facts.predicate_type == "{VERIFICATION_SUMMARY}"'},
    criterion='facts.verified && facts.verification_result == "PASSED"',
    owner="owner",
)


@pytest.fixture(name="engine_config")
def engine_config_fixture(tmp_path: Path) -> Path:
    """A configuration of its own for each test, since keys change."""
    folder = tmp_path / "config"
    write_config(folder)
    gate = _gate("signed", _ATTESTED, roles={"approver": 1})
    (folder / "gates/signed.yaml").write_text(yaml.safe_dump(gate, sort_keys=False))
    return folder


def trust(folder: Path, **members: Any) -> None:
    """Have the configuration trust the key of the sample, with members of its entry."""
    (folder / "keys").mkdir(exist_ok=True)
    shutil.copy(IN_TOTO / "public_key.pem", folder / "keys/attester.pem")
    entry = {"id": "attester", "file": "attester.pem", "owner": "Builders", "trusted_for": [VERIFICATION_SUMMARY]}
    entry |= {"valid_from": "2020-01-01T00:00:00Z"} | members
    names = {"format": "pratique.keys/1", "keys": [entry]}
    (folder / "keys/keys.yaml").write_text(yaml.safe_dump(names, default_style='"'))


def rekeyed(engine: Engine) -> None:
    """Have the engine read its configuration anew, as an adoption does, and sweep."""
    running = engine.parts.running
    running.put(running.load(), running.followed)
    engine.sweep()


def shown(engine: Engine) -> Any:
    (item,) = engine.get(f"{VERSION}/evidence")["items"]
    return item


def prepare(engine: Engine) -> None:
    """Go by the keys of now, register the version, open the gate and submit the summary."""
    rekeyed(engine)
    engine.register(weights_sha256=WEIGHTS, known_as=["models/acme-7b-instruct"])
    engine.trigger("signed")
    ok(engine.upload(SUMMARY, "vsa.dsse.json", who="mira"))


def finding(engine: Engine) -> Any:
    return engine.gate("signed")["findings"][0]


def test_what_a_trusted_key_signed_clears_its_gate(engine: Engine, engine_config: Path) -> None:
    trust(engine_config)
    prepare(engine)
    assert finding(engine)["status"] == "met"
    assert shown(engine)["facts"]["signed_by"] == ["attester"]


def test_of_other_weights_it_does_not_count(engine: Engine, engine_config: Path) -> None:
    trust(engine_config)
    rekeyed(engine)
    engine.register(weights_sha256="1" * 64, known_as=["models/acme-7b-instruct"])
    engine.trigger("signed")
    ok(engine.upload(SUMMARY, "vsa.dsse.json", who="mira"))
    assert finding(engine)["status"] == "not_tested"
    assert "was made on weights 97e1b141acb7" in finding(engine)["reason"]


def test_without_a_key_it_waits_and_counts_once_the_key_is_trusted(engine: Engine, engine_config: Path) -> None:
    prepare(engine)
    assert finding(engine)["status"] == "not_tested"
    assert "no trusted key is configured" in finding(engine)["reason"]
    trust(engine_config)
    rekeyed(engine)
    assert shown(engine)["complete"] is True
    assert finding(engine)["status"] == "met"
    reread = engine.rows("SELECT count(*) FROM journal_entry WHERE tag = 'evidence:file:read'")
    assert engine.sweep()["signatures_reread"] == 0
    assert engine.rows("SELECT count(*) FROM journal_entry WHERE tag = 'evidence:file:read'") == reread


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"revoked": {"at": "2026-11-23T15:00:00Z", "reason": "the laptop was lost"}}, "was revoked"),
        ({"trusted_for": ["https://slsa.dev/provenance/v1"]}, "not for"),
        ({"valid_from": "2027-01-01T00:00:00Z"}, "is valid from"),
        (None, "no trusted key is configured"),
    ],
)
def test_a_clearance_does_not_outlast_the_key_it_rests_on(
    engine: Engine, engine_config: Path, members: dict[str, Any] | None, words: str
) -> None:
    trust(engine_config)
    prepare(engine)
    ok(engine.decide("jonas", "signed"))
    assert engine.gate("signed")["state"] == "cleared"
    if members is None:
        shutil.rmtree(engine_config / "keys")
    else:
        trust(engine_config, **members)
    rekeyed(engine)
    assert engine.gate("signed")["state"] == "stale"
    assert words in finding(engine)["reason"]
    assert (shown(engine)["complete"], shown(engine)["facts"]["verified"]) == (False, False)
    engine.seal()
    assert verify_ledger(engine.settings).problems == []


def test_a_key_that_ran_out_still_vouches_for_what_came_before(engine: Engine, engine_config: Path) -> None:
    trust(engine_config)
    prepare(engine)
    ok(engine.decide("jonas", "signed"))
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    trust(engine_config, valid_until=until)
    engine.clock.forward(days=400)
    rekeyed(engine)
    assert shown(engine)["complete"] is True
    assert engine.gate("signed")["state"] == "cleared"


def test_signed_evidence_whose_file_is_gone_stops_counting_when_keys_change(
    engine: Engine, engine_config: Path
) -> None:
    trust(engine_config)
    prepare(engine)
    engine.parts.files.remove(shown(engine)["sha256"])
    trust(engine_config, owner="Builders", valid_until="2030-01-01T00:00:00Z")
    rekeyed(engine)
    assert shown(engine)["reading"] == "unreadable"
    assert finding(engine)["status"] == "not_tested"


def test_a_file_that_is_there_again_is_read_again_and_counts(engine: Engine, engine_config: Path) -> None:
    trust(engine_config)
    prepare(engine)
    sha256 = shown(engine)["sha256"]
    path = engine.parts.files.local(sha256)
    path.rename(path.with_name("away"))
    trust(engine_config, valid_until="2030-01-01T00:00:00Z")
    rekeyed(engine)
    assert shown(engine)["reading"] == "unreadable"
    assert engine.sweep()["signatures_reread"] == 0, "still away: nothing is recorded anew"
    path.with_name("away").rename(path)
    assert engine.sweep()["signatures_reread"] == 1
    assert (shown(engine)["reading"], finding(engine)["status"]) == ("read", "met")
    assert engine.sweep()["signatures_reread"] == 0


def _read_now(engine: Engine) -> FileReading:
    return read_file(engine.parts, IN_TOTO / "vsa.dsse.json", "vsa.dsse.json")


def test_what_was_read_with_the_keys_of_before_is_not_committed(engine: Engine, engine_config: Path) -> None:
    trust(engine_config)
    rekeyed(engine)
    engine.register(weights_sha256=WEIGHTS, known_as=["models/acme-7b-instruct"])
    engine.trigger("signed")
    before = _read_now(engine)
    assert before.extraction is not None
    assert before.extraction.complete
    trust(engine_config, revoked={"at": "2026-11-23T15:00:00Z", "reason": "lost"})
    rekeyed(engine)
    received = engine.parts.files.store([SUMMARY])
    submission = Submission(
        sha256=received.sha256,
        size=received.size,
        filename="vsa.dsse.json",
        media_type="application/json",
        submitter="mira",
        requirement=None,
        read=before,
    )
    engine.parts.ledger.write(
        "token:t", lambda tx: submit_evidence(tx, engine.parts, model="aurora", version="2.1", submission=submission)
    )
    assert shown(engine)["reading"] == "pending"
    assert finding(engine)["status"] != "met"

    def record(read: FileReading) -> bool:
        found = shown(engine)["id"]
        return engine.parts.ledger.write("token:t", lambda tx: record_reading(tx, engine.parts, found, read))

    assert not record(before)
    assert shown(engine)["reading"] == "pending"
    assert record(_read_now(engine))
    assert "was revoked" in finding(engine)["reason"]


def test_what_a_replica_of_other_keys_records_later_is_read_again_and_they_come_to_rest(
    engine: Engine, engine_config: Path
) -> None:
    trust(engine_config)
    prepare(engine)
    row = shown(engine)
    with_old_keys = _read_now(engine)
    trust(engine_config, revoked={"at": "2026-11-23T15:00:00Z", "reason": "lost"})
    rekeyed(engine)
    assert finding(engine)["status"] == "not_tested"
    for _ in range(2):  # the replica of before records what it still believes
        engine.parts.ledger.write(
            "engine:sweep", lambda tx: tx.record(reading_entry(find_evidence(tx, row["id"]), with_old_keys))
        )
        assert shown(engine)["complete"] is True
        assert engine.sweep()["signatures_reread"] == 1
        assert shown(engine)["complete"] is False
    # One of old keys, that saw it once, gives nothing back again.
    seen_before = engine.parts.running.reread(engine.parts.collectors.get("in_toto").version)  # type: ignore[union-attr]
    assert row["id"] in seen_before
    shutil.rmtree(engine_config / "keys")
    trust(engine_config)
    running = engine.parts.running
    running.put(running.load(), running.followed)
    running.reread(engine.parts.collectors.get("in_toto").version).add(row["id"])  # type: ignore[union-attr]
    assert engine.sweep()["signatures_reread"] == 0
    assert shown(engine)["complete"] is False


def test_what_a_replica_remembers_is_not_taken_for_what_was_read_again(engine: Engine, engine_config: Path) -> None:
    trust(engine_config)
    prepare(engine)
    remembered = dict(engine.parts.evidence)
    trust(engine_config, revoked={"at": "2026-11-23T15:00:00Z", "reason": "lost"})
    rekeyed(engine)
    engine.parts.evidence.clear()
    engine.parts.evidence.update(remembered)  # as a replica has it that did not read it again
    engine.submit("score", value=1)
    assert "was revoked" in finding(engine)["reason"]
