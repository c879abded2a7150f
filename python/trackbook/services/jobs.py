"""Jobs: notebooks checked, frozen and queued; found, read and cancelled. Who runs them is another's business."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from trackbook.config import snapshot_limits
from trackbook.domain.clock import now, to_datetime
from trackbook.domain.ids import new_id
from trackbook.domain.job import JOB_ENDED, ExecutorName, Job, JobSpec, JobStatus
from trackbook.domain.limits import Limits, check_seconds
from trackbook.domain.names import check_name
from trackbook.domain.parameter import Parameter, check_sweeps, check_values, combine_sweep
from trackbook.domain.records import JobSubmitted
from trackbook.domain.snapshot import encode_part
from trackbook.domain.space import Space, check_space
from trackbook.domain.trial import as_late
from trackbook.domain.values import flatten, to_parameter
from trackbook.errors import Conflict, NotFound, ParameterError, UsageError, raise_all
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.experiment import find_experiment
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import Notebook, kernel_of, read_notebook
from trackbook.services.catchup import catch_up
from trackbook.services.freezing import freeze
from trackbook.services.job_records import cancel_job, send_contents, write_job_record
from trackbook.services.packing import find_files
from trackbook.services.queue import JobQueue
from trackbook.services.waiting import Waiting
from trackbook.store import jobs as table
from trackbook.store.bells import ring_bells
from trackbook.store.jobs import SHORTEST_REFERENCE
from trackbook.store.place import Place

MOST_JOBS = 10_000
_DAY = timedelta(days=1)
T = TypeVar("T")

JobList = list[Job]
IdList = list[str]


class Jobs:
    """The jobs of one store, as those see them who want notebooks run."""

    def __init__(self, place: Place) -> None:
        self._place, self._database = place, place.database
        self._store, self._blobs = place.paths, place.blobs
        self._waiting = Waiting(place)

    def parameters(self, path: Path) -> list[Parameter]:
        """Return the parameters that a notebook declares. Raises NotebookError if it can't be read."""
        return find_parameters(read_notebook(path), path.name)

    def kernel(self, path: Path) -> str | None:
        """Return the name of the kernel that a notebook asks for. Raises NotebookError if it can't be read."""
        return kernel_of(read_notebook(path))

    def submit(
        self,
        path: Path,
        params: Mapping[str, Any] | None = None,
        sweep: Mapping[str, Sequence[Any]] | None = None,
        *,
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
    ) -> list[Job]:
        """Check everything, freeze the notebook, and queue a job for each combination of the sweep's values.

        The jobs come back in the order of the combinations, the last name varying fastest. `experiment` is by default
        the one that the notebook itself starts, else the notebook's name. `timeout` is in seconds for each job, and
        `limits` says what else it may use.
        `snapshots` has copies of the process kept between cells, by default as the project says.
        `parent_id` is the run from within which this is called. `executor` says who may run them; `files` are patterns,
        relative to the notebook, of files that go along to a machine that has not got its folder. With `share_prefix`
        the cells on which the sweep's values have no effect run once for all jobs that one worker runs. The notebook's
        file, and all others, are only read.

        Raises, before anything is queued: NotebookError, ParameterError (an unknown name, a value of the wrong type or
        range; one error tells of all), InvalidName, InvalidValue, and UsageError for a time limit or a number of jobs
        that can't be.
        """
        notebook = clean_notebook(read_notebook(path))
        known = find_parameters(notebook, path.name)
        combinations = _combine(known, params or {}, sweep or {})
        for values in combinations:
            _check_storable(values)
            inject_parameters(notebook, values)
        sweep_id = new_id() if sweep else None
        # Of an id the random part.
        all_tags = dict(tags or {}) | ({"sweep": sweep_id[-8:]} if sweep_id is not None else {})
        spec = self._spec(
            path,
            notebook,
            experiment,
            timeout,
            limits,
            kernel,
            parent_id,
            all_tags,
            executor,
            files,
            snapshots,
        )
        spec = msgspec.structs.replace(spec, sweep_id=sweep_id)
        spec = _sharing(spec, share_prefix and sweep_id is not None, list(sweep or {}), snapshots)
        specs = [msgspec.structs.replace(spec, params=values, run_id=new_id()) for values in combinations]
        return self._queue(specs)

    def template(
        self,
        path: Path,
        params: Mapping[str, Any] | None = None,
        space: Mapping[str, Any] | None = None,
        *,
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
    ) -> tuple[JobSpec, Space]:
        """Check everything, freeze the notebook, and return what the trials of a sweep have in common, and its space.

        Nothing is queued. `space` is as `check_space` takes it; the rest, and what is raised, as with `submit`.
        """
        notebook = clean_notebook(read_notebook(path))
        known = find_parameters(notebook, path.name)
        given, swept = check_both(known, params or {}, lambda: check_space(known, space or {}))
        # Each value of each parameter once: what can't be written as code is found before anything runs.
        for name, one in swept.items():
            for value in one.values if one.kind == "choices" else [one.low, one.high]:
                values = given | {name: value}
                _check_storable(values)
                inject_parameters(notebook, values)
        spec = self._spec(
            path,
            notebook,
            experiment,
            timeout,
            limits,
            kernel,
            parent_id,
            tags or {},
            executor,
            files,
            snapshots,
        )
        spec = msgspec.structs.replace(spec, params=given)
        return _sharing(spec, share_prefix, list(swept), snapshots), swept

    def queue(self, specs: Sequence[JobSpec]) -> JobList:
        """Queue jobs that were checked before, each with a run of its own."""
        return self._queue(specs)

    def list(
        self,
        status: JobStatus | None = None,
        limit: int | None = 100,
        *,
        sweep_id: str | None = None,
        offset: int = 0,
    ) -> JobList:
        """Return jobs, the one submitted last first; those before `offset` are left out."""
        with self._database.read() as connection:
            found = table.read_jobs(connection, status=status, sweep_id=sweep_id, limit=limit, offset=offset)
        return self._waiting.explain(found)

    def counts(self) -> dict[JobStatus, int]:
        """Return how many jobs there are in each state that any is in."""
        with self._database.read() as connection:
            return table.count_by_status(connection)

    def get(self, job_id: str) -> Job:
        """Return one job; raises NotFound if there is none of this id."""
        with self._database.read() as connection:
            job = table.read_job(connection, job_id)
        if job is None:
            raise NotFound("job", job_id)
        return self._waiting.explain([job])[0]

    def find(self, reference: str) -> Job:
        """Return the job of an id, or of an id's end (at least 6 characters), which differs between jobs of a sweep.

        Raises NotFound without such a job, UsageError if several ids end so, or the end is too short.
        """
        ending = reference.strip()
        if len(ending) < SHORTEST_REFERENCE:
            raise UsageError(
                f"{reference!r} names no job: write its id, or {SHORTEST_REFERENCE} characters or more of its end, "
                "as `trackbook jobs` lists them."
            )
        found = self.matching(ending)
        if len(found) > 1:
            raise UsageError(f"{reference!r} fits {len(found)} jobs; write more of the id.")
        if not found:
            raise NotFound("job", reference)
        return found[0]

    def matching(self, ending: str) -> JobList:
        """Return the jobs, ten at most, whose id ends so; none for fewer than 6 characters."""
        with self._database.read() as connection:
            return table.find_jobs(connection, ending)

    def get_many(self, job_ids: Sequence[str]) -> JobList:
        """Return the jobs of these ids, in their order; unknown ids are left out."""
        with self._database.read() as connection:
            found = {job.id: job for job in table.read_jobs(connection, ids=job_ids)}
        return [found[job_id] for job_id in job_ids if job_id in found]

    def cancel(self, job_id: str) -> Job:
        """Have a job end: a waiting one never begins, a running one is interrupted soon. One that ended stays.

        Raises NotFound if there is no job of this id.
        """
        if self.get(job_id).status not in JOB_ENDED:
            cancel_job(self._place, job_id)
            JobQueue(self._place).recover()  # its worker may be dead, and never hear of it
        return self.get(job_id)

    def retry(self, job_id: str) -> Job:
        """Queue a job that has ended once more, with the same frozen notebook and parameters; returns the new job.

        It makes a run of its own. A trial stays that of its sweep, and what comes out now counts there, whether or not
        the sweep still goes on. Raises NotFound if there is no such job, or its notebook is no longer stored, and
        Conflict for a job that has not ended.
        """
        job = self.get(job_id)
        if job.status not in JOB_ENDED:
            raise Conflict(f"Job {job_id[-8:]} has not ended: it is {job.status}. Cancel it first, or wait.")
        if not self._blobs.keep(job.spec.notebook):
            raise NotFound("notebook of the job", job.spec.path)
        trial = as_late(job.spec.trial)
        spec = msgspec.structs.replace(job.spec, run_id=new_id(), retry_of=job.id, trial=trial)
        return self._queue([spec])[0]

    def failed(self, *, sweep_id: str | None = None) -> JobList:
        """Return the jobs to which `retry` is a remedy: those that failed in a sweep, or else in the last day, the one
        submitted first first; of those that were tried again already, none.
        """
        found = self.list(limit=None, sweep_id=sweep_id)
        everything = found if sweep_id is None else self.list(limit=None)
        again = {job.spec.retry_of for job in everything}
        day = to_datetime(now()) - _DAY
        return [
            job
            for job in reversed(found)
            if job.status == "failed"
            and job.id not in again
            and (sweep_id is not None or (job.ended is not None and job.ended > day))
        ]

    def changed_since(self, revision: int) -> IdList:
        """Return the ids of the jobs that changed after `revision`, the latest change last."""
        with self._database.read() as connection:
            return table.changed_jobs(connection, revision)

    def _spec(
        self,
        path: Path,
        notebook: Notebook,
        experiment: str | None,
        timeout: float | None,
        limits: Limits | None,
        kernel: str | None,
        parent_id: str | None,
        tags: Mapping[str, str],
        executor: ExecutorName,
        files: Sequence[str],
        snapshots: bool | None,
    ) -> JobSpec:
        check_seconds(timeout)
        limits = (limits or Limits()).check()
        if snapshots and executor == "dask":
            raise UsageError(
                "Snapshots are copies of a process on this machine; on a Dask cluster there are none."
            )
        if snapshots is None:
            snapshots = executor == "local" and snapshot_limits(self._store.project).enabled
        return JobSpec(
            tags={check_name("tag", key): str(value) for key, value in tags.items()},
            notebook=self._blobs.put_bytes(encode_part(notebook)),
            path=self._relative(path),
            folder=str(path.absolute().parent),
            params={},
            experiment=_experiment(experiment, notebook, path),
            run_id="",
            kernel=kernel,
            parent_id=parent_id,
            timeout=float(timeout) if timeout is not None else None,
            cell_timeout=limits.cell_timeout,
            memory=limits.memory,
            retries=limits.retries,
            retry_delay=limits.retry_delay,
            retry_on=list(limits.retry_on),
            executor=executor,
            files=self._pack(path.absolute().parent, files),
            snapshots=snapshots,
            frozen=freeze(self._blobs, notebook, path.absolute().parent, kernel or kernel_of(notebook)),
        )

    def _queue(self, specs: Sequence[JobSpec]) -> JobList:
        send_contents(self._place, specs)
        queued = []
        for spec in specs:
            at = now()
            job = Job(new_id(), spec, "queued", to_datetime(at))
            write_job_record(self._store, job.id, JobSubmitted(at, spec))
            queued.append(job)
        catch_up(self._place, timeout=60.0)
        ring_bells(self._store.bells)
        return self._waiting.explain(queued)

    def _pack(self, folder: Path, patterns: Sequence[str]) -> dict[str, str]:
        packed: dict[str, str] = {}
        for pattern in patterns:
            for file in find_files(folder, pattern):
                packed[file.relative_to(folder).as_posix()] = self._blobs.put_file(file)[0]
        return packed

    def _relative(self, path: Path) -> str:
        absolute = path.absolute()
        if absolute.is_relative_to(self._store.project):
            return absolute.relative_to(self._store.project).as_posix()
        return str(absolute)


def _sharing(spec: JobSpec, shares: bool, swept: Sequence[str], snapshots: bool | None) -> JobSpec:
    # Where the project alone says that snapshots are kept, trials that share cells, which are to be quick, keep none.
    keeps = spec.snapshots and (bool(snapshots) or not shares)
    return msgspec.structs.replace(spec, share_prefix=shares, swept=list(swept), snapshots=keeps)


def _combine(
    known: Sequence[Parameter], params: Mapping[str, Any], sweep: Mapping[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    given, swept = check_both(known, params, lambda: check_sweeps(known, sweep))
    count = math.prod(len(values) for values in swept.values())
    if count > MOST_JOBS:
        raise UsageError(f"The sweep makes {count:,} jobs; at most {MOST_JOBS:,} can be queued at once.")
    return [given | combination for combination in combine_sweep(swept)]


def check_both(
    known: Sequence[Parameter], params: Mapping[str, Any], check: Callable[[], dict[str, T]]
) -> tuple[dict[str, Any], dict[str, T]]:
    """Return values and what `check` returns of a sweep, both checked; raises ParameterError with all that is wrong."""
    errors: list[ParameterError] = []
    given: dict[str, Any] = {}
    swept: dict[str, T] = {}
    try:
        given = check_values(known, params)
    except ParameterError as error:
        errors.append(error)
    try:
        swept = check()
    except ParameterError as error:
        errors.append(error)
    both = [name for name in swept if name in given]
    raise_all([*errors, *(ParameterError(name, "it has both a single value and a sweep") for name in both)])
    return given, swept


def _check_storable(values: Mapping[str, Any]) -> None:
    for name, value in flatten(values).items():
        to_parameter(check_name("parameter", name), value)


def _experiment(given: str | None, notebook: Notebook, path: Path) -> str:
    return check_name("experiment", given or find_experiment(notebook) or path.stem)
