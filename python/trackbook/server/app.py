"""The server extension: joins handlers, projects and events."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from jupyter_server.extension.application import ExtensionApp

from trackbook.config import Settings
from trackbook.server.ahead import ReadingAhead
from trackbook.server.events import ENDED_SCHEMA, SCHEMA, ChangeWatcher
from trackbook.server.projects import OpenProject, Projects
from trackbook.server.routes import handlers

# Requests at work at the same time; beyond that they wait, and Jupyter's own work does not.
THREADS = 8

T = TypeVar("T")


class TrackbookServer(ExtensionApp):
    """Trackbook in a Jupyter server."""

    name = "trackbook"
    load_other_extensions = True

    projects: Projects
    watcher: ChangeWatcher
    ahead: ReadingAhead

    def initialize_settings(self) -> None:
        """Make what the handlers need."""
        bus = self._server.event_logger
        bus.register_event_schema(SCHEMA)
        bus.register_event_schema(ENDED_SCHEMA)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="trackbook")
        self.projects = Projects(self._root_folder(), Settings.load(), on_open=self._watch)
        self.watcher = ChangeWatcher(self.projects, bus, self.in_thread, self.log)
        self.ahead = ReadingAhead(self.projects, self.in_thread, self.log)

    def initialize_handlers(self) -> None:
        """Register the routes of rest-api.yml."""
        self.handlers.extend(handlers())

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, without stopping the server meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def stop_extension(self) -> None:
        """End the watching, and close the indexes."""
        await self.watcher.stop()
        await self.ahead.stop()
        await self.in_thread(self.projects.close)
        self._threads.shutdown(wait=False)

    @property
    def _server(self) -> Any:
        return self.serverapp  # Any: set before anything is called, though its type says that it may be None

    def _root_folder(self) -> Path:
        server = self._server
        return Path(getattr(server.contents_manager, "root_dir", None) or server.root_dir)

    def _watch(self, project: OpenProject) -> None:
        # Called in a thread; the loop's own thread watches.
        self._server.io_loop.add_callback(self.watcher.watch, project)
