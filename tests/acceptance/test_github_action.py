"""The GitHub Action, run as a runner runs it: its steps by the shell, its inputs as environment, a real engine."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "faults")]

from fault_processes import Engine  # noqa: E402 - needs the path above
from fault_requests import register  # noqa: E402 - needs the path above
from open_door import GATE, write_overlay  # noqa: E402 - needs the path above

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
_INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+)(?: \|\| .*)? \}\}")
GITHUB = {"GATE_EVENT_ID": "4711/release/g", "GATE_SOURCE": "https://github.example/aurora/model"}


class Runner:
    """Runs the steps of the composite action in a workspace."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.outputs, self.summary = folder / "outputs", folder / "summary"
        self.given = {"url": engine.url, "token": engine.token("pipeline"), "subject": "aurora/2.1"}
        self.given["command"] = str(Path(sys.executable).parent / "pratique")

    def run(self, **given: str) -> tuple[int, dict[str, str], str]:
        self.outputs.write_text("")
        self.summary.write_text("")
        inputs = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        inputs |= self.given | {name.replace("_", "-"): value for name, value in given.items()}
        step = ACTION["runs"]["steps"][-1]
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=os.environ | self._environment(step["env"], inputs) | {"GATE_ACTION": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        lines = self.outputs.read_text().splitlines()
        return ended.returncode, dict(one.split("=", 1) for one in lines), ended.stderr + self.summary.read_text()

    def _environment(self, wanted: dict[str, str], inputs: dict[str, str]) -> dict[str, str]:
        found = {"GITHUB_OUTPUT": str(self.outputs), "GITHUB_STEP_SUMMARY": str(self.summary)}
        for name, value in wanted.items():
            named = _INPUT.fullmatch(value)
            found[name] = (inputs[named[1]] if named else "") or GITHUB.get(name, "")
        return found


def test_the_action_is_whole_and_no_input_becomes_a_script() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is a way in"
    used = set(_INPUT.findall(str(ACTION["runs"]))) | {"command"}
    assert used == set(ACTION["inputs"])
    wanted = {one["value"] for one in ACTION["outputs"].values()}
    assert wanted == {f"${{{{ steps.gate.outputs.{name} }}}}" for name in ACTION["outputs"]}
    subprocess.run(["bash", "-n", ROOT / ".github" / "actions" / "gate.sh"], check=True)


def test_a_gate_is_asked_fed_waited_for_and_required(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as http:
        root = register(http)
        runner = Runner(tmp_path, engine)
        (runner.workspace / "logs").mkdir()
        (runner.workspace / "logs" / "a b;$(touch hacked).json").write_text("{}")
        code, outputs, told = runner.run(gate="training-trigger", timeout="0.2s", evidence="logs/*.json")
        assert (code, outputs["exit-code"], outputs["outcome"]) == (6, "6", "blocked")
        assert "timed out" in told
        assert "| not_tested |" in told
        assert [one["filename"] for one in http.get(f"{root}/evidence").json()["items"]] == ["a b;$(touch hacked).json"]
        assert not (runner.workspace / "hacked").exists()
        again = runner.run(gate="training-trigger", timeout="0.2s")[1]
        assert again["gate-run"] == outputs["gate-run"]  # the same run of the workflow is the same event
        assert runner.run(gate="training-trigger", timeout="0.2s", evidence="none/*")[0] == 1
        assert runner.run(gate="no-such-gate")[1] == {
            "outcome": "unknown",
            "state": "unknown",
            "gate-run": "",
            "page": "",
            "exit-code": "1",
        }
        _withdraw(engine, root)
        code, outputs, told = runner.run(gate="training-trigger")
        assert (code, outputs["state"]) == (5, "withdrawn")


def _withdraw(engine: Engine, root: str) -> None:
    with engine.client(engine.person_token("mira")) as mira:
        basis = mira.get(f"{root}/gates/training-trigger").json()["basis"]
        body = {"act": "withdraw", "reason": "Put off.", "basis": basis}
        assert mira.post(f"{root}/gates/training-trigger/decisions", json=body).status_code == 200


@pytest.mark.parametrize(("content", "code"), [(b"weights", 0), (b"others", 7)], ids=["these", "others"])
def test_a_cleared_gate_lets_only_its_weights_pass(tmp_path: Path, content: bytes, code: int) -> None:
    with Engine(tmp_path / "data", tmp_path, write_overlay(tmp_path)).start() as engine, engine.client() as http:
        root = register(http)
        profile = http.get(root).json()["profile"] | {"weights_sha256": hashlib.sha256(b"weights").hexdigest()}
        assert http.put(root, json=profile).status_code == 200
        runner = Runner(tmp_path, engine)
        (runner.workspace / "model.safetensors").write_bytes(content)
        ended, outputs, told = runner.run(gate=GATE, weights="model.safetensors")
        assert (ended, outputs["exit-code"], outputs["outcome"]) == (code, str(code), "cleared"), told
        assert ("cleared for other weights" in told) == (code == 7)


def test_the_command_line_needs_typer_alone(tmp_path: Path) -> None:
    import click
    import typer

    packages = Path(typer.__file__).parents[1]
    for name in ("typer", "click", "typing_extensions.py", "shellingham", "annotated_doc", "rich", "pygments"):
        if (packages / name).exists():
            (tmp_path / name).symlink_to(packages / name)
    assert Path(click.__file__).parents[1] == packages
    (tmp_path / "pratique").symlink_to(ROOT / "pratique")
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-S", "-P", "-m", "pratique.cli.main", "gate", "status", "aurora/2.1", "placement"]
    environment |= {"PRATIQUE_URL": "http://127.0.0.1:9", "PRATIQUE_TOKEN": "prq_x"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "Unavailable" in ended.stderr) == (1, True), ended.stderr
