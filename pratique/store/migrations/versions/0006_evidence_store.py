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


def upgrade() -> None:
    """Add columns; rows of before have nothing to put there."""
    op.add_column("evidence", sa.Column("subject_version", sa.Text(), nullable=True))
    op.add_column("evidence", sa.Column("subject_digest", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
