"""Secrets by the name of their place, read when they are needed: one that is exchanged needs no restart."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pratique.domain.hooks import SecretPlace

#: A longer file is no secret.
_MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets are looked up. Holds none itself."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def read(self, place: SecretPlace) -> str | None:
        """Return the secret of a place; None where there is none."""
        value = _in_file(place.file) if place.file is not None else self.environ.get(place.env or "", "")
        return value.strip() or None


def _in_file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        return "" if len(raw) > _MOST_BYTES else raw.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
