"""The state of an execution, in the notebook's metadata as papermill writes it, and on disk as an atomic file."""

import os
import time
from pathlib import Path
from typing import Any

import nbformat
from papermill.engines import NotebookExecutionManager
from papermill.iorw import write_ipynb

_SAVE_EVERY = 5.0
_SAVE_SHARE = 0.05


class ExecutionManager(NotebookExecutionManager):  # type: ignore[misc]  # papermill carries no types
    """Notes how each cell came out; saves the notebook whole or not at all, and seldom.

    Saving at every cell, as papermill does, costs the square of the number of cells. Here it is done at the start, at
    the end, and in between at most every five seconds and with a twentieth of the time. A cell that never ran stays
    "pending".
    """

    def __init__(self, nb: Any, **options: Any) -> None:
        self._next_save = 0.0
        super().__init__(nb, **options)

    def save(self, **kwargs: Any) -> None:
        """Save the notebook if it is time to."""
        if time.monotonic() >= self._next_save:
            self.save_now()

    def autosave_cell(self) -> None:
        """Save the notebook within a cell if it is time to."""
        self.save()

    def save_now(self) -> None:
        """Save the notebook."""
        if not self.output_path:
            return
        started = time.monotonic()
        if "://" in str(self.output_path):
            write_ipynb(self.nb, self.output_path)
        else:
            write_notebook(self.nb, Path(self.output_path))
        ended = time.monotonic()
        self._next_save = ended + max(_SAVE_EVERY, (ended - started) / _SAVE_SHARE)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Note the end of the execution and save the notebook."""
        self.end_time = self.now()
        papermill = self.nb.metadata.papermill
        papermill["end_time"] = self.end_time.isoformat()
        papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        self.cleanup_pbar()
        self.save_now()


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook to a file, which holds the old one or the new one at any moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", errors="backslashreplace") as file:
            nbformat.write(notebook, file)  # type: ignore[no-untyped-call]
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
