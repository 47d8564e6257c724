"""The wheel, installed into a clean environment, runs Pratique and one gate from any folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.checks import expect_exit
from examples.folders import config_for_old_logs, copy_evidence
from examples.machine import ROOT, Machine, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

UV = Path(sys.executable).parent / "uv"
SUBJECT, GATE = "aurora/2.1", "training-trigger"
EVIDENCE = ("cbrn_mc_epochs3.eval", "cyber_agent_tools.eval", "mitigation-record.json", "security-goal.json")
FLOW_SECONDS = 180.0


def uv(*words: object, cwd: Path = ROOT) -> str:
    done = subprocess.run([UV, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a clean environment that holds the wheel and the locked versions, and nothing else."""
    home = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", home)
    (wheel,) = home.glob("*.whl")
    locked = home / "locked.txt"
    uv("export", "--quiet", "--locked", "--no-dev", "--no-emit-project", "--output-file", locked)
    uv("venv", "--quiet", "--python", sys.executable, home / "venv")
    python = home / "venv" / "bin" / "python"
    # What `make venv` downloaded is in uv's cache; another machine's cache may lack it.
    words = ("pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", locked)
    done = subprocess.run([UV, *words, "--offline"], cwd=home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        uv(*words, cwd=home)
    uv("pip", "install", "--quiet", "--python", python, "--offline", "--no-deps", wheel, cwd=home)
    return python.parent


@pytest.fixture(scope="module")
def machine(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """`pratique up` of the wheel, started where nothing of the checkout can be found by chance."""
    project = subprocess.run(
        [installed / "python", "-c", "from pratique.project import activate; print(activate())"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(project).name == "_project"
    data_dir = tmp_path_factory.mktemp("data")
    config_dir = config_for_old_logs(data_dir / "config", source=Path(project) / "config")
    machine = Machine(
        data_dir,
        program=[str(installed / "pratique")],
        cwd=Path("/"),
        people_file=config_dir / "people.example.yaml",
        # The environment is ours: without bytecode each process would compile all it imports anew.
        settings={"PRATIQUE_CONFIG_DIR": str(config_dir), "PYTHONDONTWRITEBYTECODE": ""},
    )
    machine.start()
    try:
        machine.wait_until_ready()
        yield machine
    finally:
        machine.stop()


def test_a_gate_opens_is_decided_by_two_people_and_clears(machine: Machine, tmp_path: Path) -> None:
    expect_exit(machine.command("model", "register", SUBJECT, "--systemic-risk", "--known-as", "mockllm/model"), 0)
    expect_exit(machine.command("gate", "trigger", SUBJECT, GATE), 3)
    files = [str(copy_evidence(name, tmp_path)) for name in EVIDENCE]
    expect_exit(machine.command("evidence", "add", SUBJECT, *files), 0)
    expect_exit(machine.command("gate", "status", SUBJECT, GATE), 4)
    for person in ("mira", "jonas"):
        token = machine.token_file(person)
        create = ("token", "create", person, "--kind", "person", "--person", person, "--out", str(token))
        expect_exit(machine.command(*create), 0)
        words = ("gate", "decide", SUBJECT, GATE, "clear", "--reason", "Read it", "--yes")
        expect_exit(machine.command(*words, token=token), 0)
    expect_exit(machine.command("gate", "status", SUBJECT, GATE), 0)


def test_the_flows_of_the_wheel_run(machine: Machine) -> None:
    def link() -> str | None:
        shown = machine.command("gate", "status", SUBJECT, GATE, "--json").stdout
        found: str | None = json.loads(shown)["links"].get("prefect")
        return found

    assert eventually(link, "a flow run", FLOW_SECONDS, every=1.0)


def test_the_ledger_of_the_wheel_proves_itself(machine: Machine) -> None:
    expect_exit(machine.command("verify"), 0)
