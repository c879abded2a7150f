"""Recipes: the notebook that repeats a run, with what it is run with, and what stands in the way of running it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackbook.domain.cell import CellExecution
from trackbook.domain.obstacle import Obstacle
from trackbook.domain.reproduction import Deviation
from trackbook.domain.run import RunDetail
from trackbook.domain.secret import MASK
from trackbook.domain.snapshot import encode_part
from trackbook.domain.verdict import same_source
from trackbook.errors import NotebookError, TrackbookError
from trackbook.notebook.read import Notebook, kernel_of, language_of, parse_notebook, read_notebook, source_of
from trackbook.notebook.rebuild import (
    Executed,
    Rebuilt,
    goes_on,
    opens_run,
    order_of,
    rebuild_notebook,
)
from trackbook.services.jobs import Jobs
from trackbook.services.snapshots import Snapshots
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

_REPLACED = "Another run was started."  # with which a run ends when the next one opens


class Recipe(Struct, frozen=True):
    """What repeats a run: `notebook` with `params`, run in `folder` by `kernel` (by default the notebook's own).

    `sources` are the cells in the order in which they will run, `orders` the executions that they repeat. `obstacles`
    of severity "error" mean that it can't be run. `deviations` say where it is not what ran.
    """

    notebook: Notebook
    path: str
    folder: str
    params: dict[str, Any] = {}
    kernel: str | None = None
    sources: list[str] = []
    orders: list[int | None] = []
    obstacles: list[Obstacle] = []
    deviations: list[Deviation] = []


class Recipes:
    """Makes recipes of recorded runs."""

    def __init__(self, store: StorePaths, jobs: Jobs, snapshots: Snapshots, blobs: Blobs) -> None:
        self._store, self._jobs, self._snapshots, self._blobs = store, jobs, snapshots, blobs

    def of(self, detail: RunDetail) -> Recipe:
        """Return the recipe of a run."""
        if detail.run.source.kind == "job" and (recipe := self._of_job(detail)) is not None:
            return recipe
        return self._of_executions(detail)

    def _of_job(self, detail: RunDetail) -> Recipe | None:
        """Return a job's own frozen notebook with its parameters; None where either is gone."""
        try:
            spec = self._jobs.get(detail.run.source.job_id or "").spec
            notebook = parse_notebook(self._blobs.get(spec.notebook), spec.path)
        except TrackbookError:  # the job was run elsewhere, and only its run came here
            return None
        folder = spec.folder
        if not Path(folder).is_dir():  # the project has moved since
            folder = self._folder(spec.path)
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        known = {cell.cell_id: cell.order for cell in reversed(detail.cells)}
        return Recipe(
            notebook,
            spec.path,
            folder,
            spec.params,
            spec.kernel,
            sources=[source_of(cell) for cell in code],
            orders=[known.get(cell.get("id")) for cell in code],
        )

    def _of_executions(self, detail: RunDetail) -> Recipe:
        run = detail.run
        path = run.source.path or "console.ipynb"
        folder = self._folder(run.source.path)
        nothing: Notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        problems = list(_unrepeatable(detail))
        if problems:
            return Recipe(nothing, path, folder, obstacles=problems)
        document = self._document(detail)
        texts = self._snapshots.sources(run.id)
        saved = self._saved(run.source.path)
        executed: list[Executed] = []
        deviations: list[Deviation] = []
        for cell in _repeated(detail, texts):
            source = texts.get(cell.order)
            if source is None:
                problems.append(_text_lost(cell.order))
                continue
            if MASK in source:
                unmasked = _unmasked(source, cell.cell_id, saved)
                if unmasked is None:
                    problems.append(_masked(cell.order))
                else:
                    source = unmasked
                    message = f"Cell {cell.order} held a secret, which was taken from the saved notebook."
                    deviations.append(Deviation("cell", f"cell {cell.order}", message))
            if goes_on(source):
                problems.append(_goes_on(cell.order))
            if cell.status == "aborted" or (cell.status == "running"):
                problems.append(_interrupted(cell.order))
            executed.append(Executed(cell.order, cell.cell_id, source, cell.status == "error"))
        rebuilt = rebuild_notebook(executed, document, _first(detail, executed))
        if any(MASK in source for source in rebuilt.before):
            problems.append(_masked(None))
        problems += _from_before(rebuilt)
        if rebuilt.before:
            count = len(rebuilt.before)
            message = (
                f"{count} {'cell' if count == 1 else 'cells'} that ran before the run began "
                f"{'is' if count == 1 else 'are'} taken from the notebook as it was when the run began."
            )
            deviations.append(Deviation("cell", "before the run", message))
        cells = rebuilt.notebook["cells"]
        return Recipe(
            rebuilt.notebook,
            path,
            folder,
            sources=[source_of(cell) for cell in cells],
            orders=[order_of(cell["id"]) for cell in cells],
            obstacles=problems,
            deviations=deviations,
        )

    def _folder(self, path: str | None) -> str:
        project = self._store.project
        return str((project / path).parent if path is not None else project)

    def _document(self, detail: RunDetail) -> Notebook | None:
        for moment in [info.moment for info in detail.snapshots]:  # the one of the start first
            try:
                return parse_notebook(
                    encode_part(self._snapshots.notebook(detail.run.id, moment)), "snapshot"
                )
            except TrackbookError:
                continue  # a part of it is gone, or it was never whole
        return None

    def _saved(self, path: str | None) -> Notebook | None:
        # Paths in journals of other machines say what they like: only what lies inside of the project is looked at.
        project = self._store.project.resolve()
        if path is None or not (found := (project / path).resolve()).is_relative_to(project):
            return None
        try:
            return read_notebook(found)
        except NotebookError:
            return None


def recipe_kernel(recipe: Recipe) -> str | None:
    """Return the name of the kernel that a recipe asks for; None where it does not say."""
    return recipe.kernel or kernel_of(recipe.notebook)


def is_python(recipe: Recipe) -> bool:
    """Tell whether a recipe's notebook is one of Python."""
    return language_of(recipe.notebook) == "python"


def _repeated(detail: RunDetail, texts: Mapping[int, str]) -> list[CellExecution]:
    cells = detail.cells
    last = cells[-1] if len(cells) > 1 else None
    # The cell that started the next run ended this one with its first lines; the rest of it is that one's.
    if last is not None and detail.run.reason == _REPLACED and opens_run(texts.get(last.order, "")):
        return cells[:-1]
    return cells


def _first(detail: RunDetail, executed: list[Executed]) -> Iterator[str]:
    """Yield what has to come before everything, since no cell of the run says it."""
    text = "\n".join(one.source for one in executed)
    if detail.seeds and "seed" not in text:
        yield f"import trackbook\ntrackbook.seed({detail.seeds[-1].seed})"
    if detail.run.metrics and not any(word in text for word in ("track", "start_run", "mlflow", ".log(")):
        yield "%track auto"  # the run's own metrics came from there: nothing in its cells logs them


def _unmasked(masked: str, cell_id: str | None, saved: Notebook | None) -> str | None:
    if saved is None:
        return None
    fitting = [
        source_of(cell)
        for cell in saved["cells"]
        if cell["cell_type"] == "code" and same_source(masked, source_of(cell))
        if MASK not in source_of(cell) and (cell_id is None or cell.get("id") in (cell_id, None))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _unrepeatable(detail: RunDetail) -> Iterator[Obstacle]:
    run = detail.run
    if run.source.kind == "script":
        script = run.source.path or "a program"
        yield Obstacle(
            "script",
            "error",
            f"The run was made by {script}, whose command line is not recorded.",
            f"Run it again as you did, such as `python {run.source.path or 'PROGRAM'}`, and compare both: "
            f"trackbook compare {run.number} RUN",
        )
        return
    if not detail.cells:
        yield Obstacle(
            "no_cells",
            "error",
            "No executed cell of the run is recorded.",
            "Let cells be recorded (TRACKBOOK_CAPTURE, or `capture` in pyproject.toml), and make the run once more.",
        )
        return
    if run.attempt > 1 or run.forked_from is not None:
        how = "was resumed" if run.attempt > 1 else "was forked from another one"
        yield Obstacle(
            "resumed",
            "error",
            f"The run {how}: it began with the state of another process, which is gone.",
            "Make a run that does all of the work in one go, and repeat that one.",
        )


def _text_lost(order: int) -> Obstacle:
    return Obstacle(
        "text_lost",
        "error",
        f"The text of cell {order} could not be stored when it ran.",
        "Make the run once more.",
        order,
    )


def _masked(order: int | None) -> Obstacle:
    where = f"Cell {order}" if order is not None else "A cell that ran before the run"
    return Obstacle(
        "secret",
        "error",
        f"{where} held a secret, which was masked when it was recorded, and the saved notebook has no cell that fits.",
        "Read it from an environment variable, such as os.environ['API_KEY'], and make the run once more.",
        order,
    )


def _goes_on(order: int) -> Obstacle:
    return Obstacle(
        "resumed",
        "error",
        f"Cell {order} resumes or forks a run: repeated, it would change that one.",
        "Make a run that does all of the work in one go, and repeat that one.",
        order,
    )


def _interrupted(order: int) -> Obstacle:
    return Obstacle(
        "interrupted",
        "warning",
        f"Cell {order} was interrupted before its end; repeated, it runs to the end.",
        "Limit the time with --timeout, or let the cell end by itself and make the run once more.",
        order,
    )


def _from_before(rebuilt: Rebuilt) -> Iterator[Obstacle]:
    if rebuilt.before:
        count = len(rebuilt.before)
        yield Obstacle(
            "before_the_run",
            "warning",
            f"What the run's cells need comes from {count} {'cell' if count == 1 else 'cells'} that ran before the run "
            "began; they are taken from the notebook as it was then.",
            "Start the run in the first cell: %track start EXPERIMENT",
        )
    if rebuilt.unknown:
        names = ", ".join(rebuilt.unknown[:8])
        yield Obstacle(
            "unknown_names",
            "warning",
            f"No cell that is recorded defines {names}.",
            "Start the run in the first cell, so that all that it needs is recorded.",
            names=rebuilt.unknown,
        )
