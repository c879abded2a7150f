"""One job from its frozen notebook to its outcome: a run, an output notebook, artifacts."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from trackbook.config import Settings, captures_in, snapshot_limits
from trackbook.domain.execution import Execution, Executor, KeepSnapshots, Observer, Outcome, OutcomeStatus
from trackbook.domain.job import Job, JobAttempt
from trackbook.domain.names import check_artifact_path
from trackbook.domain.parameter import Parameter
from trackbook.domain.run import RunError, RunStatus, Source
from trackbook.domain.snapshot import encode_part
from trackbook.errors import InvalidName, KernelError, NotebookError
from trackbook.jobs.cells import CellRecords
from trackbook.jobs.frozen import FrozenParts
from trackbook.jobs.keeping import CarryingObserver, Keeping, ids_of
from trackbook.jobs.prefix.order import order_prefix
from trackbook.jobs.threads import thread_caps
from trackbook.jobs.workplace import describe_workplace, working_folder
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import Notebook, kernel_of, parse_notebook
from trackbook.services.job_records import attempt_of
from trackbook.services.job_writes import WRITES
from trackbook.services.masking import Masker
from trackbook.services.recorder import RunRecorder
from trackbook.services.sleepers import NOTES
from trackbook.services.snapshots import store_notebook
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

OUTPUT = "output.ipynb"
LOG = "log.txt"
DEFAULT_KERNEL = "python3"

_RUN_STATUS: dict[OutcomeStatus, RunStatus] = {
    "finished": "finished",
    "failed": "failed",
    "timed_out": "timed_out",
    "memory": "failed",
    "aborted": "aborted",
    "died": "failed",
    "not_started": "failed",
}


class JobWork:
    """Runs one claimed job with an executor. Its run is open from `run`'s beginning to its end.

    `shared` is a folder for what the trials of a sweep have in common on this machine.
    """

    def __init__(
        self,
        store: StorePaths,
        job: Job,
        executor: Executor,
        blobs: Blobs,
        *,
        parallel: int = 1,
        shared: Path | None = None,
    ) -> None:
        self._store, self._job, self._executor, self._blobs = store, job, executor, blobs
        self._parallel, self._shared = parallel, shared
        self._folder = store.job_folder(job.id)
        self._outputs = store.output_folder(job.id)

    def run(self, observer: Observer, prune_reason: Callable[[], str | None] = lambda: None) -> JobAttempt:
        """Execute the job's notebook into its run; returns how that came out.

        What was ended from outside is pruned, rather than cancelled, if `prune_reason` says why then.
        Whatever goes wrong on the way is the run's and the job's error: a worker has further jobs to do.
        """
        spec = self._job.spec
        recorder = RunRecorder.start(
            self._store,
            experiment=spec.experiment,
            tags=spec.tags,
            parent_id=spec.parent_id,
            source=Source("job", path=spec.path, job_id=self._job.id),
            run_id=spec.run_id,
            capture=captures_in(self._store.project),
        )
        try:
            outcome = self._execute(recorder, observer)
        except Exception as error:
            name = type(error).__name__
            status: OutcomeStatus = "not_started" if isinstance(error, KernelError) else "failed"
            outcome = Outcome(status, RunError(name, str(error)))
        try:
            self._store_results(recorder)
        except OSError as error:
            recorder.add_note(f"Some results could not be stored: {error}")
        for problem in outcome.problems:
            recorder.add_note(problem)
        pruned = prune_reason() if outcome.status == "aborted" else None
        reason = (pruned or "The job was cancelled.") if outcome.status == "aborted" else None
        with recorder.masking() as mask:
            told = None if pruned is not None else mask.error(outcome.error, "error of the run")
        status_of_run: RunStatus = "pruned" if pruned is not None else _RUN_STATUS[outcome.status]
        recorder.end(status_of_run, error=told, reason=reason)
        return self.attempt(msgspec.structs.replace(outcome, error=told), pruned=pruned is not None)

    def attempt(self, outcome: Outcome, *, pruned: bool = False) -> JobAttempt:
        """Return the attempt at the job that has come out so; `pruned` says how one came to be aborted."""
        if outcome.status == "aborted":
            attempt = attempt_of(self._job, "pruned" if pruned else "cancelled")
        else:
            attempt = attempt_of(self._job, outcome.status, outcome.error)
        return msgspec.structs.replace(
            attempt, not_run=outcome.not_run, memory=outcome.memory, cpu=outcome.cpu
        )

    def _execute(self, recorder: RunRecorder, observer: Observer) -> Outcome:
        spec = self._job.spec
        folder = working_folder(self._store, spec, self._folder, self._blobs, self._shared)
        if (note := describe_workplace(spec, folder, os_host())) is not None:
            recorder.add_note(note)
        notebook = parse_notebook(self._blobs.get(spec.notebook), spec.path)
        if params := _recorded_params(find_parameters(notebook, spec.path), spec.params):
            recorder.set_params(params)
        with recorder.masking() as mask:
            recorder.snapshot_taken("start", "job", store_notebook(recorder.blobs, mask.notebook(notebook)))
        self._clear_folder()
        path = self._folder / "notebook.ipynb"
        injected = inject_parameters(notebook, spec.params)
        path.write_bytes(encode_part(injected))
        prefix = None
        if spec.share_prefix and not spec.resumes:
            prefix, reason = order_prefix(notebook, injected, spec)
            if prefix is None:
                recorder.add_note(f"No cells were shared with other trials: {reason}.")
        kernel = spec.kernel or kernel_of(notebook) or DEFAULT_KERNEL
        frozen = FrozenParts(self._blobs, spec, kernel, self._folder, folder)
        for note in frozen.notes:
            recorder.add_note(note)
        if prefix is not None and frozen.modules is not None:
            # What is shared would be run with the modules as they are now.
            prefix = None
            recorder.add_note("No cells were shared with other trials: modules have changed meanwhile.")
        execution = Execution(
            notebook=str(path),
            output=str(self._folder / OUTPUT),
            folder=str(folder),
            log=str(self._folder / LOG),
            environment=self._environment(frozen.modules),
            kernel=frozen.kernel,
            timeout=spec.timeout,
            cell_timeout=spec.cell_timeout,
            memory=spec.memory,
            prefix=prefix,
            snapshots=self._kept_snapshots() if spec.snapshots else None,
        )
        records = CellRecords(recorder, observer, notebook)
        if spec.resumes is None:
            return self._executor.run(execution, records)
        return self._go_on(execution, injected, recorder, records)

    def _go_on(
        self, execution: Execution, notebook: Notebook, recorder: RunRecorder, records: CellRecords
    ) -> Outcome:
        """Execute what the failed run left: from its snapshot, or with what is needed run again."""
        keeping = Keeping(self._store, self._job.spec, self._outputs, self._blobs)
        observer = CarryingObserver(keeping, notebook, recorder, records)
        if keeping.has_lost_its_copy:
            recorder.add_note("The snapshot has ended meanwhile; what is needed ran again instead.")
        while True:
            Path(execution.notebook).write_bytes(encode_part(keeping.fill(notebook)))
            present = msgspec.structs.replace(
                execution, kept=ids_of(keeping.cells(notebook)), copy=keeping.copy
            )
            try:
                return self._executor.run(present, observer)
            except KernelError as error:
                if keeping.copy is None:
                    raise
                keeping.copy = None
                recorder.add_note(f"The snapshot could not be taken up; what is needed ran again. {error}")

    def _kept_snapshots(self) -> KeepSnapshots:
        limits = snapshot_limits(self._store.project)
        return KeepSnapshots(
            self._job.spec.run_id,
            str(self._folder / NOTES),
            limits.most,
            limits.memory,
            limits.seconds,
        )

    def _clear_folder(self) -> None:
        # What an earlier attempt left would pass for results of this one.
        shutil.rmtree(self._outputs, ignore_errors=True)
        drafts = [path.name for path in self._folder.glob(f".{OUTPUT}.*")]
        for name in (OUTPUT, LOG, WRITES, *drafts):
            (self._folder / name).unlink(missing_ok=True)
        self._outputs.mkdir(parents=True, exist_ok=True)

    def _environment(self, modules: Path | None) -> dict[str, str]:
        # A spool is found again by its URL, which the worker has from its own environment.
        settings = replace(
            Settings.load() if self._store.remote else Settings(store=self._store.root),
            run_id=self._job.spec.run_id,
            job_id=self._job.id,
            leaves_cells=True,
            output_dir=self._outputs,
            modules=modules,
        )
        # The name of another session, in whose terminal this process was started, is not this notebook's.
        own = settings.job_environment() | {"JPY_SESSION_NAME": ""}
        return own | thread_caps(self._parallel, os.environ)

    def _store_results(self, recorder: RunRecorder) -> None:
        for file in sorted(self._outputs.rglob("*")):
            if file.is_file():
                name = f"outputs/{file.relative_to(self._outputs).as_posix()}"
                try:
                    check_artifact_path(name)
                except InvalidName as error:
                    recorder.add_note(str(error))
                    continue
                recorder.store_artifact(file, name, kind="output")
        if (output := self._folder / OUTPUT).is_file():
            with recorder.masking() as mask:
                data = _masked_notebook(output.read_bytes(), mask)
            recorder.store_artifact(data, OUTPUT, kind="notebook", media_type="application/x-ipynb+json")
        if (log := self._folder / LOG).is_file() and log.stat().st_size:
            with recorder.masking() as mask:
                data = mask.data(log.read_bytes(), LOG)
            recorder.store_artifact(data, LOG, kind="log", media_type="text/plain")


def _masked_notebook(data: bytes, mask: Masker) -> bytes:
    try:
        notebook = parse_notebook(data, OUTPUT)
    except NotebookError:
        return mask.data(data, OUTPUT)
    masked = mask.notebook(notebook, OUTPUT)
    return encode_part(masked) if mask.found else data


def _recorded_params(declared: list[Parameter], given: dict[str, Any]) -> dict[str, Any]:
    # With the defaults of those that were not given: what ran, not what was typed.
    shown = [p for p in declared if p.format != "secret"]
    defaults = {p.name: p.default for p in shown if p.type != "any" or p.default is not None}
    return defaults | given
