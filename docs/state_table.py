"""Writes the table of gate states and moves in docs/glossary.md from `MOVES`: `python docs/state_table.py`."""

from __future__ import annotations

import inspect
from enum import StrEnum
from pathlib import Path

from pratique.domain import gates
from pratique.domain.gates import FINAL_STATES, MOVES, GateState, Move

GLOSSARY = Path(__file__).with_name("glossary.md")
BEGIN = "<!-- made by docs/state_table.py from pratique.domain.gates.MOVES -->"
END = "<!-- end of what docs/state_table.py makes -->"


def tables() -> str:
    """Return the tables of states and moves."""
    about_state, about_move = _comments(GateState), _comments(Move)
    lines = ["| state | what it means | moves from here |", "|---|---|---|"]
    for state in GateState:
        moves = ", ".join(f"{move} -> `{after}`" for (before, move), after in MOVES.items() if before is state)
        ends = " (final)" if state in FINAL_STATES else ""
        lines.append(f"| `{state}`{ends} | {about_state[state.name]} | {moves or 'none'} |")
    lines += ["", "| move | what happened |", "|---|---|"]
    lines += [f"| {move} | {about_move[move.name]} |" for move in Move]
    return "\n".join(lines)


def with_tables(text: str) -> str:
    """Return the glossary's text with the tables as they are now."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def _comments(states: type[StrEnum]) -> dict[str, str]:
    """Return the `#:` comment of each member, from the source: there is one place for these words."""
    found = {}
    for line in inspect.getsource(gates).splitlines():
        name, _, rest = line.strip().partition(" = ")
        value, _, comment = rest.partition("#:")
        if comment and name in states.__members__ and value.strip().strip('"') == states[name].value:
            found[name] = comment.strip()
    return found


if __name__ == "__main__":
    GLOSSARY.write_text(with_tables(GLOSSARY.read_text(encoding="utf-8")), encoding="utf-8")
