"""The notebooks of two runs, cell by cell: what is the same cell, and what differs in it."""

from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.alignment import Match
from trackbook.domain.cell import CellStatus
from trackbook.domain.metric import Goal

CellKind = Literal["code", "markdown", "raw"]
# "order" is that of execution, "moved" that of the document; "executions" that it ran another number of times.
CellChange = Literal[
    "added", "removed", "moved", "kind", "source", "outputs", "status", "order", "executions", "metadata"
]
CounterpartKind = Literal["best", "previous"]
CounterpartReason = Literal["no_goal", "no_other", "is_best", "no_notebook", "no_previous"]


class CellReference(Struct, frozen=True):
    """Names a cell of a run: by its place in the snapshot from 0, else its id, else its last execution's order."""

    index: int | None = None
    cell_id: str | None = None
    order: int | None = None


class SideCell(Struct, frozen=True):
    """A cell as one of two runs had it: `source` is what ran last, of one that never ran what the snapshot holds.

    `executions` counts how often it ran, `sources` with how many different texts. `edited` tells that the snapshot
    has another text than what ran last, `deleted` that it ran and is not in the snapshot. `lost` tells that the text
    is not in the store any more. `outputs` counts them.
    """

    index: int | None
    order: int | None
    cell_id: str | None
    kind: CellKind
    source: str
    status: CellStatus | None
    executions: int
    sources: int
    outputs: int
    edited: bool = False
    deleted: bool = False
    lost: bool = False


class CellDifference(Struct, frozen=True):
    """One cell of two runs: None on the side that lacks it; no `changes` if it is the same in both."""

    left: SideCell | None
    right: SideCell | None
    match: Match | None
    changes: list[CellChange]


class NotebookSide(Struct, frozen=True):
    """One of two runs: where its cells are known from, and what language they are in.

    `moment` is that of the snapshot, None where the cells are known from having run only. `problem` says what could
    not be read, in a sentence. `cells` counts them.
    """

    run_id: str
    number: int
    notebook: str | None
    moment: Literal["start", "end"] | None
    mimetype: str
    language: str
    cells: int
    running: bool
    problem: str | None = None


class NotebookDifferences(Struct, frozen=True):
    """The cells of two runs in the order of the right one; `equal` counts those that are the same in both."""

    left: NotebookSide
    right: NotebookSide
    cells: list[CellDifference]
    equal: int


class CellComparison(Struct, frozen=True):
    """Both sides of a cell as nbformat's dicts, None where one lacks it, and the way from one to the other.

    `diff` is in nbdime's format, from `left` to `right`; empty where a side is None, or both are equal. `cut` tells
    that long outputs were cut.
    """

    left: dict[str, Any] | None
    right: dict[str, Any] | None
    diff: list[dict[str, Any]]
    cut: bool


class Commit(Struct, frozen=True):
    """A commit: its full hash, who wrote it when (ISO 8601), and the first line of its message."""

    hash: str
    author: str
    at: str
    subject: str


class CodeDifferences(Struct, frozen=True):
    """What lies between the code of two runs, as git tells it on this machine.

    `added` are the commits that the right run's has and the left one's lacks, newest first, `removed` the reverse;
    `more_added` and `more_removed` count those beyond the limit. `diff` is from the left code to the right code, what
    was not committed included where `exact`; else only between the commits. `reason` says in a sentence what could not
    be told, and why.
    """

    added: list[Commit]
    removed: list[Commit]
    more_added: int
    more_removed: int
    diff: str
    cut: bool
    exact: bool
    reason: str | None


class Counterpart(Struct, frozen=True):
    """The run that a run is best compared with: the best one of its experiment, or the previous one of its notebook.

    `metric` and `goal` are what made it the best. Without one, `run_id` is None, and `reason` and `message` say why,
    and what to do.
    """

    kind: CounterpartKind
    run_id: str | None
    metric: str | None = None
    goal: Goal | None = None
    reason: CounterpartReason | None = None
    message: str = ""
