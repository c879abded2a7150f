"""The state of a store, as `trackbook doctor` prints it."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.checkup import Checkup
from trackbook.domain.formatting import format_bytes, format_moment, one_line


def checkup_sections(checkup: Checkup) -> Iterator[RenderableType]:
    """Yield what is to be told about a store."""
    yield _facts(checkup)
    if checkup.damaged:
        yield Text("\nDamaged records", "bold")
        yield make_table(
            [
                to_column("Run", [_number(record.run) for record in checkup.damaged], justify="right"),
                to_column("Bytes", [str(record.size) for record in checkup.damaged], justify="right"),
                to_column("At", [str(record.position) for record in checkup.damaged], justify="right"),
                to_column(
                    "Reason", [one_line(record.reason, 200) for record in checkup.damaged], shrinks=True
                ),
                to_column("Journal", [record.journal for record in checkup.damaged], rank=1),
            ]
        )
    if checkup.losses:
        yield Text("\nRefused by the disk", "bold")
        yield _losses(checkup)
    if checkup.unreadable:
        yield Text("\nFiles that can't be read", "bold")
        yield make_table(
            [
                to_column("File", [file.path for file in checkup.unreadable]),
                to_column(
                    "Reason", [one_line(file.reason, 200) for file in checkup.unreadable], shrinks=True
                ),
            ]
        )
    if checkup.kept_elsewhere:
        yield Text(
            f"\n{checkup.kept_elsewhere:,} runs are kept in {checkup.shelter}: this store could not be written, or "
            "they are not at their end yet."
        )
    if checkup.missing:
        yield Text("\nMissing files", "bold")
        yield make_table(
            [
                to_column("Run", [_number(file.run) for file in checkup.missing], justify="right"),
                to_column("What", [one_line(file.what, 60) for file in checkup.missing]),
                to_column("Digest", [file.digest for file in checkup.missing], rank=1),
            ]
        )


def _losses(checkup: Checkup) -> RenderableType:
    losses = checkup.losses
    return make_table(
        [
            to_column("Run", [_number(loss.run) for loss in losses], justify="right"),
            to_column("Lost", [f"{loss.count:,} records or files" for loss in losses], justify="right"),
            to_column("From", [format_moment(loss.first) for loss in losses]),
            to_column("To", [format_moment(loss.last) for loss in losses]),
        ]
    )


def _facts(checkup: Checkup) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    behind = f"{format_bytes(checkup.behind)} not read yet" if checkup.behind else "up to date"
    for name, value in (
        ("Store", checkup.path),
        ("Id", checkup.id),
        ("Runs", f"{checkup.runs:,}, {checkup.running:,} running, {checkup.trashed:,} in the trash"),
        ("Journals", f"{checkup.journals:,} not sealed, {checkup.segments:,} sealed"),
        ("Index", f"{behind}, revision {checkup.revision:,}"),
        (
            "Ingester",
            "running" if checkup.ingesting else "not running (it starts by itself when it is needed)",
        ),
    ):
        table.add_row(name, Text(value))
    return table


def _number(number: int | None) -> str:
    return "" if number is None else f"#{number}"
