"""Build hook: a wheel carries flows, tasks, config and deployments as `pratique/_project/`.

site-packages then holds one name of ours. An editable install copies nothing: `pratique.project` finds the checkout.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What `pratique.project.activate()` puts on `sys.path`, and what the worker and the engine read.
FOLDERS = ("flows", "tasks", "config", "deployments")

#: A site's own people file holds names and addresses; only the example is shipped.
PRIVATE = frozenset({"config/people.yaml"})


class ProjectFilesHook(BuildHookInterface[Any]):
    """Adds the project folders to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Register each file; `version` is `standard` or `editable`."""
        if version == "editable":
            return
        root = Path(self.root)
        for name in project_files(root):
            build_data["force_include"][str(root / name)] = f"pratique/_project/{name}"


def project_files(root: Path) -> Iterator[str]:
    """Yield the path, relative to `root`, of every project file that a wheel carries, in a fixed order."""
    for folder in FOLDERS:
        if not (root / folder).is_dir():
            raise FileNotFoundError(f"{root / folder} is missing; a wheel without it cannot run")
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and name not in PRIVATE and not _is_stray(path.relative_to(root)):
                yield name


def _is_stray(path: Path) -> bool:
    """True for what a tool or an editor left: caches, hidden files (`.env` may hold secrets), back-ups."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts) or path.name.endswith(
        (".pyc", "~", ".orig", ".rej", ".db", ".log")
    )
