"""What happens in the story once aurora 2.1 is on the market, and what the tampered copy shows in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.cast import LATER_VERSION, MODEL, SUBJECT, VERSION
from examples.checks import expect, expect_exit
from examples.tampering import clear_behind_the_journal, copy_data, flip_a_byte

if TYPE_CHECKING:
    from examples.story import Story

#: Exit codes of the command line.
_OK, _ERROR = 0, 1


def monitor_the_market(story: Story) -> None:
    """That it was placed is recorded: post-market monitoring opens, and time limits begin to run."""
    story.run("occurrence", "record", "placed", "--model", SUBJECT, "--why", "Release log", person="mira")
    gate = story.gate("post-market")
    expect(gate.state == "open", f"expected an open gate: {gate.headline}")
    story.run("clock", "list", "--model", SUBJECT, "--state", "running")


def notice_an_incident(story: Story) -> None:
    """An incident is recorded at awareness, before anybody knows how bad it is: the strictest time limit runs."""
    words = ("incident", "open", SUBJECT, "--at", "2h", "--by", "night shift", "--why", "Ticket 4711")
    story.run(*words, person="mira")
    gate = story.gate("serious-incident")
    reason = next(f.reason for f in gate.findings if f.requirement == "initial-report")
    expect("time limit incident-initial runs" in (reason or ""), f"no time limit runs: {reason}")
    story.telling.line(f"{gate.headline}; {reason}")


def tamper_with_a_copy(story: Story) -> None:
    """In a copy, one bit of a log and one row are changed; verify names both."""
    copy = story.machine.data_dir / "tampered-copy"
    copy_data(story.machine.data_dir, copy)
    expect_exit(story.machine.command("verify", "--data-dir", str(copy)), _OK)
    (log,) = [e for e in story.machine.client("pipeline").evidence(MODEL, VERSION) if "cbrn" in e.filename]
    (file,) = [path for path in (copy / "evidence").rglob(log.sha256) if path.is_file()]
    flip_a_byte(file)
    later = story.machine.client("pipeline").gate(MODEL, LATER_VERSION, "training-trigger")
    clear_behind_the_journal(copy, later.gate_run)
    found = expect_exit(story.machine.command("verify", "--data-dir", str(copy)), _ERROR)
    story.telling.command(("verify", "--data-dir", str(copy)))
    story.telling.line(found.stderr + found.stdout)
    report = found.stdout + found.stderr
    expect(log.sha256 in report, f"verify did not name the file {log.sha256}:\n{report}")
    expect(later.gate_run in report, f"verify did not name the row {later.gate_run}:\n{report}")
