"""Requests of tools that reached the hooks, and what became of them.

Revision: 0007
Revises: 0006
"""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
