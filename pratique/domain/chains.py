"""Chains of evidence: what replaces what. Only the newest of a chain is judged."""

from __future__ import annotations

from collections.abc import Iterable

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


def why_replaced(exhibit: Exhibit, later: Exhibit) -> str:
    """Say why a piece that was replaced by one that does not speak to the same requirement is not judged."""
    replaced, by = exhibit.evidence.filename, later.evidence
    if by.reading is not Reading.READ:
        return f"{replaced} was replaced by {by.filename}, which could not be read: {by.reading_reason or by.reading}"
    return f"{replaced} was replaced by {by.filename}, which does not speak to this"
