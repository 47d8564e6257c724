"""Page numbers in the URL, and the links to the pages beside this one."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.web.dashboard.shell import with_query

#: Beyond this an OFFSET is a mistake or an attack.
MAX_PAGE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where this page stands, for the line below a table."""

    page: int
    pages: int
    first: int  #: number of the first row shown, 0 where there is none
    last: int
    total: int
    previous: str | None
    following: str | None


def page_number(text: str) -> int:
    """Return the page number that `text` names; anything else is the first page."""
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        return 1
    return min(max(1, int(text)), MAX_PAGE)


def pager(path: str, page: int, size: int, total: int, **query: str) -> Pager:
    """Return the pager of `page`; the links keep the filters of `query`."""
    pages = max(1, -(-total // size))
    first = (page - 1) * size + 1 if (page - 1) * size < total else 0
    return Pager(
        page=page,
        pages=pages,
        first=first,
        last=min(page * size, total) if first else 0,
        total=total,
        previous=with_query(path, **query, page=min(page - 1, pages)) if page > 1 else None,
        following=with_query(path, **query, page=page + 1) if page < pages else None,
    )
