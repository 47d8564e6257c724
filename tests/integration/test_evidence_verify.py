"""`pratique evidence verify`: every file of the ledger is hashed again, in a folder and in a bucket alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are found by name
    Clock,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    forget_configuration,
    ok,
)
from s3_server import BUCKET, S3, s3_server
from typer.testing import CliRunner

from pratique.cli.main import app
from pratique.services.collecting import collect
from pratique.services.file_check import verify_files
from pratique.services.verify import verify_ledger
from pratique.settings import Settings


@pytest.fixture(name="s3", scope="module")
def s3_fixture() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture(name="place", params=["folder", "bucket"])
def place_fixture(
    request: pytest.FixtureRequest, engine_settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch, s3: S3
) -> Iterator[tuple[Engine, str]]:
    settings = engine_settings
    if request.param == "bucket":
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        settings = settings.model_copy(update={"files": f"s3://{BUCKET}/{settings.data_dir.parent.name}"})
        forget_configuration(settings)
    engine = Engine(settings, clock)
    try:
        yield engine, request.param
    finally:
        engine.client.close()
        engine.parts.ledger.close()


def _spoil(engine: Engine, s3: S3, sha256: str, content: bytes | None) -> None:
    if engine.settings.files is None:
        path = engine.parts.files.local(sha256)
        path.chmod(0o600)
        path.write_bytes(content) if content is not None else path.unlink()
        return
    key = f"{engine.settings.files.removeprefix(f's3://{BUCKET}/')}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    s3.put(key, content) if content is not None else s3.delete(key)


def test_a_damaged_and_a_missing_file_are_named_with_their_evidence(
    place: tuple[Engine, str], s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = place
    engine.register()
    sound, changed, missing = (
        ok(engine.upload(b"content %d" % n * 1000, f"file-{n}.bin"))["evidence"] for n in range(3)
    )
    told: list[tuple[int, int, int, int]] = []
    report = verify_files(engine.settings, lambda *done: told.append(done))
    assert report.ok
    assert (report.files, report.bytes, report.purged) == (3, 27_000, 0)
    assert told[-1] == (3, 3, 27_000, 27_000)
    assert verify_ledger(engine.settings).ok

    _spoil(engine, s3, changed["sha256"], b"Content 1" * 1000)
    _spoil(engine, s3, missing["sha256"], None)
    report = verify_files(engine.settings, threads=3)
    assert not report.ok
    assert [(p.sha256, p.found, p.uses) for p in report.problems] == [
        (changed["sha256"], "changed", ((changed["id"], "file-1.bin"),)),
        (missing["sha256"], "missing", ((missing["id"], "file-2.bin"),)),
    ]
    assert set(verify_ledger(engine.settings).problems) == {line for p in report.problems for line in p.lines()}
    assert sound["id"] not in str(report.problems)

    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(engine.settings.data_dir))
    monkeypatch.setenv("PRATIQUE_DATABASE_URL", engine.settings.ledger_url)
    if engine.settings.files:
        monkeypatch.setenv("PRATIQUE_FILES", engine.settings.files)
    run = CliRunner().invoke(app, ["evidence", "verify"])
    assert run.exit_code == 1
    assert "3 files" in run.stdout
    assert "2 files are not" in run.stdout
    assert f"{missing['id']}, 'file-2.bin') is missing" in run.stderr
    as_json = json.loads(CliRunner().invoke(app, ["evidence", "verify", "--json"]).stdout)
    assert [p["found"] for p in as_json["problems"]] == ["changed", "missing"]

    for again in (changed, missing):  # sending it again mends it
        ok(engine.upload(b"content %d" % (1 if again is changed else 2) * 1000, again["filename"]))
    run = CliRunner().invoke(app, ["evidence", "verify"])
    assert (run.exit_code, "every file is what it was" in run.stdout) == (0, True)


def test_what_a_person_downloads_and_a_flow_reads_comes_from_the_store(
    place: tuple[Engine, str], tmp_path: Path
) -> None:
    engine, _ = place
    engine.register()
    content = b"x" * (engine.settings.read_at_once_bytes + 1)  # read by the flow
    sent = ok(engine.upload(content, "big.bin"))["evidence"]
    assert sent["reading"] == "pending"
    for copy in engine.settings.files_cache_dir.rglob("*"):
        if copy.is_file():
            copy.unlink()
    answer = engine.send("GET", f"/v1/evidence/{sent['id']}/content")
    assert (answer.status_code, answer.content) == (200, content)
    assert engine.parts.files.local(sent["sha256"]).read_bytes() == content


def test_a_file_that_is_gone_before_it_was_read_is_unreadable_and_ends_no_flow(
    place: tuple[Engine, str], s3: S3
) -> None:
    engine, _ = place
    engine.register()
    engine.trigger("logs")
    sent = ok(engine.upload(b"x" * (engine.settings.read_at_once_bytes + 1), "big.bin"))["evidence"]
    _spoil(engine, s3, sent["sha256"], None)
    for copy in engine.settings.files_cache_dir.rglob("*"):
        if copy.is_file():
            copy.unlink()
    run = engine.gate("logs")["gate_run"]
    found = asyncio.run_coroutine_threadsafe(collect(engine.parts, run, actor="worker:w"), engine.client._loop).result(
        60
    )
    assert found == {"read": 0, "unreadable": 1, "pending": 0}
    shown = engine.get(f"/v1/evidence/{sent['id']}")
    assert (shown["reading"], "is not in the store" in shown["reading_reason"]) == ("unreadable", True)
