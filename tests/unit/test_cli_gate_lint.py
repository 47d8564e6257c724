"""`pratique gate lint` works from the files alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from pratique.cli.main import main
from pratique.project import config_root

LOG = "x.yaml: checkpoints[a].requirements[log].criterion"


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
    """The command line on a machine where no engine runs."""
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PRATIQUE_URL", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["pratique", "gate", "lint", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(str(ended.value.code or 0)), out, err)

    return call


def gate(*requirements: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "format": "pratique.gate/1",
        "id": "own-gate",
        "version": 1,
        "edition": "eu-gpai-code@2025-07-10",
        "title": "Own",
        "decides": "Whether it goes on.",
        "stage": "training",
        "moment": "training_trigger",
        "measures": ["S-1.2"],
        "does_not_show": "Much.",
        "checkpoints": [{"id": "a", "kind": "assessment", "title": "A", "requirements": list(requirements)}],
        "due": {"follow_up_days": 5, "due_days": 10},
    } | members


def log(criterion: str, kind: str = "evaluation", **members: Any) -> dict[str, Any]:
    return {
        "id": "log",
        "title": "Log",
        "measures": ["S-3.2"],
        "why": "For the test.",
        "evidence": {"kind": kind},
        "criterion": criterion,
    } | members


def write(path: Path, *gates: dict[str, Any]) -> str:
    path.write_text(yaml.safe_dump(gates[0], sort_keys=False))
    return path.name


def test_the_shipped_gates_are_sound_and_every_warning_names_its_place(run: Run) -> None:
    ended = run("--json")
    assert ended.code == 0
    assert ended.json["ok"] is True
    assert ended.json["errors"] == []
    assert len(ended.json["gates"]) == 11
    assert ended.json["expressions"] > 300
    for one in ended.json["warnings"]:
        assert one["file"].startswith("gates/")
        assert "requirements[" in one["key"]
        assert "may be missing" in one["what"]
    assert run("--strict").code == 1


def test_a_sound_file_is_checked_as_if_it_stood_in_the_configuration(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "x.yaml", gate(log('facts.status == "success"')))
    ended = run(name)
    assert (ended.code, ended.out) == (0, "sound: 1 gate, 1 expressions\n")


def test_every_error_of_every_file_comes_at_once_with_file_key_found_and_expected(run: Run, tmp_path: Path) -> None:
    first = write(
        tmp_path / "x.yaml",
        gate(
            log("facts.a >", "telepathy"),
            log("facts.nope > 3", "facts.framework", id="b", measures=["S-99.9"]),
            log("true", "facts.nowhere", id="c", applies_when="facts.x", not_applicable_because="so"),
            {"id": "d", "title": "D", "measures": ["S-3.2"], "why": "x", "gate": "nowhere"},
            edition="eu-gpai-code@2025-07-10",
        ),
    )
    second = tmp_path / "y.yaml"
    second.write_text("format: pratique.gate/1\nid: no\nversion: 0x10\nversion: 2\n")
    ended = run(first, second.name, "--json")
    assert ended.code == 1
    found = {(one["file"], one["key"].rpartition("]")[2] or one["key"]) for one in ended.json["errors"]}
    assert {
        ("x.yaml", ".criterion"),
        ("x.yaml", ".evidence.kind"),
        ("x.yaml", ".measures"),
        ("x.yaml", ".gate"),
    } <= found
    assert ("y.yaml", "id") in found
    assert all(one["found"] and one["expected"] for one in ended.json["errors"])
    told = json.dumps(ended.json["errors"])
    for said in (
        "'telepathy'",
        "facts/nowhere.schema.json",
        "has no member 'nope'",
        "S-99.9",
        "unknown gate 'nowhere'",
    ):
        assert said in told
    assert "it holds on a file that says nothing" in told
    plain = run(first, second.name)
    assert len(plain.out.splitlines()) == len(ended.json["errors"])
    assert f"not sound: {len(ended.json['errors'])} errors" in plain.err


def test_smells_are_warnings_and_errors_only_when_asked(run: Run, tmp_path: Path) -> None:
    criterion = 'facts.status == "success" && facts.limits_hit.totals == 0 && facts.samples.done / 120 > 0.5'
    name = write(
        tmp_path / "x.yaml", gate(log("facts.samples.done / 120 >= 1 && facts.status == 'a' && facts.status == 'b'"))
    )
    ended = run(name)
    assert ended.code == 0
    assert f"warning: {LOG}: facts.samples.done / 120 drops the fraction" in ended.err
    assert f'warning: {LOG}: it can never hold: facts.status cannot be "a" and "b"' in ended.err
    assert run(name, "--strict").code == 1
    name = write(tmp_path / "x.yaml", gate(log(criterion)))
    assert "found no matching overload" in run(name).out  # the engine knows that this cannot be


def test_a_new_version_of_a_shipped_gate_takes_its_place(run: Run, tmp_path: Path) -> None:
    shipped = yaml.safe_load((config_root() / "gates" / "retirement.yaml").read_text())
    name = write(tmp_path / "new.yaml", shipped | {"version": 99})
    ended = run(name, "--json")
    assert (ended.code, ended.json["gates"], ended.json["errors"]) == (0, ["retirement"], [])


def test_an_error_that_a_file_causes_in_another_gate_is_shown(run: Run, tmp_path: Path) -> None:
    shipped = yaml.safe_load((config_root() / "gates" / "training-trigger.yaml").read_text())
    needs = {"id": "circle", "title": "C", "measures": ["S-3.2"], "why": "x", "gate": "placement"}
    shipped["checkpoints"][0]["requirements"].append(needs)
    ended = run(write(tmp_path / "new.yaml", shipped))
    assert ended.code == 1
    assert "a cycle" in ended.out


def test_an_overlay_folder_and_an_overlay_file_are_checked_too(run: Run, tmp_path: Path) -> None:
    overlay = {
        "format": "pratique.gate-overlay/1",
        "gate": "pre-placement",
        "because": "For the test.",
        "tighten": [{"id": "framework", "also": "facts.safety_margins > 3"}],
    }
    (tmp_path / "rules" / "gates").mkdir(parents=True)
    write(tmp_path / "rules" / "gates" / "own.yaml", overlay)
    ended = run("rules")
    assert ended.code == 1
    assert "the schema of facts.framework has no member 'safety_margins'" in ended.out
    assert "has no member 'safety_margins'" in run(write(tmp_path / "one.yaml", overlay)).out
    shutil.rmtree(tmp_path / "rules")
    assert run("rules").code == 1


def test_no_such_file_and_a_folder_beside_files_are_refused(run: Run, tmp_path: Path) -> None:
    assert "no file or folder nowhere.yaml" in run("nowhere.yaml").err
    (tmp_path / "rules").mkdir()
    name = write(tmp_path / "x.yaml", gate(log("facts.status == 'a'")))
    ended = run("rules", name)
    assert ended.code == 1
    assert "one folder, or files" in ended.err
