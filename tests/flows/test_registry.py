"""Every flow is registered, loads, and is what the worker runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from deployments.registry import POOLED, SCHEDULED, STAGES
from pratique.domain.spec import LifecycleStage

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "deployments" / "prefect.yaml").read_text())["deployments"]


@pytest.mark.parametrize("entrypoint", [d["entrypoint"] for d in DEPLOYMENTS])
def test_every_entrypoint_loads_without_a_placeholder(entrypoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    flow = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    assert flow.isasync, "a synchronous flow takes at least a second"


def test_entrypoints_load_by_path_in_a_fresh_interpreter_as_a_work_pool_does_it() -> None:
    code = (
        "from prefect.flows import load_flow_from_entrypoint as load\n"
        f"print([load(e, use_placeholder_flow=False).name for e in {[d['entrypoint'] for d in DEPLOYMENTS]}])"
    )
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['training', 'deployment', 'post-deployment', 'sweep', 'collection']"


def test_prefect_yaml_holds_every_flow_once() -> None:
    named = sorted(d["entrypoint"] for d in DEPLOYMENTS)
    flows = [*STAGES.values(), *SCHEDULED.values()]
    assert named == sorted(f"flows/{f.fn.__name__}.py:{f.fn.__name__}" for f in flows)
    assert {d["name"] for d in DEPLOYMENTS} == {POOLED}


def test_every_stage_of_a_gate_has_its_flow() -> None:
    assert set(STAGES) == {stage.value for stage in LifecycleStage}


@pytest.mark.parametrize(("flow", "cron"), [("sweep", "0 * * * *"), ("collection", "*/5 * * * *")])
def test_what_a_schedule_runs_is_never_run_beside_itself(flow: str, cron: str) -> None:
    (found,) = [d for d in DEPLOYMENTS if d["entrypoint"].startswith(f"flows/{flow}")]
    assert found["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert [s["cron"] for s in found["schedules"]] == [cron]


def test_no_flow_or_task_file_hides_a_module_of_the_standard_library() -> None:
    for folder in ("flows", "tasks"):
        names = {file.stem for file in (ROOT / folder).glob("*.py")} - {"__init__"}
        tops = {path.stem for path in ROOT.iterdir()}
        assert not names & (set(sys.stdlib_module_names) | tops)
