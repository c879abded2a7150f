"""Where jobs that are waited for run: on this machine, or on a Dask cluster. The one place that chooses."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trackbook.config import Settings
from trackbook.domain.job import ExecutorName, Job
from trackbook.jobs.headstart import HeadStart
from trackbook.store.paths import StorePaths

if TYPE_CHECKING:
    from trackbook.jobs.distributed.standing import StandingCrew
    from trackbook.jobs.pool import OnProgress, Outcomes
    from trackbook.jobs.sweepcontroller import Workers


class RunJobs(Protocol):
    """Runs submitted jobs and waits for them; as `run_jobs`."""

    def __call__(self, jobs: Sequence[Job], *, on_progress: "OnProgress | None" = None) -> "Outcomes":
        """Run the jobs."""


@contextlib.contextmanager
def open_trial_workers(
    store: StorePaths,
    executor: ExecutorName,
    *,
    parallel: int | None = None,
    scheduler: str | None = None,
    on_notice: Callable[[str], None] = lambda sentence: None,
) -> Iterator["Callable[[str], Workers | None]"]:
    """Make ready who runs the trials of a sweep, before it is added. As `open_executor`.

    Gives what returns, for the id of that sweep, those who run its trials; None stands for this machine's own workers.
    """
    if executor == "local":
        yield lambda sweep_id: None
        return
    from trackbook.jobs.distributed.cluster import open_cluster
    from trackbook.jobs.distributed.crew import DaskCrew
    from trackbook.jobs.distributed.trials import DaskTrials

    named = scheduler or Settings.load().scheduler_in(store.project)
    with open_cluster(named, parallel or 1) as cluster:
        crew = DaskCrew(store, cluster, parallel=parallel, on_notice=on_notice)
        try:
            yield lambda sweep_id: DaskTrials(store, sweep_id, crew)
        finally:
            crew.close()


@contextlib.contextmanager
def open_standing_crew(
    store: StorePaths,
    *,
    parallel: int | None = None,
    scheduler: str | None = None,
    idle: float | None = None,
    on_notice: Callable[[str], None] = lambda sentence: None,
) -> Iterator["StandingCrew"]:
    """Have a Dask cluster stand ready for what is queued for one; as `open_executor` for "dask"."""
    from trackbook.jobs.distributed.cluster import open_cluster
    from trackbook.jobs.distributed.standing import StandingCrew

    named = scheduler or Settings.load().scheduler_in(store.project)
    with open_cluster(named, parallel or 1) as cluster:
        crew = StandingCrew(store, cluster, parallel=parallel, idle=idle, on_notice=on_notice)
        try:
            yield crew
        finally:
            crew.close()


@contextlib.contextmanager
def open_executor(
    store: StorePaths,
    executor: ExecutorName,
    *,
    parallel: int | None = None,
    scheduler: str | None = None,
    on_notice: Callable[[str], None] = lambda sentence: None,
    notebook: Path | None = None,
) -> Iterator[RunJobs]:
    """Make ready what runs jobs, `parallel` at a time, before they are submitted.

    For "dask", `scheduler` names the cluster; by default it is what settings and project say, else one of this
    machine's own. There None for `parallel` leaves it to the cluster; everywhere else it means 1. `on_notice` gets
    sentences for people; `notebook` is the one whose jobs they will be. Raises MissingExtra, UsageError and
    InfrastructureError where there is no such cluster.
    """
    if executor == "local":
        with HeadStart(store, parallel or 1, notebook) as head_start:
            from trackbook.jobs.pool import run_jobs  # late: meanwhile the worker imports what it needs

            def run_here(jobs: Sequence[Job], *, on_progress: "OnProgress | None" = None) -> "Outcomes":
                return run_jobs(
                    store, jobs, parallel=parallel or 1, on_progress=on_progress, head_start=head_start
                )

            yield run_here
        return
    from trackbook.jobs.distributed.cluster import open_cluster
    from trackbook.jobs.distributed.pool import run_jobs_on_dask

    named = scheduler or Settings.load().scheduler_in(store.project)
    with open_cluster(named, parallel or 1) as cluster:

        def run_there(jobs: Sequence[Job], *, on_progress: "OnProgress | None" = None) -> "Outcomes":
            return run_jobs_on_dask(
                store, jobs, cluster, parallel=parallel, on_progress=on_progress, on_notice=on_notice
            )

        yield run_there
