"""A ledger with very many gate runs, made by bulk SQL: what a provider has after years.

The rows have no journal entries, so `pratique verify` would name every one of them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench.world import SMALL_GATE, World

GATES = 8
#: Versions of one model; the portfolio shows the newest first and sorts within a model.
VERSIONS_A_MODEL = 25
_AT = "2026-11-20T09:00:00.000000Z"
_LATER = "2099-01-01T00:00:00.000000Z"
_PAST = "2026-11-21T00:00:00.000000Z"


def connect(world: World) -> sqlite3.Connection:
    """Return a connection beside the engine's; its transactions are begun by hand."""
    connection = sqlite3.connect(ledger_path(world), isolation_level=None, timeout=30)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def ledger_path(world: World) -> Path:
    """Return the ledger's file."""
    return world.root / "data" / "ledger.db"


def fill(world: World, rows: int, *, state: str = "open") -> int:
    """Insert `rows` gate runs, `GATES` a model version, none of them due; return how many versions."""
    versions = max(1, rows // GATES)
    digest = world.parts.rules.digests[SMALL_GATE]
    connection = connect(world)
    connection.execute("PRAGMA cache_size=-262144")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {versions})
        INSERT INTO model_version (id, model, version, profile, profile_digest, registered_at, changed_at)
        SELECT printf('00000000-0000-7000-8000-%012d', i),
          printf('model-%05d', i / {VERSIONS_A_MODEL}), printf('9.%07d', i),
          '{{"systemic_risk":true,"stage":"training","known_as":[]}}', printf('%064d', i), '{_AT}', '{_AT}' FROM n"""
    )
    findings = (
        '[{"checkpoint":"assessment","reason":"no evidence of kind facts.bench-0 was submitted",'
        '"requirement":"requirement-0","status":"not_tested"}]'
    )
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {versions * GATES})
        INSERT INTO gate_run (id, model_version_id, gate, occasion, is_latest, spec_digest, state, row_version,
          findings, open_findings, basis, inputs, opened_at, changed_at, follow_up_at, due_at, recheck_at, remind_at,
          reminded)
        SELECT printf('00000000-0000-7000-9000-%012d', i), printf('00000000-0000-7000-8000-%012d', i / {GATES}),
          printf('gate-%d', i % {GATES}), 'default', 1, '{digest}', '{state}', 2, '{findings}', 1,
          printf('%064d', i), printf('%064d', i), '{_AT}', '{_AT}', '{_LATER}', '{_LATER}', NULL, '{_LATER}', NULL
        FROM n"""
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return versions


def fill_history(world: World, *, runs: int, entries: int, overdue: int) -> None:
    """Insert flow runs and journal entries of the filled gate runs, and let `overdue` of these be past their date."""
    connection = connect(world)
    connection.execute("PRAGMA cache_size=-262144")
    connection.execute("BEGIN IMMEDIATE")
    gates = connection.execute("SELECT count(*) FROM gate_run").fetchone()[0]
    gate = f"printf('00000000-0000-7000-9000-%012d', (i * 7919) % {gates})"
    at = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2026-01-01', '+' || (i * {step}) || ' seconds')"
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {runs})
        INSERT INTO flow_run
          (id, key, flow, gate_run_id, name, prefect_run_id, url, state, message, started_at, ended_at)
        SELECT printf('00000000-0000-7000-a000-%012d', i), 'flow:' || i,
          CASE i % 3 WHEN 0 THEN 'training' WHEN 1 THEN 'deployment' ELSE 'post_deployment' END, {gate}, 'run ' || i,
          'prefect-' || i, 'http://127.0.0.1:8471/runs/flow-run/' || i,
          CASE WHEN i % 1000 = 0 THEN 'Failed' WHEN i % 2 THEN 'Blocked' ELSE 'Cleared' END, '1 open finding',
          {at.format(step=120)}, {at.format(step=120)} FROM n"""
    )
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM journal_link").fetchone()[0]
    body = (
        f"json_object('id', printf('00000000-0000-7000-b000-%012d', i), 'at', {at.format(step=15)}, 'tag',"
        f" 'gate:run:evaluated', 'actor', 'engine', 'subject', 'gate:' || {gate}, 'v', 1, 'values', json_object("
        "'state', 'open', 'cause', 'event', 'basis', printf('%064d', i), 'inputs', printf('%064d', i),"
        " 'row_version', i))"
    )
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {entries})
        INSERT INTO journal_entry (position, id, at, tag, subject, body)
        SELECT i + {last}, printf('00000000-0000-7000-b000-%012d', i), {at.format(step=15)}, 'gate:run:evaluated',
          'gate:' || {gate}, CAST({body} AS BLOB) FROM n"""
    )
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {entries})
        INSERT INTO journal_link (seq, position, link) SELECT i + {last}, i + {last}, randomblob(32) FROM n"""
    )
    late = "UPDATE gate_run SET due_at = ?, remind_at = NULL, reminded = 'overdue' WHERE id < ?"
    connection.execute(late, (_PAST, run_id(overdue)))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def make_due(connection: sqlite3.Connection, first: int, count: int) -> None:
    """Make `count` gate runs due now, from number `first` on."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE gate_run SET follow_up_at = ?, due_at = ?, remind_at = ?, reminded = NULL WHERE id >= ? AND id < ?",
        (_PAST, _PAST, _PAST, run_id(first), run_id(first + count)),
    )
    connection.execute("COMMIT")


def run_id(number: int) -> str:
    """Return the id of a filled gate run."""
    return f"00000000-0000-7000-9000-{number:012d}"
