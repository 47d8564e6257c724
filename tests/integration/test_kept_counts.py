"""Counts that are kept in the transaction that changes a row: always those of the rows, and verified."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from alembic import command
from ledger_samples import opened, settings_of, write_all
from ledger_story import Story
from sqlalchemy import text

from pratique.services.kept_counts import kept_counts
from pratique.services.verify import verify_ledger
from pratique.store.databases import open_database
from pratique.store.kept_counts import counts_of_stored_rows, stored_counts
from pratique.store.ledger import Ledger
from pratique.store.schema import alembic_config
from pratique.store.snapshot import open_snapshot


def tell_a_story(ledger: Ledger, seed: int, length: int = 120) -> None:
    write_all(ledger, Story(seed).facts(length))


def hold_equal(ledger_url: str) -> Counter[tuple[str, str, str]]:
    with open_snapshot(ledger_url) as snapshot:
        kept = stored_counts(snapshot)
        assert kept == counts_of_stored_rows(snapshot)
        return kept


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_kept_counts_are_those_of_the_rows(ledger_url: str, seed: int) -> None:
    with opened(ledger_url) as ledger:
        tell_a_story(ledger, seed)
        with ledger.read() as reader:
            counts = kept_counts(reader)
    kept = hold_equal(ledger_url)
    gates = Counter[str]()
    for (counted, part, _), number in kept.items():
        if counted == "gate_run":
            gates[part] += number
    assert counts.gates == gates
    assert counts.versions == kept["model_version", "", ""] > 0
    assert sum(counts.flow_runs.values()) == sum(n for key, n in kept.items() if key[0] == "flow_run") > 0


def test_rows_that_a_command_wrote_and_took_back_are_not_counted(ledger_url: str) -> None:
    with opened(ledger_url) as ledger:
        tell_a_story(ledger, 4, 60)
        before = hold_equal(ledger_url)
        for row in ("gate_run", "flow_run"):
            with ledger.database.engine.connect() as connection:
                if "sqlite" in ledger_url:
                    connection.exec_driver_sql("BEGIN")
                connection.execute(text(f"UPDATE {row} SET state = 'elsewhere'"))
                connection.rollback()
        assert hold_equal(ledger_url) == before


def test_a_kept_count_that_somebody_changed_is_named(ledger_url: str, tmp_path: Path) -> None:
    settings = settings_of(ledger_url, tmp_path)
    with opened(ledger_url) as ledger:
        tell_a_story(ledger, 5, 60)
    engine = open_database(ledger_url).engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE kept_count SET number = number + 1 WHERE counted = 'model_version'"))
    engine.dispose()
    named = [line for line in verify_ledger(settings).problems if line.startswith("kept count model_version")]
    assert len(named) == 1
    assert "found" in named[0]


def test_a_ledger_of_the_first_schema_is_counted_when_it_is_upgraded(empty_ledger_url: str) -> None:
    engine = open_database(empty_ledger_url).engine
    _migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO model_version (id, model, version, profile, profile_digest, registered_at, changed_at)"
                " VALUES ('v', 'aurora', '2.1', '{}', 'd', 'a', 'a')"
            )
        )
        for number, (state, reminded, is_latest) in enumerate(
            [("open", None, True), ("open", "overdue", True), ("open", None, False), ("cleared", None, True)]
        ):
            connection.execute(
                text(
                    "INSERT INTO gate_run (id, model_version_id, gate, occasion, is_latest, spec_digest, state,"
                    " row_version, findings, open_findings, basis, inputs, opened_at, changed_at, follow_up_at, due_at,"
                    " reminded) VALUES (:id, 'v', :id, 'default', :is_latest, 'd', :state, 1, '[]', 0, 'b', 'i', 'a',"
                    " 'a', 'a', 'a', :reminded)"
                ),
                {"id": f"g{number}", "is_latest": is_latest, "state": state, "reminded": reminded},
            )
    _migrate(engine, "head")
    engine.dispose()
    assert hold_equal(empty_ledger_url) == {
        ("gate_run", "open", ""): 1,
        ("gate_run", "open", "overdue"): 1,
        ("gate_run", "cleared", ""): 1,
        ("model_version", "", ""): 1,
    }


def _migrate(engine: object, revision: str) -> None:
    with engine.connect() as connection:  # type: ignore[attr-defined]
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
