"""Looks after a kernel while it works: whether it lives, and how much memory it and its processes use."""

import asyncio
from collections.abc import Callable

from trackbook.capture.processtree import ProcessTree, Usage, watch_process
from trackbook.jobs.kernels import KernelProcess

_EVERY = 0.1
_EVERY_WITH_LIMIT = 0.05
# What a kernel that dies has sent before is still on its way.
_LAST_WORDS = 0.2


class KernelWatch:
    """A task beside the cells. `last` is the memory in bytes when it last looked.

    `on_death` is called once the kernel's process has ended, `on_excess` with the bytes in use once these are more than
    `limit`, `on_tick` at each look.
    """

    def __init__(
        self,
        kernel: KernelProcess,
        *,
        limit: int | None,
        on_death: Callable[[], None],
        on_excess: Callable[[int], None],
        on_tick: Callable[[], None],
    ) -> None:
        self._kernel, self._limit = kernel, limit
        self._on_death, self._on_excess, self._on_tick = on_death, on_excess, on_tick
        pid = kernel.pid
        self._tree: ProcessTree | None = watch_process(pid) if pid is not None else None
        self._task = asyncio.get_running_loop().create_task(self._watch())
        self.problem: Exception | None = None
        self.last = self.peak = 0
        self.cpu: float | None = None

    def begin(self) -> None:
        """A cell begins."""
        if self._tree is not None:
            self._tree.begin()

    def end(self) -> Usage:
        """Return what the cell that has ended used."""
        usage = self._tree.end() if self._tree is not None else Usage()
        if usage.cpu is not None:
            self.cpu = (self.cpu or 0.0) + usage.cpu
        self.peak = max(self.peak, usage.memory or 0)
        return usage

    async def close(self) -> None:
        """Watch no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        every = _EVERY if self._limit is None else _EVERY_WITH_LIMIT
        while True:
            await asyncio.sleep(every)
            if not await self._kernel.is_alive():
                await asyncio.sleep(_LAST_WORDS)
                self._on_death()
                return
            if self._tree is not None:
                self.last = self._tree.sample()
                self.peak = max(self.peak, self.last)
                # What forked processes share counts once before anything is ended for it.
                if self._limit is not None and self.last > self._limit:
                    used = self._tree.exact()
                    if used > self._limit:
                        self._on_excess(used)
                        return
            try:
                self._on_tick()
            except Exception as error:  # what looks at the kernel must not end by what looks at the cell
                self.problem = error
