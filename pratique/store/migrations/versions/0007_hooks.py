"""Requests of tools that reached the hooks, and what became of them.

Revision: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INSTANT = sa.String(length=27)
_HEX = sa.String(length=64)


def upgrade() -> None:
    """Add two tables; ledgers of before have nothing to put there."""
    op.create_table(
        "hook_delivery",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("delivery", sa.String(length=256), nullable=False),
        sa.Column("found_by", sa.String(length=16), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_base64", sa.Boolean(), nullable=False),
        sa.Column("sha256", _HEX, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("rules_digest", _HEX, nullable=True),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "delivery", name="hook_delivery_once"),
    )
    op.create_index("hook_delivery_in_order", "hook_delivery", ["received_at", "id"], unique=False)
    op.create_index("hook_delivery_by_state", "hook_delivery", ["state", "received_at", "id"], unique=False)
    waiting = sa.text("state = 'received'")
    op.create_index(
        "hook_delivery_waiting",
        "hook_delivery",
        ["received_at", "id"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "hook_mark",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hook_mark_newest", "hook_mark", ["source", "at", "id"], unique=False)


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
