"""The IPython extension: joins magics, cell records and the session, and takes all of it away again."""

import contextlib
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from trackbook import api
from trackbook.config import Settings
from trackbook.errors import QueryError, TrackbookError, UsageError
from trackbook.magics.answers import Answers
from trackbook.magics.auto import AutoTracking
from trackbook.magics.cells import CellTracker, Execution, Outcome
from trackbook.magics.commands import Context, carry_out
from trackbook.magics.ignored import Ignored
from trackbook.magics.kernel import ShutdownWatch
from trackbook.magics.sessions import NotebookSession
from trackbook.magics.tracked import CellTracking, find_mark, take_mark
from trackbook.magics.values import Namespace
from trackbook.services.capturing.switches import is_wanted
from trackbook.services.masking import Masker
from trackbook.services.recorder import StorageWarning
from trackbook.services.session import Session


@magics_class
class TrackMagics(Magics):
    """`%track`, and the word behind `%%track`."""

    def __init__(self, shell: InteractiveShell, extension: "Extension") -> None:
        super().__init__(shell)
        self._extension = extension

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def track(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> None:
        """Track a run: %track start EXPERIMENT, then param, metric, artifact, figure, note, tag, seed, status, end;
        runs, diff and watch show what there is. %track help lists them.

        A line that can't be carried out shows one line that says why, and never raises: tracking does not get in the
        way of the work.

        %%track [EXPERIMENT] as a cell's first line makes the cell a run: the simple values that it reads are its
        parameters, the numbers that it makes its metrics, the figures that it shows its artifacts.
        """
        if cell is not None:
            # Only code that calls the magic by itself comes here: in a cell the line is taken away before.
            raise IPythonUsageError("%%track has to be the first line of a notebook cell.")
        self._extension.track(line, local_ns)


class Extension:
    """Everything that one shell has of Trackbook."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._tracker = CellTracker(shell, lambda: self._session.notebook())
        self._answers = Answers(shell, self._mask)
        self._wrong: TrackbookError | None = None
        try:
            self._settings = Settings.load()
        except TrackbookError as error:  # a typo in a variable is no reason for a notebook to stop
            self._settings, self._wrong = Settings(), error
        self._ignored = Ignored()
        self._tracking = CellTracking(shell, self._tracker, self._ignored)
        self._auto = AutoTracking(shell, self._tracker, self._ignored)
        self._session = NotebookSession(shell, self._tracker, self._settings)
        self._session.shutdown = ShutdownWatch(shell, api.end_open_runs)

    def install(self) -> None:
        """Put everything in place; in the kernel of a job the job's run is joined."""
        shell = self._shell
        shell.register_magics(TrackMagics(shell, self))
        shell.input_transformers_cleanup.append(take_mark)
        shell.events.register("pre_run_cell", self._cell_begins)
        shell.events.register("post_run_cell", self._cell_ended)
        if self._session.shutdown is not None:
            self._session.shutdown.install()
        api.set_session(self._session)
        self._tracker.adopt()
        if self._wrong is not None:
            self._answers.say(_explain(self._wrong))
        elif api.join_job() is None and self._settings.auto:
            self._auto.arm()

    def remove(self) -> None:
        """Take everything away. An open run stays open: its cells are no longer recorded."""
        shell = self._shell
        shell.magics_manager.magics["line"].pop("track", None)
        shell.magics_manager.magics["cell"].pop("track", None)
        if take_mark in shell.input_transformers_cleanup:
            shell.input_transformers_cleanup.remove(take_mark)
        self._unregister()
        self._tracker.finish(Outcome("ok"))
        self._tracker.close()
        if self._session.shutdown is not None:
            self._session.shutdown.remove()
        api.set_session(Session())

    def track(self, line: str, local: dict[str, Any] | None) -> None:
        """Carry out a `%track` line and show its answer."""
        is_help = line.split(maxsplit=1)[:1] in (["help"], ["--help"])
        try:
            answer = carry_out(line, self._context(local))
        except Exception as error:
            answer = _explain(error)
        if answer is not None:
            # A line that a loop repeats has one answer, which moves.
            self._answers.say(answer, topic=line, preformatted=is_help or "\n" in answer)

    def _cell_begins(self, info: ExecutionInfo) -> None:
        with self._guard():
            execution = self._tracker.begin(info)
            if execution is not None or self._tracker.current is None:
                self._answers.end_cell()
            if execution is None:
                return
            mark = find_mark(execution.source)
            try:
                self._auto.begin(execution, self._context())
                if mark is not None:
                    self._tracking.begin(mark, self._context(), execution)
            except TrackbookError as error:
                self._answers.say(_explain(error))

    def _cell_ended(self, result: ExecutionResult | None) -> None:
        with self._guard():
            if not self._tracker.ends(result):
                return
            self._answers.end_cell()
            outcome = self._tracker.outcome(result)
            self._tracker.finish(outcome)
            for run in api.open_runs():
                run.surroundings.update()
            if self._tracker.current is not None:
                self._say_what_was_recorded(outcome, self._tracker.current)
            self._tracker.close()

    def _mask(self, text: str) -> str:
        run = api.current_run()
        wanted = run.recorder.capture if run is not None else self._settings.capture
        return Masker(is_wanted("secrets", wanted)).text(text, "answer")

    def _say_what_was_recorded(self, outcome: Outcome, execution: Execution) -> None:
        for tracking in (self._tracking, self._auto):
            try:
                answer = tracking.end(outcome, execution)
            except TrackbookError as error:
                answer = _explain(error)
            if answer is not None:
                self._answers.say(answer)

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        # A hook that fails once would fail at every cell: it says so and goes.
        try:
            yield
        except Exception as error:
            self._unregister()
            self._tracker.close()
            with contextlib.suppress(Exception):
                self._tracking.give_up()
            warnings.warn(
                f"Trackbook stops recording cells in this session ({type(error).__name__}: {error}). "
                "%track and your work go on.",
                StorageWarning,
                stacklevel=2,
            )

    def _unregister(self) -> None:
        for event, callback in (("pre_run_cell", self._cell_begins), ("post_run_cell", self._cell_ended)):
            with contextlib.suppress(ValueError):  # it is gone already
                self._shell.events.unregister(event, callback)

    def _context(self, local: dict[str, Any] | None = None) -> Context:
        return Context(Namespace(self._shell.user_ns, local), self._session, self._auto, self._ignored)


def _explain(error: Exception) -> str:
    if isinstance(error, QueryError):  # it points at a character of the line above
        return f"%track: {error}"
    if isinstance(error, TrackbookError):
        return f"%track: {' '.join(str(error).split())}"
    return f"%track: Trackbook itself failed here, your work goes on ({type(error).__name__}: {error})"


_extensions: "weakref.WeakKeyDictionary[InteractiveShell, Extension]" = weakref.WeakKeyDictionary()


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Bring `%track` and `%%track` into `shell`; a second call does nothing."""
    if shell not in _extensions:
        _import_frozen_first()
        _extensions[shell] = Extension(shell)
        _extensions[shell].install()


def _import_frozen_first() -> None:
    with contextlib.suppress(UsageError):  # settings that can't be read are told of where they matter
        copies = Settings.load().modules
        if copies is not None and copies.is_dir():
            from trackbook.magics.frozen_modules import import_as_frozen  # late: seldom needed

            import_as_frozen(copies, Path.cwd())


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics and all listeners out of `shell`."""
    if (extension := _extensions.pop(shell, None)) is not None:
        extension.remove()
