"""What every rule of a regime carries: an id, own words, and where it was read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: Ids of rules as their source numbers them: `S-3.2`, `T-C1`, `S-A4.1.2`, `ACT-52-1`, `S-9.3-2D`.
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*$", max_length=40)]
#: Ids of words: `pre_training`, `exec_risk_owner`, `art-52`.
Word = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class RegimeData(BaseModel):
    """Immutable data without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(RegimeData):
    """Where a rule was read."""

    document: RuleId  #: id of a source of the edition
    clause: Text  #: measure, article, appendix
    edition: date | None  #: date of the text that was read; None where the source bears none


class Sourced(RegimeData):
    """Something that was read somewhere."""

    source: Source
    verified: bool  #: it was seen in that source
    unverified: Text | None = None  #: which part of it was not


class Titled(RegimeData):
    """A word with its meaning."""

    id: Word
    title: Text


class Described(Titled):
    """A word with its meaning and a gloss."""

    gloss: str = ""
