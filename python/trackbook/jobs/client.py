"""Executes a notebook's cells in a kernel, one after the other, and knows how each of them came out."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nbclient.client import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg
from traitlets import Bool, Instance

from trackbook.capture.processtree import Usage
from trackbook.domain.cell import CellStatus
from trackbook.domain.execution import Observer, Outcome, OutcomeStatus
from trackbook.domain.formatting import format_bytes
from trackbook.errors import KernelError
from trackbook.jobs.celltimes import note_reply, note_step
from trackbook.jobs.cellverdicts import CellVerdicts, StopReason, traceback_of
from trackbook.jobs.dialogue import Dialogue, Exchange
from trackbook.jobs.kernel import JobKernelManager
from trackbook.jobs.kernels import KernelProcess
from trackbook.jobs.outputlog import OutputLog
from trackbook.jobs.outputs import output_of
from trackbook.jobs.progress import CellState, ExecutionManager
from trackbook.jobs.stopping import Stopper
from trackbook.jobs.streams import StreamJoiner
from trackbook.jobs.warm.folder import NotWarm
from trackbook.jobs.warm.runner import WarmRunner, can_run
from trackbook.jobs.warm.wanted import wanted_modules
from trackbook.jobs.watch import KernelWatch
from trackbook.notebook.limits import cell_timeout
from trackbook.notebook.read import is_executed

# Loads Trackbook into a kernel that has it, so that `%track` is there and cells are recorded; silence in all others.
# IPython forgets that it did: the notebook's own `%load_ext trackbook` would be told off for coming second.
_HELLO = """\
try:
    get_ipython().run_line_magic("load_ext", "trackbook")
    get_ipython().extension_manager.loaded.discard("trackbook")
except BaseException:
    pass
"""
# Whether Trackbook is there, and whether it leaves the cells of a job's run to who executes them.
_LOADED = "'track' in get_ipython().magics_manager.magics['line']"
_LEAVES_CELLS = "bool(__import__('trackbook').api.leaves_cells())"
NO_USAGE = Usage()
_GRACE = 3.0  # seconds for an interrupted cell to end by itself
# Seconds for the kernel to end by itself, its exit handlers included; one that hangs is killed at once.
_PATIENCE: dict[OutcomeStatus, float] = {"finished": 10.0, "failed": 10.0, "aborted": 2.0, "timed_out": 2.0}
_SHOW_EVERY = 1.0
_SHOW_SHARE = 0.05

_STATES: dict[OutcomeStatus, tuple[CellState, CellStatus]] = {
    "finished": ("completed", "ok"),
    "failed": ("failed", "error"),
    "timed_out": ("timed_out", "timed_out"),
    "memory": ("memory", "memory"),
    "aborted": ("killed", "aborted"),
    "died": ("died", "died"),
}


class JobNotebookClient(NotebookClient):
    """Runs one notebook in a kernel of its own; `execute_all` says how that came out.

    Unlike its base it sends cell ids and metadata with each request, has limits of time and memory, can be stopped from
    another thread, and never takes a dead kernel or a time-out for a success.
    """

    # What is said to a kernel of Python first.
    hello = _HELLO
    # Options of papermill's own client, which `papermill --engine trackbook` hands on.
    log_output: Any = Bool(False, help="Log what the cells print")
    stdout_file: Any = Instance(object, allow_none=True, help="A file that gets what they print")
    stderr_file: Any = Instance(object, allow_none=True, help="A file that gets what they print as errors")

    def __init__(
        self,
        manager: ExecutionManager,
        *,
        folder: str | None,
        environment: dict[str, str],
        log_path: str | None,
        job_timeout: float | None,
        memory: int | None = None,
        observer: Observer | None,
        kernel: KernelProcess | None = None,
        **options: Any,
    ) -> None:
        # Waiting four seconds for the rest of large outputs, as by default, makes failures of slow machines.
        usual = {"iopub_timeout": 60, "shell_timeout_interval": 1, "raise_on_iopub_timeout": True}
        super().__init__(manager.nb, **usual | options)
        self._manager = manager
        self._folder = folder or str(Path.cwd())
        self._environment = environment
        self._log_path = log_path
        self._job_timeout, self._memory = job_timeout, memory
        self._observer = observer
        # An observer may leave out to hear of this.
        self._tell_shown: Callable[[NotebookNode], None] | None = getattr(observer, "cell_shown", None)
        self._given_kernel = kernel
        self._kernel: KernelProcess | None = None
        self._client: Any = None
        self._dialogue: Dialogue | None = None
        self._stopper: Stopper | None = None
        self._watch: KernelWatch | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stop_reason: StopReason | None = None
        self._streams = StreamJoiner()
        self._output_log = OutputLog(
            self.log if self.log_output else None, self.stdout_file, self.stderr_file
        )
        # What is left to do for the cell before: it is done while the kernel is busy with the next one.
        self._rest: Callable[[], None] | None = None
        self._shown_until = 0.0
        self._present: NotebookNode | None = None
        self._has_new = False
        self._verdicts = CellVerdicts(manager.nb.cells, memory=memory, seconds=job_timeout)

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
            given_up = self._stopper is not None and self._stopper.given_up
            patience = 0.0 if given_up else _PATIENCE.get(outcome.status, 0.0)
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
            kernel = await self._launch(
                log if self._log_path else None
            )  # by default where this process writes
        self.kc = self._client = await kernel.connect(self.startup_timeout)
        self._dialogue = kernel.converse(self._client)
        self._stopper = Stopper(kernel, self._dialogue)
        self._watch = KernelWatch(
            kernel,
            limit=self._memory,
            on_death=self._stopper.kernel_died,
            on_excess=self._memory_passed,
            on_tick=self._look,
        )
        tracks = _speaks_python(self._client) and await self._say_hello()
        self.nb.metadata["language_info"] = self._client.language_info
        if self._observer is not None:
            self._observer.kernel_ready(tracks)
        outcome = await self._execute_cells()
        self.set_widgets_metadata()
        return outcome

    async def _launch(self, output: Any) -> Any:
        """Start what runs the cells: the kernel that was given, a runner that is forked ready, or else a kernel."""
        modules: list[str] | None = None
        if self._given_kernel is None:
            sources = [cell.source for cell in self.nb.cells if is_executed(cell)]
            modules = wanted_modules(sources, self._folder)
            if modules is not None and can_run(self.kernel_name, sources):
                with contextlib.suppress(NotWarm):
                    return await self._launch_one(WarmRunner(modules), output)
        kernel = self._given_kernel or JobKernelManager(kernel_name=self.kernel_name, modules=modules)
        return await self._launch_one(kernel, output)

    async def _launch_one(self, kernel: Any, output: Any) -> Any:
        self.km = self._kernel = kernel
        await kernel.launch(self._folder, self._environment, output, self.startup_timeout)
        return kernel

    async def _say_hello(self) -> bool:
        expressions = {"on": _LOADED, "leaves": _LEAVES_CELLS}
        assert self._dialogue is not None
        exchange = self._dialogue.ask(
            self.hello, silent=True, store_history=False, user_expressions=expressions
        )
        with contextlib.suppress(DeadKernelError):
            answers = (await exchange.reply)["content"].get("user_expressions") or {}
            said = {key: (value.get("data") or {}).get("text/plain") for key, value in answers.items()}
            return said.get("on") == "True" and said.get("leaves") != "True"
        raise KernelError(f"The kernel died while it started: {self._reason_of_death()}.")

    async def _say_goodbye(self, code: str) -> None:
        assert self._dialogue is not None
        exchange = self._dialogue.ask(code, silent=True, store_history=False)
        with contextlib.suppress(TimeoutError, DeadKernelError):
            await asyncio.wait_for(asyncio.gather(exchange.reply, exchange.idle), 1.0)

    async def _execute_cells(self) -> Outcome:
        total = len(self.nb.cells)
        for index, cell in enumerate(self.nb.cells):
            if self._stop_reason is not None:
                self._do_rest()
                return self._stopped(None, None)
            if not is_executed(cell) or cell.get("id") in self._manager.kept:
                self._do_rest()
                self._pass_over(index, cell)
                continue
            outcome = await self._execute_one(index, total)
            if outcome is not None:
                self._do_rest()
                return outcome
        self._do_rest()
        return Outcome("finished") if self._stop_reason is None else self._stopped(None, None)

    def _pass_over(self, index: int, cell: NotebookNode) -> None:
        self._manager.cell_start(cell, index)
        if cell.get("id") in self._manager.kept:  # nobody is to take it for one that runs
            self._manager.cell_end(cell, index, "kept", 0.0, NO_USAGE)
            return
        if self._observer is not None:
            self._observer.cell_started(index + 1, len(self.nb.cells), cell)
        skipped = cell.cell_type == "code" and bool(cell.source.strip())
        self._manager.cell_end(cell, index, "skipped" if skipped else "completed", 0.0, NO_USAGE)

    async def _execute_one(self, index: int, total: int) -> Outcome | None:
        """Execute one cell; None if the next one may follow."""
        cell = self.nb.cells[index]
        assert self._watch is not None
        assert self._stopper is not None
        cell.outputs = []
        self.clear_before_next_output = False
        self._present, self._has_new = cell, False
        self._stopper.note_next()
        if self.record_timing:
            cell.metadata["execution"] = {}
        started, moment = time.monotonic(), self._manager.now()
        self._watch.begin()
        allows = "raises-exception" in cell.metadata.get("tags", []) and not self.force_raise_errors
        exchange = self._ask(
            index, lambda message: self._take(message, cell, index), not (self.allow_errors or allows)
        )
        self._stopper.note_asked(exchange)
        self.code_cells_executed += 1
        self._do_rest()
        self._manager.cell_start(cell, index, at=moment)
        if self._observer is not None:
            self._observer.cell_started(index + 1, total, cell)
        self._shown_until = started + _SHOW_EVERY
        outcome = await self._outcome_of(exchange, index)
        usage = self._watch.end()
        duration = time.monotonic() - started
        self._present = None
        self._streams.settle(cell.outputs)
        self._output_log.settle()
        self._rest = lambda: self._finish(index, cell, outcome, duration, usage)
        return outcome

    def _ask(self, index: int, take: Callable[[dict[str, Any]], None], stop_on_error: bool) -> Exchange:
        assert self._dialogue is not None
        cell = self.nb.cells[index]
        return self._dialogue.ask(cell.source, _request_metadata(cell), take, stop_on_error=stop_on_error)

    def _count(self, index: int, told: int | None) -> int | None:
        """Return a cell's number in the history, which the kernel has told."""
        return told

    def _finish(
        self, index: int, cell: NotebookNode, outcome: Outcome | None, duration: float, usage: Usage
    ) -> None:
        state, status = _STATES["finished" if outcome is None else outcome.status]
        self._manager.cell_end(cell, index, state, duration, usage)
        if self._observer is not None:
            self._observer.cell_finished(cell, status, duration)

    def _do_rest(self) -> None:
        rest, self._rest = self._rest, None
        if rest is not None:
            rest()

    async def _outcome_of(self, exchange: Exchange, index: int) -> Outcome | None:
        cell = self.nb.cells[index]
        limit = cell_timeout(cell) or self._get_timeout(cell)
        assert self._loop is not None
        timer = self._loop.call_later(limit, self.stop, "cell_timed_out") if limit else None
        try:
            reply = await exchange.reply
        except DeadKernelError:
            return self._dead(index, limit)
        finally:
            if timer is not None:
                timer.cancel()
        content = reply["content"]
        if self.record_timing:
            note_reply(cell, reply)
        if (count := self._count(index, content.get("execution_count"))) is not None:
            cell["execution_count"] = count
        try:
            async with asyncio.timeout(self.iopub_timeout):
                await exchange.idle
        except (TimeoutError, DeadKernelError) as error:
            if isinstance(error, DeadKernelError):
                return self._dead(index, limit)
            evalue = f"What the cell shows did not come to its end within {self.iopub_timeout} seconds."
            return Outcome("failed", self._verdicts.error(index, "OutputCut", evalue))
        return await self._judge(reply, index, limit)

    async def _judge(self, reply: dict[str, Any], index: int, limit: float | None) -> Outcome | None:
        cell, content = self.nb.cells[index], reply["content"]
        if self._stop_reason is not None:  # whatever the notebook made of the interrupt
            return self._stopped(index, traceback_of(cell), limit)
        if any(payload.get("source") == "ask_exit" for payload in content.get("payload") or []):
            return Outcome("finished")  # `quit()`: the notebook chose to end here
        try:
            await self._check_raise_for_error(cell, index, reply)
        except CellExecutionError as error:
            return self._verdicts.failed(index, error)
        if content["status"] == "aborted":
            return Outcome(
                "failed", self._verdicts.error(index, "Aborted", "The kernel did not run this cell.")
            )
        return None

    def _dead(self, index: int, limit: float | None) -> Outcome:
        if self._stop_reason is not None:
            return self._stopped(index, None, limit)
        return self._verdicts.died(index, self._reason_of_death())

    def _stopped(
        self, index: int | None, traceback: list[str] | None, cell_limit: float | None = None
    ) -> Outcome:
        return self._verdicts.stopped(self._stop_reason, index, traceback, cell_limit)

    def _reason_of_death(self) -> str:
        if self._kernel is None:
            return "it never started"
        reason = self._kernel.exit_reason()
        if "SIGKILL" in reason and self._watch is not None and self._watch.last:
            reason += f", of which it had {format_bytes(self._watch.last)}"
        return reason

    def _take(self, message: dict[str, Any], cell: NotebookNode, index: int) -> None:
        """Take up what the kernel publishes for a cell, while it runs or later."""
        if message["msg_type"] == "execute_input" and cell is self._present and self._stopper is not None:
            self._stopper.note_begun()
        if message["msg_type"] == "stream" and not self.output_hook_stack[message["parent_header"]["msg_id"]]:
            if self.clear_before_next_output:
                cell.outputs[:] = []
                self.clear_display_id_mapping(index)
                self.clear_before_next_output = False
            self._streams.add(cell.outputs, message["content"])
            if self._output_log.is_wanted:
                self._output_log.add(output_from_msg(message))  # type: ignore[no-untyped-call]
            self._has_new = True
            return
        self._streams.settle(cell.outputs)
        if message["msg_type"] in ("status", "execute_input"):
            note_step(cell, message, times=self.record_timing)
            self._has_new = self._has_new or message["msg_type"] == "execute_input"
            return
        with contextlib.suppress(CellExecutionComplete):
            output = super().process_message(message, cell, index)
            self._has_new = True
            if output and self._output_log.is_wanted:
                self._output_log.add(output)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Add what the kernel shows to a cell's outputs, as its base does, which checks each against the schema."""
        is_hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        output = None if is_hooked or self.clear_before_next_output else output_of(msg)
        if output is None:
            return super().output(outs, msg, display_id, cell_index)
        if display_id:
            self._display_id_map.setdefault(display_id, {}).setdefault(cell_index, []).append(len(outs))
        outs.append(output)
        return output

    def _look(self) -> None:
        """Now and then, while a cell runs: save the notebook, and tell what the cell has shown."""
        cell = self._present
        if cell is None:
            return
        now = time.monotonic()
        if self._has_new and now >= self._shown_until:
            self._streams.settle(cell.outputs)
            self._has_new = False
            if self._tell_shown is not None:
                self._tell_shown(cell)
            self._manager.autosave_cell()
            took = time.monotonic() - now
            self._shown_until = now + max(_SHOW_EVERY, took / _SHOW_SHARE)

    def _memory_passed(self, used: int) -> None:
        self._verdicts.used = used
        if self._stop_reason is None:
            self._stop_reason = "memory"
        self._begin_killing()

    def _begin_stop(self) -> None:
        """Interrupt the kernel, so that the cell says where it was; end everything if that does not help."""
        if self._loop is None or self._task is None:
            return
        if self._stopper is None:
            self._task.cancel()
            return
        self._stopper.interrupt()
        self._loop.call_later(_GRACE, self._end_task)

    def _end_task(self) -> None:
        if self._task is not None:
            self._begin_killing()

    def _begin_killing(self) -> None:
        assert self._stopper is not None
        self._stopper.kill()

    async def _stop_kernel(self, patience: float) -> None:
        kernel, client = self._kernel, self._client
        try:
            goodbye = kernel.goodbye if kernel is not None and patience > 0 else None
            if self._dialogue is not None and goodbye is not None:
                await self._say_goodbye(goodbye)
            if self._watch is not None:
                await self._watch.close()
            if self._dialogue is not None:
                await self._dialogue.close()
            for cell in self.nb.cells:  # what threads have shown after their cell had ended
                if cell.cell_type == "code":
                    self._streams.settle(cell.outputs)
        finally:
            if kernel is not None:
                await kernel.stop(client, patience)
            self._kernel = self._client = None
            self.kc = None

    def usage(self) -> Usage:
        """Return what the kernel and its processes used in all."""
        return NO_USAGE if self._watch is None else Usage(self._watch.cpu, self._watch.peak or None)


def _speaks_python(client: Any) -> bool:
    return bool(client.language_info.get("name") == "python")


def _request_metadata(cell: NotebookNode) -> dict[str, Any]:
    # As JupyterLab sends it; what papermill and nbclient note on the cell meanwhile is not the user's.
    own = {key: value for key, value in cell.metadata.items() if key not in ("papermill", "execution")}
    return {**own, "cellId": cell.get("id"), "deletedCells": [], "recordTiming": False}
