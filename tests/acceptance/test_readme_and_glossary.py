"""What the documents say exists: commands, make targets, files, links, and the table of states."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
READ_BY_NEWCOMERS = [ROOT / "README.md", ROOT / "docs" / "quickstart.md", ROOT / "docs" / "operations.md"]

_FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")
_CODE = re.compile(r"`([^`\n]+)`")


def code_of(document: Path) -> list[str]:
    """Every line of a code block, and everything between single backticks."""
    text = document.read_text(encoding="utf-8")
    blocks = [line for block in _FENCE.findall(text) for line in block.splitlines()]
    return [*blocks, *_CODE.findall(_FENCE.sub("", text))]


def commands(word: str) -> list[str]:
    """The command lines of the documents that begin with `word`, without what the shell adds."""
    found = set()
    for document in READ_BY_NEWCOMERS:
        for line in code_of(document):
            plain = line.strip().removeprefix("$ ").removeprefix("PRATIQUE_DATA_DIR=/backup ")
            if plain.startswith(f"{word} "):
                found.add(plain.split("  #")[0].strip())
    return sorted(found)


def leading_words(command: str) -> list[str]:
    """The words before the first option or argument that is no command."""
    words = []
    for word in shlex.split(command)[1:]:
        if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            break
        words.append(word)
    return words


PRATIQUE = sorted({tuple(leading_words(command)[:2]) for command in commands("pratique")})


@pytest.mark.parametrize("words", PRATIQUE, ids=" ".join)
def test_each_command_of_the_documents_exists(words: tuple[str, ...]) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "pratique.cli.main", *words, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    options = {option for command in commands("pratique") for option in re.findall(r"--[a-z-]+", command)
               if tuple(leading_words(command)[:2]) == words}  # fmt: skip
    assert {option for option in options if option not in shown.stdout} == set()


def test_the_readme_names_commands_at_all() -> None:
    assert len(PRATIQUE) > 8
    assert len(commands("make")) > 3


def test_each_make_target_of_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {command.split()[1] for command in commands("make")} <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_somewhere(document: Path) -> None:
    for target, heading in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{document.name} links to {target}"
        if heading:
            assert heading in headings(path), f"{document.name} links to {target}#{heading}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_calls_anything_compliant(document: Path) -> None:
    assert re.search(r"\bcompliant\b", document.read_text(encoding="utf-8"), re.IGNORECASE) is None


def test_the_table_of_states_is_made_from_the_state_machine() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "state_table.py"))
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert made["with_tables"](text) == text, "run: python docs/state_table.py"


def test_every_state_and_move_has_its_words() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "state_table.py"))
    assert "|  |" not in made["tables"]()


def headings(document: Path) -> set[str]:
    """The anchors that a page of this document has."""
    found = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in found}
