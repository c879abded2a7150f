"""Workers that say that they are there, and what a claim needs to be as cheap with many jobs queued as with few."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table of workers, the memory that running jobs hold, and the index by which a sweep's jobs are found."""
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=250), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("ticks", sa.Float(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("jobs", sa.Column("reserved", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("jobs_by_turn", "jobs", ["status", "sweep_id", "submitted", "id"])
