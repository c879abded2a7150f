"""What waits to be sent, as a table."""

from rich.table import Table

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_bytes, format_relative
from trackbook.services.sync import Waiting


def waiting_table(waiting: Waiting) -> Table:
    """Return what waits, a row a run."""
    runs = waiting.runs
    return make_table(
        [
            to_column("Run", [run.run for run in runs]),
            to_column("Records", [f"{run.records:,}" for run in runs], justify="right"),
            to_column("Size", [format_bytes(run.bytes) for run in runs], justify="right"),
            to_column("Files", [f"{run.blobs:,}" for run in runs], justify="right", rank=1),
            to_column("Waits since", [format_relative(run.since) for run in runs], justify="right", rank=2),
        ]
    )
