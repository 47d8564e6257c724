"""Loads `sources/<id>.yaml` of the configuration, and of the overlay folder, with every error at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pratique.domain.sources import EvidenceSource
from pratique.errors import ConfigError
from pratique.regimes.gate_files import read_file
from pratique.regimes.problems import Problems

_HINT = "docs/evidence.md describes every key; config/sources/examples/ has a file for each kind"


def load_sources(folders: Mapping[str, Path]) -> dict[str, EvidenceSource]:
    """Return the sources of all folders, by id.

    Args:
        folders: what stands before file names in messages -> folder; one that is not there has no source.

    Raises:
        ConfigError: every error of every file, a line each.
    """
    problems, found = Problems(), dict[str, EvidenceSource]()
    for origin, folder in folders.items():
        for path in sorted(folder.glob("*.y*ml")):
            _load_one(path, f"{origin}sources/{path.name}", found, problems)
    if problems.lines:
        raise ConfigError(problems.lines, hint=_HINT)
    return found


def _load_one(path: Path, file: str, found: dict[str, EvidenceSource], problems: Problems) -> None:
    if path.suffix == ".yml":
        problems.add(file, "", found="a name that ends in .yml", expected=".yaml")
    value, troubled = read_file(path, file, problems)
    source = None if troubled else problems.parse(file, EvidenceSource, value)
    if source is None:
        return
    if path.stem != source.id:
        problems.add(file, "id", found=repr(source.id), expected=f"{path.stem!r}, as the file is named")
    if source.id in found:
        problems.add(file, "id", found=f"{source.id!r}, which another file has too", expected="each once")
    found[source.id] = source
