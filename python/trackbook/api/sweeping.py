"""Sweeps from code: `tb.sweep("train.ipynb", {"lr": "0.001..0.1:log"}, trials=20)`."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trackbook.config import Settings
from trackbook.domain.run import Run
from trackbook.domain.sweep import Objective, SweepDetail, best_runs
from trackbook.errors import UsageError
from trackbook.services.sweep_files import read_objective, read_pruner

if TYPE_CHECKING:
    import pandas as pd

    from trackbook.domain.sweep import SweepSpec
    from trackbook.jobs.trials import SweepProgress
    from trackbook.services.context import Services


class Sweep:
    """A sweep that has come to its end, or was left; what is asked of it is read anew each time."""

    def __init__(self, services: "Services", sweep_id: str) -> None:
        self._services = services
        self.id = sweep_id

    @property
    def status(self) -> str:
        """How it came out: "finished", "failed", "aborted" …"""
        return self.detail.status

    @property
    def detail(self) -> SweepDetail:
        """The sweep with its trials, as `trackbook sweeps show --json` has it."""
        self._services.runs.refresh()
        return self._services.sweeps.get(self.id)

    @property
    def runs(self) -> list[Run]:
        """The runs of the trials, in the order of the trials."""
        self._services.runs.refresh()
        jobs = self._services.sweeps.trials(self.id)
        found = self._services.sweeps.runs_of(jobs)
        return [found[job.spec.run_id] for job in jobs if job.spec.run_id in found]

    @property
    def best(self) -> Run | None:
        """The best run, of several objectives the first one of the front; None as long as none can be told."""
        return next(iter(self.front), None)

    @property
    def front(self) -> list[Run]:
        """The best runs: one for one objective, for several all that no other one beats."""
        runs = self.runs
        best = best_runs(self._services.sweeps.spec(self.id), runs)
        return [run for run in runs if run.id in best]

    @property
    def importance(self) -> dict[str, float] | None:
        """How much of the first objective each parameter decides, all together 1; None where too little is known."""
        from trackbook.jobs.importance import importance_of

        return importance_of(self._services, self.detail)

    def to_pandas(self) -> "pd.DataFrame":
        """Return the trials as a table: a row a trial, with its swept parameters and its metrics."""
        import pandas as pd

        detail = self.detail
        runs = {run.id: run for run in self.runs}
        rows = []
        for row in detail.runs:
            run = runs.get(row.run)
            metrics = run.metrics if run is not None else {}
            rows.append(
                {"trial": row.trial, "run": row.number, "status": row.status}
                | {f"params.{name}": value for name, value in row.params.items()}
                | {f"metrics.{name}": value for name, value in metrics.items()}
                | {"duration": row.duration, "best": row.best}
            )
        return pd.DataFrame(rows).set_index("trial") if rows else pd.DataFrame()

    def resume(
        self,
        *,
        trials: int | None = None,
        jobs: int | None = None,
        scheduler: str | None = None,
        progress: bool = True,
    ) -> "Sweep":
        """Go on with a sweep that was interrupted, or give it more trials; returns it when it has ended.

        One that ran on a Dask cluster goes on on one, by default that which settings name.
        """
        spec = self._services.sweeps.extend(self.id, trials=trials, parallel=jobs)
        return _work_off(self._services, spec, self.id, scheduler, progress)

    def __repr__(self) -> str:
        detail = self.detail
        ended = detail.trials.finished + detail.trials.failed + detail.trials.pruned
        best = f", best {detail.best.params}: {detail.best.value}" if detail.best is not None else ""
        return f"<Sweep {detail.notebook}: {detail.status}, {ended}/{detail.trials.total} trials{best}>"


def sweep(
    notebook: str | os.PathLike[str],
    space: Mapping[str, Any] | Sequence[str],
    *,
    params: Mapping[str, Any] | None = None,
    sampler: str | None = None,
    trials: int | None = None,
    seed: int = 0,
    objective: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None = None,
    pruner: str | Mapping[str, Any] | None = None,
    jobs: int = 1,
    timeout: float | None = None,
    max_time: float | None = None,
    max_failures: int | None = None,
    experiment: str | None = None,
    kernel: str | None = None,
    tags: Mapping[str, str] | None = None,
    share_prefix: bool = False,
    executor: Literal["local", "dask"] | None = None,
    scheduler: str | None = None,
    files: Sequence[str] = (),
    progress: bool = True,
) -> Sweep:
    """Run a notebook with many values of its parameters, and wait for it; returns the sweep.

    `space` has for each parameter a list of values; a tuple `(low, high)` or `(low, high, "log")`, or a mapping with
    `low`, `high`, `log` and `step`, for a range; a text as on the command line; or None for all that its type allows. A
    list of names takes what their types allow. `objective` is such as "accuracy:max", by default the metric with a
    goal; `pruner` such as "median:startup=3". `jobs` trials run at a time; times are in seconds, `timeout` for each
    trial and `max_time` for all. With `executor="dask"` the trials run on a Dask cluster, of this machine's own or at
    the address `scheduler`, and get `files` (patterns such as "data/*.csv") along. With `progress` a line for each
    trial goes to stderr.

    An interrupt cancels what runs, and returns the sweep as it is then; `resume` goes on. Raises, before anything runs,
    NotebookError, ParameterError, and UsageError for what doesn't fit together.
    """
    from trackbook.services.context import open_services
    from trackbook.store.paths import create_store, locate_store

    path = Path(notebook).absolute()
    settings = Settings.load()
    folder = settings.folder
    store = create_store(folder, settings.remote) if folder is not None else locate_store(path.parent)
    wanted = [] if objective is None else [objective] if isinstance(objective, (str, Mapping)) else objective
    if executor == "local" and scheduler is not None:
        raise UsageError("`scheduler` names a Dask cluster: leave `executor` out, or write executor='dask'.")
    services = open_services(store, settings.token)
    spec = services.sweeps.plan(
        path,
        params,
        _space(space),
        sampler=sampler,
        trials=trials,
        seed=seed,
        objectives=[_objective(one) for one in wanted],
        pruner=read_pruner(pruner if isinstance(pruner, str) else dict(pruner))
        if pruner is not None
        else None,
        parallel=jobs,
        timeout=timeout,
        max_time=max_time,
        max_failures=max_failures,
        experiment=experiment,
        kernel=kernel,
        tags=tags,
        parent_id=settings.run_id,
        share_prefix=share_prefix,
        executor=executor or ("dask" if scheduler is not None else "local"),
        files=files,
    )
    return _work_off(services, spec, None, scheduler, progress)


def _work_off(
    services: "Services", spec: "SweepSpec", sweep_id: str | None, scheduler: str | None, progress: bool
) -> Sweep:
    from trackbook.jobs.executors import open_trial_workers
    from trackbook.jobs.sweeping import run_sweep

    with open_trial_workers(
        services.store, spec.job.executor, parallel=spec.parallel, scheduler=scheduler, on_notice=_say
    ) as workers_of:
        sweep_id = sweep_id or services.sweeps.add(spec)
        tell = _Teller().tell if progress else None
        run_sweep(services.store, sweep_id, on_progress=tell, workers=workers_of(sweep_id))
    return Sweep(services, sweep_id)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


class _Teller:
    """Says of each trial that has ended how it came out."""

    def __init__(self) -> None:
        self._told: set[int] = set()

    def tell(self, progress: "SweepProgress") -> None:
        spec = progress.spec
        for number, trial in progress.trials.items():
            if not trial.is_settled or number in self._told:
                continue
            self._told.add(number)
            values = [
                f"{one.metric}={value:.6g}"
                for one, value in zip(spec.objectives, trial.values(spec), strict=True)
                if value is not None
            ]
            chosen = ", ".join(f"{name}={value}" for name, value in trial.params.items())
            mark = " ★" if number in progress.best else ""
            line = f"{len(self._told)}/{spec.trials} {trial.status}: {chosen}  {', '.join(values)}{mark}"
            sys.stderr.write(f"{line.rstrip()}\n")


def _space(given: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    if isinstance(given, str) or not isinstance(given, (Mapping, Sequence)):
        raise UsageError("`space` maps parameters to what they may be: {'lr': [0.01, 0.1]}.")
    if not isinstance(given, Mapping):
        return dict.fromkeys(map(str, given))
    return {str(name): _range(value) if isinstance(value, tuple) else value for name, value in given.items()}


def _range(value: tuple[Any, ...]) -> Any:
    if len(value) == 2:
        return {"low": value[0], "high": value[1]}
    if len(value) == 3 and value[2] == "log":
        return {"low": value[0], "high": value[1], "log": True}
    raise UsageError(
        f"A range is (low, high) or (low, high, 'log'), not {value!r}; values are listed as [1, 2]."
    )


def _objective(value: str | Mapping[str, Any]) -> Objective:
    return read_objective(value if isinstance(value, str) else dict(value))
