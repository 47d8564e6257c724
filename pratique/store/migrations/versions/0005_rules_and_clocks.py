"""Risk registers, the provider, the compute ledger, occurrences, clocks, calendars, adopted editions.

Revision: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INSTANT = sa.String(length=27)
_HEX = sa.String(length=64)
_NAME = sa.String(length=64)


def upgrade() -> None:
    """Add the columns and tables; ledgers of before have nothing to put there."""
    for column, kind in (("risks", sa.Text()), ("risks_digest", _HEX), ("risks_authors", sa.Text())):
        op.add_column("model_version", sa.Column(column, kind, nullable=True))
    _make_dates_of_profiles()
    _make_profiles()
    _make_occurrences()
    _make_clocks()
    _make_calendars()
    _make_adoptions()


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")


def _make_dates_of_profiles() -> None:
    op.add_column("model_version", sa.Column("profile_changes_at", _INSTANT, nullable=True))
    dated = sa.text("profile_changes_at IS NOT NULL")
    op.create_index(
        "model_version_dated",
        "model_version",
        ["profile_changes_at", "id"],
        unique=False,
        sqlite_where=dated,
        postgresql_where=dated,
    )


def _make_profiles() -> None:
    op.create_table(
        "provider",
        sa.Column("id", _ID, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("digest", _HEX, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("authors", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "compute",
        sa.Column("id", _ID, nullable=False),
        sa.Column("model_version_id", _ID, nullable=False),
        sa.Column("run", _NAME, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("flop", sa.Double(), nullable=False),
        sa.Column("begins_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("person", _NAME, nullable=True),
        sa.Column("credential", _NAME, nullable=True),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.Column("withdrawn_by", _NAME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("compute_of_version", "compute", ["model_version_id", "id"], unique=False)


def _make_occurrences() -> None:
    op.create_table(
        "occurrence",
        sa.Column("id", _ID, nullable=False),
        sa.Column("model_version_id", _ID, nullable=True),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("about", _NAME, nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("person", _NAME, nullable=True),
        sa.Column("credential", _NAME, nullable=True),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.Column("withdrawn_by", _NAME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("occurrence_of_version", "occurrence", ["model_version_id", "at", "id"], unique=False)


def _make_clocks() -> None:
    op.create_table(
        "clock",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("model_version_id", _ID, nullable=False),
        sa.Column("rule", _NAME, nullable=False),
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("about", _NAME, nullable=True),
        sa.Column("start_at", _INSTANT, nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("force", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("met_at", _INSTANT, nullable=True),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="clock_key"),
    )
    op.create_index("clock_of_version", "clock", ["model_version_id", "due_at", "id"], unique=False)
    op.create_index("clock_in_order", "clock", ["state", "due_at", "id"], unique=False)
    running = sa.text("state = 'running'")
    op.create_index(
        "clock_running", "clock", ["due_at", "id"], unique=False, sqlite_where=running, postgresql_where=running
    )


def _make_calendars() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", _ID, nullable=False),
        sa.Column("person", _NAME, nullable=False),
        sa.Column("secret_sha256", _HEX, nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_sha256", name="calendar_feed_secret"),
    )


def _make_adoptions() -> None:
    op.create_table(
        "adoption",
        sa.Column("id", _ID, nullable=False),
        sa.Column("regime", _NAME, nullable=False),
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("digest", _HEX, nullable=False),
        sa.Column("gates", sa.Text(), nullable=False),
        sa.Column("was_edition", sa.String(length=80), nullable=True),
        sa.Column("was_digest", _HEX, nullable=True),
        sa.Column("person", _NAME, nullable=True),
        sa.Column("credential", _NAME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("adopted_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("adoption_newest", "adoption", ["regime", "adopted_at", "id"], unique=False)
