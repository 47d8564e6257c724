"""A ledger that an earlier version wrote is upgraded, replays, verifies, and goes on.

The ledger is `tests/data/ledgers/schema-0001.json.gz`: every row of every table, as that version left them.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import EXAMPLES, opened, settings_of
from sqlalchemy import MetaData, Table, text

from pratique.bootstrap import build_parts, open_parts
from pratique.domain.entries import DecisionMade
from pratique.services.verify import verify_ledger
from pratique.settings import Settings
from pratique.store.blobs import EvidenceFolder
from pratique.store.databases import PostgresDatabase, open_database
from pratique.store.schema import upgrade_schema
from pratique.store.sealer import seal_batch

LEDGERS = Path(__file__).resolve().parents[1] / "data" / "ledgers"


@pytest.fixture(name="before")
def before_fixture() -> dict[str, Any]:
    """What an earlier version left."""
    found: dict[str, Any] = json.loads(gzip.decompress((LEDGERS / "schema-0001.json.gz").read_bytes()))
    return found


@pytest.fixture(name="settings")
def settings_fixture(empty_ledger_url: str, tmp_path: Path, before: dict[str, Any]) -> Settings:
    """An installation with that ledger, as it was."""
    made = settings_of(empty_ledger_url, tmp_path)
    EvidenceFolder(made.evidence_dir, 1000).store([before["file"].encode()])
    database = open_database(empty_ledger_url)
    upgrade_schema(database.engine, before["revision"])
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        for name, rows in before["tables"].items():
            table = Table(name, MetaData(), autoload_with=connection)
            for row in rows:
                connection.execute(table.insert().values({k: value_of(table, k, v) for k, v in row.items()}))
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence('journal_entry', 'position'), max(position))"
                     " FROM journal_entry")
            )  # fmt: skip
        connection.commit()
    database.engine.dispose()
    return made


def value_of(table: Table, column: str, value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return bool(value) if str(table.c[column].type) == "BOOLEAN" and value is not None else value


def test_what_an_earlier_version_wrote_replays_to_the_same_rows(settings: Settings, before: dict[str, Any]) -> None:
    with opened(settings.ledger_url):
        pass
    report = verify_ledger(settings)
    assert report.problems == []
    assert report.counts["entries"] == len(before["tables"]["journal_entry"])
    assert report.counts["files"] == 1


def test_an_upgraded_ledger_takes_new_entries_and_verifies(settings: Settings, before: dict[str, Any]) -> None:
    run = before["tables"]["gate_run"][0]["id"]
    made = next(fact for fact in EXAMPLES if isinstance(fact, DecisionMade))
    values = {**made.values(), "gate_run_id": run}
    with opened(settings.ledger_url) as ledger:
        ledger.write("person:jonas", lambda tx: tx.record(DecisionMade(**values)))
        if isinstance(ledger.database, PostgresDatabase):
            seal_batch(ledger.database)
        with ledger.database.engine.connect() as connection:
            found = connection.execute(text("SELECT id, credential FROM decision WHERE credential IS NOT NULL")).all()
    assert [tuple(row) for row in found] == [(made.id, made.credential)]
    report = verify_ledger(settings)
    assert report.problems == []


def test_sessions_of_before_end_and_acts_of_before_name_no_credential(settings: Settings) -> None:
    with opened(settings.ledger_url) as ledger, ledger.database.engine.connect() as connection:
        counts = {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar()
            for name in ("web_session", "login_link", "decision", "waiver", "evidence")
        }
        named = connection.execute(text("SELECT count(*) FROM decision WHERE credential IS NOT NULL")).scalar()
    assert (counts["web_session"], counts["login_link"], named) == (0, 0, 0)
    assert min(counts["decision"], counts["waiver"], counts["evidence"]) > 0


def test_an_engine_begins_with_the_shipped_edition_and_moves_nothing(
    settings: Settings, before: dict[str, Any]
) -> None:
    pinned = {run["id"]: run["spec_digest"] for run in before["tables"]["gate_run"]}
    for _ in range(2):  # the second start finds what the first one recorded
        parts = build_parts(settings)
        open_parts(parts)
        try:
            with parts.ledger.database.engine.connect() as connection:
                adopted = connection.execute(text("SELECT edition, was_edition FROM adoption")).all()
                found = connection.execute(text("SELECT id, spec_digest FROM gate_run")).all()
            if isinstance(parts.ledger.database, PostgresDatabase):
                seal_batch(parts.ledger.database)
        finally:
            parts.ledger.close()
        assert [tuple(row) for row in adopted] == [("eu-gpai-code@2025-07-10", None)]
        assert {row[0]: row[1] for row in found} == pinned
    assert verify_ledger(settings).problems == []
