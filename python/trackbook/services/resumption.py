"""Resuming runs of jobs: what is there to go on from, the plan, and the job that does it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from trackbook.domain.cell import CellExecution
from trackbook.domain.formatting import one_line
from trackbook.domain.ids import new_id
from trackbook.domain.job import JOB_ENDED, Job, JobSpec
from trackbook.domain.parameter import check_values
from trackbook.domain.resumption import (
    RESUMES,
    CellPlace,
    CellSnapshot,
    KeptCell,
    ResumedCell,
    Resumption,
)
from trackbook.domain.run import Run, RunDetail
from trackbook.domain.snapshot import encode_part
from trackbook.domain.trial import as_late
from trackbook.errors import Conflict, NotebookError, NotFound, TrackbookError, UsageError
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.effects import effects_in
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.needs import needed_cells
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import Notebook, as_notebook, kernel_of, parse_notebook, read_notebook, tags_of
from trackbook.notebook.resumption import CellPlan, PlannedCell, plan_cells
from trackbook.services.freezing import freeze
from trackbook.services.ingester import is_served
from trackbook.services.jobs import Jobs
from trackbook.services.runs import Runs
from trackbook.services.sleepers import Sleeper, Sleepers, end
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

_SOON = 10.0  # seconds


class ResumeRequest(Struct, frozen=True):
    """What is asked for: `notebook` is the corrected one, by default the job's file as it stands now.

    `path` is where it lies. `params` replace those of the run. It goes on at the failed cell, or at the cell of this
    `number`; with `everything` no cell is kept.
    """

    notebook: Notebook | None = None
    path: Path | None = None
    params: dict[str, Any] = {}
    number: int | None = None
    everything: bool = False
    uses_snapshots: bool = True


class ResumptionPlan(Struct, frozen=True):
    """A resumption with what its job needs beside: the cells kept, the notebook, the snapshot to go on from."""

    resumption: Resumption
    spec: JobSpec
    notebook: Notebook
    kept: list[KeptCell]
    snapshot: CellSnapshot | None


class DebugCell(Struct, frozen=True):
    """A cell to be run before somebody looks at the state: where it stands, and its whole source."""

    place: CellPlace
    source: str


class DebugPlan(Struct, frozen=True):
    """How a kernel gets into the state before the cell `place`, at which a run failed.

    It begins as a fork of `sleeper`, else as a fresh `kernel` in `folder`, and runs `cells`.
    """

    run_id: str
    number: int
    place: CellPlace
    cells: list[DebugCell]
    folder: str
    kernel: str
    sleeper: Sleeper | None


class _Past(Struct, frozen=True):
    """What a run leaves to go on from; `done` has what came out well by the cells' ids."""

    detail: RunDetail
    job: Job
    spec: JobSpec
    notebook: Notebook
    done: dict[str, KeptCell]
    durations: dict[str, float]


class Resumptions:
    """Plans and submits jobs that go on where a run failed."""

    def __init__(self, store: StorePaths, blobs: Blobs, runs: Runs, jobs: Jobs) -> None:
        self._store, self._blobs, self._runs, self._jobs = store, blobs, runs, jobs
        self.sleepers = Sleepers(store)

    def of(self, reference: str, request: ResumeRequest | None = None) -> Resumption:
        """Return whether and how a run can go on. What stands against it is its `reason`, and no error.

        Raises NotFound without such a run.
        """
        self._runs.refresh(timeout=_SOON)
        detail = self._runs.detail(reference)
        try:
            return self.plan(reference, request or ResumeRequest()).resumption
        except (UsageError, Conflict, NotFound) as error:
            snapshots = self.sleepers.of_run(detail.run)
            return Resumption(detail.run.id, False, reason=str(error), snapshots=snapshots)

    def plan(self, reference: str, request: ResumeRequest) -> ResumptionPlan:
        """Return how a run goes on.

        Raises NotFound without such a run; Conflict for one that still runs; UsageError for one that has finished or
        is no job's, where the failed cell was removed, and for a number of none; NotebookError for a notebook that
        can't be read; ParameterError for parameters that it does not take.
        """
        self._runs.refresh(timeout=_SOON)  # the end of a run is perhaps not in the index yet
        past = self._past(self._runs.detail(reference))
        new = clean_notebook(self._notebook(past, request))
        params = past.spec.params | check_values(find_parameters(new, past.spec.path), request.params)
        check_values(find_parameters(new, past.spec.path), params)
        plan = plan_cells(
            inject_parameters(past.notebook, past.spec.params),
            inject_parameters(new, params),
            past.done.keys(),
            failed=past.detail.run.error.cell_id if past.detail.run.error is not None else None,
            number=request.number,
            everything=request.everything,
        )
        taken = self.sleepers.of_run(past.detail.run)
        snapshot, reason = None, "All cells run again." if request.everything else None
        if request.uses_snapshots and not request.everything:
            snapshot, reason = _choose(plan, taken, past.durations)
            if not taken:
                reason = self._why_none(past)
        kept = [
            msgspec.structs.replace(past.done[cell.earlier], cell_id=cell.id, again=cell.again)
            for position, cell in enumerate(plan.cells)
            if cell.earlier is not None and position < plan.start and not request.everything
        ]
        border = _position(plan, snapshot) if snapshot is not None else None
        resumption = Resumption(
            past.detail.run.id,
            True,
            _place_of(plan.cells[plan.start]) if plan.start < len(plan.cells) else None,
            "repeat" if border is None else "snapshot",
            [_resumed(position, cell, border, past.durations) for position, cell in enumerate(plan.cells)],
            reason,
            taken,
        )
        path = self._path(request.path) if request.path is not None else past.spec.path
        folder = past.spec.folder
        if is_served(self._store.remote) and request.path is not None and not Path(folder).is_dir():
            folder = str(request.path.absolute().parent)  # it ran on another machine
        # With other values of what its sweep varies it is no trial of it, though it stays below the same run.
        stays = all(params.get(name) == past.spec.params.get(name) for name in past.spec.swept)
        trial = as_late(past.spec.trial) if stays else None
        sweep_id = None if trial is None else trial.sweep
        spec = msgspec.structs.replace(
            past.spec, params=params, path=path, folder=folder, trial=trial, sweep_id=sweep_id
        )
        return ResumptionPlan(resumption, spec, new, kept, snapshot)

    def submit(self, reference: str, request: ResumeRequest) -> tuple[Job, Resumption]:
        """Queue a job that goes on where a run failed. Its run is one of its own, which names the failed one.

        Raises as `plan`, and NotebookError where the folder is gone in which the job ran.
        """
        plan = self.plan(reference, request)
        if not Path(plan.spec.folder).is_dir():
            problem = f"its folder {plan.spec.folder} is gone; bring it back first"
            if is_served(self._store.remote):
                problem = (
                    f"its folder {plan.spec.folder} is not on this machine; resume the run where it was submitted, "
                    "or name the notebook as it is here: --notebook FILE"
                )
            raise NotebookError(plan.spec.path, problem)
        run_id = plan.resumption.run_id
        spec = msgspec.structs.replace(
            plan.spec,
            notebook=self._blobs.put_bytes(encode_part(plan.notebook)),
            run_id=new_id(),
            tags={**plan.spec.tags, RESUMES: run_id},
            reproduction=None,
            executor="local",
            # With the project's modules as they are now: they may be what was corrected.
            frozen=freeze(
                self._blobs,
                plan.notebook,
                Path(plan.spec.folder),
                plan.spec.kernel or kernel_of(plan.notebook),
            ),
            share_prefix=False,
            retry_of=None,
            resumes=run_id,
            kept=plan.kept,
            snapshot=None if plan.snapshot is None else plan.snapshot.cell_id,
        )
        return self._jobs.queue([spec])[0], plan.resumption

    def debug_plan(self, reference: str, *, everything: bool = False) -> DebugPlan:
        """Return how a kernel gets into the state in which a run failed; raises as `plan`.

        The cells are those of the notebook that ran: what the failed cell needs, or with `everything` all before it.
        """
        self._runs.refresh(timeout=_SOON)
        past = self._past(self._runs.detail(reference))
        executed = inject_parameters(past.notebook, past.spec.params)
        run = past.detail.run
        failed = run.error.cell_id if run.error is not None else None
        plan = plan_cells(executed, executed, past.done.keys(), failed=failed)
        if plan.start == len(plan.cells):
            raise UsageError(
                f"All cells of run #{run.number} came to their end; there is no failure to look at."
            )
        before = plan.cells[: plan.start]
        needed = before if everything else _needed(plan)
        sleeper = self.sleepers.last_before(run, [cell.id for cell in plan.cells[: plan.start + 1]])
        if sleeper is not None:
            needed = before[[cell.id for cell in plan.cells].index(sleeper.snapshot.cell_id) :]
        return DebugPlan(
            run.id,
            run.number,
            _place_of(plan.cells[plan.start]),
            [DebugCell(_place_of(cell), cell.source) for cell in needed],
            past.spec.folder,
            past.spec.kernel or kernel_of(past.notebook) or "python3",
            sleeper,
        )

    def notebook_path(self, reference: str) -> Path:
        """Return where the notebook of a job's run lies. Raises as `plan` for a run that can't be resumed."""
        return self._store.project / self._past(self._runs.detail(reference)).spec.path

    def snapshots(self, run: Run | None = None) -> list[CellSnapshot]:
        """Return the borders of a run, those without a snapshot with the reason; or the snapshots of all runs."""
        if run is not None:
            return self.sleepers.of_run(run)
        return [one.snapshot for _, one in self.sleepers.all()]

    def drop_snapshots(self, run: Run | None = None) -> int:
        """End the snapshots of a run, or those of all runs; returns how many there were."""
        return sum(end(one) for _, one in self.sleepers.all() if run is None or one.snapshot.run_id == run.id)

    def _past(self, detail: RunDetail) -> _Past:
        run = detail.run
        if run.status == "running":
            raise Conflict(f"Run #{run.number} is still running; it can be resumed when it has failed.")
        if run.source.kind != "job" or run.source.job_id is None:
            raise UsageError(
                f"Run #{run.number} was made by no job, and only jobs know what ran. In a notebook, "
                f"`%track start --resume {run.number}` goes on with its record."
            )
        if run.status == "finished":
            raise UsageError(
                f"Run #{run.number} has finished: nothing is left to resume. To run it again: "
                f"trackbook reproduce {run.number}"
            )
        try:
            job = self._jobs.get(run.source.job_id)
        except NotFound:
            raise UsageError(
                f"The job of run #{run.number} is not in this store; resume it where it ran."
            ) from None
        if job.status not in JOB_ENDED and job.spec.run_id != run.id:
            raise Conflict(f"The job of run #{run.number} is being tried again; see `trackbook jobs`.")
        # A later attempt of the job differs in its run alone.
        spec = msgspec.structs.replace(job.spec, run_id=run.id)
        try:
            notebook = parse_notebook(self._blobs.get(spec.notebook), spec.path)
        except NotFound:
            raise UsageError(
                f"The notebook that run #{run.number} ran is no longer stored, so nothing tells what it had done. "
                "Run it from its beginning: `trackbook run`."
            ) from None
        done, durations = self._done(detail, spec, notebook)
        return _Past(detail, job, spec, notebook, done, durations)

    def _why_none(self, past: _Past) -> str | None:
        """Return why there is no snapshot of a run whose job was to keep some, and none is noted here."""
        run = past.detail.run
        if not past.spec.snapshots or not is_served(self._store.remote):
            return None
        return f"Snapshots stay where a run ran, on {run.host}; none of this one is known here."

    def _done(
        self, detail: RunDetail, spec: JobSpec, notebook: Notebook
    ) -> tuple[dict[str, KeptCell], dict[str, float]]:
        """Return what came out well in a run, and in those that it resumed, and how long it took."""
        may_fail = {cell.get("id") for cell in notebook["cells"] if "raises-exception" in tags_of(cell)}
        done = {cell.cell_id: cell for cell in spec.kept}
        durations = self._kept_durations(spec.kept)
        for cell in detail.cells:
            if cell.cell_id is None:
                continue
            done.pop(cell.cell_id, None)
            if cell.status == "ok" or (cell.status == "error" and cell.cell_id in may_fail):
                done[cell.cell_id] = KeptCell(cell.cell_id, detail.run.id, cell.order)
            if cell.duration is not None:
                durations[cell.cell_id] = cell.duration
        return done, durations

    def _kept_durations(self, kept: Sequence[KeptCell]) -> dict[str, float]:
        known: dict[str, dict[int, CellExecution]] = {}
        for run_id in {cell.run_id for cell in kept}:
            try:
                known[run_id] = {cell.order: cell for cell in self._runs.detail(run_id).cells}
            except TrackbookError:  # the run was deleted since; its time is all that is missing
                known[run_id] = {}
        found = {cell.cell_id: known[cell.run_id].get(cell.order) for cell in kept}
        return {
            name: cell.duration
            for name, cell in found.items()
            if cell is not None and cell.duration is not None
        }

    def _notebook(self, past: _Past, request: ResumeRequest) -> Notebook:
        if request.notebook is not None:
            return as_notebook(request.notebook, past.spec.path)
        if request.path is not None:
            return read_notebook(request.path)
        path = self._store.project / past.spec.path
        if not path.is_file():
            raise NotebookError(path, "it is gone; name the corrected notebook: --notebook FILE")
        return read_notebook(path)

    def _path(self, path: Path) -> str:
        absolute, project = path.absolute(), self._store.project
        return absolute.relative_to(project).as_posix() if absolute.is_relative_to(project) else str(absolute)


def _needed(plan: CellPlan) -> list[PlannedCell]:
    """Return the cells that the failed one needs; of a language that is not known those are all before it."""
    again = [cell for cell in plan.cells[: plan.start] if cell.again]
    if len(again) == plan.start:
        return again
    effects = effects_in([cell.source for cell in plan.cells[: plan.start + 1]])
    positions = needed_cells(effects, [plan.start])
    return [plan.cells[position] for position in positions]


def _choose(
    plan: CellPlan, taken: Sequence[CellSnapshot], durations: Mapping[str, float]
) -> tuple[CellSnapshot | None, str | None]:
    """Return the snapshot to go on from, unless running cells again is quicker; else why there is none."""
    best: tuple[int, CellSnapshot] | None = None
    for snapshot in taken:
        position = _position(plan, snapshot)
        if snapshot.reason is None and position is not None and (best is None or position > best[0]):
            best = position, snapshot
    if best is None:
        refused = [snapshot for snapshot in taken if snapshot.reason is not None]
        if refused:
            return None, f"There is no snapshot before cell {refused[-1].number}: {refused[-1].reason}"
        return None, "Snapshots are there, but what they hold has been changed since." if taken else None
    position, snapshot = best
    between = _seconds(plan.cells[position : plan.start], durations)
    repeated = _seconds([cell for cell in plan.cells[: plan.start] if cell.again], durations)
    if between > repeated:
        return (
            None,
            f"Running cells again takes less than going on from the snapshot before cell {snapshot.number}.",
        )
    return snapshot, None


def _position(plan: CellPlan, snapshot: CellSnapshot) -> int | None:
    """Return the position of the cell before which a snapshot lies, if all before it is as it was then."""
    for position, cell in enumerate(plan.cells[: plan.start + 1]):
        if snapshot.cell_id in (cell.id, cell.earlier):
            return position
        if not cell.untouched:
            return None
    return None


def _seconds(cells: Sequence[PlannedCell], durations: Mapping[str, float]) -> float:
    return sum(durations.get(cell.earlier or cell.id, 0.0) for cell in cells)


def _resumed(
    position: int, cell: PlannedCell, border: int | None, durations: Mapping[str, float]
) -> ResumedCell:
    again, reason = cell.again, cell.reason
    if border is not None:
        again = position >= border
        reason = (reason or "it comes behind the snapshot") if again else ""
    place = _place_of(cell)
    duration = durations.get(cell.earlier or cell.id)
    return ResumedCell(place.id, place.number, place.source, again, reason, duration)


def _place_of(cell: PlannedCell) -> CellPlace:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    return CellPlace(cell.id, cell.number, one_line(lines[0], 100) if lines else "")
