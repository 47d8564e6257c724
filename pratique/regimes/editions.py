"""Loads editions from `config/regimes/<regime>/<edition>/`, each as a whole and with every error at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from pratique.domain.regime import Act, Chapter, DeadlineRule, Edition, Imprint, Taxonomy, flaws
from pratique.domain.regime.appendices import Appendices
from pratique.domain.regime.clocks import Clocks
from pratique.domain.regime.documents import DocumentSchema
from pratique.domain.regime.items import RegimeData
from pratique.domain.regime.mapping import Mapping as EditionMapping
from pratique.domain.regime.mapping import mapping_flaws
from pratique.domain.regime.scope import ScopeRules
from pratique.domain.regime.vocabulary import Vocabulary
from pratique.regimes.problems import Problems
from pratique.regimes.yaml_text import read_yaml


class _Acts(RegimeData):
    acts: tuple[Act, ...] = Field(min_length=1)


class _Deadlines(RegimeData):
    deadlines: tuple[DeadlineRule, ...] = Field(min_length=1)


class _Documents(RegimeData):
    documents: tuple[DocumentSchema, ...] = Field(min_length=1)


#: What each file holds; every other `*.yaml` is a chapter.
_PARTS: dict[str, type[RegimeData]] = {
    "edition.yaml": Imprint,
    "vocabulary.yaml": Vocabulary,
    "acts.yaml": _Acts,
    "deadlines.yaml": _Deadlines,
    "taxonomy.yaml": Taxonomy,
    "appendices.yaml": Appendices,
    "documents.yaml": _Documents,
    "scope.yaml": ScopeRules,
    "clocks.yaml": Clocks,
}
_NEEDED = ("edition.yaml", "vocabulary.yaml", "taxonomy.yaml")


def load_edition(folder: Path, problems: Problems, origin: str = "") -> Edition | None:
    """Return the edition in `folder`; None, with every error noted, where it is not whole.

    Args:
        folder: `<regime>/<edition>/`.
        problems: where errors go.
        origin: stands before the names of its files.
    """
    before = len(problems.lines)
    where = f"{origin}{folder.parent.name}/{folder.name}"
    parts: dict[str, Any] = {}
    chapters: list[Chapter] = []
    for path in sorted(folder.glob("*.yaml")):
        kind = _PARTS.get(path.name, Chapter)
        part = _read(path, f"{where}/{path.name}", kind, problems)
        if isinstance(part, Chapter):
            chapters.append(part)
        elif part is not None:
            parts[path.name] = part
    for name in _NEEDED:
        if not (folder / name).is_file():
            problems.add(f"{where}/{name}", "", found="no file", expected="one in every edition")
    if len(problems.lines) > before:
        return None
    if not chapters:
        problems.add(where, "", found="no chapter", expected="at least one file with commitments")
        return None
    return _whole(folder, where, parts, chapters, problems)


def _whole(
    folder: Path, where: str, parts: dict[str, Any], chapters: list[Chapter], problems: Problems
) -> Edition | None:
    edition = Edition(
        imprint=parts["edition.yaml"],
        vocabulary=parts["vocabulary.yaml"],
        chapters=tuple(chapters),
        acts=parts["acts.yaml"].acts if "acts.yaml" in parts else (),
        deadlines=parts["deadlines.yaml"].deadlines if "deadlines.yaml" in parts else (),
        taxonomy=parts["taxonomy.yaml"],
        appendices=parts.get("appendices.yaml"),
        documents=parts["documents.yaml"].documents if "documents.yaml" in parts else (),
        scope=parts.get("scope.yaml"),
        clocks=parts.get("clocks.yaml"),
    )
    before = len(problems.lines)
    expected = f"{folder.parent.name}@{folder.name}"
    if edition.id != expected:
        problems.add(f"{where}/edition.yaml", "id", found=edition.id, expected=f"{expected}, as its folder says")
    for flaw in flaws(edition):
        problems.add(where, flaw.path, found=flaw.found, expected=flaw.expected)
    return edition if len(problems.lines) == before else None


def _read(path: Path, file: str, kind: type[RegimeData], problems: Problems) -> RegimeData | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error}", expected="a readable file in UTF-8")
        return None
    value, troubles = read_yaml(text)
    for trouble in troubles:
        problems.add(file, trouble.path, found=trouble.found, expected=trouble.expected)
    return None if troubles else problems.parse(file, kind, value)


def load_mapping(
    path: Path,
    editions: Mapping[str, Edition],
    problems: Problems,
    origin: str = "",
    *,
    broken: Collection[str] = (),
) -> EditionMapping | None:
    """Return the mapping in `path` between two of `editions`; None, with every error noted, where it is not whole.

    Nothing is said of one from or to a `broken` edition, which has its own errors.
    """
    file = f"{origin}{path.parent.name}/{path.name}"
    mapping = _read(path, file, EditionMapping, problems)
    if not isinstance(mapping, EditionMapping):
        return None
    before = len(problems.lines)
    for key, name in (("earlier", mapping.earlier), ("later", mapping.later)):
        if name in broken:
            return None
        if name not in editions:
            problems.add(file, key, found=name, expected=f"one of {', '.join(sorted(editions))}")
    if len(problems.lines) == before:
        for flaw in mapping_flaws(mapping, editions[mapping.earlier], editions[mapping.later]):
            problems.add(file, flaw.path, found=flaw.found, expected=flaw.expected)
    return mapping if len(problems.lines) == before else None
