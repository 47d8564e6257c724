"""Counts that are kept instead of counted, and indexes that hold whole answers of pages.

Revision: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Connections of PostgreSQL spread over so many rows a count.
_SLOTS = 16


class _Counted(NamedTuple):
    """What is counted of a table; `{r}` stands for the row."""

    table: str
    part: str
    detail: str
    holds: str  #: which rows count
    columns: tuple[str, ...]  #: a change of these moves a row from one count to another


_COUNTED = (
    _Counted(
        "gate_run", "{r}.state", "coalesce({r}.reminded, '')", "{r}.is_latest", ("state", "reminded", "is_latest")
    ),
    _Counted("model_version", "''", "''", "1 = 1", ()),
    _Counted("flow_run", "{r}.flow", "{r}.state", "1 = 1", ("flow", "state")),
)


def upgrade() -> None:
    """Create the table and the indexes, count what is there, then let triggers keep the counts."""
    _create_table()
    _create_indexes()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for counted in _COUNTED:
        _count_once(counted)
        if is_sqlite:
            _keep_on_sqlite(counted)
        else:
            _keep_on_postgresql(counted)


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")


def _create_table() -> None:
    op.create_table(
        "kept_count",
        sa.Column("counted", sa.String(length=32), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("counted", "part", "detail", "slot"),
        sqlite_with_rowid=False,
    )


def _create_indexes() -> None:
    latest: dict[str, Any] = {"sqlite_where": sa.text("is_latest = 1"), "postgresql_where": sa.text("is_latest")}
    waits = "reminded = 'overdue' AND state != 'cleared' AND state != 'rejected' AND state != 'withdrawn'"
    overdue: dict[str, Any] = {
        "sqlite_where": sa.text(f"is_latest = 1 AND {waits}"),
        "postgresql_where": sa.text(f"is_latest AND {waits}"),
    }
    seen: dict[str, dict[str, Any]] = {
        name: {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
        for name, where in (
            ("notice_unread", "acknowledged_at IS NULL"),
            ("notice_seen", "acknowledged_at IS NOT NULL"),
        )
    }
    op.drop_index("gate_run_standing", table_name="gate_run")
    op.create_index("gate_run_state", "gate_run", ["state", "model_version_id", "is_latest"], unique=False, **latest)
    cells = ["model_version_id", "gate", "state", "reminded", "open_findings", "id", "is_latest"]
    op.create_index("gate_run_cells", "gate_run", cells, unique=False, **latest)
    late = ["due_at", "id", "model_version_id", "state", "reminded", "is_latest"]
    op.create_index("gate_run_overdue", "gate_run", late, unique=False, **overdue)
    op.create_index("model_version_newest", "model_version", ["model", "registered_at", "id"], unique=False)
    op.create_index("flow_run_state", "flow_run", ["state", "started_at"], unique=False)
    op.drop_index("notice_of_person", table_name="notice")
    for name, where in seen.items():
        op.create_index(name, "notice", ["person", "created_at", "id"], unique=False, **where)


def _count_once(counted: _Counted) -> None:
    part, detail, holds = (text.format(r=counted.table) for text in counted[1:4])
    op.execute(
        "INSERT INTO kept_count (counted, part, detail, slot, number) "  # noqa: S608 - our own names
        f"SELECT '{counted.table}', {part}, {detail}, 0, count(*) FROM {counted.table} WHERE {holds} "
        "GROUP BY 2, 3"
    )


def _keep_on_sqlite(counted: _Counted) -> None:
    table = counted.table
    forms = {"insert": "AFTER INSERT", "delete": "AFTER DELETE"}
    if counted.columns:
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in counted.columns)
        forms["update"] = f"AFTER UPDATE OF {', '.join(counted.columns)}"
    for verb, when in forms.items():
        steps = [] if verb == "insert" else [_add_on_sqlite(counted, "OLD", "-")]
        steps += [] if verb == "delete" else [_add_on_sqlite(counted, "NEW", "")]
        condition = f" WHEN {changed}" if verb == "update" else ""
        op.execute(f"CREATE TRIGGER {table}_counted_{verb} {when} ON {table}{condition} BEGIN {' '.join(steps)} END")


def _add_on_sqlite(counted: _Counted, row: str, sign: str) -> str:
    """Return the step that adds one, or nothing for a row that does not count: a condition would cost as much again."""
    part, detail, holds = (text.format(r=row) for text in counted[1:4])
    return (
        "INSERT INTO kept_count (counted, part, detail, slot, number) "  # noqa: S608 - our own names
        f"VALUES ('{counted.table}', {part}, {detail}, 0, {sign}({holds})) "
        "ON CONFLICT (counted, part, detail, slot) DO UPDATE SET number = number + excluded.number;"
    )


def _keep_on_postgresql(counted: _Counted) -> None:
    table = counted.table
    same = " AND ".join(f"OLD.{name} IS NOT DISTINCT FROM NEW.{name}" for name in counted.columns)
    skip = f"IF TG_OP = 'UPDATE' THEN IF {same} THEN RETURN NULL; END IF; END IF; " if same else ""
    op.execute(
        f"CREATE FUNCTION pratique_count_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {skip}"
        f"IF TG_OP <> 'INSERT' THEN {_add_on_postgresql(counted, 'OLD', -1)} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_add_on_postgresql(counted, 'NEW', 1)} END IF; RETURN NULL; END $$"
    )
    of = f" OR UPDATE OF {', '.join(counted.columns)}" if counted.columns else ""
    op.execute(
        f"CREATE TRIGGER {table}_counted AFTER INSERT OR DELETE{of} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION pratique_count_{table}()"
    )


def _add_on_postgresql(counted: _Counted, row: str, number: int) -> str:
    part, detail, holds = (text.format(r=row) for text in counted[1:4])
    return (
        f"IF {holds} THEN INSERT INTO kept_count (counted, part, detail, slot, number) "  # noqa: S608 - our own names
        f"VALUES ('{counted.table}', {part}, {detail}, pg_backend_pid() % {_SLOTS}, {number}) "
        "ON CONFLICT (counted, part, detail, slot) DO UPDATE SET number = kept_count.number + excluded.number; END IF;"
    )
