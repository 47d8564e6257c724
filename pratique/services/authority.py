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
