"""What the demo story holds its steps to."""

from __future__ import annotations

import subprocess
from email import policy
from email.parser import BytesParser
from pathlib import Path

from examples.machine import Machine, StepFailedError

#: Types of Prefect states in which a run has ended.
_ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


def expect(holds: bool, otherwise: str) -> None:
    """Raise when something that the story promises does not hold.

    Raises:
        StepFailedError: with what was found.
    """
    if not holds:
        raise StepFailedError(otherwise)


def expect_exit(done: subprocess.CompletedProcess[str], code: int) -> subprocess.CompletedProcess[str]:
    """Return a command's result if it ended with `code`.

    Raises:
        StepFailedError: another code; holds what the command printed.
    """
    command = " ".join(map(str, done.args))
    expect(
        done.returncode == code,
        f"`{command}` ended with {done.returncode}, expected {code}:\n{done.stdout}{done.stderr}",
    )
    return done


def flow_run_states(machine: Machine, model: str, version: str, gate: str) -> list[str]:
    """Return the names of the states in which Prefect's runs of a gate ended, oldest first; empty while one runs."""
    tags = [f"model:{model}", f"version:{version}", f"gate:{gate}"]
    wanted = {
        "flow_runs": {"tags": {"all_": tags}, "parent_task_run_id": {"is_null_": True}},
        "sort": "START_TIME_ASC",
    }
    try:
        found = machine.prefect("flow_runs/filter", wanted)
    except OSError:  # the server is still starting
        return []
    is_over = all(run["state_type"] in _ENDED for run in found)
    return [run["state_name"] for run in found] if is_over else []


def plain_text(mail: Path) -> str:
    """Return recipient, subject and text of a mail file."""
    message = BytesParser(policy=policy.default).parsebytes(mail.read_bytes())
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return f"To: {message['To']}\nSubject: {message['Subject']}\n\n{text}"
