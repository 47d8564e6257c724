"""`pratique evidence retention`, `hold`, `lift`, `holds` and `purge` on a real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
    recorded,
)
from engine_fixtures import Engine, clock_fixture  # noqa: F401 - fixtures are used by name
from test_retention import PLACED, submit
from test_risk_cli import Bridge, Ended

import pratique.cli.evidence_keeping
from pratique.cli.main import main
from pratique.client.sync_client import Client
from pratique.services.access import SCOPES

Run = Callable[..., Ended]


@pytest.fixture(name="run")
def run_fixture(bureau: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def connect(_url: object, _file: object, holder: str) -> Client:
        token = bureau.headers("mira" if holder == "person" else holder)["Authorization"].removeprefix("Bearer ")
        return Client("http://127.0.0.1:8470", token, transport=Bridge(bureau))

    monkeypatch.setattr(pratique.cli.evidence_keeping, "connect", connect)

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", "evidence", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return call


def test_a_file_is_held_then_let_go_then_purged_after_a_rehearsal(bureau: Engine, run: Run) -> None:
    recorded(bureau, "placed", at=PLACED)
    evidence = submit(bureau)["id"]
    shown = run("retention", evidence)
    assert shown.code == 0
    assert "kept until 2036-11-20" in shown.out
    assert "S-10.1-10Y" in shown.out
    assert "there is no hold" in run("holds").err
    held = json.loads(run("hold", evidence, "--reason", "Case 12", "--json").out)
    assert run("hold", "--model", "aurora/2.1", "--reason", "Case 12").code == 0
    assert run("hold", "--reason", "Case 12").code == 1
    assert "aurora/2.1" in run("holds").out

    bureau.clock.now = PLACED + timedelta(days=11 * 366)
    bureau.tokens["mira"] = bureau.issue(kind="person", person="mira", scopes=(*SCOPES["person"], "admin"))
    refused = run("purge", evidence)
    assert refused.code == 1
    assert refused.err.count("on hold") == 2
    assert "nothing was changed" in refused.out
    for hold in [held["id"], *(one["id"] for one in bureau.get("/v1/holds")["items"] if one["model"])]:
        assert run("lift", hold, "--reason", "Case 12 is closed").code == 0
    rehearsed = run("purge", evidence)
    assert (rehearsed.code, "--really --reason WHY purges it" in rehearsed.out) == (0, True)
    assert bureau.parts.files.has(held["sha256"])
    assert run("purge", evidence, "--really").code == 1  # no reason
    assert bureau.parts.files.has(held["sha256"])
    purged = run("purge", evidence, "--really", "--reason", "Kept for ten years")
    assert (purged.code, "was purged" in purged.out) == (0, True)
    assert not bureau.parts.files.has(held["sha256"])
    again = json.loads(run("retention", evidence, "--json").out)
    assert again["purged"][0]["reason"] == "Kept for ten years"
