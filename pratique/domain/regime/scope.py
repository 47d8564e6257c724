"""Who owes what, as data: ordered questions over the profile, each with its source and what is assumed in doubt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pratique.domain.regime.items import RegimeData, Sourced, Text

#: Names of answers, `profile.scope.<name>` of expressions.
ScopeName = Annotated[str, Field(pattern=r"^[a-z]+(?:_[a-z0-9]+)*$", max_length=64)]

_FIGURE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_ANSWER = re.compile(r"\bprofile\s*\.\s*scope\s*\.\s*([A-Za-z_]\w*)")


class Figure(Sourced):
    """A number or a date that the law names; expressions say `{id}`."""

    id: ScopeName
    value: float | str

    @property
    def literal(self) -> str:
        """The figure as CEL writes it."""
        return repr(self.value) if isinstance(self.value, float) else json.dumps(self.value)


class ScopeStep(Sourced):
    """One question. Its answer is `profile.scope.<id>` from here on."""

    id: ScopeName
    question: Text
    when: Text  #: CEL over `profile`, which holds the answers of earlier steps under `scope`
    yes: Text  #: what a true answer rests on, for people
    no: Text  #: what a false one rests on
    unknown: bool  #: what is assumed where it cannot be judged: the side on which duties apply

    def asks_of(self) -> frozenset[str]:
        """Return the steps whose answers it looks at."""
        return frozenset(_ANSWER.findall(self.when))


class ScopeRules(RegimeData):
    """`scope.yaml`."""

    format: Literal["pratique.scope/1"]
    figures: tuple[Figure, ...] = ()
    steps: tuple[ScopeStep, ...] = Field(min_length=1)

    def figure(self, name: str) -> Figure | None:
        """Return the figure of that id, or None."""
        return next((figure for figure in self.figures if figure.id == name), None)

    def expression(self, step: ScopeStep) -> str:
        """Return what `step` asks, in CEL, its figures written out; one that is unknown stays as it is."""
        literals = {figure.id: figure.literal for figure in self.figures}
        return _FIGURE.sub(lambda found: literals.get(found[1], found[0]), step.when)


def scope_items(rules: ScopeRules) -> Iterator[tuple[str, str, Sourced]]:
    """Yield (path, id, item) of everything in `rules` that has a source; ids bear the word `scope`."""
    for figure in rules.figures:
        yield f"scope.figures[{figure.id}]", f"scope.figure.{figure.id}", figure
    for step in rules.steps:
        yield f"scope.steps[{step.id}]", f"scope.{step.id}", step


def misplaced(rules: ScopeRules) -> Iterator[tuple[str, str, str]]:
    """Yield (path, found, expected) of references that lead nowhere: to figures, to later steps, to no step."""
    given: set[str] = set()
    every = {step.id for step in rules.steps}
    for step in rules.steps:
        for name in sorted(step.asks_of() - given):
            which = f"step {name!r}, which stands later" if name in every else f"unknown step {name!r}"
            yield f"scope.steps[{step.id}].when", which, "a step that stands before this one"
        for name in _FIGURE.findall(step.when):
            if rules.figure(name) is None:
                known = ", ".join(figure.id for figure in rules.figures)
                yield f"scope.steps[{step.id}].when", f"unknown figure {name!r}", f"one of {known or 'none'}"
        given.add(step.id)
