"""Collectors over HTTP, from the SDK and on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
)
from test_risk_cli import Bridge

import pratique.cli.collector
from pratique.cli.main import main
from pratique.client.sync_client import Client
from pratique.collectors import BUILT_IN
from pratique.errors import NotFoundError

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(name="sdk")
def sdk_fixture(engine: Engine) -> Client:
    return Client("http://127.0.0.1:8470", engine.tokens["pipeline"], transport=Bridge(engine))


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["pratique", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_every_collector_is_listed_with_its_kinds_and_where_it_comes_from(sdk: Client) -> None:
    found = sdk.collectors.list()
    assert found["problems"] == []
    assert {one["name"] for one in found["items"]} >= set(BUILT_IN)
    garak = next(one for one in found["items"] if one["name"] == "garak")
    assert garak == {"name": "garak", "version": "2", "kinds": ["red-teaming"], "origin": "built-in"}


def test_a_collector_is_shown_with_the_shape_of_its_facts(sdk: Client) -> None:
    found = sdk.collectors.show("garak")
    assert "attack_success_rate" in found["facts_schema"]["properties"]
    with pytest.raises(NotFoundError, match="there is no collector 'nonsense'"):
        sdk.collectors.show("nonsense")


def test_nobody_without_a_token_sees_them(engine: Engine) -> None:
    assert engine.client.request("GET", "/v1/collectors").status_code == 401
    assert engine.client.request("GET", "/v1/collectors/garak").status_code == 401


def test_the_command_lists_and_shows_them(
    sdk: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pratique.cli.collector, "connect", lambda *_: sdk)
    assert not _run(monkeypatch, "collector", "list")
    assert "sarif" in capsys.readouterr().out
    assert not _run(monkeypatch, "collector", "show", "sarif")
    shown = capsys.readouterr().out
    assert shown.startswith("sarif (version 1, built-in): static-analysis\n")
    assert '"by_kind"' in shown
    assert not _run(monkeypatch, "collector", "list", "--json")
    assert len(json.loads(capsys.readouterr().out)["items"]) >= len(BUILT_IN)


def test_a_file_is_tried_without_an_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PRATIQUE_URL", "http://127.0.0.1:1")
    assert not _run(monkeypatch, "collector", "try", str(DATA / "garak/nones.report.jsonl"))
    shown = capsys.readouterr().out
    assert shown.startswith("red-teaming, read by garak 2, written by garak 0.17.1\nincomplete: 3 probes")
    assert not _run(monkeypatch, "collector", "try", "--json", str(DATA / "weights/malicious_eval.pkl"))
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["complete"], found["facts"]["dangerous"]) == (
        "weights-scan",
        True,
        ["__builtin__ eval"],
    )
    cut = tmp_path / "model.safetensors"
    shutil.copyfile(DATA / "weights/model.safetensors", cut)
    cut.write_bytes(cut.read_bytes()[:-1])
    assert _run(monkeypatch, "collector", "try", str(cut)) == 1
    assert "its tensors take 6144 bytes, the file has 6143" in capsys.readouterr().err
    assert _run(monkeypatch, "collector", "try", str(tmp_path / "absent")) == 1
    assert "there is no file" in capsys.readouterr().err


def test_weights_that_are_uploaded_are_scanned_and_bound_to_their_digest(engine: Engine) -> None:
    engine.register()
    path = DATA / "weights/malicious_torch_zip.pt"
    text = json.dumps(engine.upload(path.read_bytes(), path.name).json())
    assert '"kind": "weights-scan"' in text
    assert "posix system" in text
    assert "5331b1dbb268a421e60c5bd961215e30ece5cfb34037ea28646cb0572687d431" in text
