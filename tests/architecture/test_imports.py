"""What import-linter cannot say: allow-lists, file names, and that its contracts hold at all."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STANDARD = sys.stdlib_module_names
#: Top-level names that a file of flows/ or tasks/ would hide when Prefect loads a flow by path.
TOP_LEVEL = {"pratique", "flows", "tasks", "config", "deployments", "examples", "bench", "tests", "prefect"}

#: The part of the standard library that would make the domain see a clock, chance, files or the environment.
IMPURE = {"os", "time", "random", "secrets", "socket", "subprocess", "pathlib", "tempfile", "threading", "asyncio"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def test_the_import_contracts_hold() -> None:
    ran = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", [*modules("pratique/domain"), ROOT / "pratique/errors.py"], ids=lambda p: p.name)
def test_the_core_imports_only_the_standard_library_pydantic_and_itself(path: Path) -> None:
    ours = ("pratique.domain", "pratique.canonical", "pratique.errors")
    foreign = {
        name
        for name in imported(path)
        if not name.startswith(ours) and name.split(".")[0] not in STANDARD | {"pydantic"}
    }
    assert foreign == set()


@pytest.mark.parametrize("path", modules("pratique/domain"), ids=lambda p: p.name)
def test_the_domain_has_no_clock_chance_files_or_environment(path: Path) -> None:
    assert {name for name in imported(path) if name.split(".")[0] in IMPURE} == set()
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert called.isdisjoint({"now", "utcnow", "today", "uuid4", "uuid7"})


@pytest.mark.parametrize("path", modules("flows"), ids=lambda p: p.name)
def test_a_stage_flow_is_a_leaf(path: Path) -> None:
    """Only checkpoints, which the stage flows call as subflows, may be imported by another flow."""
    others = {name for name in imported(path) if name.startswith("flows.")}
    assert others <= {"flows.checkpoints"}


@pytest.mark.parametrize("path", [*modules("flows"), *modules("tasks")], ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_flow_or_task_file_hides_no_other_module(path: Path) -> None:
    assert path.stem not in STANDARD | TOP_LEVEL


@pytest.mark.parametrize("path", [*modules("flows"), *modules("tasks")], ids=lambda p: f"{p.parent.name}/{p.name}")
def test_flows_and_tasks_hold_no_database(path: Path) -> None:
    assert {n for n in imported(path) if n.split(".")[0] in {"sqlalchemy", "sqlmodel", "alembic", "psycopg"}} == set()
    assert {n for n in imported(path) if n.startswith(("pratique.store", "pratique.services"))} == set()


def test_importing_the_sdk_imports_nothing_heavy() -> None:
    heavy = "{'prefect', 'pydantic', 'sqlalchemy', 'sqlmodel', 'httpx', 'fastapi', 'apprise'} & set(sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys, pratique; print(sorted({heavy}))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_module_is_named_for_nothing(name: str) -> None:
    assert [p for folder in ("pratique", "flows", "tasks") for p in modules(folder) if p.stem == name] == []


def test_config_is_data() -> None:
    assert modules("config") == []


def test_no_two_files_of_tests_have_one_name() -> None:
    """There are no packages of tests: of two modules of one name, a process that runs both gets one."""
    seen: dict[str, list[str]] = {}
    for path in modules("tests"):
        if path.name != "conftest.py":
            seen.setdefault(path.name, []).append(str(path.relative_to(ROOT)))
    assert [paths for paths in seen.values() if len(paths) > 1] == []
