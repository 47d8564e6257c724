"""Facts about the editions that an installation works under."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionAdopted(Fact):
    """The installation moved to an edition of a regime, or to other gates under it."""

    tag = "regime:edition:adopted"
    filed_under = ("regime", "regime")
    id: str
    regime: str
    edition: str
    digest: str  #: of the edition's bundle
    gates: Json  #: gate -> digest of its spec
    reason: str
    content: Json  #: what changed, and which gate runs that touched
    was_edition: str | None = None
    was_digest: str | None = None
    person: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
