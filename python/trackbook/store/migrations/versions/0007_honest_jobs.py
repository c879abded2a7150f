"""Jobs that are begun again, and what each of their cells took: processor time, memory, its output while it runs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make a table, two columns of cells and three of jobs, and room for longer states of cells."""
    op.create_table(
        "live_cells",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("cell_id", sa.String(length=64), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    # SQLite changes no type in place: the table is written anew there.
    with op.batch_alter_table("cells") as cells:
        cells.alter_column(
            "status", type_=sa.String(length=12), existing_type=sa.String(length=8), existing_nullable=False
        )
        cells.add_column(sa.Column("cpu", sa.Float(), nullable=True))
        cells.add_column(sa.Column("memory", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("cause", sa.String(length=12), nullable=True))
    op.add_column("jobs", sa.Column("history", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("jobs", sa.Column("not_before", sa.BigInteger(), nullable=False, server_default="0"))
