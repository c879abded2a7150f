"""Indexes along which whole columns are read, for searches in memory; cards, for pages of runs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Put one index a table in the place of those by value, and make the table of cards."""
    op.drop_index("params_by_number", "params")
    op.drop_index("params_by_text", "params")
    op.create_index("params_by_key", "params", ["key", "run_id", "number"])
    op.drop_index("tags_by_value", "tags")
    op.create_index("tags_by_key", "tags", ["key", "run_id"])
    op.drop_index("series_by_last", "series")
    op.create_index("series_by_key", "series", ["key", "context", "run_id", "last"])
    op.drop_index("ix_runs_started", "runs")
    op.create_index("runs_by_start", "runs", ["started", "id", "trashed", "experiment_id", "status", "name"])
    op.drop_index("runs_by_notebook", "runs")
    op.create_index("runs_by_notebook", "runs", ["source_path", "id"])
    op.create_table(
        "cards",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
