"""What evidence speaks of, how long files are kept, holds, revisions, sources.

Revision: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INSTANT = sa.String(length=27)
_HEX = sa.String(length=64)
_NAME = sa.String(length=64)


def upgrade() -> None:
    """Add columns; rows of before have nothing to put there."""
    op.add_column("evidence", sa.Column("subject_version", sa.Text(), nullable=True))
    op.add_column("evidence", sa.Column("subject_digest", sa.String(length=64), nullable=True))
    op.add_column("evidence", sa.Column("revises", _ID, nullable=True))
    op.add_column("evidence", sa.Column("purged_at", _INSTANT, nullable=True))
    _make_holds()
    _make_purges()


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")


def _make_holds() -> None:
    op.create_table(
        "evidence_hold",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha256", _HEX, nullable=True),
        sa.Column("model_version_id", _ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", _NAME, nullable=False),
        sa.Column("credential", _NAME, nullable=True),
        sa.Column("placed_at", _INSTANT, nullable=False),
        sa.Column("lifted_at", _INSTANT, nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=True),
        sa.Column("lifted_by", _NAME, nullable=True),
        sa.Column("lifted_credential", _NAME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _make_purges() -> None:
    op.create_table(
        "evidence_purge",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha256", _HEX, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Text(), nullable=False),
        sa.Column("kept_until", _INSTANT, nullable=True),
        sa.Column("credential", _NAME, nullable=True),
        sa.Column("purged_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_purge_of_file", "evidence_purge", ["sha256"], unique=False)
