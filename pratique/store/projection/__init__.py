"""How the journal becomes rows: one pure function a tag, used by the writer and by replay alike."""

from __future__ import annotations

from pratique.errors import IntegrityError
from pratique.store.changes import Change
from pratique.store.projection.access import ACCESS
from pratique.store.projection.attestations import ATTESTATIONS
from pratique.store.projection.clocks import CLOCKS
from pratique.store.projection.decisions import DECISIONS
from pratique.store.projection.evidence import EVIDENCE
from pratique.store.projection.flow_runs import FLOW_RUNS
from pratique.store.projection.gates import GATES
from pratique.store.projection.holds import HOLDS
from pratique.store.projection.hooks import HOOKS
from pratique.store.projection.models import MODELS
from pratique.store.projection.notices import NOTICES
from pratique.store.projection.profiles import PROFILES
from pratique.store.projection.regimes import REGIMES
from pratique.store.projection.sources import SOURCES
from pratique.store.projection.subscriptions import SUBSCRIPTIONS
from pratique.store.projection.values import Projector, Values

__all__ = ["Projector", "Values", "project"]

_PROJECTORS: dict[str, Projector] = {
    **MODELS,
    **GATES,
    **EVIDENCE,
    **HOLDS,
    **ATTESTATIONS,
    **DECISIONS,
    **NOTICES,
    **FLOW_RUNS,
    **ACCESS,
    **PROFILES,
    **CLOCKS,
    **REGIMES,
    **HOOKS,
    **SUBSCRIPTIONS,
    **SOURCES,
}


def project(tag: str, values: Values, at: str) -> tuple[Change, ...]:
    """Return what an entry does to the rows, in order.

    Args:
        tag: the entry's tag.
        values: its members.
        at: when it was written (27 characters).

    Raises:
        IntegrityError: nobody knows this tag.
    """
    try:
        projector = _PROJECTORS[tag]
    except KeyError:
        raise IntegrityError(f"journal tag {tag!r} is unknown; this ledger was written by a newer version") from None
    return projector(values, at)
