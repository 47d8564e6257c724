"""The demo story with real processes: every step of it, and what goes on while the worker and Prefect are down."""

from __future__ import annotations

import signal
import urllib.error
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

import pratique
from examples.checks import expect_exit, flow_run_states
from examples.demo import settings_for_story
from examples.machine import Machine, eventually
from examples.story import STEPS, Story
from examples.telling import Silence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: Everything that was missed is caught up within this time on a busy machine.
CATCH_UP_SECONDS = 180.0
#: What happens while worker and Prefect server are down, happens to this.
MODEL, VERSION, GATE = "borealis", "1.0", "training-trigger"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One `pratique up` for all tests of this module."""
    data_dir = tmp_path_factory.mktemp("demo")
    machine = Machine(data_dir, settings=settings_for_story(data_dir))
    machine.start()
    try:
        machine.wait_until_ready()
        yield machine
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def story(machine: Machine) -> Iterator[Story]:
    story = Story(machine, Silence())
    yield story
    story.close()


@pytest.fixture(scope="module")
def happened() -> list[str]:
    """Names of the steps that happened."""
    return []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_the_story_happens(step: Callable[[Story], None], story: Story, happened: list[str]) -> None:
    if len(happened) < STEPS.index(step):
        pytest.fail(f"the step after {happened[-1:] or 'the start'} did not happen", pytrace=False)
    step(story)
    happened.append(step.__name__)


def test_without_worker_and_prefect_events_are_answered_and_people_decide(
    machine: Machine, happened: list[str]
) -> None:
    assert "give_people_tokens" in happened
    # Nothing is under way, so that nothing is killed in the middle: that is for tests/faults.
    eventually(lambda: flow_run_states(machine, "aurora", "2.1", "placement"), "quiet", CATCH_UP_SECONDS)
    killed = [kill(machine, "deployments.embedded_worker"), kill(machine, "deployments.prefect_server")]
    pipeline = machine.client("pipeline")
    pipeline.register(MODEL, VERSION, {"systemic_risk": True})
    gate = pipeline.trigger(GATE, model=MODEL, version=VERSION)
    assert gate.outcome == "blocked"
    assert len(gate.open_findings) == 5
    decided = machine.client("mira").decide(gate, "return", "Send the evidence first")
    assert decided.state == "returned"
    assert decided.decisions[0].person == "mira"
    assert not prefect_answers(machine), "the Prefect server came back too soon for this test to show anything"
    assert not any(process.is_running() for process in killed)


def test_flow_runs_and_mail_catch_up_after(machine: Machine) -> None:
    runs = eventually(lambda: flow_run_states(machine, MODEL, VERSION, GATE), "flow runs", CATCH_UP_SECONDS)
    assert runs[-1] == "Blocked"
    eventually(lambda: mail_about(machine, MODEL, "returned"), "the mail", CATCH_UP_SECONDS)
    gate = eventually(lambda: linked(machine.client("pipeline")), "the link", CATCH_UP_SECONDS)
    assert gate.links["prefect"].startswith(machine.prefect_url)


def test_the_ledger_proves_itself_after_that(machine: Machine) -> None:
    expect_exit(machine.command("verify"), 0)


def kill(machine: Machine, module: str) -> psutil.Process:
    """Kill the child of the supervisor that runs this module."""
    (found,) = [
        child for child in psutil.Process(machine.supervisor_pid).children(recursive=True) if module in child.cmdline()
    ]
    found.send_signal(signal.SIGKILL)
    found.wait(10)
    return found


def prefect_answers(machine: Machine) -> bool:
    try:
        machine.prefect("flow_runs/count", {})
    except (urllib.error.URLError, OSError):
        return False
    return True


def mail_about(machine: Machine, model: str, kind: str) -> list[Any]:
    return [file for file in machine.mail_dir.glob(f"*-{kind}*.eml") if f" {model} " in file.read_text("utf-8")]


def linked(client: pratique.Client) -> pratique.Gate | None:
    gate = client.gate(MODEL, VERSION, GATE)
    return gate if "prefect" in gate.links else None
