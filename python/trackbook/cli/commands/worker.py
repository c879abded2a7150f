"""`trackbook worker`: somebody who runs what is queued."""

import click

from trackbook.cli.display.jobs import describe_params, job_duration, short_job_id
from trackbook.cli.display.symbols import status_text
from trackbook.cli.exits import CANCELLED, FINE, INFRASTRUCTURE_FAILED
from trackbook.cli.options import SIZE
from trackbook.cli.output import say
from trackbook.cli.project import existing_store_here
from trackbook.domain.formatting import format_bytes, format_duration, one_line


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
def worker(jobs: int | None, memory: int | None, idle: float | None) -> int:
    """Run queued jobs, now and as they come.

    Any number of workers may stand, on several machines where the store is shared; no job is run by two. Ctrl-C once
    lets the jobs that run come to their end and begins no more; a second time cancels them.
    """
    from trackbook.config import jobs_in
    from trackbook.jobs.standing import StandingWorker
    from trackbook.services.context import open_services

    store = existing_store_here("trackbook worker")
    size = jobs or jobs_in(store.project)
    services = open_services(store)
    running: set[str] = set()

    def tell(event: str, job_id: str) -> None:
        job = services.jobs.get(job_id)
        if event == "began":
            running.add(job_id)
            words = [one_line(describe_params(job.spec.params), 60)]
            line = status_text("running")
        else:
            running.discard(job_id)
            words = [format_duration(job_duration(job))]
            line = status_text(job.status)
        line.append("  " + "  ".join(filter(None, [short_job_id(job), job.spec.path, *words])), "default")
        say(line)
        if event != "began" and job.error is not None:
            say(f"    {job.error.ename}: {one_line(job.error.evalue, 160)}", "red")

    standing = StandingWorker(store, jobs=size, memory=memory, idle=idle)
    limits = f", {format_bytes(memory)} of memory together" if memory is not None else ""
    say(f"Working on {store.project}: {size} at a time{limits}. Ctrl-C ends it.")
    interrupts = 0
    code: int | None = None
    try:
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
    finally:
        standing.close()
        services.place.close()
    if interrupts > 1:
        return CANCELLED
    return FINE if code == 0 else INFRASTRUCTURE_FAILED
