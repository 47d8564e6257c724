"""The findings of gate runs as the API, the SDK and the pages show them, made once for each text of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.shelf import Shelf
from pratique.domain.spec import Checkpoint, GateSpec, Requirement

#: Most findings kept, of all lists together. One as it is shown holds about a kilobyte.
MAX_FINDINGS = 4_000


class FindingList:
    """Findings as a row holds them, beside the spec that asked for them. What it gives is shared: only read it."""

    def __init__(self, spec: GateSpec, text: str) -> None:
        self._spec = spec
        self.stored: list[dict[str, Any]] = stored_json(text)

    @cached_property
    def shown(self) -> list[dict[str, Any]]:
        """Each finding with what it is about."""
        return [self._shown(value) for value in self.stored]

    def _shown(self, value: dict[str, Any]) -> dict[str, Any]:
        shown = {"enforced": True, "evidence": None, **value}
        placed = self._spec.placed.get(value["requirement"])
        if placed is not None:
            shown |= _described(*placed)
        return shown


class FindingLists:
    """The lists used last: a gate run that is asked for again mostly has the same findings."""

    def __init__(self, *, max_findings: int = MAX_FINDINGS) -> None:
        self._kept = Shelf[FindingList](max_findings)

    def of(self, spec: GateSpec, digest: str, text: str) -> FindingList:
        """Return the findings in `text`, as a row of a gate run holds them.

        Args:
            spec: the spec that the gate run pinned.
            digest: of that spec.
            text: a JSON list of findings.
        """
        found = self._kept.get((digest, text))
        if found is None:
            found = FindingList(spec, text)
            self._kept.put((digest, text), found, max(len(found.stored), 1))
        return found


def _described(checkpoint: Checkpoint, requirement: Requirement) -> dict[str, Any]:
    return {
        "title": requirement.title,
        "checkpoint_kind": checkpoint.kind.value,
        "checkpoint_title": checkpoint.title,
        "measures": list(requirement.measures),
        "why": requirement.why,
        "owner": requirement.owner,
    }
