"""What surrounds a run: environment, imported project modules, the saved notebook. Captured beside the work."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from trackbook.capture.environment import capture_environment
from trackbook.capture.modules import ModuleWatch
from trackbook.capture.notebook import parse_notebook
from trackbook.domain.environment import Environment
from trackbook.domain.snapshot import split_notebook
from trackbook.services.recorder import RunRecorder

_log = logging.getLogger(__name__)
_PATIENCE = 5.0


class Surroundings:
    """Captures in a thread of its own, so that neither the first cell nor the first log call waits.

    A nested run shares its parent's environment: a search opens hundreds of runs in one loop.
    """

    def __init__(self, recorder: RunRecorder, parent: "Surroundings | None" = None) -> None:
        self._recorder = recorder
        self._parent = parent
        self._watch = ModuleWatch(recorder.store.project)
        self._environment: Environment | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def begin(self, notebook: Path | None = None) -> Self:
        """Start capturing; a saved `notebook` is read now, before anything can change it."""
        saved = _read(notebook) if notebook is not None else None
        # A daemon: a git that hangs must not keep the process alive.
        self._thread = threading.Thread(
            target=self._capture, args=(notebook, saved), name="trackbook-surroundings", daemon=True
        )
        self._thread.start()
        return self

    def update(self) -> None:
        """Record modules that were imported or reloaded since the last time."""
        if self._pid == os.getpid() and self._thread is not None and not self._thread.is_alive():
            self._attempt("imported modules", self._capture_modules)

    def finish(self) -> None:
        """Wait for the capture, at most five seconds, and record what was imported since."""
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(_PATIENCE)
            self.update()

    def environment(self) -> Environment | None:
        """Return the environment once it is captured, None if that failed."""
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        return self._environment

    def _capture(self, notebook: Path | None, saved: bytes | None) -> None:
        _leave_interrupts_alone()
        if notebook is not None and saved is not None:
            self._attempt("saved notebook", lambda: self._capture_notebook(notebook, saved))
        self._attempt("imported modules", self._capture_modules)
        self._attempt("environment", self._capture_environment)

    def _capture_notebook(self, path: Path, saved: bytes) -> None:
        split = split_notebook(parse_notebook(path, saved))
        for part in (*split.parts.values(), split.manifest):
            self._recorder.store_blob(part)
        self._recorder.snapshot_taken("start", "file", split.digest)

    def _capture_modules(self) -> None:
        found = self._watch.changes()
        for _, source in found:
            self._recorder.store_blob(source)
        if found:
            self._recorder.modules_captured([module for module, _ in found])

    def _capture_environment(self) -> None:
        environment = self._parent.environment() if self._parent is not None else None
        self._environment = environment or capture_environment(self._recorder.store.project)
        self._recorder.environment_captured(self._environment)

    def _attempt(self, what: str, capture: Callable[[], None]) -> None:
        # Nothing that goes wrong here may reach the user's work; a run that ended meanwhile needs no word.
        try:
            capture()
        except Exception as error:
            if self._recorder.is_open:
                _log.warning("Trackbook could not record the %s of %s: %s", what, self._recorder.name, error)


def _leave_interrupts_alone() -> None:
    # Starting a process changes this thread's signal mask, at which moment it may take the interrupt that the
    # user meant for the main thread, which would then sleep on.
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _read(notebook: Path) -> bytes | None:
    try:
        return notebook.read_bytes()
    except OSError:
        return None
