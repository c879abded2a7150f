"""A module held against the notebook that it was made from."""

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trackbook.api.current import open_runs, set_aside
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import UsageError, WorkFailed
from trackbook.jobs.rerun import SETTINGS, run_notebook, tracked_in
from trackbook.notebook.read import Notebook, read_notebook
from trackbook.notebook.results.data import compare_data
from trackbook.notebook.results.metrics import compare_metrics
from trackbook.notebook.results.values import describe_names
from trackbook.store.paths import FOLDER, create_store

_LAST_CELL = """\
import json as _json, pathlib as _pathlib
from trackbook.notebook.results.values import describe_names as _describe_names
_ = _pathlib.Path({path!r}).write_text(_json.dumps(_describe_names(globals(), {names!r})), encoding="utf-8")
"""


def compare_with_notebook(
    run: Callable[..., Any],
    notebook: str | os.PathLike[str],
    params: Mapping[str, Any] | None = None,
    *,
    relative: float = 1e-5,
    absolute: float = 1e-8,
    timeout: float | None = None,
) -> list[str]:
    """Return what differs between a module made from a notebook and the notebook; an empty list if nothing does.

    `run` is the module's function; it returns a dataclass whose fields are names of the notebook. Both are run with
    the same `params`, in the notebook's folder, and what they track goes into stores that are thrown away. The values
    of the names and the metrics are compared, numbers within `relative` (a share) or `absolute`. `timeout`, in seconds,
    is for the notebook. What `run` raises is passed on; raises WorkFailed if a cell of the notebook raised.
    """
    path = Path(notebook).absolute()
    tolerance = Tolerance(relative=relative, absolute=absolute)
    document = read_notebook(path)
    values = dict(params or {})
    with tempfile.TemporaryDirectory(prefix="trackbook-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _apart(folder, path.parent):
            results = run(**values)
        if not dataclasses.is_dataclass(results):
            raise UsageError(
                f"The function returned {type(results).__name__}, not a dataclass of the notebook's names."
            )
        names = [field.name for field in dataclasses.fields(results)]
        came = json.loads(json.dumps(describe_names(vars(results), names)))
        metrics, _ = tracked_in(create_store(folder / FOLDER))
        file = folder / "values.json"
        done = run_notebook(
            _with_last_cell(document, file, names), path.parent, params=values, timeout=timeout
        )
        if done.outcome.error is not None or not file.exists():
            error = done.outcome.error
            told = (error.cell, error.ename, error.evalue) if error else (None, "RunError", "it ended early")
            raise WorkFailed(path.name, *told)
        expected = json.loads(file.read_text(encoding="utf-8"))
    found = [
        f"{difference.message} ({difference.expected} ≠ {difference.actual})"
        for difference in compare_data(expected, came, "application/json", tolerance)
    ]
    return found + [difference.message for difference in compare_metrics(done.metrics, metrics, tolerance)]


def _with_last_cell(document: Notebook, file: Path, names: list[str]) -> Notebook:
    cell: Notebook = {
        "cell_type": "code",
        "id": "trackbook-values",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": _LAST_CELL.format(path=str(file), names=names),
    }
    return {**document, "cells": [*document["cells"], cell]}


@contextlib.contextmanager
def _apart(store: Path, folder: Path) -> Iterator[None]:
    """Have runs of this block in a store of their own, and the block itself in another working directory."""
    saved = {name: os.environ.get(name) for name in SETTINGS}
    for name in saved:
        os.environ.pop(name, None)
    os.environ["TRACKBOOK_STORE"] = str(create_store(store / FOLDER).root)
    earlier = open_runs()
    try:
        with contextlib.chdir(folder), set_aside(earlier):
            try:
                yield
            finally:
                for run in reversed(open_runs()):
                    run.end()
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
