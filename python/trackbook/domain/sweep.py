"""Sweeps: a notebook tried with many values of its parameters, in search of the best ones."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from msgspec import Struct

from trackbook.domain.job import Job, JobSpec, JobStatus
from trackbook.domain.limits import check_seconds
from trackbook.domain.metric import GOALS, Context, Goal
from trackbook.domain.names import check_name
from trackbook.domain.run import Run
from trackbook.domain.space import Dimension, Space, grid_size
from trackbook.domain.status import RunStatus
from trackbook.errors import UsageError

Sampler = Literal["grid", "random", "tpe", "cmaes", "nsga2"]
PrunerName = Literal["none", "median", "percentile", "hyperband", "asha", "threshold"]
SweepState = Literal["queued"] | RunStatus

SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
PRUNERS: tuple[PrunerName, ...] = get_args(PrunerName)
MOST_TRIALS = 10_000
# A table of trials, which is asked for each second, has so many values of each objective for its small curves.
TRIAL_SPARK = 24
DEFAULT_TRIALS = 20
LARGEST_SEED = 2**32 - 1
MOST_PARALLEL = 64

# What each pruner can be told, and the word for it in Optuna.
PRUNER_OPTIONS: dict[PrunerName, tuple[str, ...]] = {
    "none": (),
    "median": ("startup", "warmup", "interval"),
    "percentile": ("percentile", "startup", "warmup", "interval"),
    "hyperband": ("min", "max", "factor"),
    "asha": ("min", "factor"),
    "threshold": ("lower", "upper", "warmup", "interval"),
}
_SERIES = re.compile(r"(?P<key>[^{]+)\{(?P<context>[^{}]*)\}\Z")


class Objective(Struct, frozen=True):
    """A metric that is to become as high ("max") or as low ("min") as can be; without a direction, as its goal says."""

    metric: str
    direction: Goal | None = None


class Pruner(Struct, frozen=True):
    """What stops trials that promise little; `options` are those of PRUNER_OPTIONS."""

    name: PrunerName = "none"
    options: dict[str, float] = {}


class SweepSpec(Struct, frozen=True, kw_only=True):
    """What a sweep tries. `job` is what each trial's job has in common, `space` what differs.

    `trials` is how many there are, `size` how many combinations a grid has; of a larger one trials are `drawn`.
    `parallel` trials run at a time. `max_time` is in seconds for the whole sweep; after `max_failures` failed trials it
    ends. Without `objectives` the metric counts for which the notebook states a goal.
    """

    job: JobSpec
    space: Space
    sampler: Sampler
    trials: int
    size: int | None = None
    drawn: bool = False
    seed: int = 0
    objectives: list[Objective] = []
    pruner: Pruner = Pruner()
    parallel: int = 1
    max_time: float | None = None
    max_failures: int | None = None


class TrialCounts(Struct, frozen=True):
    """How many trials there are to be, and in which state those are that were begun."""

    total: int
    finished: int = 0
    failed: int = 0
    pruned: int = 0
    cancelled: int = 0
    running: int = 0
    queued: int = 0


class BestTrial(Struct, frozen=True):
    """The best trial: its run with its number in the project, its swept parameters, the values of the objectives.

    `value` is that of the first objective.
    """

    run: str
    number: int
    params: dict[str, Any]
    value: float | None
    values: list[float | None] = []


class TrialRow(Struct, frozen=True):
    """One trial. `number` is that of its run in the project, None before it has one; `duration` is in seconds.

    Of a trial that runs, `cell` of `cells` is being run. `best` marks the best one, or those of the Pareto front.
    `sparks` has a short line of each objective so far, at most `TRIAL_SPARK` values with the last one among them;
    empty where there is none.
    """

    trial: int
    job: str
    run: str
    number: int | None
    params: dict[str, Any]
    values: list[float | None]
    status: JobStatus
    duration: float | None
    cell: int
    cells: int
    best: bool = False
    sparks: list[list[float]] = []


class Sweep(Struct, frozen=True):
    """A sweep as lists show it. `run` is its own run, of which the trials' runs are children; `id` the same id.

    `importance` says how much of the first objective each parameter decides, all together 1; None where that is not
    known, or was not asked for.
    """

    id: str
    run: str
    number: int | None
    notebook: str
    experiment: str
    status: SweepState
    sampler: Sampler
    trials: TrialCounts
    best: BestTrial | None
    objectives: list[Objective]
    space: dict[str, Dimension]
    params: dict[str, Any]
    seed: int
    pruner: Pruner
    parallel: int
    started: datetime | None
    ended: datetime | None
    reason: str | None = None
    importance: dict[str, float] | None = None


class SweepDetail(Sweep, frozen=True):
    """A sweep with its trials, in their order."""

    runs: list[TrialRow] = []


def parse_objective(text: str) -> Objective:
    """Return the objective that `accuracy`, `accuracy:max` or `loss{subset=val}:min` means. Raises UsageError."""
    metric, separator, direction = text.strip().rpartition(":")
    words: dict[str, Goal] = {"max": "max", "min": "min", "maximize": "max", "minimize": "min"}
    if separator and direction.strip() in words:
        return check_objective(Objective(metric.strip(), words[direction.strip()]))
    if (
        separator
        and re.fullmatch(r"\s*[a-z]+\s*", direction)
        and direction.strip().startswith(("m", "h", "l"))
    ):
        raise UsageError(f"{text!r}: an objective's direction is max or min; write {metric}:max.")
    return check_objective(Objective(text.strip()))


def check_objective(objective: Objective) -> Objective:
    """Return an objective whose metric and direction can be; raises UsageError for others."""
    key, _ = split_series(objective.metric)
    check_name("metric", key)
    if objective.direction not in (None, *GOALS):
        raise UsageError(f"An objective's direction is max or min, not {objective.direction!r}.")
    return objective


def split_series(name: str) -> tuple[str, Context]:
    """Return the metric and the context of a series by its one-line name, such as `loss{subset=val}`."""
    found = _SERIES.fullmatch(name)
    if found is None:
        return name, {}
    pairs = (part.partition("=") for part in found["context"].split(",") if part)
    return found["key"], {key.strip(): value.strip() for key, _, value in pairs}


def parse_pruner(text: str) -> Pruner:
    """Return the pruner that `median`, `percentile:percentile=10,warmup=5` and the like mean. Raises UsageError."""
    name, _, rest = text.strip().partition(":")
    options: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        word, given, value = part.partition("=")
        try:
            options[word.strip()] = float(value) if given else math.nan
        except ValueError:
            options[word.strip()] = math.nan
    return check_pruner(name.strip(), options)


def check_pruner(name: str, options: Mapping[str, Any]) -> Pruner:
    """Return a pruner whose name and options can be; raises UsageError for others."""
    found = next((known for known in PRUNERS if known == name), None)
    if found is None:
        raise UsageError(f"There is no pruner {name!r}; there are {', '.join(PRUNERS)}.")
    known = PRUNER_OPTIONS[found]
    for word, value in options.items():
        if word not in known:
            can = f"can be told {', '.join(known)}" if known else "can be told nothing"
            raise UsageError(f"The pruner {name} has no option {word!r}; it {can}.")
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not number:
            raise UsageError(f"The option {word} of the pruner {name} is a number: {name}:{word}=5, say.")
        if word not in ("lower", "upper", "percentile") and (value != int(value) or value < 0):
            raise UsageError(
                f"The option {word} of the pruner {name} is a whole number from 0 up, not {value:g}."
            )
    if found == "threshold" and not options:
        raise UsageError("The pruner threshold needs a bound: threshold:lower=0.5 or threshold:upper=2.")
    if not 0 <= options.get("percentile", 25) <= 100:
        raise UsageError(f"A percentile is a number from 0 to 100, not {options['percentile']:g}.")
    if options.get("factor", 2) < 2:
        raise UsageError(f"The factor of {name} is 2 at least, not {options['factor']:g}.")
    for word in ("min", "max", "interval"):
        if options.get(word, 1) < 1:
            raise UsageError(f"The option {word} of the pruner {name} is 1 at least.")
    return Pruner(found, {word: float(value) for word, value in options.items()})


def choose_sampler(sampler: str | None, space: Space, objectives: Sequence[Objective]) -> Sampler:
    """Return the sampler that is to be taken: the one that was named, else grid where all parameters have lists of
    values, nsga2 for several objectives, and tpe. Raises UsageError for one that doesn't fit.
    """
    if not space:
        raise UsageError(
            "A sweep needs a parameter to vary: write -s lr=0.01,0.1, or -s lr=0.001..0.1 for a range."
        )
    listed = all(dimension.kind == "choices" for dimension in space.values())
    if sampler is None:
        return "grid" if listed else "nsga2" if len(objectives) > 1 else "tpe"
    found = next((known for known in SAMPLERS if known == sampler), None)
    if found is None:
        raise UsageError(f"There is no sampler {sampler!r}; there are {', '.join(SAMPLERS)}.")
    endless = [name for name, dimension in space.items() if dimension.count is None]
    if found == "grid" and endless:
        name = endless[0]
        raise UsageError(
            f"A grid needs values: {name} has a range without steps. Write {name}=LOW..HIGH:step=STEP, list its "
            "values, or take another sampler, such as --sampler tpe."
        )
    ranges = sum(dimension.kind != "choices" for dimension in space.values())
    if found == "cmaes" and ranges < 2:
        raise UsageError("The sampler cmaes needs two parameters with ranges at least; take tpe.")
    if found == "cmaes" and len(objectives) > 1:
        raise UsageError("The sampler cmaes knows one objective; for several take nsga2 or tpe.")
    return found


def count_trials(sampler: Sampler, space: Space, trials: int | None) -> int:
    """Return how many trials there are to be; raises UsageError for a number that can't be."""
    size = grid_size(space)
    if trials is not None and not 1 <= trials <= MOST_TRIALS:
        raise UsageError(f"A sweep has 1 to {MOST_TRIALS:,} trials, not {trials:,}.")
    if sampler == "grid" and trials is None and size is not None and size > MOST_TRIALS:
        raise UsageError(
            f"The grid has {size:,} combinations, and a sweep {MOST_TRIALS:,} trials at most; --trials draws so many "
            "of them."
        )
    if sampler == "grid":
        return min(trials or size or 1, size or 1)
    wanted = trials or DEFAULT_TRIALS
    # Drawn from values alone, no combination comes twice.
    return min(wanted, size) if sampler == "random" and size is not None else wanted


def check_sweep_spec(spec: SweepSpec) -> SweepSpec:
    """Return a sweep whose parts fit together; raises UsageError for others."""
    if not 0 <= spec.seed <= LARGEST_SEED:
        raise UsageError(f"A seed is a whole number from 0 to {LARGEST_SEED:,}, not {spec.seed:,}.")
    if not 1 <= spec.parallel <= MOST_PARALLEL:
        raise UsageError(f"1 to {MOST_PARALLEL} trials can run at a time, not {spec.parallel}.")
    if spec.max_failures is not None and spec.max_failures < 1:
        raise UsageError(f"A sweep can end after 1 failed trial or more, not after {spec.max_failures}.")
    check_seconds(spec.max_time)
    if len(spec.objectives) > 1 and spec.pruner.name != "none":
        raise UsageError(
            "With several objectives no trial can be pruned: leave --pruner out, or name one objective."
        )
    twice = {
        one.metric for one in spec.objectives if [o.metric for o in spec.objectives].count(one.metric) > 1
    }
    if twice:
        raise UsageError(f"The objective {min(twice)!r} is named twice.")
    return spec


def is_better(value: float, than: float, direction: Goal | None) -> bool:
    """Tell whether one value of an objective is better than another; the highest is, unless the direction is "min"."""
    return value < than if direction == "min" else value > than


def pareto_front(values: Sequence[Sequence[float | None]], directions: Sequence[Goal | None]) -> list[int]:
    """Return the positions of those that no other one beats: as good in each objective, and better in one.

    For one objective it is the best one, the first of several that are equal. What lacks a value does not count.
    """
    whole = _signed(values, directions)
    if len(directions) == 1:
        return [min(whole, key=lambda one: (one[1][0], one[0]))[0]] if whole else []
    # By the first objective: whoever comes later can't beat whoever came before.
    front: list[tuple[int, list[float]]] = []
    for place, row in sorted(whole, key=lambda one: (one[1], one[0])):
        if not any(
            all(a <= b for a, b in zip(other, row, strict=True)) and other != row for _, other in front
        ):
            front.append((place, row))
    return sorted(place for place, _ in front)


def _signed(
    values: Sequence[Sequence[float | None]], directions: Sequence[Goal | None]
) -> list[tuple[int, list[float]]]:
    found = []
    for place, row in enumerate(values):
        numbers = [number for number in row if number is not None and not math.isnan(number)]
        if directions and len(numbers) == len(row) == len(directions):
            found.append(
                (place, [n if way == "min" else -n for n, way in zip(numbers, directions, strict=True)])
            )
    return found


def swept_params(space: Mapping[str, Dimension], job: Job) -> dict[str, Any]:
    """Return those of a trial's parameters that the sweep varies."""
    return {name: job.spec.params[name] for name in space if name in job.spec.params}


def objective_values(spec: SweepSpec, run: Run | None) -> list[float | None]:
    """Return the last value of each objective in a run; None where it has none."""
    if run is None:
        return [None] * len(spec.objectives)
    return [run.metrics.get(objective.metric) for objective in spec.objectives]


def objective_sparks(spec: SweepSpec, run: Run | None) -> list[list[float]]:
    """Return a short line of each objective in a run, for a table of many trials; empty where it has none."""
    return [
        _thin(run.sparks.get(objective.metric, []) if run is not None else [])
        for objective in spec.objectives
    ]


def _thin(line: list[float]) -> list[float]:
    stride = -(-len(line) // TRIAL_SPARK) or 1
    return line[(len(line) - 1) % stride :: stride]


def best_runs(spec: SweepSpec, runs: Sequence[Run]) -> list[str]:
    """Return the ids of the best of a sweep's runs: one for one objective, the Pareto front for several."""
    finished = [run for run in runs if run.status == "finished"]
    values = [objective_values(spec, run) for run in finished]
    front = pareto_front(values, [objective.direction for objective in spec.objectives])
    return [finished[place].id for place in front]
