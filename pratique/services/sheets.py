"""Data sheets of gates: as the configuration has them, and as gate runs pinned them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pratique.domain.regime import Edition
from pratique.domain.spec import GateSpec
from pratique.regimes.datasheet import data_sheet
from pratique.services.parts import Parts
from pratique.services.specs import current_spec, pinned_spec
from pratique.store.reader import Reader

#: Sheets kept, each of one spec in one edition; pages and answers ask for the same few again and again.
_MAX_SHEETS = 64


def gates_view(parts: Parts) -> list[dict[str, Any]]:
    """Return every gate that can be opened now, prerequisites first."""
    return [
        {
            "gate": spec.id,
            "version": spec.version,
            "edition": spec.edition,
            "title": spec.title,
            "decides": " ".join(spec.decides.split()),
            "stage": spec.stage.value,
            "moment": spec.moment,
            "opens_on": list(spec.opens_on),
            "signs": dict(spec.sign_off.roles),
        }
        for spec in parts.rules.specs.values()
    ]


def sheet_of_gate(parts: Parts, gate: str) -> dict[str, Any]:
    """Return the data sheet of a gate as the next run of it will be judged.

    Raises:
        NotFoundError: there is no such gate.
    """
    parts = parts.bound()
    return _sheet(parts, current_spec(parts, gate), parts.rules.digests[gate])


def sheet_of_run(reader: Reader, parts: Parts, spec_digest: str) -> dict[str, Any]:
    """Return the data sheet of the spec that a gate run pinned."""
    return _sheet(parts, pinned_spec(reader, parts, spec_digest), spec_digest)


def _sheet(parts: Parts, spec: GateSpec, digest: str) -> dict[str, Any]:
    edition = parts.rules.editions.get(spec.edition)
    return _made(_Held(spec, edition, (digest, edition.digest if edition is not None else None)))


class _Held:
    """A spec and its edition, told from others by their digests."""

    def __init__(self, spec: GateSpec, edition: Edition | None, key: tuple[str, str | None]) -> None:
        self.spec, self.edition, self._key = spec, edition, key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=_MAX_SHEETS)
def _made(held: _Held) -> dict[str, Any]:
    return data_sheet(held.spec, held.edition).as_json()
