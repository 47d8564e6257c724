"""Write the outputs and the summary of the action from the engine's answer: `outputs.py ANSWER EXIT_CODE`.

Standard library alone. What the engine says stays one line of text: no value can become another output.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

WORDS = {1: "error", 2: "usage", 6: "timed out", 7: "cleared for other weights"}


def main() -> None:
    """Append to GITHUB_OUTPUT and GITHUB_STEP_SUMMARY, where they are set."""
    gate, code = answer(Path(sys.argv[1])), int(sys.argv[2])
    outputs = {
        "outcome": gate.get("outcome", "unknown"),
        "state": gate.get("state", "unknown"),
        "gate-run": gate.get("gate_run", ""),
        "page": (gate.get("links") or {}).get("page") or "",
        "exit-code": code,
    }
    append("GITHUB_OUTPUT", "".join(f"{name}={line(value)}\n" for name, value in outputs.items()))
    append("GITHUB_STEP_SUMMARY", summary(gate, code))


def answer(path: Path) -> dict[str, Any]:
    """Return the gate that the command line printed last, or nothing."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def summary(gate: dict[str, Any], code: int) -> str:
    """Return where the gate stands, as Markdown for people."""
    name, subject = os.environ.get("GATE_NAME", ""), os.environ.get("GATE_SUBJECT", "")
    stands = WORDS.get(code) or str(gate.get("outcome", "unknown")).replace("_", " ")
    rows = [
        f"| {cell(one.get('status'))} | {cell(one.get('requirement'))} | {cell(one.get('reason'))} |"
        for one in gate.get("findings") or []
        if one.get("status") != "met"
    ]
    table = ["", "| finding | requirement | reason |", "|---|---|---|", *rows] if rows else []
    shown = [f"### Gate {cell(name)} of {cell(subject)}: {cell(stands)}", *table, "", cell(gate.get("does_not_show"))]
    return "\n".join(shown) + "\n"


def line(value: object) -> str:
    """Return a value on one line."""
    return " ".join(str(value).split())


def cell(value: object) -> str:
    """Return a value as text of a Markdown table that is neither markup nor HTML."""
    text = line(value if value is not None else "")
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`").replace("[", "\\[")


def append(variable: str, text: str) -> None:
    """Append to the file that an environment variable names."""
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)


main()
