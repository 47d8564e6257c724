"""What a stage flow leaves behind for people: the name of its end, a message, a page of findings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from pratique.client.work import Reconciled, Swept

EndState = Literal["Cleared", "AwaitingDecision", "Blocked"]

#: Gate outcome -> how the flow run ends. A rejected gate holds the pipeline like a blocked one.
END_STATES: dict[str, EndState] = {
    "cleared": "Cleared",
    "awaiting_decision": "AwaitingDecision",
    "blocked": "Blocked",
    "rejected": "Blocked",
}


def end_state(view: dict[str, Any]) -> EndState:
    """Return the name of the flow run's final state. An outcome this version does not know is Blocked."""
    return END_STATES.get(view["outcome"], "Blocked")


def end_message(view: dict[str, Any]) -> str:
    """Say in one line where the gate stands, and where to look."""
    return f"{_standing(view)} Gate page: {view['links']['page']}"


def artifact_key(view: dict[str, Any]) -> str:
    """Return the artifact's key: lowercase letters, digits and dashes, the same for every run of this gate."""
    text = f"gate-{view['gate']}-{view['model']}-{view['version']}"
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def findings_page(view: dict[str, Any]) -> str:
    """Return the findings of a gate as Markdown, with a link back to its page."""
    lines = [
        f"# {_plain(view['title'])}: {view['model']} {view['version']}",
        "",
        f"**{end_state(view)}** (gate state `{view['state']}`). {_standing(view)}",
        "",
        f"[Open the gate page]({view['links']['page']})",
        "",
        "| Checkpoint | Requirement | Measures | Finding | Reason |",
        "| --- | --- | --- | --- | --- |",
        *(_row(finding) for finding in view["findings"]),
        "",
        f"Judged by {view['edition']}, gate spec version {view['spec_version']}, basis `{view.get('basis')}`.",
        "",
        f"What this does not show: {_plain(view['does_not_show'])}",
    ]
    return "\n".join(lines)


def sweep_page(report: Swept, asked: Sequence[Reconciled] = ()) -> str:
    """Return the report of one sweep as Markdown."""
    words = {
        "rechecked": "Gates checked again",
        "expired": "Gates that went stale",
        "followed_up": "Reminders written",
        "overdue": "Gates overdue",
        "limits_missed": "Time limits missed",
        "limits_ahead": "Time limits reminded of",
    }
    rows = [f"| {text} | {getattr(report, name)} |" for name, text in words.items()]
    rows += [f"| Missing of {_plain(one.source)} | {_plain(one.trouble or str(one.missing))} |" for one in asked]
    return "\n".join([f"# Sweep at {report.at}", "", "| What | How many |", "| --- | --- |", *rows])


def _standing(view: dict[str, Any]) -> str:
    if view["outcome"] == "cleared":
        return "The gate is cleared."
    if view["outcome"] == "rejected":
        return f"The gate is {view['state']}."
    if view["outcome"] == "awaiting_decision":
        missing = "; ".join(view["sign_off"].get("missing", []))
        return f"Nothing is missing but decisions{': ' + missing if missing else ''}."
    count = view["open_findings"]
    return f"{count} open finding{'' if count == 1 else 's'}{_owed(view)}."


def _owed(view: dict[str, Any]) -> str:
    roles = [w["role"] for w in view.get("waiting_on", []) if w.get("for") == "evidence"]
    return f", waiting for {', '.join(dict.fromkeys(roles))}" if roles else ""


def _row(finding: dict[str, Any]) -> str:
    cells = (
        f"{finding['checkpoint']} ({finding['checkpoint_kind']})",
        finding["title"],
        ", ".join(finding["measures"]),
        finding["status"].replace("_", " ") + ("" if finding.get("enforced", True) else " (advice)"),
        finding.get("reason") or "",
    )
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """Make foreign text harmless inside a Markdown table cell."""
    flat = " ".join(str(text).split())
    return re.sub(r"([|\\`*_\[\]<>])", r"\\\1", flat)
