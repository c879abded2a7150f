"""Regression tests: a notebook is run, and its results are held against a baseline."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trackbook.domain.difference import Difference
from trackbook.domain.execution import Observer
from trackbook.domain.job import Job
from trackbook.domain.regression import Baseline, TestReport, status_of
from trackbook.domain.run import RunError
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import InfrastructureError, NotFound
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.rerun import run_notebook
from trackbook.jobs.work import OUTPUT
from trackbook.notebook.read import Notebook, read_notebook
from trackbook.notebook.results import compare_metrics
from trackbook.notebook.results.cells import compare_cells, has_lost_results, prepare
from trackbook.services.baselines import mark_baseline
from trackbook.services.context import Services
from trackbook.services.masking import Masker

_RESULTS_WITHIN = 60.0
OnProgress = Callable[[Sequence[Job]], None]


def check_notebook(
    path: Path,
    notebook: Notebook,
    baseline: Baseline,
    tolerance: Tolerance,
    *,
    params: Mapping[str, Any] | None = None,
    kernel: str | None = None,
    timeout: float | None = None,
    observer: Observer | None = None,
) -> TestReport:
    """Run a notebook where its file lies, leaving nothing in its project's store, and hold it against a baseline.

    `params` go over those of the baseline. Raises KernelError if no kernel could be started, ParameterError for
    wrong parameters, NotebookError for a tolerance of a cell that can't be read.
    """
    given = {**baseline.params, **(params or {})}
    prepared = prepare(notebook)
    compare_cells([], prepared, tolerance, path=path)  # what it can't read it says before anything runs
    started = time.monotonic()
    done = run_notebook(
        prepared, path.absolute().parent, params=given, kernel=kernel, timeout=timeout, observer=observer
    )
    duration = time.monotonic() - started
    return _report(
        path, done.notebook, done.metrics, done.outcome.error, baseline, tolerance, given, duration
    )


def record_baseline(
    path: Path,
    notebook: Notebook,
    baseline: Baseline | None,
    tolerance: Tolerance,
    services: Services,
    *,
    params: Mapping[str, Any] | None = None,
    kernel: str | None = None,
    timeout: float | None = None,
    on_progress: OnProgress | None = None,
) -> TestReport:
    """Run a notebook as a job of its project, hold it against the earlier baseline, and make the run the new one.

    The earlier one stays, without the tag. A run that failed becomes no baseline. Raises as `check_notebook` does, and
    InfrastructureError if no worker could be started.
    """
    given = {**(baseline.params if baseline is not None else {}), **(params or {})}
    compare_cells([], prepare(notebook), tolerance, path=path)
    started = time.monotonic()
    jobs = services.jobs.submit(path, given, kernel=kernel, timeout=timeout)
    outcomes = run_jobs(services.store, jobs, on_progress=on_progress)
    if outcomes.interrupted:
        raise KeyboardInterrupt
    duration = time.monotonic() - started
    services.runs.refresh(timeout=_RESULTS_WITHIN)
    (job,) = outcomes.jobs
    try:
        run = services.runs.get(job.spec.run_id)
        executed = read_notebook(services.artifacts.open(run.id, OUTPUT)[1])
    except NotFound:
        told = f"{job.error.ename}: {job.error.evalue}" if job.error is not None else "it never began"
        raise InfrastructureError(f"{path.name} could not be run: {told}") from None
    if job.status == "finished":
        mark_baseline(run.id, path, services)
        services.runs.refresh(timeout=_RESULTS_WITHIN)
    metrics = dict(run.metrics)
    for child in services.runs.detail(run.id).children:
        metrics = services.runs.get(child).metrics | metrics
    report = _report(path, executed, metrics, job.error, baseline, tolerance, given, duration)
    status = "recorded" if report.error is None else report.status
    return msgspec.structs.replace(report, status=status, run_id=run.id, number=run.number)


def _report(
    path: Path,
    executed: Notebook,
    metrics: Mapping[str, float],
    error: RunError | None,
    baseline: Baseline | None,
    tolerance: Tolerance,
    params: dict[str, Any],
    duration: float,
) -> TestReport:
    if baseline is None:
        checks, _ = compare_cells([], executed, tolerance, path=path, error=error)
        status = status_of(checks, [], error)
        return TestReport(str(path), status, None, params, checks, [], error, duration)
    if baseline.kind == "run":
        executed = Masker().notebook(executed)  # as the baseline's is
    checks, gone = compare_cells(baseline.cells, executed, tolerance, path=path, error=error)
    different = _metrics(baseline, metrics, tolerance) if error is None else []
    status = status_of(checks, different, error)
    if status == "passed" and not baseline.metrics and has_lost_results(baseline.cells, executed):
        status = "different"  # nothing was compared
    return TestReport(str(path), status, baseline, params, checks, different, error, duration, gone)


def _metrics(baseline: Baseline, metrics: Mapping[str, float], tolerance: Tolerance) -> list[Difference]:
    if baseline.metrics is None:
        return []
    return compare_metrics(baseline.metrics, metrics, tolerance)
