"""Sweeps: checked and defined, found, listed and shown. Who works them off is another's business."""

import builtins
import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.job import JOB_ENDED, ExecutorName, Job, is_late
from trackbook.domain.limits import Limits
from trackbook.domain.records import SweepDefined
from trackbook.domain.run import Run
from trackbook.domain.space import grid_size
from trackbook.domain.sweep import (
    BestTrial,
    Objective,
    Pruner,
    Sweep,
    SweepDetail,
    SweepSpec,
    TrialCounts,
    TrialRow,
    best_runs,
    check_objective,
    check_sweep_spec,
    choose_sampler,
    count_trials,
    objective_sparks,
    objective_values,
    swept_params,
)
from trackbook.errors import Conflict, NotFound, UsageError
from trackbook.services.catchup import catch_up, is_indexed
from trackbook.services.edits import Edits
from trackbook.services.job_records import cancel_job, write_job_record
from trackbook.services.jobs import Jobs
from trackbook.services.queue import JobQueue
from trackbook.services.runs import Runs
from trackbook.store import sweeps as table
from trackbook.store.jobs import late_trials
from trackbook.store.locks import ProcessLock, is_held
from trackbook.store.parts import slices
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place
from trackbook.store.runs import read_runs

# On the sweep's run: the ids of the runs that are best. On each of these: that it is one of them.
BEST_RUNS = "best_runs"
BEST = "best"
SWEEP = "sweep"
AT_WORK = "Another process works this sweep off; `trackbook sweeps show` says how far it is."


class Sweeps:
    """The sweeps of one store. A sweep's id is that of its own run, of which the trials' runs are children."""

    def __init__(self, place: Place, jobs: Jobs, runs: Runs) -> None:
        self._place, self._database = place, place.database
        self._jobs, self._runs = jobs, runs
        self._edits = Edits(place.paths)

    def plan(
        self,
        notebook: Path,
        params: Mapping[str, Any] | None = None,
        space: Mapping[str, Any] | None = None,
        *,
        sampler: str | None = None,
        trials: int | None = None,
        seed: int = 0,
        objectives: Sequence[Objective] = (),
        pruner: Pruner | None = None,
        parallel: int = 1,
        max_time: float | None = None,
        max_failures: int | None = None,
        experiment: str | None = None,
        timeout: float | None = None,
        limits: Limits | None = None,
        kernel: str | None = None,
        parent_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        executor: ExecutorName = "local",
        files: Sequence[str] = (),
        share_prefix: bool = False,
        snapshots: bool | None = None,
    ) -> SweepSpec:
        """Check everything, freeze the notebook, and return what is to be tried; `add` makes a sweep of it.

        `space` is as `check_space` takes it; `max_time` is in seconds for the whole sweep, `timeout`
        for each trial. With `share_prefix` the cells on which swept values have no effect run once.

        Raises, before anything is stored, what `Jobs.submit` does, and UsageError for parts that don't fit together.
        """
        job, swept = self._jobs.template(
            notebook,
            params,
            space,
            experiment=experiment,
            timeout=timeout,
            limits=limits,
            kernel=kernel,
            parent_id=parent_id,
            tags=tags,
            executor=executor,
            files=files,
            share_prefix=share_prefix,
            snapshots=snapshots,
        )
        wanted = [check_objective(objective) for objective in objectives]
        chosen = choose_sampler(sampler, swept, wanted)
        size, count = grid_size(swept), count_trials(chosen, swept, trials)
        spec = SweepSpec(
            job=msgspec.structs.replace(job, share_prefix=share_prefix, swept=list(swept)),
            space=swept,
            sampler=chosen,
            trials=count,
            size=size,
            drawn=size is not None and (chosen == "random" or (chosen == "grid" and count < size)),
            seed=seed,
            objectives=wanted,
            pruner=pruner or Pruner(),
            parallel=parallel,
            max_time=max_time,
            max_failures=max_failures,
        )
        return check_sweep_spec(spec)

    def add(self, spec: SweepSpec) -> str:
        """Note down what is to be tried as a sweep of its own; returns its id. Nothing runs yet."""
        sweep_id = new_id()
        self.redefine(sweep_id, spec)
        return sweep_id

    def define(
        self,
        notebook: Path,
        params: Mapping[str, Any] | None = None,
        space: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> str:
        """Do as `plan` does, with the same options, and `add` the sweep; returns its id."""
        return self.add(self.plan(notebook, params, space, **options))

    def redefine(self, sweep_id: str, spec: SweepSpec) -> None:
        """Note down what a sweep is to try from now on."""
        write_job_record(self._place.paths, sweep_id, SweepDefined(now(), spec))
        catch_up(self._place, timeout=60.0)

    def extend(
        self, sweep_id: str, *, trials: int | None = None, parallel: int | None = None, **changes: Any
    ) -> SweepSpec:
        """Have a sweep continue with more trials, say; returns what it tries then. Raises UsageError, NotFound."""
        spec = self.spec(sweep_id)
        given = {name: value for name, value in changes.items() if value is not None}
        if trials is not None:
            numbers = [job.spec.trial.number for job in self.trials(sweep_id) if job.spec.trial is not None]
            begun = max(numbers, default=-1) + 1
            if trials < begun:
                raise UsageError(f"The sweep has begun {begun} trials; --trials is {begun} or more.")
            given["trials"] = count_trials(spec.sampler, spec.space, trials)
        if parallel is not None:
            given["parallel"] = parallel
        changed = check_sweep_spec(msgspec.structs.replace(spec, **given))
        if changed != spec:
            self.redefine(sweep_id, changed)
        return changed

    def spec(self, sweep_id: str) -> SweepSpec:
        """Return what a sweep tries; raises NotFound for an unknown one."""
        with self._database.read() as connection:
            spec = table.read_sweep(connection, sweep_id)
        if spec is None:
            raise NotFound("sweep", sweep_id)
        return spec

    def trials(self, sweep_id: str) -> builtins.list[Job]:
        """Return the job of each trial that was begun, by number; of one that was tried again, the last."""
        with self._database.read() as connection:
            return table.read_trials(connection, sweep_id)

    def ended_runs_of(self, jobs: Sequence[Job]) -> dict[str, Run]:
        """Return those runs of jobs by id that have ended, and of which the index has everything."""
        return self.runs_by_id([job.spec.run_id for job in jobs], ended=True)

    def runs_of(self, jobs: Sequence[Job]) -> dict[str, Run]:
        """Return the runs of jobs by id, as far as the index has them."""
        return self.runs_by_id([job.spec.run_id for job in jobs])

    def runs_by_id(self, run_ids: Sequence[str], *, ended: bool = False) -> dict[str, Run]:
        """Return runs by their ids, as far as the index has them; those that have `ended`, once it has all of them."""
        with self._database.read() as connection:
            found = _by_id(connection, run_ids)
        if not ended:
            return found
        over = [run_id for run_id, run in found.items() if run.status != "running"]
        whole = is_indexed(self._place, over) if over else set()
        # Read once more: what is known to be there now came in after the first look.
        return self.runs_by_id([run_id for run_id in run_ids if run_id in whole]) if whole else {}

    def find(self, reference: str) -> str:
        """Return the id of the sweep that "last", the number of its run ("42", "#42"), or the beginning of an id means.

        Raises NotFound without such a sweep, UsageError for a run that is none.
        """
        wanted = reference.strip()
        if wanted == "last":
            newest = self.list(1)
            if not newest:
                raise NotFound("sweep", reference)
            return newest[0].id
        if self._is_there(wanted):
            return wanted
        run = self._runs.get(wanted)
        for candidate in (run.id, run.parent_id):
            if candidate is not None and self._is_there(candidate):
                return candidate
        raise UsageError(f"The run {reference} is no sweep; `trackbook sweeps` lists those there are.")

    def _is_there(self, sweep_id: str) -> bool:
        try:
            self.spec(sweep_id)
        except NotFound:
            return False
        return True

    def list(self, limit: int | None = 100) -> builtins.list[Sweep]:
        """Return sweeps, the one begun last first."""
        with self._database.read() as connection:
            specs = table.read_sweeps(connection, limit)
            counts = table.count_trials(connection, list(specs))
            runs = _by_id(connection, list(specs))
            best = _by_id(connection, [run_id for run in runs.values() for run_id in _best_ids(run)])
        return [
            Sweep(**self._summary(sweep_id, spec, runs.get(sweep_id), counts.get(sweep_id, {}), best))
            for sweep_id, spec in specs.items()
        ]

    def get(self, sweep_id: str, importance: dict[str, float] | None = None) -> SweepDetail:
        """Return a sweep with its trials; raises NotFound for an unknown one."""
        spec = self.spec(sweep_id)
        with self._database.read() as connection:
            jobs = table.read_trials(connection, sweep_id)
            runs = _by_id(connection, [sweep_id, *(job.spec.run_id for job in jobs)])
        counts: dict[Any, int] = {}
        for job in jobs:
            counts[job.status] = counts.get(job.status, 0) + 1
        own = runs.get(sweep_id)
        best = set(best_runs(spec, [runs[job.spec.run_id] for job in jobs if job.spec.run_id in runs]))
        rows = [_row(spec, job, runs.get(job.spec.run_id), best) for job in jobs]
        summary = self._summary(sweep_id, spec, own, counts, runs, sorted(best))
        return SweepDetail(**(summary | {"importance": importance, "runs": rows}))

    def request_end(self, sweep_id: str) -> None:
        """Have a sweep end as soon as it can: what waits never begins, what runs is interrupted.

        Raises NotFound for an unknown one.
        """
        self.spec(sweep_id)
        with self._database.write() as connection:
            table.request_end(connection, sweep_id)
        if not self.is_held(sweep_id):  # nobody is there to do it
            self.cancel_open(sweep_id)

    @contextlib.contextmanager
    def hold(self, sweep_id: str) -> Iterator[None]:
        """Work a sweep off alone. Raises Conflict while another process does, NotFound for an unknown sweep."""
        self.spec(sweep_id)
        with hold_here(self._place.paths, sweep_id):
            yield

    def check_idle(self, sweep_id: str) -> None:
        """Raise Conflict while a process works the sweep off."""
        if self.is_held(sweep_id):
            raise Conflict(AT_WORK)

    def is_held(self, sweep_id: str) -> bool:
        """Tell whether a process works the sweep off."""
        return is_held(sweep_lock(self._place.paths, sweep_id))

    def is_end_requested(self, sweep_id: str) -> bool:
        """Tell whether somebody wants the sweep to end."""
        with self._database.read() as connection:
            return table.is_end_requested(connection, sweep_id)

    def withdraw_end(self, sweep_id: str) -> None:
        """Forget that somebody wanted the sweep to end."""
        with self._database.write() as connection:
            table.request_end(connection, sweep_id, wanted=False)

    def late_trials(self, sweep_id: str, after: str) -> builtins.list[Job]:
        """Return the jobs by which trials were asked for once more by themselves, those with ids after one."""
        with self._database.read() as connection:
            return late_trials(connection, sweep_id, after)

    def cancel_open(self, sweep_id: str, *, spares_late: bool = False) -> int:
        """Cancel the trials of a sweep that have not ended, or those that its own workers run.

        Returns how many there were.
        """
        opened = [
            job
            for job in self.trials(sweep_id)
            if job.status not in JOB_ENDED and not (spares_late and is_late(job))
        ]
        for job in opened:
            cancel_job(self._place, job.id)
        if opened:
            JobQueue(self._place, sweep_id=sweep_id).recover()
        return len(opened)

    def mark_best(self, sweep_id: str) -> None:
        """Have the runs of the best trials marked as such, and no others, as results stand now."""
        spec = self.spec(sweep_id)
        found = self.runs_of(self.trials(sweep_id))
        best = best_runs(spec, list(found.values()))
        for run in self._marked(sweep_id, found):
            if run.id not in best:
                self._edits.set_tags(run.id, {BEST: None})
        for run_id in best:
            if BEST not in found[run_id].tags:
                self._edits.set_tags(run_id, {BEST: "true"})
        self._edits.set_tags(sweep_id, {BEST_RUNS: ",".join(best)})

    def _marked(self, sweep_id: str, found: Mapping[str, Run]) -> builtins.list[Run]:
        # The run of an earlier try is none of these any more.
        marked = _best_ids(self.runs_by_id([sweep_id]).get(sweep_id))
        return [run for run in (self.runs_by_id(marked) | dict(found)).values() if BEST in run.tags]

    def prune(self, job_id: str, reason: str) -> None:
        """Have a trial's job end as pruned, soon."""
        cancel_job(self._place, job_id, reason)

    def _summary(
        self,
        sweep_id: str,
        spec: SweepSpec,
        own: Run | None,
        counts: Mapping[Any, int],
        runs: Mapping[str, Run],
        best: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        ids = _best_ids(own) if best is None else best
        found = [runs[run_id] for run_id in ids if run_id in runs]
        begun = own is not None and own.number != 0 and own.started is not None
        return {
            "id": sweep_id,
            "run": sweep_id,
            "number": own.number if own is not None and begun else None,
            "notebook": spec.job.path,
            "experiment": spec.job.experiment,
            "status": own.status if own is not None and begun else "queued",
            "sampler": spec.sampler,
            "trials": TrialCounts(spec.trials, **counts),
            "best": _best(spec, _foremost(spec, found)) if found else None,
            "objectives": spec.objectives,
            "space": spec.space,
            "params": spec.job.params,
            "seed": spec.seed,
            "pruner": spec.pruner,
            "parallel": spec.parallel,
            "started": own.started if own is not None else None,
            "ended": own.ended if own is not None else None,
            "reason": own.reason if own is not None else None,
        }


@contextlib.contextmanager
def hold_here(store: StorePaths, sweep_id: str) -> Iterator[None]:
    """Be the one process of this machine that works a sweep off; raises Conflict while there is another."""
    lock = ProcessLock(sweep_lock(store, sweep_id))
    lock.path.parent.mkdir(parents=True, exist_ok=True)
    if not lock.acquire():
        raise Conflict(AT_WORK)
    try:
        yield
    finally:
        lock.release()


def sweep_lock(store: StorePaths, sweep_id: str) -> Path:
    """Return the lock file that the process holds which works a sweep off."""
    return store.jobs / f"sweep-{sweep_id}.lock"


def _best_ids(run: Run | None) -> list[str]:
    return [part for part in (run.tags.get(BEST_RUNS, "") if run is not None else "").split(",") if part]


def _foremost(spec: SweepSpec, runs: Sequence[Run]) -> Run:
    """Return the one of a sweep's best runs that is best in the first objective."""
    first = msgspec.structs.replace(spec, objectives=spec.objectives[:1])
    ids = best_runs(first, runs)
    return next((run for run in runs if run.id in ids), runs[0])


def _best(spec: SweepSpec, run: Run) -> BestTrial:
    values = objective_values(spec, run)
    params = {name: run.params.get(name) for name in spec.space}
    return BestTrial(run.id, run.number, params, values[0] if values else None, values)


def _row(spec: SweepSpec, job: Job, run: Run | None, best: set[str]) -> TrialRow:
    trial = job.spec.trial
    duration = (job.ended - job.started).total_seconds() if job.started and job.ended else None
    return TrialRow(
        trial=trial.number if trial is not None else 0,
        job=job.id,
        run=job.spec.run_id,
        number=run.number if run is not None else None,
        params=swept_params(spec.space, job),
        values=[None if v is not None and math.isnan(v) else v for v in objective_values(spec, run)],
        status=job.status,
        duration=duration,
        cell=job.cell,
        cells=job.cells,
        best=job.spec.run_id in best,
        sparks=objective_sparks(spec, run),
    )


def _by_id(connection: Any, ids: Sequence[str]) -> dict[str, Run]:
    return {run.id: run for part in slices(list(ids)) for run in read_runs(connection, part)}
