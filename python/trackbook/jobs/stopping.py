"""Ends the cell that a kernel carries out: an interrupt, so that it says where it was, or the kernel's end."""

import asyncio
import contextlib

from nbclient.exceptions import DeadKernelError

from trackbook.jobs.dialogue import Dialogue, Exchange
from trackbook.jobs.kernels import KernelProcess

_LATE = 0.5  # seconds for an answer to come behind the word that all is done
_INTERRUPTED = {"status": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": []}
_BEGIN = 1.0  # seconds for a cell that was asked for to begin, before it is interrupted


class Stopper:
    """Interrupts or kills a kernel. Lives in one event loop. `given_up` once it is being killed."""

    def __init__(self, kernel: KernelProcess, dialogue: Dialogue) -> None:
        self._loop = asyncio.get_running_loop()
        self._kernel, self._dialogue = kernel, dialogue
        self.given_up = False
        # Set once the kernel carries out what it was asked for last.
        self._begun = asyncio.Event()
        self._begun.set()
        self._asked: Exchange | None = None

    def note_next(self) -> None:
        """Note that the kernel is about to be asked for another cell."""
        self._begun = asyncio.Event()

    def note_asked(self, exchange: Exchange) -> None:
        """Note what it was asked for."""
        self._asked = exchange

    def note_begun(self) -> None:
        """Note that it carries that out."""
        self._begun.set()

    def interrupt(self) -> None:
        """Interrupt the cell, once that is heard."""
        self._interruption = self._loop.create_task(self._interrupt(self._begun))

    def kill(self) -> None:
        """Kill the kernel; whatever is waited for ends then."""
        self._killing = self._loop.create_task(self._kill())

    def kernel_died(self) -> None:
        """End all that is waited for: nothing more will come."""
        self._dialogue.fail(DeadKernelError("Kernel died"), lasting=True)

    async def _interrupt(self, begun: asyncio.Event) -> None:
        # From one cell's end until it carries out the next one a kernel ignores interrupts: one that comes then is
        # lost, and the cell that it was for runs on.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begun.wait(), _BEGIN)
        is_heard = begun.is_set()
        await self._send_interrupt()
        if not is_heard:
            await begun.wait()
            await self._send_interrupt()
        await self._end_unanswered(self._asked)

    async def _end_unanswered(self, exchange: Exchange | None) -> None:
        """End the wait for an answer that an interrupt took away, having hit the kernel's own code, not the cell's."""
        if exchange is None:
            return
        with contextlib.suppress(DeadKernelError):
            await asyncio.shield(exchange.idle)
            await asyncio.sleep(_LATE)  # it comes over another socket
            if not exchange.reply.done():
                exchange.reply.set_result({"content": dict(_INTERRUPTED)})

    async def _send_interrupt(self) -> None:
        with contextlib.suppress(RuntimeError, OSError):
            await self._kernel.interrupt_kernel()

    async def _kill(self) -> None:
        self.given_up = True
        await self._kernel.kill()
        await asyncio.sleep(0.1)  # what it has sent before is still on its way
        self.kernel_died()
