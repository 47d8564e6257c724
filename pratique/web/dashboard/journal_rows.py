"""The journal out of the ledger, newest first, with subjects made readable."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Select, bindparam, func, literal, or_, select

from pratique.domain.entries import FACTS
from pratique.errors import NotFoundError
from pratique.services.lookups import MODEL_VERSION, MODEL_VERSION_BY_ID, gate_run, model_version
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.portfolio_rows import escaped
from pratique.web.dashboard.rows import JournalFilter, JournalPage, JournalRow

#: Above every sequence number.
_END = 2**62
#: Tags have no index, which every entry would pay for: one page looks for them among so many entries.
TAG_REACH = 20_000

_entry, _link = table_named("journal_entry"), table_named("journal_link")
_base = select(_link.c.seq, _link.c.link, _entry.c.body).join(_entry, _entry.c.position == _link.c.position)


def _page(*where: Any) -> Query:
    statement: Select[Any] = _base.where(
        _link.c.seq < bindparam("before"), _entry.c.tag.like(bindparam("tag"), escape="!"), *where
    )
    return Query(statement.order_by(_link.c.seq.desc()).limit(bindparam("limit")))


_ALL = _page()
_ALL_FROM = _page(_link.c.seq >= bindparam("floor"))
_NEWEST = Query(select(func.max(_link.c.seq)))
_OF_SUBJECT = _page(_entry.c.subject == bindparam("subject"))
_OF_VERSION = _page(
    or_(
        _entry.c.subject == bindparam("subject"),
        _entry.c.subject.in_(
            select(literal("gate:") + gate_run.c.id).where(gate_run.c.model_version_id == bindparam("model_version_id"))
        ),
    )
)
_ONE = Query(_base.where(_link.c.seq == bindparam("seq")))
_GATE_NAME = Query(
    select(model_version.c.model, model_version.c.version, gate_run.c.gate)
    .join(gate_run, gate_run.c.model_version_id == model_version.c.id)
    .where(gate_run.c.id == bindparam("id"))
)


def journal_page(reader: Reader, wanted: JournalFilter, before: int | None, limit: int) -> JournalPage:
    """Return sealed entries below `before`, newest first.

    A search by tag alone ends after `TAG_REACH` entries, and says from where it can go on.
    """
    given: dict[str, Any] = {
        "before": before if before is not None else _END,
        "tag": escaped(wanted.tag) + "%",
        "limit": limit + 1,
    }
    floor = _floor(reader, before) if wanted.tag and not wanted.subject else 0
    rows = reader.all(_ALL_FROM, **given, floor=floor) if floor else _find(reader, wanted.subject, given)
    subjects = _Subjects(reader)
    shown = tuple(_row(row, subjects) for row in rows[:limit])
    older = rows[limit - 1]["seq"] if len(rows) > limit else floor if floor > 1 else None
    return JournalPage(entries=shown, older=older, tags=tuple(FACTS))


def _floor(reader: Reader, before: int | None) -> int:
    """Return the oldest number that a search by tag reaches."""
    newest = reader.value(_NEWEST) or 0
    return max(1, min(before if before is not None else newest + 1, newest + 1) - TAG_REACH)


def journal_entry(reader: Reader, seq: int) -> JournalRow:
    """Return one sealed entry.

    Raises:
        NotFoundError: the chain has no such entry (yet).
    """
    row = reader.one(_ONE, seq=seq)
    if row is None:
        raise NotFoundError(f"journal entry {seq} does not exist")
    return _row(row, _Subjects(reader))


def _find(reader: Reader, subject: str, given: dict[str, Any]) -> list[Row]:
    if not subject:
        return reader.all(_ALL, **given)
    model, slash, version = subject.partition("/")
    if not slash:
        return reader.all(_OF_SUBJECT, **given, subject=subject)
    found = reader.one(MODEL_VERSION, model=model, version=version)
    if found is None:
        return []
    return reader.all(_OF_VERSION, **given, subject=f"model:{found['id']}", model_version_id=found["id"])


class _Subjects:
    """Names for people, looked up once a page."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._names: dict[str, str] = {}

    def name(self, subject: str) -> str:
        if subject not in self._names:
            self._names[subject] = self._look_up(subject)
        return self._names[subject]

    def _look_up(self, subject: str) -> str:
        kind, _, key = subject.partition(":")
        if kind == "gate":
            row = self._reader.one(_GATE_NAME, id=key)
            return f"{row['model']} {row['version']}, {row['gate']}" if row else subject
        if kind == "model":
            row = self._reader.one(MODEL_VERSION_BY_ID, id=key)
            return f"{row['model']} {row['version']}" if row else subject
        return subject


def _row(row: Row, subjects: _Subjects) -> JournalRow:
    entry = orjson.loads(row["body"])
    return JournalRow(seq=row["seq"], link=bytes(row["link"]).hex(), about=subjects.name(entry["subject"]), **entry)
