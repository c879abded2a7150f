"""What surrounds a run: environment, imported project modules, the saved notebook. Captured beside the work."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from trackbook.capture.modules import ModuleWatch
from trackbook.domain.environment import Environment
from trackbook.services.background import background
from trackbook.services.capturing.captures import Captures
from trackbook.services.recorder import RunRecorder

_PATIENCE = 5.0
# Recorded once, however many runs are open inside each other.
_OF_THE_OUTERMOST = frozenset(("system",))
_SHARED_SECONDS = 2.0


class Surroundings:
    """Captures in a thread of its own, so that neither the first cell, nor a log call, nor the run's end waits.

    What a short run's capture still finds after the run's end it adds as a further writer. A nested run shares its
    parent's environment, and so does a run that starts within two seconds of an earlier one: a search opens
    hundreds of runs in one loop.
    """

    def __init__(
        self,
        recorder: RunRecorder,
        parent: "Surroundings | None" = None,
        wanted: frozenset[str] = frozenset(),
    ) -> None:
        self._recorder = recorder
        self._captures = Captures(recorder, wanted if parent is None else wanted - _OF_THE_OUTERMOST)
        self._parent = parent
        self._watch = ModuleWatch(recorder.store.project)
        self._environment: Environment | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._turn = threading.RLock()  # while it is held the run does not end
        self._over = False
        self._late: RunRecorder | None = None

    def begin(self, notebook: Path | None = None) -> Self:
        """Start capturing; a saved `notebook` is read now, before anything can change it."""
        self._captures.begin()
        saved = _read(notebook) if notebook is not None else None
        if saved is None and self._known_environment() is not None:  # a matter of microseconds
            self._capture(None, None)
            return self
        # A daemon: a git that hangs must not keep the process alive.
        self._thread = threading.Thread(
            target=self._capture_beside, args=(notebook, saved), name="trackbook-surroundings", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending, or may have no more threads
            self._thread = None
        else:
            _captures.add(self)
        return self

    def update(self) -> None:
        """Record modules that were imported or reloaded since the last time."""
        self._captures.update()
        self._update_modules()

    def finish(self, patience: float = 0.0) -> None:
        """Record what was imported since; a capture that is not done in `patience` seconds goes on behind the end."""
        if self._pid == os.getpid():
            self._captures.finish(patience)
            self.wait(patience)
            self._update_modules()
            with self._turn:
                self._over = True

    def environment(self) -> Environment | None:
        """Return the environment once it is captured, None if that failed."""
        self.wait(_PATIENCE)
        return self._environment

    def wait(self, timeout: float) -> None:
        """Wait until what was begun is captured, for at most `timeout` seconds."""
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout)

    def _update_modules(self) -> None:
        if self._pid == os.getpid() and not self._is_capturing():
            self._attempt("imported modules", self._capture_modules)

    def _is_capturing(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _capture_beside(self, notebook: Path | None, saved: bytes | None) -> None:
        _leave_interrupts_alone()
        try:
            self._capture(notebook, saved)
            if self._over:
                self._attempt("imported modules", self._capture_modules)
        finally:
            if self._late is not None:
                self._late.close()
            _captures.discard(self)

    def _capture(self, notebook: Path | None, saved: bytes | None) -> None:
        if notebook is not None and saved is not None:
            self._attempt("saved notebook", lambda: self._capture_notebook(notebook, saved))
        self._attempt("imported modules", self._capture_modules)
        self._attempt("environment", self._capture_environment)

    def _capture_notebook(self, path: Path, saved: bytes) -> None:
        from trackbook.capture.notebook import parse_notebook
        from trackbook.domain.snapshot import split_notebook

        split = split_notebook(parse_notebook(path, saved))
        for part in (*split.parts.values(), split.manifest):
            self._recorder.store_blob(part)
        self._record(lambda recorder: recorder.snapshot_taken("start", "file", split.digest))

    def _capture_modules(self) -> None:
        found = self._watch.changes()
        for _, source in found:
            self._recorder.store_blob(source)
        if found:
            self._record(lambda recorder: recorder.modules_captured([module for module, _ in found]))

    def _capture_environment(self) -> None:
        environment = self._known_environment()
        if environment is None and self._parent is not None:
            environment = self._parent.environment()
        if environment is None:
            from trackbook.capture.environment import capture_environment

            environment = capture_environment(self._recorder.store.project)
            _latest[self._recorder.store.project] = _Captured(environment, time.monotonic())
        self._environment = environment
        self._record(lambda recorder: recorder.environment_captured(environment))

    def _known_environment(self) -> Environment | None:
        if self._parent is not None and self._parent._environment is not None:
            return self._parent._environment
        latest = _latest.get(self._recorder.store.project)
        is_fresh = latest is not None and time.monotonic() - latest.at < _SHARED_SECONDS
        return latest.environment if latest is not None and is_fresh else None

    def _record(self, write: Callable[[RunRecorder], None]) -> None:
        with self._turn:
            if not self._over:
                write(self._recorder)
                return
        run = self._recorder
        if self._late is None:
            self._late = RunRecorder.join(
                run.store, run.run_id, role="editor", experiment=run.experiment, name=run.name
            )
        write(self._late)

    def _attempt(self, what: str, capture: Callable[[], None]) -> None:
        # Nothing that goes wrong here may reach the user's work; a run that ended meanwhile needs no word.
        try:
            capture()
        except Exception as error:
            if self._recorder.is_open:
                import logging

                text = "Trackbook could not record the %s of %s: %s"
                logging.getLogger(__name__).warning(text, what, self._recorder.name, error)


def wait_for_captures(timeout: float = _PATIENCE) -> None:
    """Wait until no capture goes on in this process, for at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    for capture in list(_captures):
        capture.wait(max(0.0, deadline - time.monotonic()))
    background.wait(max(0.0, deadline - time.monotonic()))


class _Captured(NamedTuple):
    environment: Environment
    at: float


_captures: set[Surroundings] = set()
_latest: dict[Path, _Captured] = {}


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
