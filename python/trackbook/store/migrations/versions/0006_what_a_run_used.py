"""What a run used and made beside numbers: data, rich values, seeds, masked secrets, the names of cells."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make four tables, two columns of cells, and in a database that is a store one of blobs."""
    op.create_table(
        "data_inputs",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.String(length=64), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "place", "digest"),
    )
    op.create_index("data_inputs_by_digest", "data_inputs", ["digest", "run_id"])
    op.create_table(
        "rich_values",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "key", "context", "step"),
    )
    op.create_table(
        "seeds",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("writer", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("libraries", sa.Text(), nullable=False),
        sa.Column("cell_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "writer", "at"),
    )
    op.create_table(
        "secrets",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "place", "kind"),
    )
    for name in ("reads", "writes"):
        op.add_column("cells", sa.Column(name, sa.Text(), nullable=False, server_default="[]"))
    if (
        op.get_bind().dialect.name == "postgresql"
    ):  # a folder's blobs are files, which have a time of their own
        op.add_column("blobs", sa.Column("stored", sa.BigInteger(), nullable=False, server_default="0"))
