"""Executes a notebook's cells in a kernel, one after the other, and knows how each of them came out."""

import asyncio
import contextlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient

from trackbook.domain.cell import CellStatus
from trackbook.domain.execution import Observer, Outcome
from trackbook.domain.run import RunError
from trackbook.errors import KernelError
from trackbook.jobs.kernel import JobKernelClient, JobKernelManager
from trackbook.jobs.progress import ExecutionManager
from trackbook.notebook.inject import INJECTED

StopReason = Literal["timed_out", "aborted"]

# Loads Trackbook into a kernel that has it, so that `%track` is there and cells are recorded; silence in all others.
# IPython forgets that it did: the notebook's own `%load_ext trackbook` would be told off for coming second.
_HELLO = """\
try:
    get_ipython().run_line_magic("load_ext", "trackbook")
    get_ipython().extension_manager.loaded.discard("trackbook")
except BaseException:
    pass
"""
# While the kernel ends ipykernel flushes once more, and may wait ten seconds for a thread that is gone by then.
_GOODBYE = """\
import sys
for stream in (sys.stdout, sys.stderr):
    if type(stream).__module__.startswith("ipykernel"):
        stream.flush()
        stream.flush = lambda: None
"""
_LOADED = "'track' in get_ipython().magics_manager.magics['line']"
_GRACE = 3.0  # seconds for an interrupted cell to end by itself
# Seconds for the kernel to end by itself, its exit handlers included; one that hangs is killed at once.
_PATIENCE = {"finished": 10.0, "failed": 10.0, "aborted": 2.0, "timed_out": 2.0}
_ALIVE_EVERY = 0.2


class JobNotebookClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill carries no types
    """Runs one notebook in a kernel of its own; `execute_all` says how that came out.

    Unlike its base it sends cell ids and metadata with each request, has a time limit for the whole notebook, can be
    stopped from another thread, and never takes a dead kernel or a time-out for a success.
    """

    def __init__(
        self,
        manager: ExecutionManager,
        *,
        folder: str | None,
        environment: dict[str, str],
        log_path: str | None,
        job_timeout: float | None,
        observer: Observer | None,
        **options: Any,
    ) -> None:
        # Waiting four seconds for the rest of large outputs, as by default, makes failures of slow machines.
        super().__init__(manager, **{"iopub_timeout": 60, "shell_timeout_interval": 1} | options)
        self._manager = manager
        self._folder = folder or str(Path.cwd())
        self._environment = environment
        self._log_path = log_path
        self._job_timeout = job_timeout
        self._observer = observer
        self._kernel: JobKernelManager | None = None
        self._client: JobKernelClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stop_reason: StopReason | None = None
        self._given_up = False

    def execute_all(self) -> Outcome:
        """Execute the notebook. Raises KernelError if the kernel could not be started."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._run_loop()
        with ThreadPoolExecutor(1) as pool:  # called from code that runs in a loop itself, such as a notebook
            return pool.submit(self._run_loop).result()

    def abort(self) -> None:
        """Have the execution end soon, as aborted; may be called from any thread."""
        self.stop("aborted")

    def stop(self, reason: StopReason) -> None:
        """Have the execution end soon, as `reason` says; may be called from any thread."""
        if self._stop_reason is None:
            self._stop_reason = reason
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the execution
                    self._loop.call_soon_threadsafe(self._begin_stop)

    def _run_loop(self) -> Outcome:
        # Windows' usual loop can't watch the sockets of zmq.
        factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(self._execute_all())

    async def _execute_all(self) -> Outcome:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        timer = (
            self._loop.call_later(self._job_timeout, self.stop, "timed_out") if self._job_timeout else None
        )
        patience = 0.0
        try:
            outcome = await self._run_in_kernel()
            patience = 0.0 if self._given_up else _PATIENCE.get(outcome.status, 0.0)
            return outcome
        except asyncio.CancelledError:
            if self._stop_reason is None:
                raise
            return self._stopped(None, None)
        finally:
            if timer is not None:
                timer.cancel()
            self._task = None
            await self._stop_kernel(patience)

    async def _run_in_kernel(self) -> Outcome:
        if self._stop_reason is not None:
            return self._stopped(None, None)
        with Path(self._log_path or os.devnull).open("ab") as log:
            self.km = self._kernel = JobKernelManager(kernel_name=self.kernel_name)
            output = log if self._log_path else None  # by default where this process writes
            await self._kernel.launch(self._folder, self._environment, output, self.startup_timeout)
        self.kc = self._client = await self._kernel.connect(self.startup_timeout)
        tracks = _speaks_python(self._client) and await self._say_hello(self._client)
        self.nb.metadata["language_info"] = self._client.language_info
        if self._observer is not None:
            self._observer.kernel_ready(tracks)
        outcome = await self._execute_cells()
        self.set_widgets_metadata()
        return outcome

    async def _say_hello(self, client: JobKernelClient) -> bool:
        client.request_metadata = {}
        request = client.execute(_HELLO, silent=True, store_history=False, user_expressions={"on": _LOADED})
        with contextlib.suppress(DeadKernelError):
            reply = await self.async_wait_for_reply(request)
            answer = ((reply or {}).get("content", {}).get("user_expressions") or {}).get("on", {})
            return bool(answer.get("data", {}).get("text/plain") == "True")
        raise KernelError(f"The kernel died while it started: {self._reason_of_death()}.")

    async def _say_goodbye(self, client: JobKernelClient) -> None:
        client.request_metadata = {}
        request = client.execute(_GOODBYE, silent=True, store_history=False)
        with contextlib.suppress(TimeoutError, DeadKernelError):
            await asyncio.wait_for(self.async_wait_for_reply(request), 1.0)

    async def _execute_cells(self) -> Outcome:
        for index, cell in enumerate(self.nb.cells):
            if self._stop_reason is not None:
                return self._stopped(None, None)
            self._manager.cell_start(cell, index)
            if self._observer is not None:
                self._observer.cell_started(index + 1, len(self.nb.cells), cell)
            started = time.monotonic()
            outcome = await self._execute_one(index)
            if outcome is not None and outcome.status != "finished":
                self._manager.cell_exception(cell, index)
            self._manager.cell_complete(cell, index)
            if self._observer is not None and _is_executed(cell):
                self._observer.cell_finished(cell, _cell_status(outcome), time.monotonic() - started)
            if outcome is not None:
                return outcome
        return Outcome("finished") if self._stop_reason is None else self._stopped(None, None)

    async def _execute_one(self, index: int) -> Outcome | None:
        """Execute one cell; None if the next one may follow."""
        cell = self.nb.cells[index]
        assert self._client is not None
        self._client.request_metadata = _request_metadata(cell)
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            return self._failed(index, error)
        except (DeadKernelError, CellTimeoutError) as error:
            if self._stop_reason is not None:
                return self._stopped(index, None)
            if isinstance(error, CellTimeoutError):
                return Outcome("timed_out", self._error(index, "CellTimeout", _first_line(error)))
            evalue = f"The kernel died in this cell: {self._reason_of_death()}."
            return Outcome("died", self._error(index, "KernelDied", evalue))
        return None

    def _failed(self, index: int, error: CellExecutionError) -> Outcome | None:
        traceback = _traceback_of(self.nb.cells[index])
        if self._stop_reason is not None:  # whatever the notebook made of the interrupt
            return self._stopped(index, traceback)
        if error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
            return Outcome("finished")  # the notebook chose to end here
        return Outcome("failed", self._error(index, error.ename, error.evalue, traceback))

    def _stopped(self, index: int | None, traceback: list[str] | None) -> Outcome:
        if self._stop_reason == "aborted":
            return Outcome("aborted", self._error(index, "Cancelled", "The job was cancelled.", traceback))
        evalue = f"The notebook ran longer than {self._job_timeout:g} seconds."
        return Outcome("timed_out", self._error(index, "TimeLimit", evalue, traceback))

    def _error(
        self, index: int | None, ename: str, evalue: str, traceback: list[str] | None = None
    ) -> RunError:
        if index is None:
            return RunError(ename, evalue, traceback or [])
        cell = self.nb.cells[index]
        # Cells are counted as in the user's notebook, where there is no injected one.
        number = sum(INJECTED not in other.metadata.get("tags", []) for other in self.nb.cells[: index + 1])
        return RunError(ename, evalue, traceback or [], max(number, 1), cell.get("id"))

    def _reason_of_death(self) -> str:
        return self._kernel.exit_reason() if self._kernel is not None else "it never started"

    def _begin_stop(self) -> None:
        """Interrupt the kernel, so that the cell says where it was; end everything if that does not help."""
        if self._loop is None or self._task is None:
            return
        if self._client is None:
            self._task.cancel()
            return
        self._interruption = self._loop.create_task(self._interrupt())
        self._loop.call_later(_GRACE, self._end_task)

    async def _interrupt(self) -> None:
        if self._kernel is not None:
            with contextlib.suppress(RuntimeError, OSError):
                await self._kernel.interrupt_kernel()

    def _end_task(self) -> None:
        if self._task is not None:
            self._given_up = True
            self._task.cancel()

    async def _stop_kernel(self, patience: float) -> None:
        kernel, client = self._kernel, self._client
        if kernel is not None:
            if client is not None and patience > 0 and _speaks_python(client):
                await self._say_goodbye(client)
            await kernel.stop(client, patience)
        self._kernel = self._client = None
        self.kc = None  # type: ignore[assignment]  # nbclient itself sets it so

    async def _async_poll_kernel_alive(self) -> None:
        while True:
            await asyncio.sleep(_ALIVE_EVERY)
            try:
                await self._async_check_alive()
            except DeadKernelError:
                assert self.task_poll_for_reply is not None
                self.task_poll_for_reply.cancel()
                return


def _speaks_python(client: JobKernelClient) -> bool:
    return bool(client.language_info.get("name") == "python")


def _is_executed(cell: NotebookNode) -> bool:
    skipped = "skip-execution" in cell.metadata.get("tags", [])
    return bool(cell.cell_type == "code" and cell.source.strip()) and not skipped


def _cell_status(outcome: Outcome | None) -> CellStatus:
    if outcome is None or outcome.status == "finished":
        return "ok"
    return "error" if outcome.status == "failed" else "aborted"


def _request_metadata(cell: NotebookNode) -> dict[str, Any]:
    # As JupyterLab sends it; what papermill and nbclient note on the cell meanwhile is not the user's.
    own = {key: value for key, value in cell.metadata.items() if key not in ("papermill", "execution")}
    return {**own, "cellId": cell.get("id"), "deletedCells": [], "recordTiming": False}


def _traceback_of(cell: NotebookNode) -> list[str]:
    for output in reversed(cell.get("outputs", [])):
        if output.output_type == "error":
            return [str(line) for line in output.get("traceback", [])]
    return []


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
