"""Runs: what one is, and the one table of legal moves between its states."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.artifact import Artifact
from trackbook.domain.cell import CellExecution
from trackbook.domain.environment import Environment, Module
from trackbook.domain.metric import SeriesSummary

RunStatus = Literal["running", "finished", "failed", "killed", "aborted", "timed_out", "pruned", "lost"]
SourceKind = Literal["notebook", "script", "console", "job"]

ENDED: frozenset[RunStatus] = frozenset(
    {"finished", "failed", "killed", "aborted", "timed_out", "pruned", "lost"}
)

# "lost" and "killed" are verdicts from outside: the run itself may know better, later.
LEGAL_MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    "running": ENDED,
    "lost": ENDED | {"running"},
    "killed": frozenset({"running", "failed", "timed_out", "aborted"}),
    "finished": frozenset(),
    "failed": frozenset(),
    "aborted": frozenset(),
    "timed_out": frozenset(),
    "pruned": frozenset(),
}


def may_move(before: RunStatus, after: RunStatus) -> bool:
    """Tell whether a run may go from one status to another."""
    return after in LEGAL_MOVES[before]


class Source(Struct, frozen=True):
    """Where a run came from. `path` is the notebook or script, relative to the project where it lies inside.

    `message_id` is the execute request that opened the run; `cell_id` the notebook cell.
    """

    kind: SourceKind
    path: str | None = None
    kernel_id: str | None = None
    cell_id: str | None = None
    message_id: str | None = None
    job_id: str | None = None


class RunError(Struct, frozen=True):
    """Why a run failed. `cell` counts the notebook's code and other cells from 1."""

    ename: str
    evalue: str
    traceback: list[str] = []
    cell: int | None = None
    cell_id: str | None = None


class Run(Struct, frozen=True):
    """A run as lists show it. `metrics` holds the last value of each series by its one-line name.

    `duration` is end minus start, `active` the sum of its cells, both in seconds. `sparks` holds at most 64
    values a series. `number` is the short number in the project.
    """

    id: str
    number: int
    experiment: str
    name: str
    status: RunStatus
    started: datetime
    ended: datetime | None
    duration: float | None
    active: float
    user: str
    host: str
    source: Source
    parent_id: str | None
    notes: str
    tags: dict[str, str]
    params: dict[str, Any]
    metrics: dict[str, float]
    sparks: dict[str, list[float]]
    goals: dict[str, str]
    error: RunError | None
    reason: str | None
    trashed: bool
    revision: int


class ParamRevision(Struct, frozen=True):
    """One value that a parameter had, and when; the last one counts."""

    key: str
    value: Any
    at: datetime
    cell_id: str | None


class SnapshotInfo(Struct, frozen=True):
    """That a run has a snapshot, and where it came from: the live document, the saved file, or a job's copy."""

    moment: Literal["start", "end"]
    origin: Literal["document", "file", "job"]
    digest: str
    taken: datetime


class RunDetail(Struct, frozen=True):
    """Everything about one run except points, blobs and snapshots themselves."""

    run: Run
    series: list[SeriesSummary]
    revisions: list[ParamRevision]
    artifacts: list[Artifact]
    cells: list[CellExecution]
    environment: Environment | None
    modules: list[Module]
    snapshots: list[SnapshotInfo]
    children: list[str]
