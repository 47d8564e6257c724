"""The risk register of a model version, read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.instances import NamedRisk
from pratique.domain.regime import Taxonomy
from pratique.domain.risks import RiskRegister, named_risks, risk_values
from pratique.services.parts import Parts
from pratique.store.reader import Row

#: Registers kept as parsed, by their stored text; each is looked at with every event of its model version.
_MAX_REGISTERS = 256


@lru_cache(maxsize=_MAX_REGISTERS)
def _parsed(text: str) -> RiskRegister:
    return RiskRegister.model_validate(stored_json(text))


def register_of(version: Row) -> RiskRegister | None:
    """Return the register in the row of a model version, or None where none was recorded."""
    return _parsed(version["risks"]) if version.get("risks") is not None else None


def taxonomy_of(parts: Parts, edition: str | None = None) -> Taxonomy | None:
    """Return the taxonomy of an edition, or else of the running one; None where the configuration has no edition."""
    found = parts.rules.editions.get(edition) if edition is not None else None
    found = found or parts.rules.edition
    return found.taxonomy if found is not None else None


def risks_of(parts: Parts, version: Row, edition: str) -> tuple[NamedRisk, ...]:
    """Return the identified risks of a model version, as an edition has it which are always assessed."""
    return named_risks(register_of(version), taxonomy_of(parts, edition))


def values_of(parts: Parts, version: Row, edition: str | None = None) -> dict[str, dict[str, Any]]:
    """Return `profile.risks` of a model version: identified risks by id."""
    return risk_values(register_of(version), taxonomy_of(parts, edition))
