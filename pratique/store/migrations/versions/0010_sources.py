"""What is collected by itself.

Revision: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INSTANT = sa.String(length=27)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "source_collection",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("model_version_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("as_of", _INSTANT, nullable=False),
        sa.Column("succeeded_at", _INSTANT, nullable=True),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("credential", sa.String(length=64), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    newest = ["source", "model_version_id", "at", "id"]
    op.create_index("source_collection_newest", "source_collection", newest, unique=False)


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
