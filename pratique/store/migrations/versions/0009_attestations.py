"""What people attest of evidence.

Revision: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INSTANT = sa.String(length=27)
_NAME = sa.String(length=64)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "evidence_attestation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("evidence", _ID, nullable=False),
        sa.Column("model_version_id", _ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("person", _NAME, nullable=False),
        sa.Column("role", _NAME, nullable=False),
        sa.Column("credential", _NAME, nullable=True),
        sa.Column("attested_at", _INSTANT, nullable=False),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.Column("withdrawn_by", _NAME, nullable=True),
        sa.Column("withdrawn_credential", _NAME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_attestation_of_version", "evidence_attestation", ["model_version_id"], unique=False)


def downgrade() -> None:
    """Refuse: a ledger never goes back."""
    raise NotImplementedError("a ledger's schema never goes back; restore a backup instead")
