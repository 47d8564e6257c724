"""Who is told by webhook, and by the gates of pipelines.

Revision: 0008
Revises: 0007
"""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
