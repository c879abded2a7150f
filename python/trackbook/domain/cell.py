"""Cell executions: each one as it happened, in order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

# "aborted": interrupted or cancelled; the last three end a job: its time or memory ran out, or its kernel died.
CellStatus = Literal["running", "ok", "error", "aborted", "timed_out", "memory", "died"]

# The metadata of what Trackbook itself shows under a cell: no result of the cell, and another one each time.
NOTE = {"trackbook": "note"}


def is_note(output: Mapping[str, Any]) -> bool:
    """Whether an output of nbformat's is something that Trackbook said, not the cell."""
    metadata = output.get("metadata")
    return isinstance(metadata, Mapping) and metadata.get("trackbook") == NOTE["trackbook"]


class CellError(Struct, frozen=True):
    """The exception that ended a cell; `traceback` as Jupyter sends it, one entry a frame."""

    ename: str
    evalue: str
    traceback: list[str] = []


class CellExecution(Struct, frozen=True):
    """One execution of one cell in a run.

    `order` counts the run's executions from 1; `count` is the kernel's own In[n]. `duration` is in seconds,
    None while it runs. `source_digest` and `outputs` (one digest an output) name blobs. `reads` and `writes` are the
    names that the cell took from the notebook's namespace and those that it left there. `cpu` is the processor time
    in seconds, `memory` the most memory that the kernel and its processes had meanwhile, in bytes; None where they
    were not measured.
    """

    order: int
    cell_id: str | None
    count: int | None
    source_digest: str
    started: datetime
    duration: float | None
    status: CellStatus
    outputs: list[str]
    truncated: bool
    error: CellError | None = None
    reads: list[str] = []
    writes: list[str] = []
    cpu: float | None = None
    memory: int | None = None


def execution_at(cells: Sequence[CellExecution], cell_id: str | None, at: datetime) -> CellExecution | None:
    """Return the execution of a cell that was going on at a moment, to which what the cell stored then belongs.

    None where nothing says which cell it was, or it was not executed in the run.
    """
    begun = [cell for cell in cells if cell.cell_id == cell_id and cell.started <= at]
    return begun[-1] if begun and cell_id is not None else None


class CellContent(Struct, frozen=True):
    """An execution with its source and its outputs (nbformat 4 output dicts).

    Of a job's cell that still runs these are the outputs so far, a second old or so; of long ones the end.
    """

    execution: CellExecution
    source: str
    outputs: list[dict[str, Any]]
