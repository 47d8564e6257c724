"""An edition of a regime: one immutable bundle of rules, pinned by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from pratique.canonical import digest_of
from pratique.domain.regime.appendices import Appendices
from pratique.domain.regime.clocks import Clocks
from pratique.domain.regime.deadlines import DeadlineRule
from pratique.domain.regime.documents import DocumentSchema
from pratique.domain.regime.items import RegimeData, RuleId, Sourced, Text, Word
from pratique.domain.regime.measures import Chapter, Measure
from pratique.domain.regime.scope import ScopeRules, scope_items
from pratique.domain.regime.taxonomy import Taxonomy
from pratique.domain.regime.vocabulary import Vocabulary

EditionId = Annotated[
    str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*$", max_length=80)
]


class SourceDocument(RegimeData):
    """A document that rules were read in."""

    id: RuleId
    title: Text
    tier: Text  #: primary text, copy of it, guidance, third-party reading


class Act(Sourced):
    """An article that the code serves, or leans on."""

    id: Word
    title: Text
    summary: Text


class Counts(RegimeData):
    """How many there must be, so that a rule that got lost is seen."""

    chapters: int
    commitments: int
    measures: int
    objectives: int
    deadlines: int


class Imprint(RegimeData):
    """`edition.yaml`: what the edition is."""

    format: Literal["pratique.edition/1"]
    id: EditionId
    title: Text
    published: date
    adequacy_confirmed: date | None = None
    status: Text
    checked: date  #: when its sources were last searched
    legal_nature: Text
    counts: Counts
    sources: tuple[SourceDocument, ...] = Field(min_length=1)


class Edition(RegimeData):
    """Everything that is known of one edition."""

    imprint: Imprint
    vocabulary: Vocabulary
    chapters: tuple[Chapter, ...] = Field(min_length=1)
    acts: tuple[Act, ...] = ()
    deadlines: tuple[DeadlineRule, ...] = ()
    taxonomy: Taxonomy
    appendices: Appendices | None = None
    documents: tuple[DocumentSchema, ...] = ()
    scope: ScopeRules | None = None  #: who owes what
    clocks: Clocks | None = None  #: what starts and meets its time limits

    @property
    def id(self) -> str:
        """`<regime>@<edition>`."""
        return self.imprint.id

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the whole bundle; another figure anywhere gives another one.

        What says nothing but its default is left out: an edition that did not change keeps its digest when an engine
        knows more members than the one before.
        """
        return digest_of(self.model_dump(mode="json", exclude_defaults=True))

    def measures(self) -> Iterator[Measure]:
        """Yield the measures of all chapters in order."""
        for chapter in self.chapters:
            yield from chapter.measures()

    @cached_property
    def deadline_by_id(self) -> dict[str, DeadlineRule]:
        """Time limits by id."""
        return {rule.id: rule for rule in self.deadlines}

    @cached_property
    def item_by_id(self) -> dict[str, Sourced]:
        """Everything that has an id and a source: chapters' parts, acts, time limits, appendix items, documents."""
        return {found[1]: found[2] for found in items(self)}


def items(edition: Edition) -> Iterator[tuple[str, str, Sourced]]:
    """Yield (path, id, item) of everything that has an id and a source."""
    for chapter in edition.chapters:
        yield chapter.id, chapter.id, chapter
        for commitment in chapter.commitments:
            yield f"{chapter.id}[{commitment.id}]", commitment.id, commitment
            for measure in commitment.measures:
                yield f"{chapter.id}[{measure.id}]", measure.id, measure
    for act in edition.acts:
        yield f"acts[{act.id}]", act.id, act
    for rule in edition.deadlines:
        yield f"deadlines[{rule.id}]", rule.id, rule
    for document in edition.documents:
        yield f"documents[{document.id}]", document.id, document
    if edition.appendices is not None:
        yield "appendices.similarly_safe", edition.appendices.similarly_safe.id, edition.appendices.similarly_safe
        for topic in edition.appendices.evaluations:
            yield f"appendices.evaluations[{topic.id}]", topic.id, topic
        for objective in edition.appendices.security.objectives():
            yield f"appendices.security[{objective.id}]", objective.id, objective
    if edition.scope is not None:
        yield from scope_items(edition.scope)
