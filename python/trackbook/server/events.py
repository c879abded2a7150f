"""Events: a hint on Jupyter's event bus that something in a project changed."""

import asyncio
from collections.abc import Callable, Coroutine
from logging import Logger
from pathlib import Path
from typing import Any, Protocol, TypeVar

from jupyter_events.logger import EventLogger

from trackbook.domain.change import Change
from trackbook.domain.clock import now, to_datetime
from trackbook.domain.job import JOB_ENDED
from trackbook.errors import NotFound
from trackbook.server.ingesting import IngesterKeeper
from trackbook.server.projects import OpenProject, Projects
from trackbook.server.working import WorkerKeeper
from trackbook.services.ingester import is_served

SCHEMA = Path(__file__).parent / "changed-event.yml"
SCHEMA_ID = "urn:trackbook:events:changed"
ENDED_SCHEMA = Path(__file__).parent / "job-ended-event.yml"
ENDED_SCHEMA_ID = "urn:trackbook:events:job-ended"

# Seconds between two looks at a project, and with that between two events.
INTERVAL = 0.25
SERVED_INTERVAL = 1.0  # each look at a served store is a request
INTERVAL_AFTER_ERROR = 5.0
MOST_RUNS = 500

T = TypeVar("T")


class InThread(Protocol):
    """Runs a call beside the server's own work, and returns what it returns."""

    def __call__(self, call: Callable[[], T]) -> Coroutine[Any, Any, T]:
        """Return what `call` returns."""


class ChangeWatcher:
    """Looks at the index of each open project a few times a second, and says on the event bus what changed."""

    def __init__(self, projects: Projects, bus: EventLogger, in_thread: InThread, log: Logger) -> None:
        self._projects = projects
        self._bus = bus
        self._in_thread = in_thread
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, project: OpenProject) -> None:
        """Watch a project from now on, unless it is watched. Call it in the event loop's thread."""
        task = self._tasks.get(project.id)
        if task is None or task.done():
            look = ProjectLook(self._projects, project)
            self._tasks[project.id] = asyncio.create_task(self._follow(look), name=f"trackbook-{project.id}")

    async def stop(self) -> None:
        """End all watching."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, look: "ProjectLook") -> None:
        told = False
        while True:
            try:
                change = await self._in_thread(look.look)
                if change is not None:
                    self._bus.emit(schema_id=SCHEMA_ID, data=change)
                for ended in look.take_ended():
                    self._bus.emit(schema_id=ENDED_SCHEMA_ID, data=ended)
                told = False
                await asyncio.sleep(look.interval)
            except NotFound:  # the folder is gone; a request that finds it again has it watched again
                return
            except Exception as error:  # the watching must outlive a full disk
                if not told:
                    self._log.warning("Trackbook can't see what changes: %s", error)
                told = True
                await asyncio.sleep(INTERVAL_AFTER_ERROR)


class ProjectLook:
    """What was seen of one project, and what is new since."""

    def __init__(self, projects: Projects, project: OpenProject) -> None:
        self._projects = projects
        self._id = project.id
        self._revision = project.revision
        self._keeper = IngesterKeeper(project.store)
        self._workers = _keeper_of_workers(project)
        self._project = project
        self._began = to_datetime(now())
        self._told: set[str] = set()
        self._ended: list[dict[str, Any]] = []
        self.interval = SERVED_INTERVAL if is_served(project.store.remote) else INTERVAL

    def look(self) -> dict[str, Any] | None:
        """Return the data of the next event; None if nothing changed since the last. NotFound if the folder is gone."""
        project = self._projects.open(self._id)
        if project is not self._project:  # opened anew: the folder was moved, or the index replaced
            self._project = project
            self._keeper = IngesterKeeper(project.store)
            self._workers = _keeper_of_workers(project)
        self._keeper.look()
        if self._workers is not None:
            self._workers.look()
        revision = project.services.runs.revision()
        if revision == self._revision:
            return None
        since = self._revision if revision > self._revision else 0  # a new index counts anew
        runs = project.services.runs.changed_since(since)
        jobs = project.services.jobs.changed_since(since)
        self._note_ended(project, jobs)
        self._revision = revision
        if not runs and not jobs:
            return None
        return {
            "project": self._id,
            "revision": revision,
            "runs": [_describe(run) for run in runs[-MOST_RUNS:]],
            "jobs": jobs,
        }

    def take_ended(self) -> list[dict[str, Any]]:
        """Return the data of an event for each job that has ended since this was asked last."""
        ended, self._ended = self._ended, []
        return ended

    def _note_ended(self, project: OpenProject, changed: list[str]) -> None:
        # A store that is read anew tells of all jobs that there ever were.
        new = [job_id for job_id in changed[-MOST_RUNS:] if job_id not in self._told]
        for job in project.services.jobs.get_many(new) if new else []:
            if job.status in JOB_ENDED and job.ended is not None and job.ended > self._began:
                self._told.add(job.id)
                told = {
                    "job": job.id,
                    "status": job.status,
                    "notebook": job.spec.path,
                    "run": job.spec.run_id,
                }
                self._ended.append({"project": self._id} | told)


def _keeper_of_workers(project: OpenProject) -> WorkerKeeper | None:
    # A served store has no jobs.
    return None if is_served(project.store.remote) else WorkerKeeper(project.services)


def _describe(run: Change) -> dict[str, Any]:
    return {
        "id": run.id,
        "status": run.status,
        "kernel_id": run.kernel_id,
        "message_id": run.message_id,
        "end_message_id": run.end_message_id,
        "has_document": {"start": run.has_start_document, "end": run.has_end_document},
    }
