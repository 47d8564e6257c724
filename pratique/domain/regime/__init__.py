"""Editions of a regime as typed, immutable data."""

from pratique.domain.regime.deadlines import Binding, DeadlineRule, Direction
from pratique.domain.regime.edition import Act, Edition, Imprint, items
from pratique.domain.regime.measures import Chapter, Commitment, Measure
from pratique.domain.regime.soundness import Flaw, flaws
from pratique.domain.regime.taxonomy import Taxonomy

__all__ = [
    "Act",
    "Binding",
    "Chapter",
    "Commitment",
    "DeadlineRule",
    "Direction",
    "Edition",
    "Flaw",
    "Imprint",
    "Measure",
    "Taxonomy",
    "flaws",
    "items",
]
