"""Chains of evidence: what replaces what. Only the newest of a chain is judged, at the latest date of the chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pratique.domain.evidence import Reading
from pratique.domain.exhibit import Exhibit


def replacements(exhibits: Iterable[Exhibit]) -> dict[str, Exhibit]:
    """Return the newest of its chain for each piece of evidence that was replaced, by id."""
    later = {one.evidence.revises: one for one in exhibits if one.evidence.revises is not None}
    newest: dict[str, Exhibit] = {}
    for replaced, next_one in later.items():
        found, seen = next_one, {replaced}
        while found.evidence.id in later and found.evidence.id not in seen:
            seen.add(found.evidence.id)
            found = later[found.evidence.id]
        newest[replaced] = found
    return newest


def ranked_at(exhibits: Iterable[Exhibit], newest: Mapping[str, Exhibit]) -> dict[str, datetime]:
    """Return the moment that orders each exhibit, by id: its own date, for the newest of a chain the chain's latest.

    So a revision dated earlier than what it replaces stands where that stood, and nothing older comes before it.

    Args:
        exhibits: all of a model version.
        newest: what `replacements` found for them.
    """
    found = {one.evidence.id: one.evidence.dated_at for one in exhibits}
    own = dict(found)
    for replaced, head in newest.items():
        if replaced in own:
            found[head.evidence.id] = max(found[head.evidence.id], own[replaced])
    return found


def why_replaced(exhibit: Exhibit, later: Exhibit) -> str:
    """Say why a piece that was replaced by one that does not speak to the same requirement is not judged."""
    replaced, by = exhibit.evidence.filename, later.evidence
    if by.reading is not Reading.READ:
        return f"{replaced} was replaced by {by.filename}, which could not be read: {by.reading_reason or by.reading}"
    return f"{replaced} was replaced by {by.filename}, which does not speak to this"
