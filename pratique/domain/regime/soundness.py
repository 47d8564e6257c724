"""What makes an edition whole: ids that stand once, references that lead somewhere, counts that agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pratique.domain.regime.clock_soundness import unsound
from pratique.domain.regime.deadlines import UNITS
from pratique.domain.regime.edition import Edition, items
from pratique.domain.regime.measures import Measure
from pratique.domain.regime.scope import misplaced


class Flaw(NamedTuple):
    """One thing that is wrong."""

    path: str
    found: str
    expected: str


def flaws(edition: Edition) -> Iterator[Flaw]:
    """Yield everything that is wrong with an edition whose parts are each well formed."""
    yield from _doubled(edition)
    yield from _unsourced(edition)
    for measure in edition.measures():
        yield from _dangling(edition, measure)
    yield from _deadlines(edition)
    yield from _miscounted(edition)
    if edition.scope is not None:
        yield from (Flaw(*found) for found in misplaced(edition.scope))
    if edition.clocks is not None:
        yield from (Flaw(*found) for found in unsound(edition.clocks, edition.deadline_by_id))


def _doubled(edition: Edition) -> Iterator[Flaw]:
    seen: dict[str, str] = {}
    for path, name, _ in items(edition):
        if name in seen:
            yield Flaw(path, f"id {name!r}, which {seen[name]} has too", "each id once")
        seen.setdefault(name, path)
    for what, ids in _word_lists(edition):
        yield from (Flaw(what, f"{one!r} twice", "each once") for index, one in enumerate(ids) if one in ids[:index])


def _word_lists(edition: Edition) -> Iterator[tuple[str, list[str]]]:
    words = edition.vocabulary
    yield "vocabulary.moments", [moment.id for moment in words.moments]
    yield "vocabulary.roles", [role.id for role in words.roles]
    yield "taxonomy.always_assess", [risk.id for risk in edition.taxonomy.always_assess]
    yield "taxonomy.types", [kind.id for kind in edition.taxonomy.types]
    yield "edition.sources", [source.id for source in edition.imprint.sources]
    for document in edition.documents:
        for section in document.sections:
            yield f"documents[{document.id}].sections[{section.id}].fields", [field.id for field in section.fields]


def _unsourced(edition: Edition) -> Iterator[Flaw]:
    known = [source.id for source in edition.imprint.sources]
    for path, _, item in items(edition):
        yield from _unknown(f"{path}.source.document", [item.source.document], known)
    yield from _unknown("taxonomy.source.document", [edition.taxonomy.source.document], known)


def _dangling(edition: Edition, measure: Measure) -> Iterator[Flaw]:
    words = edition.vocabulary
    path = f"[{measure.id}]"
    yield from _unknown(f"{path}.deadlines", measure.deadlines, edition.deadline_by_id)
    yield from _unknown(f"{path}.moments", measure.moments, [moment.id for moment in words.moments])
    yield from _unknown(f"{path}.roles", measure.roles, [role.id for role in words.roles])
    yield from _unknown(f"{path}.applies_to", [measure.applies_to], words.applies_to)
    yield from _unknown(f"{path}.proofs.kind", [proof.kind for proof in measure.proofs], words.proof_kinds)


def _deadlines(edition: Edition) -> Iterator[Flaw]:
    words = edition.vocabulary
    actors = [*(role.id for role in words.roles), "commission"]
    for rule in edition.deadlines:
        yield from _unknown(f"deadlines[{rule.id}].unit", [rule.unit], {*words.units} & {*UNITS, "none"})
        yield from _unknown(f"deadlines[{rule.id}].actor", [rule.actor], actors)
        yield from _unknown(f"deadlines[{rule.id}].applies_to", [rule.applies_to], words.applies_to)
    for document in edition.documents:
        known = [field.id for field in document.fields_in_order()]
        for variant in document.variants:
            yield from _unknown(f"documents[{document.id}].variants[{variant.id}].fields", variant.fields, known)


def _miscounted(edition: Edition) -> Iterator[Flaw]:
    security = edition.appendices.security if edition.appendices is not None else None
    found = {
        "chapters": len(edition.chapters),
        "commitments": sum(len(chapter.commitments) for chapter in edition.chapters),
        "measures": len(list(edition.measures())),
        "objectives": len(list(security.objectives())) if security is not None else 0,
        "deadlines": len(edition.deadlines),
    }
    for name, expected in edition.imprint.counts.model_dump().items():
        if found[name] != expected:
            yield Flaw(f"edition.counts.{name}", f"{found[name]} of them", f"{expected}, as edition.yaml says")


def _unknown(path: str, given: Iterable[str], known: Iterable[str]) -> Iterator[Flaw]:
    allowed = set(known)
    for name in given:
        if name not in allowed:
            yield Flaw(path, repr(name), f"one of {', '.join(sorted(allowed)) or 'none'}"[:200])
