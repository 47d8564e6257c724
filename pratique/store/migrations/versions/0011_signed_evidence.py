"""Finds what one collector read, so that each sweep asks for what was read with other keys.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("evidence_of_collector", "evidence", ["collector", "collector_version"], unique=False)


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
