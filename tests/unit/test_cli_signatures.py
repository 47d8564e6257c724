"""`pratique key` and `pratique evidence check-signature` work from files alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from signed_files import IN_TOTO, SIGNING

from pratique.cli.main import main
from pratique.collectors.model_signature import MODEL_SIGNATURE

BUNDLE, KEY = str(SIGNING / "model.sig"), str(SIGNING / "public_key.pem")


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(name="run")
def run_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PRATIQUE_URL", "http://127.0.0.1:9")

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SIGNING / "model", tmp_path / "model"))


@pytest.fixture
def overlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "rules/keys"
    folder.mkdir(parents=True)
    shutil.copy(KEY, folder / "signer.pem")
    entry = {"id": "signer", "file": "signer.pem", "owner": "Release", "trusted_for": [MODEL_SIGNATURE]}
    entry |= {"valid_from": "2026-01-01T00:00:00Z"}
    (folder / "keys.yaml").write_text(yaml.safe_dump({"format": "pratique.keys/1", "keys": [entry]}, default_style='"'))
    monkeypatch.setenv("PRATIQUE_OVERLAY_DIR", str(folder.parent))
    return folder


def check(run: Run, *words: str) -> Ended:
    return run("evidence", "check-signature", *words)


def test_a_folder_that_was_signed_is_said_to_be(run: Run, model: Path) -> None:
    found = check(run, str(model), BUNDLE, "--key", KEY)
    assert (found.code, found.err) == (0, "")
    assert "3 files are what public_key signed" in found.out
    as_json = check(run, str(model), BUNDLE, "--key", KEY, "--json").json
    assert (as_json["ok"], as_json["files"], as_json["reasons"]) == (True, 3, [])


def test_every_difference_is_named(run: Run, model: Path) -> None:
    (model / "config.json").write_text("{}")
    (model / "README.md").unlink()
    (model / "extra.py").write_text("")
    found = check(run, str(model), BUNDLE, "--key", KEY)
    assert found.code == 1
    assert found.err.splitlines() == ["config.json: changed", "README.md: missing", "extra.py: not signed"]
    assert "3 reasons" in found.out


def test_the_wrong_key_and_no_key_are_told(run: Run, model: Path) -> None:
    wrong = check(run, str(model), BUNDLE, "--key", str(IN_TOTO / "public_key.pem"))
    assert (wrong.code, wrong.err) == (1, "no trusted key verifies its signature\n")
    none = check(run, str(model), BUNDLE)
    assert (none.code, none.err) == (1, "no trusted key is configured, so that no signature can be verified\n")


def test_keys_of_the_configuration_are_used(run: Run, model: Path, overlay: Path) -> None:
    assert check(run, str(model), BUNDLE).code == 0
    (listed,) = run("key", "list", "--json").json["items"]
    assert (listed["id"], listed["state"], listed["owner"]) == ("signer", "valid", "Release")
    assert "signer" in run("key", "list").out
    (overlay / "stray.pem").write_text("x")
    broken = run("key", "list")
    assert broken.code == 1
    assert "overlay/keys/stray.pem: found a key of nobody" in broken.err


def test_without_keys_the_list_says_what_follows(run: Run) -> None:
    assert "no signature counts" in run("key", "list").out + run("key", "list").err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("nowhere", BUNDLE, "--key", KEY), "there is no folder"),
        ((str(SIGNING), "nowhere", "--key", KEY), "there is no file"),
        ((str(SIGNING / "model"), KEY, "--key", KEY), "not whole JSON"),
        ((str(SIGNING / "model"), BUNDLE, "--key", BUNDLE), "not exactly one PEM"),
        ((str(SIGNING / "model"), BUNDLE, "--key", "/nowhere.pem"), "FileNotFoundError"),
    ],
)
def test_what_cannot_be_checked_is_an_error(run: Run, words: tuple[str, ...], text: str) -> None:
    found = check(run, *words)
    assert found.code == 1
    assert text in found.err
