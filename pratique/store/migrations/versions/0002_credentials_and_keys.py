"""Credentials behind acts, authors of profiles, and keys of requests that are sent again.

Revision: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: New columns of projected tables. Entries of before say nothing of these, so old rows hold NULL, as replay gives it.
_NEW_COLUMNS: tuple[tuple[str, str, sa.types.TypeEngine[str]], ...] = (
    ("model_version", "authors", sa.Text()),
    ("gate_run", "dated", sa.Text()),
    ("evidence", "credential", sa.String(length=64)),
    ("decision", "credential", sa.String(length=64)),
    ("waiver", "credential", sa.String(length=64)),
    ("waiver", "revoked_by", sa.String(length=64)),
    ("waiver", "revoked_credential", sa.String(length=64)),
)


def upgrade() -> None:
    """Add the columns, make sessions and links anew with ids, and make the table of keys."""
    for table, column, kind in _NEW_COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True))
    _make_sessions_anew()
    _make_keys()


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")


def _make_sessions_anew() -> None:
    """Sessions of before have no id to name in the journal; they live for hours, so people sign in again."""
    op.drop_table("web_session")
    op.create_table(
        "web_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("last_seen_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.drop_table("login_link")
    op.create_table(
        "login_link",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("used_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("token_sha256"),
    )


def _make_keys() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.String(length=36), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idempotency_key_end", "idempotency_key", ["expires_at"], unique=False)
