"""What was settled before the story begins: who owes what, the notification and the Framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.cast import MODEL, SUBJECT, VERSION
from examples.checks import expect
from examples.folders import PROVIDER, copy_evidence
from examples.pipeline import PROFILE

if TYPE_CHECKING:
    from examples.story import Story

#: What happened in summer, with its day: time limits are counted from the first, and met by the others.
HAPPENED = {
    "threshold_known": "2026-06-01",
    "art52_notified": "2026-06-08",
    "framework_confirmed": "2026-06-25",
    "framework_provided": "2026-06-29",
}
#: What is shown for each gate, and who signs it.
SHOWN = {
    "scope-and-role": ("responsibilities.json", "copyright-policy.json"),
    "notification-and-framework": ("systemic-risk-notification.json", "framework.json", "security-goal.json"),
}
SIGNED = {"scope-and-role": ("mira", "ines"), "notification-and-framework": ("mira", "ines", "jonas")}


def settle_scope_and_role(story: Story) -> None:
    """Before training it is settled who owes what: provider and model are recorded, and two people sign."""
    story.run("provider", "record", str(PROVIDER), person="mira")
    story.machine.client("pipeline").register(MODEL, VERSION, PROFILE)
    story.machine.client("mira").trigger("scope-and-role", model=MODEL, version=VERSION)
    _clear(story, "scope-and-role", "Read the licence, the compute plan and the signed chapters.")


def settle_notification_and_framework(story: Story) -> None:
    """The Commission was notified in its two weeks, and the Framework was confirmed in its four."""
    for kind, day in HAPPENED.items():
        words = ("occurrence", "record", kind, "--model", SUBJECT, "--at", day, "--why", "Minutes of that day")
        story.run(*words, person="mira")
    _clear(story, "notification-and-framework", "Read the notification with its receipt, and the Framework.")


def _clear(story: Story, gate: str, reason: str) -> None:
    client = story.machine.client("mira")
    for name in SHOWN[gate]:
        client.add_evidence(copy_evidence(name, story.machine.data_dir / "evidence-before"), MODEL, VERSION)
    found = story.gate(gate)
    expect(found.state == "in_review", f"expected a gate in review: {found.summary}\n" + "\n".join(found.lines()))
    for person in SIGNED[gate]:
        story.decide(gate, person, reason)
    expect(story.gate(gate).is_cleared, f"{gate} is not cleared")
