"""A sweep at work, and what is said of it: imported late, beside what the sweep's notebook imports."""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.cli.display.jobs import describe_params
from trackbook.cli.display.runs import trials_table
from trackbook.cli.display.sharing import describe_sharing
from trackbook.cli.display.sweeping import SweepView, describe_result
from trackbook.cli.display.symbols import BEST
from trackbook.cli.output import message_console, print_data, print_json, say
from trackbook.cli.project import RESULTS_WITHIN
from trackbook.domain.formatting import one_line
from trackbook.domain.job import Job
from trackbook.domain.ranking import goal_metric, key_goal, sort_by_metric
from trackbook.domain.run import Run
from trackbook.domain.space import grid_size
from trackbook.domain.sweep import SweepSpec, best_runs, objective_values, swept_params
from trackbook.errors import TrackbookError
from trackbook.jobs.executors import open_trial_workers
from trackbook.jobs.headstart import HeadStart
from trackbook.jobs.sweepcontroller import SweepOutcome
from trackbook.jobs.sweeping import run_sweep
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.read import read_notebook
from trackbook.services.sharing import first_values, tell_sharing

if TYPE_CHECKING:
    from trackbook.services.context import Services


def announce(spec: SweepSpec, path: Path, *, named: bool) -> None:
    """Say what a sweep of the notebook at `path` is about to try, and which cells its trials share.

    `named` tells that somebody said how many trials there are to be.
    """
    say(describe_sweep(spec, named=named), "dim")
    if spec.job.share_prefix:
        values = spec.job.params | first_values(spec.space)
        sharing = tell_sharing(clean_notebook(read_notebook(path)), values, list(spec.space))
        for line in describe_sharing(sharing):
            say(line, "dim")


def work_off(
    project: "Services",
    spec: SweepSpec,
    sweep_id: str | None,
    sort: str | None,
    as_json: bool,
    *,
    scheduler: str | None = None,
    head_start: HeadStart | None = None,
) -> int:
    """Work a sweep off, and print how it came out; returns the exit code.

    One without an id is added once there is who runs its trials. `scheduler` is that of a Dask cluster.
    """
    try:
        with (
            open_trial_workers(
                project.store,
                spec.job.executor,
                parallel=spec.parallel,
                scheduler=scheduler,
                on_notice=say,
            ) as workers_of,
            SweepView(Path(spec.job.path).name, resumes=sweep_id is not None) as view,
        ):
            sweep_id = sweep_id or project.sweeps.add(spec)
            outcome = run_sweep(
                project.store,
                sweep_id,
                on_progress=view.update,
                workers=workers_of(sweep_id),
                head_start=head_start,
            )
        project.runs.refresh(timeout=RESULTS_WITHIN)
        _report(project, outcome, sort, as_json)
    except KeyboardInterrupt:
        # Once is heard where the sweep is worked off, which ends its trials; this was once more.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sweep_id is not None:
            say(f"`trackbook sweep --resume {_number(project, sweep_id)}` goes on.")
        raise
    return outcome.exit_code


def _number(project: "Services", sweep_id: str) -> str:
    """Return the number of a sweep, by its id where it has none yet."""
    try:
        return str(project.runs.get(sweep_id).number)
    except TrackbookError:
        return sweep_id


def _report(project: "Services", outcome: SweepOutcome, sort: str | None, as_json: bool) -> None:
    """Print the trials, and say how the sweep came out."""
    spec = project.sweeps.spec(outcome.sweep_id)
    found = project.sweeps.runs_of(outcome.jobs)
    runs = [found[job.spec.run_id] for job in outcome.jobs if job.spec.run_id in found]
    metric = sort or (spec.objectives[0].metric if spec.objectives else goal_metric(runs))
    goals = {objective.metric: objective.direction for objective in spec.objectives if objective.direction}
    ordered = sort_by_metric(runs, metric, goals.get(metric)) if metric else runs
    is_judged = sort is None and len(goals) == len(spec.objectives) > 0
    best = best_runs(spec, runs) if is_judged else []
    ordered.sort(key=lambda run: run.id not in best)
    if as_json:
        print_json(ordered)
    elif ordered:
        print_data(trials_table(ordered, list(spec.space), metric, goals, best if is_judged else None))
    front = len(best) if len(spec.objectives) > 1 else 0
    if runs:
        say(_describe_order(runs, metric, goals.get(metric or ""), front), "dim")
    if best and not as_json and message_console().is_terminal and len(ordered) > message_console().height - 6:
        # It has gone out of sight.
        first = ordered[0]
        params = {name: first.params[name] for name in spec.space if name in first.params}
        say(f"{BEST} #{first.number}  {describe_result(spec, params, objective_values(spec, first))}")
    for job in outcome.jobs:
        if job.status == "failed":
            say(_describe_failure(job, found.get(job.spec.run_id), spec), "red")
    if outcome.reason is not None:
        say(outcome.reason, "red" if outcome.status == "failed" else "")
    if outcome.interrupted:
        number = _number(project, outcome.sweep_id)
        ended = sum(job.status != "cancelled" for job in outcome.jobs)
        say(f"{ended} of {spec.trials} trials have ended; `trackbook sweep --resume {number}` goes on.")


def describe_sweep(spec: SweepSpec, *, named: bool) -> str:
    """Return what a sweep is about to try; `named` tells that somebody said how many trials there are to be."""
    size = grid_size(spec.space)
    count = f"{spec.trials:,} {'trial' if spec.trials == 1 else 'trials'}"
    if spec.sampler == "grid" and size is not None and size > spec.trials:
        return f"The grid has {size:,} combinations; {spec.trials:,} of them are drawn."
    hint = "" if named or spec.sampler == "grid" else "; --trials says how many"
    return f"{count} by {spec.sampler}{hint}."


def _describe_order(runs: Sequence[Run], metric: str | None, direction: str | None, front: int) -> str:
    count = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}"
    if metric is None:
        return f"{count}. Which one is best? Say `%track goal METRIC max` in the notebook, or --sort METRIC here."
    if not any(metric in run.metrics for run in runs):
        return f"{count}, none of which has a metric {metric!r}."
    first = f"{front} of them on the Pareto front, which come first; " if front else ""
    way = direction or key_goal(runs, metric)
    return f"{count} by {metric}, {first}the {'lowest' if way == 'min' else 'highest'} first."


def _describe_failure(job: Job, run: Run | None, spec: SweepSpec) -> str:
    number = f"#{run.number} " if run is not None else ""
    values: Mapping[str, object] = swept_params(spec.space, job)
    if job.error is None:
        return f"{number}{describe_params(values)}: failed"
    where = f"cell {job.error.cell}: " if job.error.cell is not None else ""
    return f"{number}{describe_params(values)}: {where}{job.error.ename}: {one_line(job.error.evalue, 200)}"
