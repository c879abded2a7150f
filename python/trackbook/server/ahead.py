"""Has read what a table of many runs will need: which runs and columns there are, and whole columns that it shows."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from functools import partial

from trackbook.errors import TrackbookError
from trackbook.server.events import InThread
from trackbook.server.projects import Projects

# A page that has just begun asks for much else.
OPEN_REST = 3.0
# The window that was asked for is to be seen first, with its lines and its charts.
FIRST_REST = 0.5
# A column of 100,000 runs takes a tenth of a second: so many times as long others have the server to themselves.
SPARING = 2


class ReadingAhead:
    """Reads one thing after the other, with rests in between. Used by the server's loop alone."""

    def __init__(self, projects: Projects, in_thread: InThread, log: logging.Logger) -> None:
        self._projects, self._in_thread, self._log = projects, in_thread, log
        # In the order in which they were asked for.
        self._wanted: dict[tuple[str, str], None] = {}
        self._done: set[tuple[str, str]] = set()
        self._opened: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def open(self, project: str) -> None:
        """Have a project's runs read soon, so that the first table need not wait for it."""
        task = asyncio.get_running_loop().create_task(self._read_runs(project))
        self._opened.add(task)
        task.add_done_callback(self._opened.discard)

    def want(self, project: str, columns: Iterable[str]) -> None:
        """Have columns of a project read soon, each once."""
        for column in columns:
            if (project, column) not in self._done:
                self._wanted[project, column] = None
        if self._wanted and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Leave what is not read yet."""
        tasks = [*self._opened, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _read_runs(self, project: str) -> None:
        await asyncio.sleep(OPEN_REST)
        await self._do(lambda: self._projects.services(project).run_tables.read_runs_ahead())

    async def _work(self) -> None:
        await asyncio.sleep(FIRST_REST)
        while self._wanted:
            project, column = next(iter(self._wanted))
            del self._wanted[project, column]
            self._done.add((project, column))
            began = time.monotonic()
            await self._do(partial(self._read_column, project, column))
            await asyncio.sleep(SPARING * (time.monotonic() - began))

    async def _do(self, call: Callable[[], None]) -> None:
        try:
            await self._in_thread(call)
        except (TrackbookError, OSError) as error:  # whoever asks for it hears of it, too
            self._log.debug("something was not read ahead: %s", error)

    def _read_column(self, project: str, column: str) -> None:
        self._projects.services(project).run_tables.read_column_ahead(column)
