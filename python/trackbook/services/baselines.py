"""Baselines: the run, or the saved outputs, that a notebook is held against."""

from pathlib import Path

from trackbook.domain.parameter import Parameter, check_values
from trackbook.domain.regression import Baseline, ExpectedCell
from trackbook.domain.run import Run, RunDetail
from trackbook.errors import NotFound, ParameterError, UsageError
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import Notebook, read_notebook
from trackbook.notebook.results.cells import expected_cells
from trackbook.services.context import Services

TAG = "baseline"
SAVED = "saved"
_OUTPUT = "output.ipynb"
_NOT_MEANT = ("false", "no", "0", "off")


def find_baseline(
    path: Path, notebook: Notebook, services: Services | None, asked: str | None = None
) -> Baseline:
    """Return what a notebook is held against.

    `asked` is a run's reference, or "saved" for the outputs in the notebook's own file. Without it, that is the newest
    finished run of the notebook that has the tag `baseline`, else what is saved. `services` are None outside of any
    project. Raises NotFound for a run that is not there, UsageError where there is nothing to hold it against.
    """
    if asked == SAVED:
        return _saved(path, notebook)
    if asked is not None:
        if services is None:
            raise UsageError(f"There is no project with a run {asked}: no run was recorded here.")
        return _of_run(services, services.runs.get(asked), notebook, path)
    tagged = tagged_runs(path, services) if services is not None else []
    if services is not None and tagged:
        return _of_run(services, tagged[0], notebook, path)
    return _saved(path, notebook)


def tagged_runs(path: Path, services: Services) -> list[Run]:
    """Return the finished runs of a notebook that have the tag `baseline`, the newest first."""
    query = f"tags.{TAG} is not null and status = 'finished'"
    page = services.runs.search(query, notebook=_relative(path, services), limit=1000)
    return [run for run in page.runs if run.tags.get(TAG, "").casefold() not in _NOT_MEANT]


def mark_baseline(run_id: str, path: Path, services: Services) -> list[Run]:
    """Give a run the tag `baseline` and take it from other runs of the notebook, which are returned."""
    earlier = [run for run in tagged_runs(path, services) if run.id != run_id]
    # First the new one: whatever happens in between, there is a baseline.
    services.edits.set_tags(run_id, {TAG: "true"})
    for run in earlier:
        services.edits.set_tags(run.id, {TAG: None})
    return earlier


def _saved(path: Path, notebook: Notebook) -> Baseline:
    # A document of before nbformat 4.5 has no ids; a job's copy has them, in this way.
    ids = [cell.get("id") for cell in clean_notebook(notebook)["cells"]]
    named = {
        **notebook,
        "cells": [{**cell, "id": name} for cell, name in zip(notebook["cells"], ids, strict=True)],
    }
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not any(cell.get("outputs") or cell.get("execution_count") is not None for cell in code):
        raise UsageError(
            f"{path} has no baseline: no run of it has the tag `{TAG}`, and it was saved without outputs. Record one "
            f"with trackbook test --update, or name a run: --baseline RUN."
        )
    return Baseline("saved", f"the outputs saved in {path.name}", expected_cells(named))


def _of_run(services: Services, run: Run, notebook: Notebook, path: Path) -> Baseline:
    detail = services.runs.detail(run.id)
    tagged = ", tagged as baseline" if TAG in run.tags else ""
    label = f"run #{run.number} {run.name}{tagged}"
    cells = _executed(services, detail)
    if not cells:
        raise UsageError(f"Run #{run.number} can't be a baseline: no outputs were recorded of it.")
    metrics = dict(run.metrics)
    for child in detail.children:
        metrics = services.runs.get(child).metrics | metrics
    params = _params(services, run, find_parameters(notebook, path.name))
    return Baseline("run", label, cells, metrics, params, run.id, run.number)


def _executed(services: Services, detail: RunDetail) -> list[ExpectedCell]:
    if any(artifact.path == _OUTPUT and artifact.kind == "notebook" for artifact in detail.artifacts):
        _, file = services.artifacts.open(detail.run.id, _OUTPUT)
        return expected_cells(read_notebook(file))
    last = {cell.cell_id or f"#{cell.order}": cell for cell in detail.cells}
    cells = []
    for execution in last.values():
        try:
            content = services.snapshots.cell(detail.run.id, execution.order)
        except NotFound:  # its text is gone
            continue
        whole = not execution.truncated and all(execution.outputs)
        cells.append(ExpectedCell(execution.cell_id, content.source, content.outputs, whole))
    return cells


def _params(services: Services, run: Run, declared: list[Parameter]) -> dict[str, object]:
    """Return the values that a run gave the notebook's parameters."""
    if run.source.job_id is not None:
        try:
            return dict(services.jobs.get(run.source.job_id).spec.params)
        except NotFound:
            pass
    given: dict[str, object] = {}
    for parameter in declared:
        value = run.params.get(parameter.name, parameter.default)
        if parameter.name not in run.params or value == parameter.default:
            continue
        try:
            given |= check_values(declared, {parameter.name: value})
        except ParameterError:  # it has another type by now, and will get its default
            continue
    return given


def _relative(path: Path, services: Services) -> str:
    absolute, project = path.absolute(), services.store.project
    return absolute.relative_to(project).as_posix() if absolute.is_relative_to(project) else str(absolute)
