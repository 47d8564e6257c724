"""Who may act on a gate run, and what every act needs."""

from __future__ import annotations

from pratique.domain.gates import FINAL_STATES, GateState
from pratique.domain.people import Person
from pratique.errors import ConflictError, InvalidInputError, NotAllowedError
from pratique.services.loaded_run import LoadedRun
from pratique.services.parts import Parts

_MAX_REASON = 4000


def known_person(parts: Parts, person_id: str) -> Person:
    """Return the person.

    Raises:
        NotAllowedError: nobody of that id is in people.yaml.
    """
    person = parts.people.find(person_id)
    if person is None:
        raise NotAllowedError(f"{person_id!r} is not among the people of this installation")
    return person


def check_reason(reason: str) -> None:
    """Refuse an empty or oversized reason.

    Raises:
        InvalidInputError: says so.
    """
    if not reason.strip() or len(reason) > _MAX_REASON or "\x00" in reason:
        raise InvalidInputError(f"reason: expected 1 to {_MAX_REASON} characters, found {len(reason.strip())}")


def refuse_stale_look(run: LoadedRun, *, basis: str, row_version: int | None = None) -> None:
    """Refuse an act on something else than what the person saw.

    Args:
        run: the gate run as it is.
        basis: digest of what was shown.
        row_version: version of the row that was shown, where that matters too.

    Raises:
        ConflictError: with what differs.
    """
    # What stands is the evaluation of this moment; the row may still show what ran out since the last sweep.
    expected = run.evaluation.basis if run.evaluation.basis != basis else run.row["basis"]
    differs = [{"member": "basis", "found": basis, "expected": expected}] if basis != expected else []
    if row_version is not None and row_version != run.row["row_version"]:
        differs.append({"member": "row_version", "found": row_version, "expected": run.row["row_version"]})
    if differs:
        told = "; ".join(f"{d['member']} found {_short(d['found'])}, expected {_short(d['expected'])}" for d in differs)
        raise ConflictError(
            f"the gate is no longer what was shown: {told}", hint="look at the gate again, then act", differs=differs
        )


def _short(value: object) -> str:
    return str(value)[:12]


def refuse_settled(run: LoadedRun) -> None:
    """Refuse what changes nothing any more.

    Raises:
        ConflictError: the run is cleared or final.
    """
    if run.state in FINAL_STATES or run.state is GateState.CLEARED:
        raise ConflictError(f"the gate run is {run.state.value}; this changes nothing any more")


def role_among(run: LoadedRun, person: Person, roles: dict[str, int]) -> str:
    """Return the first of these roles that the person holds for the run's model.

    Raises:
        NotAllowedError: none of them.
    """
    for role in roles:
        if person.holds(role, run.version["model"]):
            return role
    raise NotAllowedError(
        f"{person.id} holds none of the roles that may do this: {', '.join(roles) or 'none are named'}",
        hint="roles come from people.yaml",
    )
