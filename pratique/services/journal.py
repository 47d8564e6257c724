"""Reading the journal, page by page, as it was written."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select

from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader

_entry, _link = table_named("journal_entry"), table_named("journal_link")
_PAGE = (
    select(_link.c.seq, _link.c.link, _entry.c.body)
    .join(_entry, _entry.c.position == _link.c.position)
    .where(_link.c.seq > bindparam("after"))
    .order_by(_link.c.seq)
    .limit(bindparam("limit"))
)
_PAGES = {
    (False, False): Query(_PAGE),
    (True, False): Query(_PAGE.where(_entry.c.subject == bindparam("subject"))),
    (False, True): Query(_PAGE.where(_entry.c.tag == bindparam("tag"))),
    (True, True): Query(_PAGE.where(_entry.c.subject == bindparam("subject"), _entry.c.tag == bindparam("tag"))),
}


def journal_page(
    reader: Reader, *, after: int, limit: int, subject: str | None = None, tag: str | None = None
) -> dict[str, Any]:
    """Return sealed entries past a sequence number, oldest first, with the number to go on from (or None)."""
    given: dict[str, Any] = {"after": after, "limit": limit + 1}
    if subject is not None:
        given["subject"] = subject
    if tag is not None:
        given["tag"] = tag
    rows = reader.all(_PAGES[subject is not None, tag is not None], **given)
    entries = [
        {"seq": row["seq"], "link": bytes(row["link"]).hex(), "entry": json.loads(bytes(row["body"]))}
        for row in rows[:limit]
    ]
    return {"entries": entries, "next": entries[-1]["seq"] if len(rows) > limit else None}
