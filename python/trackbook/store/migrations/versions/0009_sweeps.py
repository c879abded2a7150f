"""Sweeps: what they try, and which of their trials a job is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table of sweeps, and the columns of jobs that say which trial each is and why it was pruned."""
    op.create_table(
        "sweeps",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.add_column("jobs", sa.Column("trial", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("prune_reason", sa.Text(), nullable=True))
