"""Runs that were run again: each time with what was compared, and the last verdict with the run."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table of reproductions, and the columns of runs that lists and searches look at."""
    op.create_table(
        "reproductions",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("writer", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reproduction", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "writer", "at"),
    )
    op.add_column("runs", sa.Column("reproduction", sa.String(length=16), nullable=True))
    op.add_column("runs", sa.Column("reproduction_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("reproduced_by", sa.String(length=36), nullable=True))
