"""Resuming a job's run that failed: which cells run again, which are kept, and from where it goes on."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

# The tag of a run that goes on where another one failed: it holds that one's id.
RESUMES = "resumes"

# From a copy of the process as it was before a cell, or by running again what the remaining cells need.
ResumptionWay = Literal["snapshot", "repeat"]


class KeptCell(Struct, frozen=True):
    """A cell that came out well before the failure: execution `order` of `run_id` has its outputs.

    `again`: without a snapshot it has to run all the same, since a later cell needs what it makes.
    """

    cell_id: str
    run_id: str
    order: int
    again: bool = False


class CellPlace(Struct, frozen=True):
    """A cell of the notebook: `number` counts its cells from 1, `source` is its first line."""

    id: str
    number: int
    source: str


class ResumedCell(Struct, frozen=True):
    """What becomes of a cell: it runs `again`, or is kept as it came out; `reason` says why it runs.

    `duration` is what it took the last time, in seconds; None where it never came to its end.
    """

    id: str
    number: int
    source: str
    again: bool
    reason: str = ""
    duration: float | None = None


class CellSnapshot(Struct, frozen=True):
    """The border before a cell: a copy of the process sleeps there, or `reason` says why there is none.

    `memory` is what it holds for itself, in bytes; it ends at `expires` unless it is used before.
    """

    run_id: str
    cell_id: str
    number: int
    taken: datetime
    reason: str | None = None
    memory: int | None = None
    expires: datetime | None = None
    pid: int | None = None


class Resumption(Struct, frozen=True):
    """Whether and how a run can go on; `reason` says why not, or why not from a snapshot.

    `from_cell` is the cell that failed, or was named; `cells` are all that run, in their order.
    """

    run_id: str
    possible: bool
    from_cell: CellPlace | None = None
    how: ResumptionWay | None = None
    cells: list[ResumedCell] = []
    reason: str | None = None
    snapshots: list[CellSnapshot] = []
