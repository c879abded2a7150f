"""What the trials of a sweep share, told before it begins."""

from msgspec import Struct


class SharedCell(Struct, frozen=True):
    """A cell that runs once for all trials. `cell` counts the notebook's cells from 1; `source` is its first line."""

    cell: int
    source: str


class Sharing(Struct, frozen=True):
    """The cells that run once for all trials, in a sentence and one by one.

    `summary` says, too, why the next cell is none of them, or why there are none. `remarks` are sentences about what a
    user should know of shared cells.
    """

    summary: str
    cells: list[SharedCell]
    remarks: list[str]
