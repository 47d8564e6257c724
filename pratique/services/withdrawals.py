"""People who take back what was recorded: who may, and who is told of it."""

from __future__ import annotations

from pratique.domain.events import OCCURRENCE_TYPES
from pratique.domain.occurrences import KINDS, OTHER, Thread
from pratique.errors import NotAllowedError
from pratique.services import lookups
from pratique.services.authority import known_person
from pratique.services.loaded_run import load_run
from pratique.services.notices import NoticeKind, tell
from pratique.services.occurrences import find_occurrence, withdraw_occurrence
from pratique.services.parts import Parts
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: Who is told that something of an incident was taken back.
_CONCERNED = ("owner", "incident_lead")


def check_may_withdraw(parts: Parts, person_id: str, model: str | None) -> None:
    """Refuse a person who has nothing to do with the model: less may be owed once a record is taken back.

    Args:
        parts: the engine.
        person_id: who wants to withdraw.
        model: whose record it is; None: it concerns every model.

    Raises:
        NotAllowedError: nobody of that id, or one without any role for that model (for every model).
    """
    person = known_person(parts, person_id)
    if not person.roles and (model is None or not person.models.get(model)):
        raise NotAllowedError(
            f"{person_id} holds no role for {model or 'every model'}, and so cannot withdraw what was recorded of it",
            hint="roles come from people.yaml",
        )


def withdraw_by_person(
    tx: Transaction, parts: Parts, occurrence_id: str, *, reason: str, person: str, credential: str
) -> None:
    """Withdraw an occurrence for a person; where it belongs to an incident, tell whom incidents concern.

    Raises:
        NotFoundError: no such occurrence.
        NotAllowedError: the person holds no role for the model; for every model, where it concerns all.
        ConflictError: as `withdraw_occurrence`.
    """
    row = find_occurrence(tx, occurrence_id)
    version = _version_of(tx, row)
    check_may_withdraw(parts, person, version["model"] if version is not None else None)
    withdraw_occurrence(tx, parts, occurrence_id, reason=reason, person=person, credential=credential)
    if version is not None and _is_of_incident(parts, row):
        _tell(tx, parts, version, row, f"{person} withdrew {row['kind'].replace('_', ' ')} of {row['about']}: {reason}")


def _version_of(tx: Transaction, row: Row) -> Row | None:
    return tx.one(lookups.MODEL_VERSION_BY_ID, id=row["model_version_id"]) if row["model_version_id"] else None


def _is_of_incident(parts: Parts, row: Row) -> bool:
    clocks = parts.rules.edition.clocks if parts.rules.edition is not None else None
    known = clocks.kind_by_id.get(row["kind"]) if clocks is not None else None
    return KINDS.get(row["kind"], OTHER).thread is Thread.INCIDENT or (known is not None and known.about == "incident")


def _tell(tx: Transaction, parts: Parts, version: Row, row: Row, reason: str) -> None:
    """Tell owners and whoever leads incidents, at the gates that the incident is dealt with at."""
    concerned = {person.id for role in _CONCERNED for person in parts.people.holding(role, version["model"])}
    begun = tx.all(lookups.OCCURRENCES_ABOUT, model_version_id=version["id"], about=row["about"])
    gates = {spec.id for one in begun for spec in parts.rules.gates_opened_by(OCCURRENCE_TYPES + one["kind"])}
    for gate in sorted(gates):
        found = tx.one(
            lookups.GATE_RUN_ON_PLAIN, model_version_id=version["id"], gate=gate, occasion=row["about"] or row["kind"]
        )
        if found is not None:
            run = load_run(tx, parts, found["id"], tx.now)
            tell(tx, parts, run, NoticeKind.WITHDRAWN, reasons=[reason], people=sorted(concerned), occurrence=row["id"])
