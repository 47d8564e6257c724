"""Small modules, small functions: what grew over the limit hides a noun of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("pratique", "flows", "tasks", "deployments")
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 40

_MIGRATIONS = "pratique/store/migrations/versions"
#: Over the limit, and why that is right. A migration is written once, and says from top to bottom what was done.
LONG_FILES = {f"{_MIGRATIONS}/0001_first_schema.py"}
LONG_FUNCTIONS = {
    f"{_MIGRATIONS}/0001_first_schema.py:_create_tables",
    f"{_MIGRATIONS}/0007_hooks.py:upgrade",
    f"{_MIGRATIONS}/0008_subscriptions.py:upgrade",
}


def _sources() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _long_functions(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION:
                yield node.name


def test_no_file_is_longer_than_three_hundred_lines_but_those_named() -> None:
    assert {name for name, text in _sources() if len(text.splitlines()) > MOST_LINES_OF_A_FILE} == LONG_FILES


def test_no_function_is_longer_than_forty_lines_but_those_named() -> None:
    found = {f"{name}:{function}" for name, text in _sources() for function in _long_functions(text)}
    assert found == LONG_FUNCTIONS


def test_a_function_of_forty_one_lines_is_found() -> None:
    body = "    pass\n" * MOST_LINES_OF_A_FUNCTION
    assert list(_long_functions(f"async def long():\n{body}")) == ["long"]
    assert list(_long_functions(f"def short():\n{body[: -len('    pass') - 1]}")) == []
