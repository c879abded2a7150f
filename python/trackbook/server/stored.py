"""The store that `trackbook serve` serves, and the base of the handlers that only it has."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

from trackbook.config import Settings
from trackbook.server.base import TrackbookHandler, check_id
from trackbook.server.ingesting import IngesterKeeper
from trackbook.server.projects import OpenProject, Project, Projects
from trackbook.services.lending import Lending
from trackbook.services.receiving import Receiving
from trackbook.services.sweep_lending import SweepHolds, SweepLending
from trackbook.services.tokens import Tokens
from trackbook.store.paths import StorePaths

# Requests at work at the same time; beyond that they wait.
THREADS = 8

T = TypeVar("T")


class ServedProjects(Projects):
    """The one project of a served store, whatever path is asked for: notebooks are on the clients' machines."""

    def __init__(self, store: StorePaths, settings: Settings) -> None:
        super().__init__(store.project, settings)
        self._served = self._remember(store)

    def find(self, path: str) -> Project:
        """Return the project."""
        return self._served

    def find_or_create(self, path: str) -> Project:
        """Return the project, which is there."""
        return self._served

    def source_path(self, project_id: str, path: str) -> str:
        """Return a notebook's path as runs name it, which is how clients say it."""
        return path


class ServedStore:
    """What the handlers of a served store work with; stands where a Jupyter server has Trackbook's extension."""

    def __init__(self, store: StorePaths, settings: Settings) -> None:
        self.store = store
        self.log = logging.getLogger("trackbook.serve")
        self.tokens = Tokens(store)
        self.projects: Projects = ServedProjects(store, settings)
        self.uploads = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="trackbook")
        self._keeper = IngesterKeeper(store)
        self._holds = SweepHolds(store)
        self._receiving: tuple[OpenProject, Receiving] | None = None

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, without stopping the server meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def receiving(self, project_id: str) -> Receiving:
        """Return what takes journals and blobs in; raises NotFound for another project than the served one."""
        project = self.projects.open(check_id("project", project_id))
        if self._receiving is None or self._receiving[0] is not project:
            self._receiving = (project, Receiving(project.services.place))
        return self._receiving[1]

    def lending(self, project_id: str) -> Lending:
        """Return what lends jobs to workers elsewhere; raises NotFound for another project than the served one."""
        return Lending(self.projects.open(check_id("project", project_id)).services.place)

    def sweep_lending(self, project_id: str) -> SweepLending:
        """Return what controllers of sweeps elsewhere ask; raises NotFound for another project than the served one."""
        services = self.projects.open(check_id("project", project_id)).services
        return SweepLending(services.place, services.sweeps, self._holds)

    async def keep_reading(self) -> None:
        """See to it that what came in is read, as long as the server runs."""
        while True:
            await self.in_thread(self._keeper.look)
            self._holds.expire()
            await asyncio.sleep(1.0)

    def close(self) -> None:
        """Close the index."""
        self._holds.close()
        self.projects.close()
        self._threads.shutdown(wait=False)


class StoreHandler(TrackbookHandler):
    """A handler that stands in no Jupyter server."""

    async def prepare(self) -> None:  # type: ignore[override]  # as in Jupyter's own APIHandler
        """Find out who asks, and begin."""
        await super().prepare()
        await self.begin()

    async def begin(self) -> None:
        """Do what comes before the first byte of a body."""

    @property
    def served(self) -> ServedStore:
        """The store that is served."""
        return cast(ServedStore, self.app)
