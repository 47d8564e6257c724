"""What is told outside: messages to subscriptions, attempts, who asked, and which are paused.

Revision: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INSTANT = sa.String(length=27)


def upgrade() -> None:
    """Add five tables; ledgers of before have nothing to put there."""
    op.create_table(
        "answer",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("gate_run_id", _ID, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("next_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="answer_once"),
    )
    op.create_index("answer_in_order", "answer", ["created_at", "id"], unique=False)
    op.create_index("answer_by_state", "answer", ["state", "created_at", "id"], unique=False)
    op.create_index("answer_of_subscription", "answer", ["subscription", "created_at", "id"], unique=False)
    op.create_table(
        "answer_attempt",
        sa.Column("id", _ID, nullable=False),
        sa.Column("answer_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("answer_attempt_of", "answer_attempt", ["answer_id", "number"], unique=False)
    op.create_table(
        "asking",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("delivery", _ID, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subscription", "delivery", name="asking_once"),
    )
    op.create_table(
        "asking_run",
        sa.Column("id", _ID, nullable=False),
        sa.Column("asking_id", _ID, nullable=False),
        sa.Column("gate_run_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gate_run_id", "asking_id", name="asking_run_once"),
    )
    op.create_index("ix_asking_run_asking_id", "asking_run", ["asking_id"], unique=False)
    op.create_table(
        "subscription_state",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("credential", sa.String(length=64), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subscription_state_newest", "subscription_state", ["subscription", "at", "id"], unique=False)


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
