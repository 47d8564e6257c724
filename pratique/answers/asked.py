"""What a pipeline asks, as its hook's delivery says it, and what it is to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pratique.canonical import strict_json
from pratique.domain.asking import Standing, Verdict
from pratique.errors import InvalidInputError


class NotAskedError(Exception):
    """A delivery asks nothing that could be answered; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is to be told at this moment."""

    verdict: Verdict
    comment: str  #: Markdown
    standings: tuple[Standing, ...]  #: of every gate that was asked for
    said: str  #: verdict and comment that were told last; empty: none
    reports: int  #: told so far that were neither approval nor rejection

    @property
    def saying(self) -> str:
        """Verdict and comment in one, to be compared with what was told last."""
        return f"{self.verdict.value}\n{self.comment}"

    @property
    def said_verdict(self) -> Verdict | None:
        """The verdict that was told last."""
        return Verdict(self.said.partition("\n")[0]) if self.said else None


def body_of(raw: bytes) -> dict[str, Any]:
    """Return the body of a delivery.

    Raises:
        NotAskedError: it is no JSON object.
    """
    try:
        value = strict_json(raw, "the body")
    except InvalidInputError as error:
        raise NotAskedError(error.message) from None
    return member(value)


def member(value: Any, *path: str) -> dict[str, Any]:
    """Return the object that a path leads to.

    Raises:
        NotAskedError: there is none.
    """
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, dict):
        raise NotAskedError(f"the delivery has no object {'.'.join(path) or 'at all'}")
    return value


def number(value: Any, name: str) -> int:
    """Return a positive integer of a delivery.

    Raises:
        NotAskedError: it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise NotAskedError(f"the delivery has no number {name}")
