"""The progress of jobs while they are worked: a bar in a terminal, a line for each finished job elsewhere."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from trackbook.cli.display.jobs import describe_attempt, describe_params, job_duration
from trackbook.cli.display.symbols import status_text
from trackbook.cli.output import message_console, say
from trackbook.domain.cell import CellStatus
from trackbook.domain.formatting import format_duration, one_line
from trackbook.domain.job import JOB_ENDED, Job


class CellProgress:
    """Shows on stderr which cell of a notebook is being run, in a terminal; a context manager and an observer."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._status = message_console().status(f"{title}: starting")

    def __enter__(self) -> Self:
        self._status.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.__exit__(kind, error, trace)

    def kernel_ready(self, tracks: bool) -> None:
        """The kernel answers."""

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        """Show which cell it is."""
        self._status.update(f"{self._title}: cell {position} of {total}")

    def cell_finished(self, cell: dict[str, Any], status: CellStatus, duration: float) -> None:
        """The next one will be shown."""

    def cell_shown(self, cell: dict[str, Any]) -> None:
        """Outputs are not shown here."""


class JobProgress:
    """Shows on stderr how far jobs are; a context manager, told of the jobs' state by `update`."""

    def __init__(self, title: str, swept: Sequence[str] = ()) -> None:
        self._title = title
        self._swept = swept
        self._reported: set[str] = set()
        self._told: dict[str, int] = {}
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        console = message_console()
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[state]}", markup=False),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                expand=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=None, state="starting")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, jobs: Sequence[Job]) -> None:
        """Show the jobs' state, all of them in the order in which they were submitted."""
        for job in jobs:
            self._tell_attempts(job)
            if job.status in JOB_ENDED and job.id not in self._reported:
                self._reported.add(job.id)
                self._report(job, len(jobs))
        if self._bar is not None and self._task is not None:
            done, total = count_cells(jobs)
            self._bar.update(self._task, completed=done, total=total or None, state=describe_state(jobs))

    def _tell_attempts(self, job: Job) -> None:
        told = self._told.get(job.id, 0)
        failed = job.attempts if job.status not in JOB_ENDED else job.attempts[:-1]
        for attempt in failed[told:]:
            line = Text(describe_attempt(job, attempt), "dim")
            if self._bar is not None:
                self._bar.console.print(line)
            else:
                say(line)
        self._told[job.id] = max(told, len(failed))

    def _report(self, job: Job, total: int) -> None:
        # In a terminal the bar says enough of those that went well, and the outcome of a single job comes next.
        if total == 1 or (self._bar is not None and job.status == "finished"):
            return
        values = describe_params({key: job.spec.params[key] for key in self._swept})
        parts = [f"{len(self._reported)}/{total}", one_line(values, 60), format_duration(job_duration(job))]
        line = status_text(job.status)
        line.append("  " + "  ".join(filter(None, parts)), "default")
        if self._bar is not None:
            self._bar.console.print(line)
        else:
            say(line)


def count_cells(jobs: Sequence[Job]) -> tuple[int, int]:
    """Return how many cells were run, of how many; jobs of a sweep that still wait have as many as the others."""
    known = max((job.cells for job in jobs), default=0)
    totals = [job.cells or known for job in jobs]
    done = [total if job.status in JOB_ENDED else job.cell for job, total in zip(jobs, totals, strict=True)]
    return sum(done), sum(totals)


def describe_state(jobs: Sequence[Job]) -> str:
    """Return `3/6 jobs, 41/66 cells`, for a single job its cells alone."""
    done, total = count_cells(jobs)
    cells = f"{done}/{total} cells" if total else "starting"
    if len(jobs) == 1 and jobs[0].attempt > 1:
        cells = f"attempt {jobs[0].attempt} of {max(jobs[0].attempt, jobs[0].spec.retries + 1)}, {cells}"
    if len(jobs) == 1:
        return cells
    ended = sum(job.status in JOB_ENDED for job in jobs)
    return f"{ended}/{len(jobs)} jobs, {cells}"
