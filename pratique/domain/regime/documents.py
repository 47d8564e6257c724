"""Documents that a regime asks for, field by field."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from pratique.domain.regime.items import RegimeData, Sourced, Text, Word


class DocumentField(RegimeData):
    """One field of a document."""

    id: Word
    label: Text
    type: Text
    required: bool
    recipients: tuple[Word, ...] = ()
    recipients_verified: bool = True
    unverified: Text | None = None
    stage: Word | None = None
    words: int | None = Field(default=None, ge=1)  #: recommended length
    annex: Text | None = None
    summary: str = ""


class DocumentSection(RegimeData):
    """A group of fields."""

    id: Word
    title: Text
    fields: tuple[DocumentField, ...] = Field(min_length=1)


class DocumentVariant(RegimeData):
    """A shorter form of a document."""

    id: Word
    title: Text
    summary: Text
    fields: tuple[Word, ...]


class DocumentSchema(Sourced):
    """One document."""

    id: Word
    title: Text
    applies_to: Text | None = None
    disclosure: Text | None = None
    notes: Text | None = None
    sections: tuple[DocumentSection, ...] = Field(min_length=1)
    variants: tuple[DocumentVariant, ...] = ()

    def fields_in_order(self) -> Iterator[DocumentField]:
        """Yield the fields of all sections."""
        for section in self.sections:
            yield from section.fields
