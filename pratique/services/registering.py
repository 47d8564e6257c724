"""Recording the risk register of a model version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pratique.canonical import digest_of, stored_json
from pratique.domain.authorship import authors_after, changed_parts
from pratique.domain.entries import RiskRegisterRecorded
from pratique.domain.risks import Risk, RiskRegister, register_flaws
from pratique.errors import InvalidInputError
from pratique.services import lookups
from pratique.services.clocks import replan
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.services.registers import register_of, values_of
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRegister:
    """A register as somebody gave it."""

    risks: Sequence[Risk]
    by: str  #: the person who says so, or the actor where no person does
    credential: str | None = None  #: by which it came


def record_register(tx: Transaction, parts: Parts, *, model: str, version: str, given: GivenRegister) -> dict[str, Any]:
    """Record the risk register of a model version, or replace it; its gates are judged again.

    Gates that ask something of each risk ask it of the risks that are identified now. Who records, changes or takes
    away a risk counts among the submitters of those gates, and of all that read `profile.risks`. Whose acceptance of
    a residual risk the register names is what its author says; people sign for it at the gate.

    Raises:
        NotFoundError: the model version is not registered.
        InvalidInputError: no edition is running, or the register names what it, the people or the evidence do not
            know; every such place at once.
    """
    row = find_model_version(tx, model, version, lock=True)
    register = _checked(tx, parts, row, given.risks)
    values = register.as_json()
    digest = digest_of(values)
    if row["risks_digest"] != digest:
        _record(tx, parts, row, given, register)
        row = find_model_version(tx, model, version)
    return register_view(parts, row)


def register_view(parts: Parts, version: Row) -> dict[str, Any]:
    """Return the register of a model version as the API shows it; risks that are always assessed are always there."""
    register = register_of(version)
    running = parts.rules.edition
    return {
        "model": version["model"],
        "version": version["version"],
        "edition": register.edition if register is not None else None,
        "running_edition": running.id if running is not None else None,
        "digest": version["risks_digest"],
        "risks": list(values_of(parts, version).values()),
        "authors": stored_json(version["risks_authors"]) if version["risks_authors"] is not None else {},
    }


def registered(reader: Reader, parts: Parts, *, model: str, version: str) -> dict[str, Any]:
    """Return the register of a model version as the API shows it.

    Raises:
        NotFoundError: the model version is not registered.
    """
    return register_view(parts, find_model_version(reader, model, version))


def _checked(reader: Reader, parts: Parts, version: Row, risks: Sequence[Risk]) -> RiskRegister:
    edition = parts.rules.edition
    if edition is None:
        raise InvalidInputError("no edition of a code is running, whose taxonomy a risk register could be held to")
    register = RiskRegister(edition=edition.id, risks=tuple(sorted(risks, key=lambda risk: risk.id)))
    evidence = [row["id"] for row in reader.all(lookups.READINGS_OF_VERSION, model_version_id=version["id"])]
    flaws = register_flaws(register, edition.taxonomy, people=[p.id for p in parts.people.people], evidence=evidence)
    if flaws:
        lines = [f"{one.path}: found {one.found}, expected {one.expected}" for one in flaws]
        raise InvalidInputError(f"the register does not stand: {'; '.join(lines)}", errors=lines)
    return register


def _record(tx: Transaction, parts: Parts, row: Row, given: GivenRegister, register: RiskRegister) -> None:
    was, now = _by_id(register_of(row)), _by_id(register)
    authors = stored_json(row["risks_authors"]) if row["risks_authors"] is not None else {}
    values = register.as_json()
    tx.record(
        RiskRegisterRecorded(
            id=row["id"],
            register=values,
            digest=digest_of(values),
            was_digest=row["risks_digest"],
            authors=authors_after(authors, was=was, now=now, by=given.by),
            credential=given.credential,
        )
    )
    changed = [part.partition(".")[2] for part in changed_parts(was, now, given.by)]
    cause = f"{given.by.replace(':', ' ')} changed the risk register ({', '.join(changed) or register.edition})"
    replan(tx, parts, row["id"], cause=cause)


def _by_id(register: RiskRegister | None) -> Mapping[str, Any]:
    """Return a register in the form in which `domain.authorship` tells its parts apart: `risks.<id>`."""
    return {"risks": {risk.id: risk.as_json() for risk in register.risks} if register is not None else {}}
