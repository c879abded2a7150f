"""What surrounds a run: environment, imported project modules, the saved notebook. Captured beside the work."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from trackbook.capture.modules import ModuleWatch
from trackbook.domain.environment import Module
from trackbook.errors import TrackbookError
from trackbook.services.background import background
from trackbook.services.capturing.captures import Captures, give_up
from trackbook.services.masking import Masker
from trackbook.services.recorder import RunRecorder

if TYPE_CHECKING:
    from trackbook.services.capturing.environment import PreparedEnvironment

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
        variables: Sequence[str] = (),
    ) -> None:
        self._recorder = recorder
        self._captures = Captures(recorder, wanted, frozenset() if parent is None else _OF_THE_OUTERMOST)
        self._parent = parent
        self._watch = ModuleWatch(recorder.store.project)
        self._variables = tuple(variables)
        self._environment: PreparedEnvironment | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._turn = threading.RLock()  # while it is held the run does not end
        self._over = False
        self._late: RunRecorder | None = None

    def begin(self, notebook: Path | None = None) -> Self:
        """Start capturing; a saved `notebook` is read now, before anything can change it."""
        self._captures.begin()
        reads = notebook is not None and self._recorder.captures("notebook")
        saved = _read(notebook) if notebook is not None and reads else None
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

    def environment(self) -> "PreparedEnvironment | None":
        """Return the environment once it is captured, None if that failed or nothing of it is recorded."""
        self.wait(_PATIENCE)
        return self._environment

    def wait(self, timeout: float) -> None:
        """Wait until what was begun is captured, for at most `timeout` seconds."""
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout)

    def _update_modules(self) -> None:
        if self._pid == os.getpid() and not self._is_capturing():
            self._attempt("modules", self._capture_modules)

    def _is_capturing(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _capture_beside(self, notebook: Path | None, saved: bytes | None) -> None:
        _leave_interrupts_alone()
        try:
            self._capture(notebook, saved)
            if self._over:
                self._attempt("modules", self._capture_modules)
        finally:
            if self._late is not None:
                self._late.close()
            _captures.discard(self)

    def _capture(self, notebook: Path | None, saved: bytes | None) -> None:
        if notebook is not None and saved is not None:
            self._attempt("notebook", lambda: self._capture_notebook(notebook, saved))
        self._attempt("modules", self._capture_modules)
        self._attempt("environment", self._capture_environment)

    def _capture_notebook(self, path: Path, saved: bytes) -> None:
        from trackbook.capture.notebook import parse_notebook
        from trackbook.domain.snapshot import split_notebook

        masker = self._masker()
        split = split_notebook(masker.notebook(parse_notebook(path, saved)))
        for part in (*split.parts.values(), split.manifest):
            self._recorder.store_blob(part)
        self._record(lambda recorder: recorder.snapshot_taken("start", "file", split.digest), masker)

    def _capture_modules(self) -> None:
        if not self._recorder.captures("modules"):
            return
        modules: list[Module] = []
        masker = self._masker()
        for module, source in self._watch.changes():
            masked = masker.data(source, f"module {module.name}")
            digest = self._recorder.store_blob(masked) or module.digest
            modules.append(Module(module.name, module.path, digest, len(masked)))
        if modules:
            self._record(lambda recorder: recorder.modules_captured(modules), masker)

    def _capture_environment(self) -> None:
        from trackbook.services.capturing.environment import prepare_environment, wanted_parts

        wanted, masks = wanted_parts(self._recorder), self._recorder.captures("secrets")
        if not wanted:
            return
        environment = self._known_environment()
        if environment is None and self._parent is not None and self._shares_with(self._parent):
            environment = self._parent.environment()
        if environment is None:
            # Runs that start while the first one is being looked at wait for what it finds.
            with _turns.setdefault(self._key(), threading.Lock()):
                environment = self._known_environment()
                if environment is None:
                    environment = prepare_environment(
                        self._recorder.store.project, self._variables, wanted, masks
                    )
                    _latest[self._key()] = _Captured(environment, time.monotonic())
        self._environment = environment
        environment.store_files(self._recorder)
        self._record(environment.record)

    def _known_environment(self) -> "PreparedEnvironment | None":
        parent = self._parent
        if parent is not None and parent._environment is not None and self._shares_with(parent):
            return parent._environment
        latest = _latest.get(self._key())
        is_fresh = latest is not None and time.monotonic() - latest.at < _SHARED_SECONDS
        return latest.environment if latest is not None and is_fresh else None

    def _shares_with(self, parent: "Surroundings") -> bool:
        return self._key() == parent._key()

    def _key(self) -> "_Key":
        run = self._recorder
        parts = (name for name in ("environment", "git", "variables", "secrets") if run.captures(name))
        return run.store.project, frozenset(parts), self._variables

    def _masker(self) -> Masker:
        return Masker(self._recorder.captures("secrets"))

    def _record(self, write: Callable[[RunRecorder], None], masker: Masker | None = None) -> None:
        # The run's end waits for this: only records are written here, all that takes longer was done before.
        if masker is not None and masker.found:
            plain, found = write, masker.found

            def write(recorder: RunRecorder) -> None:
                plain(recorder)
                recorder.secrets_masked(found)

        with self._turn:
            if not self._over:
                write(self._recorder)
                return
        run = self._recorder
        if self._late is None:
            self._late = RunRecorder.join(
                run.store,
                run.run_id,
                role="editor",
                experiment=run.experiment,
                name=run.name,
                capture=run.capture,
            )
            self._late.told_of_secrets = run.told_of_secrets
        write(self._late)

    def _attempt(self, name: str, capture: Callable[[], None]) -> None:
        # Nothing that goes wrong here may reach the user's work; a run that ended meanwhile needs no word.
        try:
            capture()
        except (
            TrackbookError,
            OSError,
        ) as error:  # of this notebook, or of the disk: the next one may be better
            if self._recorder.is_open:
                import logging

                text = "Trackbook could not record the %s of %s: %s"
                logging.getLogger(__name__).warning(text, name, self._recorder.name, error)
        except Exception as error:
            give_up(name, error)


def wait_for_captures(timeout: float = _PATIENCE) -> None:
    """Wait until no capture goes on in this process, for at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    for capture in list(_captures):
        capture.wait(max(0.0, deadline - time.monotonic()))
    background.wait(max(0.0, deadline - time.monotonic()))


_Key = tuple[Path, frozenset[str], tuple[str, ...]]


class _Captured(NamedTuple):
    environment: "PreparedEnvironment"
    at: float


_captures: set[Surroundings] = set()
_latest: dict[_Key, _Captured] = {}
_turns: dict[_Key, threading.Lock] = {}
# The thread that holds a turn is not in the child.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_turns.clear)


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
