"""What a clean-up takes away, as `trackbook gc` prints it."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.cleanup import Cleanup
from trackbook.domain.formatting import format_bytes, one_line


def cleanup_sections(cleanup: Cleanup) -> Iterator[RenderableType]:
    """Yield what goes: runs by rules, and bytes by kind."""
    if runs := cleanup.runs:
        yield Text("Runs", "bold")
        yield make_table(
            [
                to_column("#", [str(run.number) for run in runs], justify="right"),
                to_column("Experiment", [one_line(run.experiment, 30) for run in runs], rank=1),
                to_column("Name", [one_line(run.name, 40) for run in runs]),
                to_column("Rule", [run.rule for run in runs]),
                to_column("Bytes", [format_bytes(run.bytes) for run in runs], justify="right"),
            ]
        )
    if spared := cleanup.spared:
        yield Text("Runs that stay in spite of a rule", "bold")
        yield make_table(
            [
                to_column("#", [str(run.number) for run in spared], justify="right"),
                to_column("Because", [run.reason for run in spared], shrinks=True),
            ]
        )
    if freed := cleanup.freed:
        yield Text("Bytes", "bold")
        yield make_table(
            [
                to_column("Kind", [kind.kind for kind in freed]),
                to_column("Items", [f"{kind.items:,}" for kind in freed], justify="right"),
                to_column("Bytes", [format_bytes(kind.bytes) for kind in freed], justify="right"),
            ]
        )
