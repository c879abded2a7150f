"""Records each execution in every run that is open while it goes on."""

import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

from trackbook import api
from trackbook.domain.cell import CellError, CellStatus
from trackbook.domain.run import RunError, RunStatus
from trackbook.domain.verdict import Ran
from trackbook.magics.cellids import CellIds
from trackbook.magics.kernel import message_cell_id, message_id, message_tags, parent_message
from trackbook.magics.names import ExecutedNames
from trackbook.magics.tap import OutputTap
from trackbook.notebook.dataflow import CellNames
from trackbook.notebook.outputs import OutputCollector
from trackbook.services.recorder import RunRecorder


@dataclass(slots=True)
class Execution:
    """A cell that is being executed."""

    source: str
    cell_id: str | None
    message_id: str | None
    count: int | None
    tags: frozenset[str] = frozenset()
    transformed: str | None = None  # what IPython makes of the source, where it tells
    names: CellNames | None = None  # once they are asked for
    before: frozenset[str] = frozenset()
    recordings: list["Recording"] = field(default_factory=list)
    # The execution's order and outputs by the id of each run that recorded it.
    shown: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)


@dataclass(slots=True)
class Recording:
    """An execution in one run, from the moment at which both were there."""

    recorder: RunRecorder
    order: int
    collector: OutputCollector | None
    started: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended."""

    status: CellStatus
    error: CellError | None = None


class CellTracker:
    """Follows the shell's executions. A run that opens or ends inside a cell has its part of that cell.

    Cells that the shell runs inside another one (`%run notebook.ipynb`), without history, or in another thread
    (a subshell) belong to no document and are not recorded by themselves.
    """

    def __init__(self, shell: InteractiveShell, notebook: Callable[[], Path | None]) -> None:
        self._shell = shell
        self._ids = CellIds(notebook)
        self._tap = OutputTap(shell)
        self._names = ExecutedNames(shell)
        self._process_thread = _process_thread()
        self._lock = threading.RLock()
        self._nested = 0
        self._executed: weakref.WeakKeyDictionary[RunRecorder, list[Ran]] = weakref.WeakKeyDictionary()
        self.current: Execution | None = None

    def begin(self, info: ExecutionInfo) -> Execution | None:
        """Follow the execution that begins; None for one that is not recorded."""
        if self._process_thread != _process_thread():
            return None
        if self.current is not None and not info.store_history:
            self._nested += 1
            return None
        if self.current is not None:  # its end was never told
            self.finish(Outcome("aborted"))
            self.close()
        if not info.store_history:
            return None
        # The shell's own counter is raised before a cell in newer versions of IPython, and behind it in older ones.
        return self._open(info, self._shell.displayhook.prompt_count)

    def adopt(self) -> Execution | None:
        """Follow the execution that is going on already: the one that loads the extension."""
        result = self._shell.displayhook.exec_result
        info = getattr(result, "info", None)
        if (
            result is None
            or info is None
            or info.silent
            or not info.store_history
            or self.current is not None
        ):
            return None
        return self._open(info, result.execution_count)

    def ends(self, result: ExecutionResult | None) -> bool:
        """Tell whether what has ended is the current execution; it stays the current one until `close`."""
        if self._process_thread != _process_thread() or self.current is None or _was_blank(result):
            return False
        if self._nested:
            self._nested -= 1
            return False
        return True

    def close(self) -> None:
        """Forget the current execution; what was not finished of it is given up."""
        for recording in self.current.recordings if self.current is not None else []:
            if recording.collector is not None:
                self._tap.remove(recording.collector)
        self.current = None
        self._nested = 0

    def outcome(self, result: ExecutionResult | None) -> Outcome:
        """Say how an execution ended; the traceback is the one that was shown."""
        error = None if result is None else result.error_before_exec or result.error_in_exec
        if error is None:
            return Outcome("aborted") if result is None else Outcome("ok")
        shown = self._tap.last_error
        if shown is None or shown.ename != type(error).__name__:
            described = api.describe_error(error)
            shown = CellError(described.ename, described.evalue, described.traceback)
        return Outcome("aborted" if isinstance(error, KeyboardInterrupt) else "error", shown)

    def run_opened(self, recorder: RunRecorder) -> None:
        """Record the current execution in a run that opens inside it, from now on."""
        with self._lock:
            if self.current is not None and self._is_parent():
                self._record(self.current, recorder)

    def run_ending(self, recorder: RunRecorder, status: RunStatus, error: RunError | None) -> None:
        """Finish the current execution's part in a run that ends inside it."""
        if status == "failed" and error is not None:
            outcome = Outcome("error", CellError(error.ename, error.evalue, error.traceback))
        else:
            outcome = Outcome("aborted" if status in ("killed", "aborted") else "ok")
        with self._lock:
            for recording in self._recordings():
                if recording.recorder is recorder:
                    self._finish(recording, outcome)

    def finish(self, outcome: Outcome) -> None:
        """Write how the current execution ended into each run that records it."""
        with self._lock:
            for recording in self._recordings():
                self._finish(recording, outcome)

    def read(self, source: str) -> CellNames:
        """Return the names in the source of a cell that has run before."""
        return self._names.of(source)

    def executions(self, recorder: RunRecorder) -> list[Ran]:
        """Return what this session has executed in a run."""
        return list(self._executed.get(recorder, []))

    def _remember(
        self, execution: Execution, recording: Recording, reads: list[str], writes: list[str]
    ) -> None:
        ran = Ran(execution.cell_id, recording.order, execution.source, reads, writes, datetime.now(UTC))
        self._executed.setdefault(recording.recorder, []).append(ran)

    def names(self, execution: Execution) -> CellNames:
        """Return the names in an execution's source."""
        if execution.names is None:
            execution.names = self._names.of(execution.source, execution.transformed)
            execution.before = self._names.before(execution.names)
        return execution.names

    def _recordings(self) -> list[Recording]:
        return list(self.current.recordings) if self.current is not None and self._is_parent() else []

    def _is_parent(self) -> bool:
        # In a forked child the cell goes on in the parent, which records it.
        return self._process_thread[0] == os.getpid()

    def _open(self, info: ExecutionInfo, count: int | None) -> Execution:
        message = parent_message(self._shell)
        source = info.raw_cell or ""
        cell_id = self._ids.find(getattr(info, "cell_id", None) or message_cell_id(message), source)
        transformed = getattr(info, "transformed_cell", None)
        tags = message_tags(message)
        execution = Execution(source, cell_id, message_id(message), count, tags, transformed)
        with self._lock:
            self.current = execution
            for run in api.open_runs():
                self._record(execution, run.recorder)
        return execution

    def _record(self, execution: Execution, recorder: RunRecorder) -> None:
        if not recorder.captures("cells"):
            return
        if recorder.leaves_cells:
            order = recorder.count_cell()
        else:
            self.names(execution)
            order = recorder.cell_started(execution.cell_id, execution.count, execution.source)
        collector = OutputCollector() if recorder.captures("outputs") else None
        execution.recordings.append(Recording(recorder, order, collector, time.perf_counter()))
        if collector is not None:
            self._tap.add(collector)

    def _finish(self, recording: Recording, outcome: Outcome) -> None:
        duration = time.perf_counter() - recording.started
        if recording.collector is not None:
            self._tap.remove(recording.collector)
        if self.current is not None:
            self.current.recordings.remove(recording)
        if not recording.recorder.is_open:
            return
        outputs, truncated = ([], False) if recording.collector is None else recording.collector.finish()
        if recording.recorder.leaves_cells:
            if self.current is not None:
                self.current.shown[recording.recorder.run_id] = recording.order, outputs
            return
        reads, writes = self._names_of(self.current)
        if self.current is not None:
            self.current.shown[recording.recorder.run_id] = recording.order, outputs
            self._remember(self.current, recording, reads, writes)
        recording.recorder.cell_finished(
            recording.order,
            outcome.status,
            duration,
            outputs,
            truncated=truncated,
            error=outcome.error,
            reads=reads,
            writes=writes,
        )

    def _names_of(self, execution: Execution | None) -> tuple[list[str], list[str]]:
        if execution is None:
            return [], []
        return self._names.settle(self.names(execution), execution.before)


def _process_thread() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


def _was_blank(result: ExecutionResult | None) -> bool:
    # IPython tells the end of a blank cell without having told its beginning.
    source = result.info.raw_cell if result is not None and result.info is not None else None
    return source is not None and not source.strip()
