"""A gate that asks for nobody: cleared as soon as it is opened, for tests of what comes after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

GATE = "open-door"


def write_overlay(folder: Path) -> dict[str, str]:
    """Write the gate into an overlay below `folder`; return the setting that names it."""
    (folder / "overlay" / "gates").mkdir(parents=True)
    spec = yaml.safe_dump(_spec(), sort_keys=False)
    (folder / "overlay" / "gates" / f"{GATE}.yaml").write_text(spec)
    return {"PRATIQUE_OVERLAY_DIR": str(folder / "overlay")}


def _spec() -> dict[str, Any]:
    return {
        "format": "pratique.gate/1",
        "id": "open-door",
        "version": 1,
        "edition": "eu-gpai-code@2025-07-10",
        "title": "Open door",
        "decides": "Whether the test goes on.",
        "stage": "training",
        "moment": "training_trigger",
        "measures": ["S-1.2"],
        "does_not_show": "Anything at all.",
        "opens_on": ["test.moment.door"],
        "checkpoints": [
            {
                "id": "a",
                "kind": "assessment",
                "title": "A",
                "requirements": [
                    {
                        "id": "known",
                        "title": "Known",
                        "measures": ["S-1.2"],
                        "why": "For the test.",
                        "profile": "profile.scope.safety_security",
                        "unmet": "No.",
                    }
                ],
            }
        ],
        "sign_off": {"roles": {}},
        "due": {"follow_up_days": 5, "due_days": 10},
    }
