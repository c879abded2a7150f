"""`trackbook worker`: somebody who runs what is queued."""

import contextlib
from typing import TYPE_CHECKING

import click

from trackbook.cli.display.jobs import describe_params, job_duration, short_job_id
from trackbook.cli.display.symbols import status_text
from trackbook.cli.exits import CANCELLED, FINE, INFRASTRUCTURE_FAILED
from trackbook.cli.options import SIZE, JobPlace, executor_options
from trackbook.cli.output import say
from trackbook.cli.project import existing_store
from trackbook.config import Settings, jobs_in, notify_in
from trackbook.domain.formatting import format_bytes, format_duration, one_line
from trackbook.errors import TrackbookError, UsageError
from trackbook.services.ingester import is_served
from trackbook.store.paths import StorePaths

if TYPE_CHECKING:
    from trackbook.jobs.distributed.standing import StandingCrew
    from trackbook.jobs.standing import StandingWorker


@click.command()
@click.option(
    "--jobs",
    "-j",
    metavar="N",
    type=click.IntRange(1, 64),
    help="Run so many at a time; by default as TRACKBOOK_JOBS or the project's pyproject.toml says, else 1.",
)
@click.option(
    "--memory",
    metavar="SIZE",
    type=SIZE,
    help="Begin no job that would not fit beside those that run, such as 4GB for all.",
)
@click.option(
    "--idle",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="End when nothing has waited for so long; without it the worker stands until Ctrl-C.",
)
@executor_options
def worker(jobs: int | None, memory: int | None, idle: float | None, place: JobPlace) -> int:
    """Run queued jobs, now and as they come.

    Any number of workers may stand, on several machines where the store is shared; no job is run by two. Ctrl-C once
    lets the jobs that run come to their end and begins no more; a second time cancels them. With --executor dask, a
    cluster runs the jobs that were submitted for one.
    """
    from trackbook.services.context import open_services

    settings = Settings.load()
    store = existing_store()
    if memory is not None and (place.executor == "dask" or is_served(store.remote)):
        raise UsageError(
            "--memory shares out what one machine has, from a queue in a folder or a PostgreSQL database. Limit each "
            "job instead: trackbook run --memory."
        )
    notify_in(store.project)  # an address that can't be one is heard of here, and not when a job has ended
    services = open_services(store, settings.token)
    running: set[str] = set()

    def tell(event: str, job_id: str) -> None:
        (running.add if event == "began" else running.discard)(job_id)
        try:
            job = services.jobs.get(job_id)
        except TrackbookError:  # only what is shown: the worker itself knows what it does
            say(f"{event}  {job_id[-8:]}")
            return
        if event == "began":
            words = [one_line(describe_params(job.spec.params), 60)]
            line = status_text("running")
        else:
            words = [format_duration(job_duration(job))]
            line = status_text(job.status)
        line.append("  " + "  ".join(filter(None, [short_job_id(job), job.spec.path, *words])), "default")
        say(line)
        if event != "began" and job.error is not None:
            say(f"    {job.error.ename}: {one_line(job.error.evalue, 160)}", "red")

    interrupts = 0
    code: int | None = None
    with contextlib.ExitStack() as stack:
        stack.callback(services.close)
        standing, size = _stand(store, place, jobs, memory, idle, stack)
        limits = f", {format_bytes(memory)} of memory together" if memory is not None else ""
        say(f"Working on {store.remote or store.project}: {size}{limits}. Ctrl-C ends it.")
        while code is None:
            try:
                code = standing.follow(tell)
            except KeyboardInterrupt:
                interrupts += 1
                if interrupts > 1:
                    standing.stop()
                    continue
                standing.drain()
                if running:
                    say(f"No more is begun; {len(running)} running. Ctrl-C again cancels.", "yellow")
    if interrupts > 1:
        return CANCELLED
    if code < 0:  # otherwise it has said itself what was wrong
        say(
            f"The process that has jobs run was ended by signal {-code}. What it ran waits in the queue again, once; "
            "`trackbook worker` goes on with it.",
            "red",
        )
    return FINE if code == 0 else INFRASTRUCTURE_FAILED


def _stand(
    store: StorePaths,
    place: JobPlace,
    jobs: int | None,
    memory: int | None,
    idle: float | None,
    stack: contextlib.ExitStack,
) -> "tuple[StandingWorker | StandingCrew, str]":
    """Return who works, and how many jobs that are at a time; all that was opened for it ends with `stack`."""
    if place.executor == "dask":
        from trackbook.jobs.executors import open_standing_crew

        crew = stack.enter_context(
            open_standing_crew(store, parallel=jobs, scheduler=place.scheduler, idle=idle, on_notice=say)
        )
        return crew, f"{jobs} at a time, with Dask" if jobs else "with Dask"
    from trackbook.jobs.standing import StandingWorker

    size = jobs or jobs_in(store.project)
    standing = StandingWorker(store, jobs=size, memory=memory, idle=idle)
    stack.callback(standing.close)
    return standing, f"{size} at a time"
