"""The notebook session as runs see it: where they come from, and which cell they meet."""

import time
import weakref
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

from trackbook.capture.notebook import find_notebook, relative_path
from trackbook.config import Settings
from trackbook.domain.run import RunError, RunStatus, Source
from trackbook.domain.verdict import Verdict, judge
from trackbook.magics.cells import CellTracker
from trackbook.magics.kernel import ShutdownWatch, is_kernel, kernel_id, message_cell_id, parent_message
from trackbook.services.documents import saved_document
from trackbook.services.recorder import RunRecorder
from trackbook.services.session import Session, ShutdownKind
from trackbook.store.paths import StorePaths


class NotebookSession(Session):
    """A session in a kernel or in a terminal's IPython."""

    def __init__(self, shell: InteractiveShell, tracker: CellTracker, settings: Settings) -> None:
        self._shell = shell
        self._tracker = tracker
        self._settings = settings
        # A cell may change the working directory later; the kernel starts in the notebook's folder.
        self._start_folder = Path.cwd()
        self._opened: weakref.WeakKeyDictionary[RunRecorder, float] = weakref.WeakKeyDictionary()
        self.shutdown: ShutdownWatch | None = None

    def source(self, store: StorePaths) -> Source:
        """Return the notebook, kernel and cell from which a run is opened."""
        notebook = self.notebook()
        known = notebook is not None or message_cell_id(parent_message(self._shell)) is not None
        return Source(
            "notebook" if known else "console",
            relative_path(notebook, store.project) if notebook is not None else None,
            kernel_id(self._shell),
            self.cell_id(),
            self.message_id(),
            self._settings.job_id,
        )

    def folder(self) -> Path:
        """Return the notebook's folder; in a terminal, the working directory."""
        if (notebook := self.notebook()) is not None:
            return notebook.parent
        return self._start_folder if is_kernel(self._shell) else Path.cwd()

    def notebook(self) -> Path | None:
        """Return the saved notebook, if anything says which it is."""
        return find_notebook(self._settings.notebook, self._shell.user_ns, self._start_folder)

    def cell_id(self) -> str | None:
        """Return the id of the cell that is being executed."""
        return self._tracker.current.cell_id if self._tracker.current else None

    def message_id(self) -> str | None:
        """Return the id of the execute request that is being answered; None between cells."""
        return self._tracker.current.message_id if self._tracker.current else None

    def shutdown_kind(self) -> ShutdownKind | None:
        """Return how the session is being stopped: `exit` in a cell shuts it down like a request does."""
        return (self.shutdown.kind() if self.shutdown is not None else None) or "shutdown"

    def run_opened(self, recorder: RunRecorder) -> None:
        """Record the cell that opens the run as its first."""
        self._opened[recorder] = time.monotonic()
        self._tracker.run_opened(recorder)

    def run_ending(self, recorder: RunRecorder, status: RunStatus, error: RunError | None) -> None:
        """Finish the record of the cell that ends the run."""
        self._tracker.run_ending(recorder, status, error)

    def verdict(self, recorder: RunRecorder) -> Verdict | None:
        """Return the verdict on what this session executed in a run so far; None before anything ended.

        It is told by the saved notebook: what was changed there and not saved yet can't be seen from here.
        """
        executions = self._tracker.executions(recorder)
        if not executions:
            return None
        notebook = self.notebook()
        return judge(executions, saved_document(notebook) if notebook is not None else None)

    def age(self, recorder: RunRecorder) -> float:
        """Return for how many seconds this session has known a run."""
        return time.monotonic() - self._opened.get(recorder, time.monotonic())
