"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pratique.client.gate_view import GateView
    from pratique.errors import PratiqueError

#: Characters of a digest that people are shown; enough to tell two apart, and to name one with `--basis`.
SHORT_DIGEST_CHARS = 12


def say(text: str) -> None:
    """Print a line of the result."""
    typer.echo(text)


def note(text: str) -> None:
    """Print a line that is not part of the result."""
    typer.echo(text, err=True)


def say_json(value: Any) -> None:
    """Print the result as JSON, keys in the engine's order."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def say_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows in aligned columns under their headings, or `empty` on stderr when there are none."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        note(empty)
        return
    table = [list(headings), *cells]
    widths = [max(len(line[column]) for line in table) for column in range(len(headings))]
    for line in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def say_gate(gate: GateView, *, as_json: bool) -> None:
    """Print a gate: where it stands, why, on whom, until when, and what it does not show."""
    if as_json:
        say_json(gate.raw)
        return
    for line in gate.lines():
        say(line)
    for person in gate.sign_off.signed:
        say(f"  signed by {person.get('person', '?')} as {person.get('role', '?')} at {person.get('at', '?')}")
    if gate.basis and gate.outcome == "awaiting_decision":
        say(f"  basis {gate.basis[:SHORT_DIGEST_CHARS]}")
    for name in ("page", "prefect"):
        if name in gate.links:
            say(f"  {name} {gate.links[name]}")
    if gate.is_cleared and gate.does_not_show:
        say(f"  {' '.join(gate.does_not_show.split())}")


def show_error(error: PratiqueError, *, as_json: bool) -> None:
    """Print an error on stderr: what, why, and what can be done."""
    if as_json:
        from pratique.client.problems import document_of  # the client is loaded only when it is used

        typer.echo(json.dumps(document_of(error), ensure_ascii=False, default=str), err=True)
        return
    note(f"{error.title}: {error.message}")
    for found in _errors_in(error):
        note(f"  {found}")
    if error.hint:
        note(f"hint: {error.hint}")


def _errors_in(error: PratiqueError) -> list[str]:
    """The single errors of a problem, unless the message already holds them."""
    found = error.extra.get("errors")
    lines = [item if isinstance(item, str) else json.dumps(item) for item in found] if isinstance(found, list) else []
    return [line for line in lines if line not in error.message]


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())
