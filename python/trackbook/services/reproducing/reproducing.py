"""Reproducing: a recorded run is submitted once more, and its results are held against the new ones."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from trackbook.config import captures_in
from trackbook.domain.clock import now, to_datetime
from trackbook.domain.deviations import deviations_between
from trackbook.domain.ids import new_id
from trackbook.domain.job import Job, JobSpec
from trackbook.domain.obstacle import Obstacle
from trackbook.domain.records import JobSubmitted, RunReproduced
from trackbook.domain.reproduction import (
    MOST_DEVIATIONS,
    REPRODUCES,
    Deviation,
    Reproduction,
    ReproductionOptions,
    count_checks,
    decide,
    listed,
)
from trackbook.domain.run import Run, RunDetail
from trackbook.domain.snapshot import encode_part
from trackbook.domain.tolerance import Tolerance
from trackbook.errors import Conflict, NotebookError, TrackbookError, UsageError
from trackbook.services.catchup import catch_up
from trackbook.services.job_records import send_contents, write_job_record
from trackbook.services.recorder import RunRecorder
from trackbook.services.reproducing.checks import Checks
from trackbook.services.reproducing.diagnosing import unseeded
from trackbook.services.reproducing.inputs import Inputs
from trackbook.services.reproducing.recipe import Recipe, Recipes
from trackbook.services.runs import Runs
from trackbook.store.place import Place

_STOPS = ("data_missing", "data_changed")


class Reproducing:
    """Submits repetitions of runs, and judges them when they have ended."""

    def __init__(self, place: Place, runs: Runs, recipes: Recipes, inputs: Inputs, checks: Checks) -> None:
        self._place, self._runs = place, runs
        self._recipes, self._inputs, self._checks = recipes, inputs, checks

    def submit(
        self,
        reference: str,
        options: ReproductionOptions,
        *,
        timeout: float | None = None,
        kernel: str | None = None,
    ) -> Job:
        """Queue a job that repeats a run; `options.run_id` need not be set. `timeout` is in seconds.

        Raises, before anything is queued: NotFound without such a run; Conflict for one that still runs, and where
        data is missing or has changed, unless that is allowed; UsageError for a run that can't be repeated, with what
        to do.
        """
        Tolerance.of(options.tolerance)  # one that is none is told before anything runs
        detail = self._runs.detail(reference)
        recipe = self._check(detail, options)
        run = detail.run
        spec = JobSpec(
            notebook=self._place.blobs.put_bytes(encode_part(recipe.notebook)),
            path=recipe.path,
            folder=recipe.folder,
            params=recipe.params,
            experiment=run.experiment,
            run_id=new_id(),
            kernel=kernel or recipe.kernel,
            timeout=timeout,
            tags={REPRODUCES: run.id},
            reproduction=msgspec.structs.replace(options, run_id=run.id),
        )
        send_contents(self._place, [spec])
        at = now()
        job = Job(new_id(), spec, "queued", to_datetime(at))
        write_job_record(self._place.paths, job.id, JobSubmitted(at, spec))
        catch_up(self._place, timeout=60.0)
        return job

    def conclude(self, job: Job) -> Reproduction | None:
        """Judge a repetition that has ended, and record the verdict with the run that was repeated.

        None for a job that repeats no run, or was cancelled, and where the run is gone meanwhile.
        """
        options = job.spec.reproduction
        if options is None:
            return None
        catch_up(self._place, timeout=60.0)
        try:
            recorded = self._runs.detail(options.run_id)
            repeated = self._runs.detail(job.spec.run_id)
        except TrackbookError:  # one of them was deleted
            return None
        if repeated.run.status == "aborted":
            return None
        reproduction = self._judge(recorded, repeated, options)
        self._record(options.run_id, reproduction)
        return reproduction

    def _check(self, detail: RunDetail, options: ReproductionOptions) -> Recipe:
        run = detail.run
        if run.status == "running":
            raise Conflict(f"Run #{run.number} is still running; repeat it when it has ended.")
        recipe = self._recipes.of(detail)
        _refuse(run, recipe.obstacles)
        if not Path(recipe.folder).is_dir():
            raise NotebookError(recipe.path, f"its folder {recipe.folder} is gone; bring it back first")
        found = [
            one for one in self._inputs.data(detail.data) if one.code in _STOPS and one.severity == "error"
        ]
        if found and not options.allow_changed_data:
            told = " ".join(one.message for one in found[:5])
            more = f" So it is with {len(found) - 5} more." if len(found) > 5 else ""
            raise Conflict(
                f"{told}{more} {found[0].help} To run it all the same: trackbook reproduce {run.number} "
                "--allow-changed-data"
            )
        return recipe

    def _judge(self, recorded: RunDetail, repeated: RunDetail, options: ReproductionOptions) -> Reproduction:
        tolerance = Tolerance.of(options.tolerance)
        checks = self._checks.all(recorded, repeated, tolerance, options.ignore)
        verdict, reason = decide(recorded.run.status, repeated.run.status, checks, _error_of(repeated.run))
        recipe = self._recipes.of(recorded)
        deviations = [*_recipe_deviations(recipe), *deviations_between(recorded, repeated)]
        if verdict == "differs":
            seeds = unseeded(recorded, recipe)
            deviations += [Deviation("seed", ", ".join(one.names), one.message) for one in seeds]
        compared, held = count_checks(checks)
        return Reproduction(
            run_id=repeated.run.id,
            verdict=verdict,
            at=to_datetime(now()),
            reason=reason,
            tolerance=tolerance.relative,
            environment=options.environment,
            compared=compared,
            held=held,
            checks=listed(checks),
            deviations=deviations[:MOST_DEVIATIONS],
        )

    def _record(self, run_id: str, reproduction: Reproduction) -> None:
        store = self._place.paths
        writer = RunRecorder.join(store, run_id, role="editor", capture=captures_in(store.project))
        writer.told_of_secrets = True
        try:
            writer.append(RunReproduced(now(), reproduction))
        finally:
            writer.close()
        catch_up(self._place, timeout=60.0)


def _recipe_deviations(recipe: Recipe) -> Iterable[Deviation]:
    yield from recipe.deviations
    for one in recipe.obstacles:
        if one.code == "interrupted":
            yield Deviation("cell", f"cell {one.order}", one.message)


def _refuse(run: Run, obstacles: Iterable[Obstacle]) -> None:
    errors = [one for one in obstacles if one.severity == "error"]
    if errors:
        more = f" {len(errors) - 1} more: trackbook doctor {run.number}" if len(errors) > 1 else ""
        raise UsageError(f"Run #{run.number} can't be repeated. {errors[0].message} {errors[0].help}{more}")


def _error_of(run: Run) -> str:
    if run.error is None:
        return run.reason or ""
    where = f"cell {run.error.cell}: " if run.error.cell is not None else ""
    return f"{where}{run.error.ename}: {run.error.evalue}"[:500]
