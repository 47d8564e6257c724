"""The journal only grows, and its chain holds every entry once, in one order."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import opened, settings_of, write_all
from ledger_story import Story
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pratique.domain.entries import SignedIn
from pratique.services.verify import verify_ledger
from pratique.store.databases import open_database
from pratique.store.ledger import Ledger

PAIRS = "SELECT l.seq, l.link, e.position, e.body FROM journal_link l JOIN journal_entry e ON e.position = l.position"


def chain(url: str) -> list[Any]:
    engine = open_database(url).engine
    with engine.connect() as connection:
        rows = list(connection.execute(text(f"{PAIRS} ORDER BY l.seq")))
    engine.dispose()
    return rows


def sign_in(ledger: Ledger, person: str) -> None:
    ledger.write("engine:test", lambda tx: tx.record(SignedIn(person=person)))


@pytest.mark.parametrize("table", ["journal_entry", "journal_link"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET position = position", "DELETE FROM {}", "DELETE FROM {} WHERE position = 1", "TRUNCATE {}"],
)
def test_the_database_refuses_to_change_the_journal(ledger_url: str, table: str, statement: str) -> None:
    if "sqlite" in ledger_url and "TRUNCATE" in statement:
        return  # SQLite has no such statement
    with opened(ledger_url) as ledger:
        sign_in(ledger, "mira")
    engine = open_database(ledger_url).engine
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement.format(table)))
    engine.dispose()
    assert len(chain(ledger_url)) == 1


@pytest.mark.parametrize(
    ("table", "row", "key"),
    [
        ("journal_entry", "position, id, at, 'x', subject, body", "position"),
        ("journal_link", "seq, position, link", "seq"),
        ("journal_link", "seq + 1, position, link", "position"),
    ],
)
def test_the_database_refuses_a_row_in_the_place_of_another(ledger_url: str, table: str, row: str, key: str) -> None:
    with opened(ledger_url) as ledger:
        sign_in(ledger, "mira")
    if "sqlite" in ledger_url:
        statement = f"INSERT OR REPLACE INTO {table} SELECT {row} FROM {table}"
    else:
        statement = f"INSERT INTO {table} SELECT {row} FROM {table} ON CONFLICT ({key}) DO UPDATE SET {key} = 9"
    before = chain(ledger_url)
    engine = open_database(ledger_url).engine
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert chain(ledger_url) == before


def test_every_link_can_be_computed_by_hand(ledger_url: str) -> None:
    with opened(ledger_url) as ledger:
        write_all(ledger, Story(1).facts(40), at_once=7)
    link = bytes(32)
    for number, (seq, found, _position, body) in enumerate(chain(ledger_url), start=1):
        link = hashlib.sha256(link + hashlib.sha256(bytes(body)).digest()).digest()
        assert (seq, bytes(found)) == (number, link)


def test_a_restart_goes_on_where_the_chain_ended(ledger_url: str, tmp_path: Path) -> None:
    for person in ("mira", "jonas", "ines"):
        with opened(ledger_url) as ledger:
            sign_in(ledger, person)
            sign_in(ledger, person)
    assert [row[0] for row in chain(ledger_url)] == [1, 2, 3, 4, 5, 6]
    assert verify_ledger(settings_of(ledger_url, tmp_path)).problems == []


def test_a_closed_ledger_has_nothing_left_to_seal(ledger_url: str) -> None:
    with opened(ledger_url) as ledger:
        for _ in range(20):
            sign_in(ledger, "mira")
    assert len(chain(ledger_url)) == 20


def test_a_row_replaced_past_the_triggers_is_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with opened(url) as ledger:
        sign_in(ledger, "mira")
        sign_in(ledger, "jonas")
    engine = open_database(url).engine
    with engine.begin() as connection:  # who owns the file can drop what guards it
        connection.execute(text("DROP TRIGGER journal_entry_no_replace"))
        connection.execute(
            text(
                "INSERT OR REPLACE INTO journal_entry"
                " SELECT 1, id, at, tag, subject, body FROM journal_entry WHERE position = 2"
            )
        )
    engine.dispose()
    assert any("journal entry 1 " in line for line in verify_ledger(settings_of(url, tmp_path)).problems)


def test_two_writers_of_one_sqlite_file_still_make_one_chain(tmp_path: Path) -> None:
    """The lock file keeps a second engine out; should one get past it (a network drive), the chain must hold."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with opened(url) as first:
        second = Ledger(url)
        second._writer.start()
        for _ in range(5):
            sign_in(first, "mira")
            sign_in(second, "jonas")
        second._writer.close()
        second.database.engine.dispose()
    assert len(chain(url)) == 10
    assert verify_ledger(settings_of(url, tmp_path)).problems == []


@pytest.mark.postgres
def test_several_sealers_link_every_entry_once_and_in_the_order_of_each_writer(
    postgres_url: str, tmp_path: Path
) -> None:
    with opened(postgres_url) as first, opened(postgres_url) as second, opened(postgres_url) as third:

        def work(ledger: Ledger, name: str) -> None:
            for number in range(60):
                sign_in(ledger, f"{name}{number:03}")

        threads = [threading.Thread(target=work, args=pair) for pair in ((first, "a"), (second, "b"), (third, "c"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    rows = chain(postgres_url)
    assert [row[0] for row in rows] == list(range(1, 181))
    assert len({row[2] for row in rows}) == 180
    for name in (b"a", b"b", b"c"):
        mine = [bytes(row[3]).split(b'"person":"')[1][:4] for row in rows]
        mine = [person for person in mine if person.startswith(name)]
        assert mine == sorted(mine)
    report = verify_ledger(settings_of(postgres_url, tmp_path))
    assert report.problems == []
    assert report.counts["unsealed"] == 0


@pytest.mark.postgres
def test_an_entry_committed_late_is_linked_late_and_verifies(postgres_url: str, tmp_path: Path) -> None:
    """Positions are drawn before the commit; the chain's order is that of sealing."""
    with opened(postgres_url) as early, opened(postgres_url) as late:
        drawn, go = threading.Event(), threading.Event()
        append = late.database.append

        def slow_append(cursor: Any, entries: Any, head: Any) -> None:
            append(cursor, entries, head)
            drawn.set()
            go.wait(10)

        late.database.append = slow_append  # type: ignore[method-assign]
        future = late.submit("engine:test", lambda tx: tx.record(SignedIn(person="late")))
        assert drawn.wait(10)
        for number in range(3):
            sign_in(early, f"early{number}")
        for _ in range(100):
            if len(chain(postgres_url)) == 3:
                break
            threading.Event().wait(0.05)
        go.set()
        future.result(10)
    assert [row[2] for row in chain(postgres_url)] == [2, 3, 4, 1]
    assert verify_ledger(settings_of(postgres_url, tmp_path)).problems == []
