"""The first schema, with triggers that keep the journal append-only.

Revision: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: SQLite numbers rows by itself only in a column of exactly this type.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_APPEND_ONLY = ("journal_entry", "journal_link")
#: What makes a new row take an old one's place under INSERT OR REPLACE, which fires no DELETE trigger in SQLite.
_SAME_ROW = {
    "journal_entry": "position = NEW.position",
    "journal_link": "seq = NEW.seq OR position = NEW.position",
}


def upgrade() -> None:
    """Create every table, then the triggers."""
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")


def _guard_sqlite() -> None:
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            _refuse_on_sqlite(table, f"no_{verb.lower()}", f"BEFORE {verb} ON {table}", verb)
        same_row = f"EXISTS (SELECT 1 FROM {table} WHERE {_SAME_ROW[table]})"  # noqa: S608 - our own names
        _refuse_on_sqlite(table, "no_replace", f"BEFORE INSERT ON {table} WHEN {same_row}", "REPLACE")


def _refuse_on_sqlite(table: str, guard: str, when: str, verb: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_{guard} {when} BEGIN "
        f"SELECT RAISE(ABORT, '{table} is append-only: {verb} refused'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION pratique_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP; END $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION pratique_append_only()"
        )


def _create_tables() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("gate_run_id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("dismissed_at", sa.String(length=27), nullable=True),
        sa.Column("dismissed_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decision_of_run", "decision", ["gate_run_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.String(length=27), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("notice_id", "channel", name="delivery_channel"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("model_version_id", sa.String(length=36), nullable=False),
        sa.Column("gate_runs", sa.Text(), nullable=False),
        sa.Column("not_opened", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "event_id", name="event_source_id"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model_version_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=27), nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("requirement", sa.String(length=64), nullable=True),
        sa.Column("reading", sa.String(length=16), nullable=False),
        sa.Column("reading_reason", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("collector", sa.String(length=64), nullable=True),
        sa.Column("collector_version", sa.String(length=64), nullable=True),
        sa.Column("tool", sa.Text(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("incomplete_reason", sa.Text(), nullable=True),
        sa.Column("planned", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.Column("errors", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("produced_at", sa.String(length=27), nullable=True),
        sa.Column("observed_from", sa.String(length=27), nullable=True),
        sa.Column("observed_until", sa.String(length=27), nullable=True),
        sa.Column("valid_until", sa.String(length=27), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_of_version", "evidence", ["model_version_id", "received_at"], unique=False)
    op.create_index("evidence_sha", "evidence", ["sha256"], unique=False)
    op.create_table(
        "flow_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("gate_run_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefect_run_id", sa.String(length=64), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("flow_run_of_gate", "flow_run", ["gate_run_id", "started_at"], unique=False)
    op.create_index("flow_run_prefect", "flow_run", ["prefect_run_id"], unique=False)
    op.create_index("flow_run_time", "flow_run", ["started_at"], unique=False)
    op.create_table(
        "gate_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model_version_id", sa.String(length=36), nullable=False),
        sa.Column("gate", sa.String(length=64), nullable=False),
        sa.Column("occasion", sa.String(length=64), nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("spec_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("open_findings", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("follow_up_at", sa.String(length=27), nullable=False),
        sa.Column("due_at", sa.String(length=27), nullable=False),
        sa.Column("recheck_at", sa.String(length=27), nullable=True),
        sa.Column("remind_at", sa.String(length=27), nullable=True),
        sa.Column("reminded", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("model_version_id", "gate", "occasion", name="gate_run_occasion"),
    )
    op.create_index(
        "gate_run_latest",
        "gate_run",
        ["model_version_id", "gate"],
        unique=True,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest"),
    )
    op.create_index(
        "gate_run_recheck",
        "gate_run",
        ["recheck_at", "id"],
        unique=False,
        sqlite_where=sa.text("recheck_at IS NOT NULL"),
        postgresql_where=sa.text("recheck_at IS NOT NULL"),
    )
    op.create_index(
        "gate_run_remind",
        "gate_run",
        ["remind_at", "id"],
        unique=False,
        sqlite_where=sa.text("remind_at IS NOT NULL"),
        postgresql_where=sa.text("remind_at IS NOT NULL"),
    )
    op.create_index(
        "gate_run_standing",
        "gate_run",
        ["state", "reminded", "model_version_id"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest"),
    )
    op.create_table(
        "gate_spec",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("gate", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "journal_entry",
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("tag", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("journal_subject", "journal_entry", ["subject", "position"], unique=False)
    op.create_table(
        "journal_link",
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("position", name="journal_link_position"),
    )
    op.create_table(
        "journal_pending",
        sa.Column("position", _NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "login_link",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("used_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_table(
        "model_version",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("profile_digest", sa.String(length=64), nullable=False),
        sa.Column("registered_at", sa.String(length=27), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("weights_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("model", "version", name="model_version_name"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("gate_run_id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("acknowledged_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="notice_key"),
    )
    op.create_index("notice_of_run", "notice", ["gate_run_id"], unique=False)
    op.create_index("notice_of_person", "notice", ["person", "created_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=False),
        sa.Column("leased_until", sa.String(length=27), nullable=True),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="outbox_key"),
    )
    op.create_index(
        "outbox_due",
        "outbox",
        ["topic", "not_before"],
        unique=False,
        sqlite_where=sa.text("status = 'ready'"),
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "outbox_leased",
        "outbox",
        ["leased_until"],
        unique=False,
        sqlite_where=sa.text("status = 'leased'"),
        postgresql_where=sa.text("status = 'leased'"),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=True),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("gate_run_id", sa.String(length=36), nullable=False),
        sa.Column("requirement", sa.String(length=64), nullable=False),
        sa.Column("covers", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.String(length=36), nullable=True),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("revoked_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("waiver_of_run", "waiver", ["gate_run_id"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("last_seen_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
