"""Facts about evidence that is collected by itself."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCollected(Fact):
    """A source was asked for evidence of a model version: what it gave, or why it gave nothing.

    `files` lists {evidence, filename, sha256} of what is evidence now, also where it was before.
    """

    tag = "source:version:collected"
    filed_under = ("model", "model_version_id")
    id: str
    source: str
    model_version_id: str
    state: str  #: collected or failed
    reason: str  #: of a failure; else empty
    failures: int  #: in a row, with this one; 0 after a success
    as_of: str  #: when the engine ordered it: what happened since is not answered by it
    succeeded_at: str | None  #: `as_of` of the last that succeeded, this one included; None: none did
    files: list[dict[str, Json]]
    credential: str
