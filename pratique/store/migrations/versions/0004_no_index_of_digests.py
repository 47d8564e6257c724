"""Evidence is looked for among that of its model version, so the index of all digests goes.

Revision: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index; every submission wrote it, and what it found `evidence_of_version` finds as well."""
    op.drop_index("evidence_sha", table_name="evidence")


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
