"""`pratique gate sheet`: what there is to know about a gate before it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.cli.options import AsJson, GateName, TokenFile, Url
from pratique.cli.output import say, say_json
from pratique.cli.session import connect

EXAMPLES = ("pratique gate sheet pre-placement", "pratique gate sheet serious-incident --json | jq .clocks")


def sheet(gate: GateName, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Print a gate's data sheet: what it decides, who signs, what clears it, what a pass does not prove."""
    found = connect(url, token_file, "pipeline").gate_sheet(gate)
    if as_json:
        say_json(dict(found))
        return
    for line in _lines(found):
        say(line)


def _lines(sheet: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{sheet['gate']}: {sheet['title']} (version {sheet['version']}, {sheet['edition']})",
        sheet["decides"],
        f"opens on {', '.join(sheet['opens_on'])}",
        f"cleared by: {sheet['clears']}",
    ]
    for checkpoint in sheet["checkpoints"]:
        lines += ["", f"{checkpoint['title']} ({checkpoint['kind']})"]
        lines += [_requirement(row) for row in checkpoint["requirements"]]
    if sheet["clocks"]:
        lines += ["", "Time limits that belong to it"]
        lines += [f"  {clock['id']}: {'; '.join(clock['limits'])}" for clock in sheet["clocks"]]
    lines += ["", "What cannot be checked automatically", *(f"  {text}" for text in sheet["not_checked"])]
    return [*lines, "", sheet["does_not_show"]]


def _requirement(row: Mapping[str, Any]) -> str:
    marks = [
        text
        for text, applies in (
            ("each risk", row["is_per_risk"]),
            ("advice", not row["is_enforced"]),
            ("UNVERIFIED", not row["is_verified"]),
        )
        if applies
    ]
    marked = f" ({', '.join(marks)})" if marks else ""
    return f"  {row['id']} [{', '.join(row['measures'])}]{marked}: {row['title']}; {row['rests_on']}"
