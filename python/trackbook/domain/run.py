"""Runs: what one is, where it came from, and what belongs to it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.artifact import Artifact
from trackbook.domain.attempt import Attempt
from trackbook.domain.cell import CellExecution
from trackbook.domain.data import UsedData
from trackbook.domain.environment import Environment, Module
from trackbook.domain.metric import SeriesSummary
from trackbook.domain.reproduction import Reproduction, ReproductionMark
from trackbook.domain.rich import LoggedValue
from trackbook.domain.secret import MaskedSecret
from trackbook.domain.seed import Seed
from trackbook.domain.status import RunStatus as RunStatus  # a run's state is at home here
from trackbook.domain.status import check_end
from trackbook.errors import UsageError

SourceKind = Literal["notebook", "script", "console", "job"]


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


def check_ending(status: object, error: object, reason: object) -> None:
    """Raise UsageError for what can't be stored as the end of a run."""
    check_end(status, reason)
    if error is not None and not isinstance(error, RunError):
        raise UsageError(f"The error of a run is a RunError, not {type(error).__name__}.")


class Fork(Struct, frozen=True):
    """Where a run branched off: it shares the points of `run_id` up to and including `step`.

    Points that the other run got after `until` (microseconds) are not shared: what a fork began with stays as it was.
    """

    run_id: str
    step: int
    until: int


class Run(Struct, frozen=True):
    """A run as lists show it. `metrics` holds the last value of each series by its one-line name; series of system
    metrics are left out of it, of `sparks` and of `goals`.

    `duration` is end minus start, `active` the sum of its cells, both in seconds. `sparks` holds at most 64
    values a series. `number` is the short number in the project. `attempt` counts from 1 and grows when the run is
    resumed. A fork shares the history of the run `forked_from` up to the step `forked_step`. `reproduction` is the
    verdict of the last time that it was run again.
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
    group: str | None = None
    attempt: int = 1
    forked_from: str | None = None
    forked_step: int | None = None
    reproduction: ReproductionMark | None = None


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


class Loss(Struct, frozen=True):
    """The disk refused `count` records of a run, or contents of files, between two moments."""

    count: int
    first: datetime
    last: datetime


class RunDetail(Struct, frozen=True):
    """Everything about one run except points, blobs and snapshots themselves. `forks` are ids, as `children` are.

    `reproduction` tells of the last time that the run was run again.
    """

    run: Run
    series: list[SeriesSummary]
    revisions: list[ParamRevision]
    artifacts: list[Artifact]
    cells: list[CellExecution]
    environment: Environment | None
    modules: list[Module]
    snapshots: list[SnapshotInfo]
    children: list[str]
    attempts: list[Attempt] = []
    forks: list[str] = []
    losses: list[Loss] = []
    data: list[UsedData] = []
    values: list[LoggedValue] = []
    seeds: list[Seed] = []
    secrets: list[MaskedSecret] = []
    reproduction: Reproduction | None = None
