"""The state of an execution, in the notebook's metadata as papermill writes it, and on disk as an atomic file.

papermill itself is not imported here: that takes longer than a short notebook, and a job needs nothing of it.
"""

import logging
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from trackbook.capture.processtree import Usage
from trackbook.jobs.notebookfile import write_notebook

# papermill's own: who listens to it hears of our executions, too.
logger = logging.getLogger("papermill")
_DESCRIPTION = "papermill_description="
_SAVE_EVERY = 5.0
_SAVE_SHARE = 0.02
_OWN = ("status", "cpu", "memory", "kept", "shared", "shared_run")

# "killed" says that the job was cancelled; "skipped" that a tag did not let the cell run; "kept" that it came out well
# in the run that this one goes on from.
CellState = Literal[
    "pending",
    "running",
    "completed",
    "failed",
    "timed_out",
    "memory",
    "killed",
    "died",
    "not_run",
    "skipped",
    "kept",
]


class ExecutionManager:
    """Notes how each cell came out; saves the notebook whole or not at all, and seldom.

    Saving at every cell, as papermill does, costs the square of the number of cells. Here it is done at the start, at
    the end, and in between at most every five seconds and with a fiftieth of the time. In papermill's metadata a cell
    that never ran stays "pending"; Trackbook's own says how it came out in more words. `problems` tells what could not
    be saved.
    """

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"

    def __init__(
        self,
        nb: Any,
        *,
        output_path: str | None = None,
        log_output: bool = False,
        progress_bar: bool | dict[str, Any] = False,
        kept: Iterable[str] = (),
    ) -> None:
        self.nb, self.output_path, self.log_output = nb, output_path, log_output
        self.start_time = self.now()
        self.end_time: datetime | None = None
        self.pbar = _progress_bar(len(nb.cells), progress_bar)
        self.kept = frozenset(kept)
        self.problems: list[str] = []
        self._next_save = 0.0

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def notebook_start(self) -> None:
        """Note the beginning, forget what an earlier execution left but in cells that are kept; save the notebook."""
        states = {cell.id: dict(cell.metadata.get("trackbook") or {}) for cell in self._kept_cells()}
        for holder in (self.nb, *self.nb.cells):
            forget_states(holder)
        self.start_time = self.now()
        self.nb.metadata.papermill.update(
            start_time=self.start_time.isoformat(), end_time=None, duration=None, exception=None
        )
        for cell in self.nb.cells:
            cell.metadata["papermill"] = type(cell.metadata)(
                exception=None, start_time=None, end_time=None, duration=None, status=self.PENDING
            )
            if cell.cell_type == "code" and cell.get("id") not in self.kept:
                cell.execution_count = None
                cell.outputs = []
        for cell in self._kept_cells():
            if states[cell.id]:
                cell.metadata["trackbook"] = states[cell.id]
        self.save()

    def _kept_cells(self) -> list[Any]:
        return [cell for cell in self.nb.cells if cell.get("id") in self.kept]

    def save(self) -> None:
        """Save the notebook if it is time to."""
        if time.monotonic() >= self._next_save:
            self.save_now()

    def autosave_cell(self) -> None:
        """Save the notebook within a cell if it is time to."""
        self.save()

    def save_now(self) -> None:
        """Save the notebook; where that fails, the execution goes on, and one warning says so."""
        if not self.output_path:
            return
        started = time.monotonic()
        try:
            if "://" in str(self.output_path):
                from papermill.iorw import write_ipynb

                write_ipynb(self.nb, self.output_path)
            else:
                write_notebook(self.nb, Path(self.output_path))
        except OSError as error:
            self._note_problem(error)
        else:
            self.problems = []
        ended = time.monotonic()
        self._next_save = ended + max(_SAVE_EVERY, (ended - started) / _SAVE_SHARE)

    def cell_start(self, cell: Any, cell_index: int, *, at: datetime | None = None) -> None:
        """Note that a cell begins, or has begun at a moment."""
        if cell.cell_type == "code":
            note_state(cell, "running")
        if self.log_output:
            logger.info(f"Executing Cell {cell_index + 1:-<40}")
        cell.metadata.papermill.update(
            start_time=(at or self.now()).isoformat(), status=self.RUNNING, exception=False
        )
        if self.pbar and (described := cell.source.partition(_DESCRIPTION)[2].split()):
            self.pbar.set_description(f"Executing {described[0]}")
        self.save()

    def cell_end(self, cell: Any, cell_index: int, state: CellState, duration: float, usage: Usage) -> None:
        """Note how a cell came out, and what it used."""
        if self.log_output:
            logger.info(f"Ending Cell {cell_index + 1:-<43}")
            sys.stdout.flush()
            sys.stderr.flush()
        note = cell.metadata.papermill
        note["end_time"] = self.now().isoformat()
        note["duration"] = duration
        if state == "completed":
            note["status"] = self.COMPLETED
        elif state in ("skipped", "kept"):
            note.update(status=self.PENDING, exception=None, start_time=None, end_time=None, duration=None)
        else:
            self._note_failure(cell)
        if cell.cell_type == "code":
            note_state(cell, state, usage)
        self.save()
        if self.pbar:
            self.pbar.update(1)

    def notebook_complete(self) -> None:
        """Note the end of the execution, say of the cells that never ran that they did not, and save the notebook."""
        self.end_time = self.now()
        papermill = self.nb.metadata.papermill
        papermill["end_time"] = self.end_time.isoformat()
        papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        for cell in self.nb.cells:
            if cell.cell_type == "code" and cell.metadata.papermill["status"] == self.PENDING:
                if (cell.metadata.get("trackbook") or {}).get("status") not in ("skipped", "kept"):
                    note_state(cell, "not_run")
            elif cell.metadata.papermill["status"] == self.RUNNING:
                self._note_failure(cell)
        if self.pbar:
            self.pbar.close()
        self.save_now()

    def _note_failure(self, cell: Any) -> None:
        cell.metadata.papermill.update(exception=True, status=self.FAILED)
        self.nb.metadata.papermill["exception"] = True

    def _note_problem(self, error: OSError) -> None:
        text = f"The executed notebook could not be saved: {error.strerror or error}."
        if not self.problems:
            logger.warning(f"{text} The execution goes on.")
        self.problems = [text]


def _progress_bar(total: int, wanted: bool | dict[str, Any]) -> Any:
    if not wanted:
        return None
    from tqdm.auto import tqdm

    options = {"unit": "cell", "desc": "Executing"} | (wanted if isinstance(wanted, dict) else {})
    return tqdm(total=total, **options)


def note_state(cell: Any, state: CellState, usage: Usage | None = None) -> None:
    """Note in a cell's metadata how it came out; what the user has put under the same key stays."""
    own = cell.metadata.get("trackbook")
    noted = dict(own) if isinstance(own, dict) else {}
    noted["status"] = state
    if usage is not None:
        noted |= {
            name: value for name, value in (("cpu", usage.cpu), ("memory", usage.memory)) if value is not None
        }
    cell.metadata["trackbook"] = noted


def forget_states(holder: Any) -> None:
    """Take out of a cell, or a notebook, what an earlier execution noted."""
    own = holder.metadata.get("trackbook")
    if not isinstance(own, dict):
        return
    for name in (*_OWN, "error"):
        own.pop(name, None)
    if not own:
        del holder.metadata["trackbook"]
