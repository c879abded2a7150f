"""`%track auto`: the whole notebook is one run, from its cell tagged `parameters` on.

The simple values of that cell are parameters, the numbers that later cells make are metrics, logged when their value
changes, and the figures that cells show are artifacts: by the rules of `%%track`, the notebook being the cell.
"""

import contextlib
from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from trackbook import api
from trackbook.errors import NotebookError, UsageError
from trackbook.magics.cells import CellTracker, Execution, Outcome
from trackbook.magics.commands import Context, masked, start_run
from trackbook.magics.figures import store_figures
from trackbook.magics.ignored import Ignored
from trackbook.magics.scalars import Found, metrics_in, parameters_in
from trackbook.magics.storable import Storable, storable_metrics, storable_parameters
from trackbook.magics.tracked import find_mark, outside, say, uncertain
from trackbook.notebook.parameters import PARAMETERS
from trackbook.notebook.read import find_tagged_cell, read_notebook, source_of
from trackbook.notebook.words import Words

# Papermill puts a cell with this tag behind the notebook's own.
_TAGS = frozenset((PARAMETERS, "injected-parameters"))


class _ParametersCell(NamedTuple):
    """The notebook's cell tagged `parameters`, as it was saved."""

    cell_id: str | None
    source: str


class AutoTracking:
    """Follows the notebook's cells, once it is started, until its run ends."""

    def __init__(self, shell: InteractiveShell, tracker: CellTracker, ignored: Ignored) -> None:
        self._shell = shell
        self._tracker = tracker
        self._ignored = ignored
        self._run: api.Run | None = None
        self._waiting: Words | None = None
        self._before: api.Run | None = None  # that was open when the wait began
        self._was_asked_for = False  # in this session, which is then told when it is off
        self._looking = False
        self._cell: _ParametersCell | None = None
        self._began: Execution | None = None
        self._written: set[str] = set()
        self._outside: dict[str, Any] = {}
        self._found = Found((), {})
        self._known: dict[str, str] = {}

    def start(self, words: Words, context: Context) -> str:
        """Record the notebook in the run that is open, or in one that the words describe; return the line to show.

        That one opens when the notebook's parameters cell runs, or now, where there is none, or it has run already.
        """
        self._was_asked_for = True
        before = api.current_run()
        if before is not None and not words.plain and not words.options:
            self._follow(before)
            return f"{_label(before)} · the notebook is recorded from here on"
        self._forget()
        cell = _parameters_cell(context.session.notebook())
        current = self._tracker.current
        here = current is not None and _is_it(current, cell)
        if cell is None or here or self._has_run(cell) or words.has("--resume"):
            run, line = start_run(words, context, _experiment(context))
            self._follow(run)
            taken = self._take_parameters(cell.source) if cell is not None and not here else Storable({}, {})
            told = say(masked(run, taken.values), {}, [], taken.problems)
            return " · ".join([line, "the notebook is recorded from here on", *told])
        self._waiting, self._cell, self._before = words, cell, before
        return "The notebook is recorded from its parameters cell on."

    def arm(self) -> None:
        """Wait for a parameters cell, if the notebook turns out to have one."""
        self._forget()
        self._waiting, self._looking = Words(), True

    def stop(self) -> str:
        """Record nothing more by itself; the run stays open. Return the line to show."""
        was = self._run
        if was is None and self._waiting is None:
            raise UsageError("%track auto is off already.")
        self._forget()
        return "The notebook is no longer recorded by itself." + (
            f" {_label(was)} stays open: %track end ends it." if was is not None and was.is_open else ""
        )

    def take_up(self, run: api.Run) -> str | None:
        """Hear that a run was resumed, and go on with it if it is the one that was followed; return what to say."""
        if self._waiting is not None:
            return "the notebook is recorded in it from its parameters cell on"
        if self._run is None and self._was_asked_for:
            return "auto is off: %track auto records the notebook in it"
        if self._run is None or self._run.id != run.id:
            return None
        self._run = run
        return "the notebook is recorded from here on"

    def describe(self) -> str | None:
        """Return a line that says what is going on; None if nothing is."""
        if self._waiting is not None:
            return "auto: waits for the cell tagged parameters"
        if self._run is not None and self._run.is_open:
            return f"auto: the notebook is recorded in {_label(self._run)}"
        return None

    def begin(self, execution: Execution, context: Context) -> None:
        """Open the run if this is the cell that is waited for, and note what the cell is about to read."""
        self._outside, self._found = {}, Found((), {})
        if self._waiting is not None:
            if self._looking:
                self._looking, self._cell = False, _parameters_cell(context.session.notebook())
            if _is_it(execution, self._cell):
                words, self._waiting = self._waiting, None
                told = bool(words.plain or words.options)
                run = api.current_run()
                if told and run is self._before:  # one that was opened or resumed since is meant
                    run = None
                self._follow(run or start_run(words, context, _experiment(context))[0])
        if self._is_on():
            names = self._tracker.names(execution)
            read = [name for name in outside(names) if name not in self._written]
            self._outside = parameters_in(self._ignored.keep(read), self._shell.user_ns)
            self._found = Found(uncertain(names), self._shell.user_ns)
            self._began = execution

    def end(self, outcome: Outcome, execution: Execution) -> str | None:
        """Record what the cell made and showed; return the line to show, None if there was nothing to record."""
        if not self._is_on():
            return None
        run = self._run
        assert run is not None
        names = self._tracker.names(execution)
        is_parameters = _is_it(execution, self._cell)
        if self._began is not execution and not is_parameters:  # the cell with %track auto itself
            return None
        self._written.update(names.bound, names.changed)
        if find_mark(execution.source) is not None:  # it says itself what was recorded
            return None
        namespace = self._shell.user_ns
        parameters, metrics = dict(self._outside), {}
        if outcome.status == "ok":
            simple = [*names.constants, *names.made] if is_parameters else names.constants
            parameters |= parameters_in(self._ignored.keep(simple), namespace)
            if not is_parameters:
                made = self._ignored.keep(names.made)
                old = self._found.left_alone(made, namespace)
                metrics = metrics_in((name for name in made if name not in old), namespace)
        parameters, problems = storable_parameters(self._changed(parameters))
        metrics, others = storable_metrics(self._changed(metrics))
        if parameters:
            run.params(parameters)
        if metrics:
            run.log(metrics)
        figures = store_figures(run, execution)
        parts = say(masked(run, parameters), metrics, figures, problems | others)
        return f"{' · '.join([_label(run), *parts])} → recorded" if parts else None

    def _take_parameters(self, source: str) -> Storable:
        # Its cell has run before, so that its values are there.
        names = self._tracker.read(source)
        self._written.update(names.bound)
        simple = self._ignored.keep([*names.constants, *names.made])
        found = storable_parameters(self._changed(parameters_in(simple, self._shell.user_ns)))
        if found.values and self._run is not None:
            self._run.params(found.values)
        return found

    def _changed(self, values: dict[str, Any]) -> dict[str, Any]:
        texts = {name: _text(value) for name, value in values.items()}
        found = {name: value for name, value in values.items() if self._known.get(name) != texts[name]}
        self._known |= {name: texts[name] for name in found}
        return found

    def _has_run(self, cell: _ParametersCell) -> bool:
        with contextlib.suppress(AttributeError):
            ran = self._shell.history_manager.input_hist_raw[:-1]  # type: ignore[union-attr]
            return bool(cell.source.strip()) and any(text.strip() == cell.source.strip() for text in ran)
        return False

    def _is_on(self) -> bool:
        # A run that has ended may be resumed: it is taken up again then.
        return self._run is not None and self._run.is_open

    def _follow(self, run: api.Run) -> None:
        cell = self._cell
        self._forget()
        self._run, self._cell = run, cell

    def _forget(self) -> None:
        self._run = self._waiting = self._cell = self._began = self._before = None
        self._looking = False
        self._written, self._outside, self._known = set(), {}, {}


def _is_it(execution: Execution, cell: _ParametersCell | None) -> bool:
    """Tell whether this is the parameters cell: its front end says so, or the saved notebook does."""
    if execution.tags & _TAGS:
        return True
    if cell is None:
        return False
    if execution.cell_id is not None and cell.cell_id is not None:
        return execution.cell_id == cell.cell_id
    return execution.source.strip() == cell.source.strip()


def _parameters_cell(path: Path | None) -> _ParametersCell | None:
    if path is None:
        return None
    try:
        notebook = read_notebook(path)
    except NotebookError:
        return None
    position = find_tagged_cell(notebook, PARAMETERS)
    if position is None:
        return None
    cell = notebook["cells"][position]
    identity = cell.get("id")
    return _ParametersCell(identity if isinstance(identity, str) else None, source_of(cell))


def _experiment(context: Context) -> str | None:
    notebook = context.session.notebook()
    return notebook.stem if notebook is not None else None


def _text(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # of a class of the user's own, or an integer with too many digits
        return f"<{type(value).__name__} {id(value)}>"


def _label(run: api.Run) -> str:
    return f"{run.experiment} · {run.name}" if run.experiment else f"Run {run.name}"
