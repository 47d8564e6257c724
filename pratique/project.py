"""Where flows, tasks, config and deployments are: the checkout, or the copy inside an installed wheel."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def project_root() -> Path:
    """Return the folder that holds `flows/`, `tasks/`, `config/` and `deployments/`."""
    copied = _PACKAGE / "_project"
    return copied if copied.is_dir() else _PACKAGE.parent


def config_root() -> Path:
    """Return the shipped `config/` folder."""
    return project_root() / "config"


def activate() -> Path:
    """Put the project root first on `sys.path`, so that `flows` and `tasks` import; return it."""
    root = project_root()
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return root
