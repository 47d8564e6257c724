"""The findings of gate runs as the API, the SDK and the pages show them, made once for each text of them."""

from __future__ import annotations

from typing import Any

from pratique.canonical import stored_json
from pratique.domain.instances import NamedRisk, placed_requirement
from pratique.domain.spec import Checkpoint, GateSpec, Requirement
from pratique.services.shelf import Shelf

#: Most findings kept, of all lists together. One as it is shown holds about a kilobyte.
MAX_FINDINGS = 4_000


class FindingLists:
    """The lists used last: a gate run that is asked for again mostly has the same findings."""

    def __init__(self, *, max_findings: int = MAX_FINDINGS) -> None:
        self._kept = Shelf[list[dict[str, Any]]](max_findings)

    def of(self, spec: GateSpec, digest: str, text: str, *, risks: tuple[NamedRisk, ...] = ()) -> list[dict[str, Any]]:
        """Return the findings in `text`, each with what it is about. The list is shared: only read it.

        Args:
            spec: the spec that the gate run pinned, not one made of it.
            digest: of that spec.
            text: a JSON list of findings, as a row of a gate run holds it.
            risks: identified risks of the model version, by whose titles requirements made for a risk are shown.
        """
        key = (digest, text, risks)
        found = self._kept.get(key)
        if found is None:
            found = [_shown(spec, value, risks) for value in stored_json(text)]
            self._kept.put(key, found, max(len(found), 1))
        return found


def _shown(spec: GateSpec, value: dict[str, Any], risks: tuple[NamedRisk, ...]) -> dict[str, Any]:
    shown = {"enforced": True, "evidence": None, **value}
    placed = placed_requirement(spec, value["requirement"], risks)
    if placed is not None:
        shown |= _described(*placed)
    return shown


def _described(checkpoint: Checkpoint, requirement: Requirement) -> dict[str, Any]:
    return {
        "title": requirement.title,
        "checkpoint_kind": checkpoint.kind.value,
        "checkpoint_title": checkpoint.title,
        "measures": list(requirement.measures),
        "why": requirement.why,
        "owner": requirement.owner,
    }
