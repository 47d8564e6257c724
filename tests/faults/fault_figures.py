"""Figures of a run, printed and kept as JSON for docs/faults.md."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_figures(name: str, figures: dict[str, Any]) -> None:
    """Print figures (pytest -s shows them); keep them in the folder that FAULT_FIGURES names."""
    print(f"\n{name}: " + ", ".join(f"{what} {value}" for what, value in figures.items()))
    if folder := os.environ.get("FAULT_FIGURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
