"""Groups, forks and attempts of runs, and which runs were deleted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add what runs of the version before did not have."""
    op.add_column("runs", sa.Column("group", sa.String(length=250), nullable=True))
    op.add_column("runs", sa.Column("group_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("runs", sa.Column("resumed_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("forked_from", sa.String(length=36), nullable=True))
    op.add_column("runs", sa.Column("forked_step", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("forked_until", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("owner_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_runs_group"), "runs", ["group"], unique=False)
    op.create_index(op.f("ix_runs_forked_from"), "runs", ["forked_from"], unique=False)
    op.create_table(
        "turns",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.String(length=12), nullable=False),
        sa.Column("host", sa.String(length=250), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "at", "turn"),
    )
    op.execute(
        sa.text(
            "INSERT INTO turns (run_id, at, turn, host, reason) SELECT id, ended, status, '', reason "
            "FROM runs WHERE ended IS NOT NULL"
        )
    )
    op.create_table(
        "deleted",
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index(op.f("ix_deleted_revision"), "deleted", ["revision"], unique=False)
