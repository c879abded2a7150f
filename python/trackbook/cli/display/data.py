"""The data that a run used, a line a version."""

from rich.table import Table

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.data import DataInput, UsedData
from trackbook.domain.formatting import format_bytes, one_line

_MARGIN = 2  # with which a section is indented
_DIGITS = 12


def data_table(used: list[UsedData]) -> Table:
    """Return what a run used: where it lay, its role, how much it is, and the beginning of its digest."""
    inputs = [item.data for item in used]
    roles = to_column("Role", [data.role or "" for data in inputs])
    notes = to_column(
        "", [one_line(_note(data), 100) for data in inputs], rank=3, style="yellow", shrinks=True
    )
    return make_table(
        [
            to_column("Data", [_label(data) for data in inputs], folds=True),
            *([roles] if any(data.role for data in inputs) else []),
            to_column("Kind", [data.kind for data in inputs], rank=2),
            to_column(
                "Size", ["" if d.size is None else format_bytes(d.size) for d in inputs], justify="right"
            ),
            to_column("Rows", [_count(data) for data in inputs], justify="right", rank=1),
            to_column(
                "Digest", [data.digest[:_DIGITS] if data.digest else "" for data in inputs], style="dim"
            ),
            to_column("Read by", [_reader(data) for data in inputs], rank=4),
            *([notes] if any(_note(data) for data in inputs) else []),
        ],
        margin=_MARGIN,
    )


def _label(data: DataInput) -> str:
    place = data.place.removeprefix("name:")
    told = "" if data.name in (place, place.rpartition("/")[2]) else f"{data.name}: "
    return one_line(f"{told}{place}", None)


def _count(data: DataInput) -> str:
    if data.files is not None:
        return f"{data.files:,} {'file' if data.files == 1 else 'files'}"
    return "" if data.rows is None else f"{data.rows:,}"


def _reader(data: DataInput) -> str:
    return data.reader or ("named" if data.origin == "declared" else "")


def _note(data: DataInput) -> str:
    if data.problem:
        return data.problem
    if data.changed:
        return "changed while it was read"
    # A URL is never opened.
    return "not digested" if data.digest is None and data.kind != "other" else ""
