"""The state of an execution, in the notebook's metadata as papermill writes it, and on disk as an atomic file."""

import contextlib
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from nbformat.v4 import nbjson
from papermill.engines import NotebookExecutionManager, logger
from papermill.iorw import write_ipynb

from trackbook.capture.processtree import Usage

_SAVE_EVERY = 5.0
_SAVE_SHARE = 0.02
_OWN = ("status", "cpu", "memory")

# "killed" says that the job was cancelled; "skipped" that a tag did not let the cell run.
CellState = Literal[
    "pending", "running", "completed", "failed", "timed_out", "memory", "killed", "died", "not_run", "skipped"
]


class ExecutionManager(NotebookExecutionManager):  # type: ignore[misc]  # papermill carries no types
    """Notes how each cell came out; saves the notebook whole or not at all, and seldom.

    Saving at every cell, as papermill does, costs the square of the number of cells. Here it is done at the start, at
    the end, and in between at most every five seconds and with a fiftieth of the time. In papermill's metadata a cell
    that never ran stays "pending"; Trackbook's own says how it came out in more words. `problems` tells what could not
    be saved.
    """

    def __init__(self, nb: Any, **options: Any) -> None:
        self._next_save = 0.0
        self.problems: list[str] = []
        super().__init__(nb, **options)

    def notebook_start(self, **kwargs: Any) -> None:
        """Note the beginning, forget what an earlier execution left, and save the notebook."""
        for holder in (self.nb, *self.nb.cells):
            forget_states(holder)
        super().notebook_start(**kwargs)

    def save(self, **kwargs: Any) -> None:
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
                write_ipynb(self.nb, self.output_path)
            else:
                write_notebook(self.nb, Path(self.output_path))
        except OSError as error:
            self._note_problem(error)
        else:
            self.problems = []
        ended = time.monotonic()
        self._next_save = ended + max(_SAVE_EVERY, (ended - started) / _SAVE_SHARE)

    def cell_start(
        self, cell: Any, cell_index: int | None = None, *, at: datetime | None = None, **kwargs: Any
    ) -> None:
        """Note that a cell begins, or has begun at a moment."""
        if cell.cell_type == "code":
            note_state(cell, "running")
        super().cell_start(cell, cell_index)
        if at is not None:
            cell.metadata.papermill["start_time"] = at.isoformat()

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
        elif state == "skipped":
            note.update(status=self.PENDING, exception=None, start_time=None, end_time=None, duration=None)
        else:
            self.cell_exception(cell, cell_index)
        if cell.cell_type == "code":
            note_state(cell, state, usage)
        self.save()
        if self.pbar:
            self.pbar.update(1)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Note the end of the execution, say of the cells that never ran that they did not, and save the notebook."""
        self.end_time = self.now()
        papermill = self.nb.metadata.papermill
        papermill["end_time"] = self.end_time.isoformat()
        papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        for cell in self.nb.cells:
            if cell.cell_type == "code" and cell.metadata.papermill["status"] == self.PENDING:
                if (cell.metadata.get("trackbook") or {}).get("status") != "skipped":
                    note_state(cell, "not_run")
            elif cell.metadata.papermill["status"] == self.RUNNING:
                self.cell_exception(cell)
        self.cleanup_pbar()
        self.save_now()

    def _note_problem(self, error: OSError) -> None:
        text = f"The executed notebook could not be saved: {error.strerror or error}."
        if not self.problems:
            logger.warning(f"{text} The execution goes on.")
        self.problems = [text]


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


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook to a file, which holds the old one or the new one at any moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", errors="backslashreplace") as file:
            # nbformat.write checks the notebook first, which takes several times as long as to write it.
            file.write(nbjson.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
