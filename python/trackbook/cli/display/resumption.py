"""How a run goes on, as commands say it before it does."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from trackbook.cli.display.symbols import status_text
from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import (
    format_bytes,
    format_duration,
    format_moment,
    format_relative,
    one_line,
)
from trackbook.domain.resumption import CellSnapshot, ResumedCell, Resumption
from trackbook.domain.run import Run

_INDENT = 2


def resumption_sections(resumption: Resumption, run: Run) -> Iterator[RenderableType]:
    """Yield from where a run goes on, and which cells run again and why."""
    place = resumption.from_cell
    where = f"from cell {place.number}: {one_line(place.source, 60)}" if place is not None else "at its end"
    yield Text.assemble((f"#{run.number}", "bold"), f" goes on {where}")
    if resumption.how == "snapshot":
        first = next(cell for cell in resumption.cells if cell.again)
        yield _indented(f"From the snapshot before cell {first.number}.")
    elif resumption.reason:
        yield _indented(resumption.reason)
    again = [cell for cell in resumption.cells if cell.again]
    saved = sum(cell.duration or 0.0 for cell in resumption.cells if not cell.again)
    # The cell with the job's values has the number of the one that declares them, and may run alone.
    kept = sorted({cell.number for cell in resumption.cells} - {cell.number for cell in again})
    if kept:
        yield _indented(
            f"{_count(len(kept))} kept as {'it' if len(kept) == 1 else 'they'} came out"
            f"{f' ({format_duration(saved)} saved)' if saved >= 0.01 else ''}: {_ranges(kept)}."
        )
    yield _indented(f"{_count(len(again))} run{'s' if len(again) == 1 else ''} again:")
    yield Padding(
        make_table(
            [
                to_column("Cell", [str(cell.number) for cell in again], justify="right"),
                to_column("Last time", [_time(cell) for cell in again], justify="right", rank=2),
                to_column("Because", [cell.reason for cell in again], shrinks=True),
                to_column("Source", [one_line(cell.source, 100) for cell in again], rank=1, shrinks=True),
            ],
            margin=_INDENT,
        ),
        (0, 0, 0, _INDENT),
        expand=False,
    )


def resumption_section(later: Sequence[Run], snapshots: Sequence[CellSnapshot]) -> Iterator[RenderableType]:
    """Yield which runs went on from one, and the copies of its process that were to be kept."""
    if later:
        yield Text("\nResumed", "bold")
        yield Padding(
            make_table(
                [
                    to_column("Run", [f"#{run.number}" for run in later]),
                    to_column("Status", [status_text(run.status) for run in later]),
                    to_column("Started", [format_relative(run.started) for run in later]),
                ],
                margin=_INDENT,
            ),
            (0, 0, 0, _INDENT),
            expand=False,
        )
    if snapshots:
        yield Text("\nSnapshots", "bold")
        yield Padding(snapshots_table(snapshots), (0, 0, 0, _INDENT), expand=False)


def snapshots_table(snapshots: Sequence[CellSnapshot], numbers: Sequence[str] = ()) -> RenderableType:
    """Return snapshots of runs, of which `numbers` are the numbers if they are of several."""
    return make_table(
        [
            *([to_column("Run", list(numbers))] if numbers else []),
            to_column("Before cell", [str(one.number) for one in snapshots], justify="right"),
            to_column("Taken", [format_relative(one.taken) for one in snapshots]),
            to_column(
                "Memory", ["" if one.memory is None else format_bytes(one.memory) for one in snapshots]
            ),
            to_column(
                "Ends", ["" if one.expires is None else format_moment(one.expires) for one in snapshots]
            ),
            to_column("Why none", [one.reason or "" for one in snapshots], shrinks=True),
        ],
        margin=_INDENT,
    )


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, _INDENT), expand=False)


def _count(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _time(cell: ResumedCell) -> str:
    return "" if cell.duration is None else format_duration(cell.duration)


def _ranges(numbers: Sequence[int]) -> str:
    """Return the numbers of cells, those that follow each other as a range."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}–{part[-1]}" for part in parts)
