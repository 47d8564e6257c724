"""Turning the pages of a list: from a row on, or back to it, so that a late page costs what the first one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pratique.web.dashboard.rows import Place, Turn
from pratique.web.dashboard.shell import with_query

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """The line below a table."""

    shown: int
    total: int | None  #: None where counting would read every row
    first: str | None  #: None on the first page
    previous: str | None
    following: str | None


class Paged(Protocol):
    """A page of some list."""

    @property
    def rows(self) -> Sequence[object]:
        """The rows of this page."""
        ...

    @property
    def total(self) -> int | None:
        """Rows of all pages, where that is known."""
        ...

    @property
    def place(self) -> Place:
        """What lies beside it."""
        ...


class Cut(Generic[T]):
    """The rows of one page in their order, cut out of one more than fit on it."""

    def __init__(self, found: Sequence[T], size: int, turn: Turn, *, is_anchored: bool) -> None:
        """Cut.

        Args:
            found: at most `size` + 1 rows, read away from the anchor.
            size: how many fit.
            turn: where the page begins or ends.
            is_anchored: the row that `turn` names exists; else this is the first page.
        """
        is_backward = is_anchored and not turn.after
        self.rows = list(found[:size])
        has_more = len(found) > size
        if is_backward:
            self.rows.reverse()
        self.has_previous = has_more if is_backward else is_anchored
        self.has_following = is_backward or has_more

    def place(self, first: str, last: str) -> Place:
        """Return what lies beside the page, given the names of its first and last row."""
        return Place(
            previous=first if self.has_previous and self.rows else None,
            following=last if self.has_following and self.rows else None,
        )


def pager(path: str, page: Paged, turn: Turn, **query: str) -> Pager:
    """Return the pager of a page; its links keep the filters of `query`."""
    place = page.place
    return Pager(
        shown=len(page.rows),
        total=page.total,
        first=with_query(path, **query) if turn.after or turn.before else None,
        previous=with_query(path, **query, before=place.previous) if place.previous else None,
        following=with_query(path, **query, after=place.following) if place.following else None,
    )
