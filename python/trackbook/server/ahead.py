"""Has whole columns read before somebody sorts or groups by them: those that a table of many runs shows."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from functools import partial

from trackbook.errors import TrackbookError
from trackbook.server.events import InThread
from trackbook.server.projects import Projects

# The window that was asked for is to be seen first, with its lines and its charts.
FIRST_REST = 0.5
# A column of 100,000 runs takes a tenth of a second: so many times as long others have the server to themselves.
SPARING = 2


class ReadingAhead:
    """Reads columns one after the other, with rests in between. Used by the server's loop alone."""

    def __init__(self, projects: Projects, in_thread: InThread, log: logging.Logger) -> None:
        self._projects, self._in_thread, self._log = projects, in_thread, log
        # In the order in which they were asked for.
        self._wanted: dict[tuple[str, str], None] = {}
        self._done: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def want(self, project: str, columns: Iterable[str]) -> None:
        """Have columns of a project read soon, each once."""
        for column in columns:
            if (project, column) not in self._done:
                self._wanted[project, column] = None
        if self._wanted and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Leave what is not read yet."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        await asyncio.sleep(FIRST_REST)
        while self._wanted:
            project, column = next(iter(self._wanted))
            del self._wanted[project, column]
            self._done.add((project, column))
            began = time.monotonic()
            try:
                await self._in_thread(partial(self._read, project, column))
            except (TrackbookError, OSError) as error:  # whoever asks for it hears of it, too
                self._log.debug("the column %s was not read ahead: %s", column, error)
            await asyncio.sleep(SPARING * (time.monotonic() - began))

    def _read(self, project: str, column: str) -> None:
        self._projects.services(project).run_tables.read_ahead(column)
