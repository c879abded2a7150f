"""`%%track`: a cell that is a run. The line is taken away before the cell runs, and the execution is marked.

The cell itself runs as any other: its errors stop what follows, `await` works, its last value is shown.
"""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from trackbook import api
from trackbook.domain.run import RunError
from trackbook.magics.cells import CellTracker, Execution, Outcome
from trackbook.magics.commands import START_OPTIONS, Context, masked, start_run
from trackbook.magics.figures import describe_figures, store_figures
from trackbook.magics.ignored import Ignored, read_patterns
from trackbook.magics.scalars import Found, metrics_in, parameters_in
from trackbook.magics.storable import say_problems, storable_metrics, storable_parameters
from trackbook.magics.values import list_values
from trackbook.notebook.dataflow import CellNames
from trackbook.notebook.words import Arity, read_words

MARK_OPTIONS: Mapping[str, Arity] = {**START_OPTIONS, "--ignore": "many"}
_MARK = re.compile(r"%%track(?:[ \t]+(?P<line>.*?))?[ \t]*\n?\Z")
# Magics that run the cell's body as Python of this session, so that a mark behind them means that body.
_TRANSPARENT = re.compile(r"%%(?:time|timeit|capture|prun)\b")


def take_mark(lines: list[str]) -> list[str]:
    """Return a cell's lines without the `%%track` line, which becomes a comment so that line numbers stay.

    In front of another cell magic it goes altogether: that magic has to come first.
    """
    if not lines or not _MARK.match(lines[0]):
        return lines
    rest = lines[1:]
    if rest and rest[0].startswith("%%"):
        return rest
    return [f"# {lines[0].strip()}\n", *rest]


@dataclass(slots=True)
class Mark:
    """What a cell's `%%track` line says, and the cell's code without magic lines in front."""

    line: str
    body: str


def find_mark(source: str) -> Mark | None:
    """Return the mark of a cell whose first line, or first after `%%time` and its like, is `%%track`."""
    lines = _as_python(source).splitlines(keepends=True)
    found: str | None = None
    for position, text in enumerate(lines):
        match = _MARK.match(text)
        if match:
            found = match["line"] or ""
        elif not _TRANSPARENT.match(text):
            return None if found is None else Mark(found, "".join(lines[position:]))
    return None if found is None else Mark(found, "")


@dataclass(slots=True)
class TrackedCell:
    """A marked execution that goes on: its run, whether the cell opened it, and what is known of its values."""

    run: api.Run
    owned: bool
    names: CellNames
    ignored: list[str]
    found: Found
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def record_parameters(self, values: Mapping[str, Any]) -> None:
        """Give the run those of `values` that can be stored, and note the others."""
        found = storable_parameters(values)
        self.problems |= found.problems
        if found.values:
            self.run.params(found.values)
            self.parameters |= found.values

    def record_metrics(self, values: Mapping[str, Any]) -> None:
        """Log those of `values` that can be stored, and note the others."""
        found = storable_metrics(values)
        self.problems |= found.problems
        if found.values:
            self.run.log(found.values)
            self.metrics |= found.values


class CellTracking:
    """Opens a run for a marked cell when none is open, and records what the cell reads, makes and shows."""

    def __init__(self, shell: InteractiveShell, tracker: CellTracker, ignored: Ignored) -> None:
        self._shell = shell
        self._tracker = tracker
        self._ignored = ignored
        self._cell: TrackedCell | None = None

    def begin(self, mark: Mark, context: Context, execution: Execution) -> None:
        """Open the cell's run, unless one is open, and note the values that the cell is about to read.

        Raises TrackbookError for a line that can't be read; the cell then runs without being tracked.
        """
        self._cell = None
        words = read_words(mark.line, MARK_OPTIONS)
        ignored = read_patterns(words.many("--ignore"))
        owned = api.current_run() is None
        notebook = context.session.notebook()
        run = start_run(words, context, _experiment(notebook))[0] if owned else api.require_run()
        names = self._tracker.names(execution)
        found = Found(uncertain(names), self._shell.user_ns)
        cell = self._cell = TrackedCell(run, owned, names, ignored, found)
        read = self._ignored.keep(outside(cell.names), ignored)
        # Now, so that a run whose kernel dies has them.
        cell.record_parameters(parameters_in(read, self._shell.user_ns))

    def end(self, outcome: Outcome, execution: Execution) -> str | None:
        """Record what the cell made and showed, end its run, and return the line to show; None for an unmarked cell."""
        cell, self._cell = self._cell, None
        if cell is None or not cell.run.is_open:
            return None
        try:
            namespace = self._shell.user_ns
            constants = self._ignored.keep(cell.names.constants, cell.ignored)
            cell.record_parameters(parameters_in(constants, namespace))
            if outcome.status == "ok":
                made = self._ignored.keep(cell.names.made, cell.ignored)
                old = cell.found.left_alone(made, namespace)
                cell.problems |= dict.fromkeys(old, "as it was before the cell")
                cell.record_metrics(metrics_in((name for name in made if name not in old), namespace))
            figures = store_figures(cell.run, execution)
        finally:  # else the cells that follow would be recorded in this one's run
            state = "recorded" if not cell.owned else _close(cell.run, outcome, execution)
        head = f"{cell.run.experiment} · {cell.run.name}" if cell.run.experiment else f"Run {cell.run.name}"
        parts = say(masked(cell.run, cell.parameters), cell.metrics, figures, cell.problems)
        return f"{' · '.join([head, *parts])} → {state}"

    def give_up(self) -> None:
        """End the run of a marked cell whose end will not be told."""
        cell, self._cell = self._cell, None
        if cell is not None and cell.owned:
            cell.run.end("aborted", reason="Trackbook stopped recording its cell.")


def outside(names: CellNames) -> list[str]:
    """Return the names that a cell takes from outside and leaves as they are."""
    return [name for name in names.read if name not in names.changed]


def uncertain(names: CellNames) -> list[str]:
    """Return the names that a cell may leave as they are, without having read them."""
    return [name for name in names.perhaps if name not in names.read]


def say(
    parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
    figures: list[str],
    problems: Mapping[str, str],
) -> list[str]:
    """Return in words what was recorded, and what could not be, in parts."""
    parts = [f"parameters {list_values(parameters)}"] if parameters else []
    parts += [f"metrics {list_values(metrics)}"] if metrics else []
    parts += [describe_figures(figures)] if figures else []
    return [*parts, *say_problems(problems)]


def _as_python(source: str) -> str:
    # As IPython begins with a cell: blank lines in front go, and so does what all lines are indented by.
    lines = source.splitlines(keepends=True)
    first = next((position for position, line in enumerate(lines) if line.strip()), 0)
    return textwrap.dedent("".join(lines[first:]))


def _close(run: api.Run, outcome: Outcome, execution: Execution) -> str:
    if outcome.status == "ok":
        run.end()
        return "finished"
    if outcome.status == "aborted" or outcome.error is None:
        run.end("aborted", reason="It was interrupted.")
        return "aborted"
    error = outcome.error
    run.end("failed", error=RunError(error.ename, error.evalue, error.traceback, None, execution.cell_id))
    return "failed"


def _experiment(notebook: Path | None) -> str | None:
    return notebook.stem if notebook is not None else None
