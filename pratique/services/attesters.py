"""Who attests evidence now: what the judge sees of attestations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from pratique.store.queries import Query
from pratique.store.reader import Reader
from pratique.store.tables import AttestationRow

_attestation = AttestationRow.__table__  # type: ignore[attr-defined]
_STANDING = Query(
    select(_attestation.c.evidence, _attestation.c.person).where(
        _attestation.c.model_version_id == bindparam("model_version_id"), _attestation.c.withdrawn_at.is_(None)
    )
)
#: Facts under these names are the engine's, whatever a file says.
_OF_THE_ENGINE = frozenset({"attested", "attested_by", "attested_by_others"})


def attesters_of(reader: Reader, model_version_id: str) -> dict[str, tuple[str, ...]]:
    """Return evidence -> the people whose word on it stands, sorted; evidence that nobody attests is left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in reader.all(_STANDING, model_version_id=model_version_id):
        found[row["evidence"]].add(row["person"])
    return {evidence: tuple(sorted(people)) for evidence, people in found.items()}


def attested(facts: Mapping[str, Any], people: tuple[str, ...], submitter: str) -> Mapping[str, Any]:
    """Return facts with who attests them; what a file says of that itself counts for nothing.

    Where a token or a source submitted the file, nobody knows which person did: any one of those who attest it may
    have. All but one of them are others then, and one alone is none.

    Args:
        facts: as they were read.
        people: who attests the file, sorted.
        submitter: id of a person, or what sent it, such as `token:...` or `source:...`.
    """
    if not people and _OF_THE_ENGINE.isdisjoint(facts):
        return facts
    others = list(people[1:]) if ":" in submitter else [person for person in people if person != submitter]
    return {**facts, "attested": bool(people), "attested_by": list(people), "attested_by_others": others}
