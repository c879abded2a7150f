"""The one door to Optuna: what a sweep tries next where results decide, and which trials promise too little.

Optuna stores nothing here. A study lives in memory, and is made anew of what the trials' runs say.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from trackbook.domain.metric import Goal
from trackbook.domain.space import Dimension
from trackbook.domain.sweep import Pruner, SweepSpec
from trackbook.errors import UsageError
from trackbook.jobs.proposing import proposer, seed_of
from trackbook.services.importance import Observation, quietly, shares

TrialEnd = Literal["finished", "failed", "pruned"]
# Points are reported up to this step; of later ones each second, fourth … one, the same in all trials: a study copies
# all that a trial has reported with each further point.
_ALL_STEPS = 1024
_SMALL_POPULATION, _LARGEST_POPULATION = 6, 50


class PastTrial(NamedTuple):
    """What is known of a trial: `end` is None for one that goes on. `points` are of the objective, by step."""

    number: int
    params: dict[str, Any]
    end: TrialEnd | None = None
    values: Sequence[float | None] = ()
    points: Mapping[int, float] = {}


class Study:
    """A sweep's study. `directions` may be None as long as nobody has said what is better: then nothing is judged."""

    def __init__(
        self, spec: SweepSpec, directions: Sequence[Goal | None], past: Sequence[PastTrial] = ()
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._spec = optuna, spec
        self._knows = bool(directions) and None not in directions
        self._listed = proposer(spec)
        self._distributions = {name: _distribution(one) for name, one in spec.space.items()}
        self._trials: dict[int, Any] = {}
        self._reported: dict[int, set[int]] = {}
        ways: Any = ["maximize" if way == "max" else "minimize" for way in directions] or ["minimize"]
        with quietly():
            self._study = optuna.create_study(
                # Hyperband puts trials into brackets by this name and their number.
                study_name=f"sweep-{spec.seed}",
                directions=ways,
                sampler=self._sampler(len(past), past),
                pruner=_make_pruner(spec.pruner),
            )
            self._generations = _Generations(self._study.sampler)
            for trial in sorted(past):
                self._replay(trial)

    def ask(self, number: int) -> dict[str, Any]:
        """Return the swept parameters of a new trial, whose number is one more than the last one's."""
        if self._listed is not None:
            return self._again(number, self._listed.propose(number))
        with quietly():
            if self._spec.sampler != "cmaes":  # it alone learns in its own object, too
                self._study.sampler = self._sampler(number, ())
            trial = self._trials[number] = self._study.ask(self._distributions)
        return {name: _decode(self._spec.space[name], trial.params[name]) for name in self._spec.space}

    def report(self, number: int, step: int, value: float) -> bool:
        """Note a value of the objective in a trial; whether the trial should be given up."""
        trial = self._trials.get(number)
        seen = self._reported.setdefault(number, set())
        if trial is None or not self._knows or not is_reported(step) or step in seen or math.isnan(value):
            return False
        seen.add(step)
        with quietly():
            trial.report(value, step)
            return bool(trial.should_prune())

    def tell(self, number: int, end: TrialEnd, values: Sequence[float | None] = ()) -> None:
        """Note how a trial came out; one without a value for each objective has failed."""
        trial = self._trials.pop(number, None)
        if trial is None:
            return
        states = self._optuna.trial.TrialState
        numbers = _whole(values, len(self._study.directions)) if self._knows else None
        with quietly():
            if end == "finished" and numbers is not None:
                self._study.tell(trial, numbers)
            elif end == "pruned":
                self._study.tell(trial, state=states.PRUNED)
            else:
                self._study.tell(trial, state=states.FAIL)

    def importance(self) -> dict[str, float] | None:
        """Return how much of the first objective each parameter decides; None where too little is known."""
        names = [name for name, one in self._spec.space.items() if one.count != 1]
        if not self._knows:
            return None
        goal: Goal = "max" if self._study.directions[0].name == "MAXIMIZE" else "min"
        done = [trial for trial in self._study.get_trials(deepcopy=False) if trial.values]
        observations = [Observation(trial.params, trial.values[0]) for trial in done]
        return shares(observations, {name: self._distributions[name] for name in names}, goal)

    def _replay(self, past: PastTrial) -> None:
        states = self._optuna.trial.TrialState
        if past.end is None:
            # Its points are reported by whoever hears the verdict on each of them.
            self._again(past.number, past.params)
            return
        values = _whole(past.values, len(self._study.directions)) if self._knows else None
        state = {"finished": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[past.end]
        if past.end == "finished" and values is None:
            state = states.FAIL
        single = len(self._study.directions) == 1
        points = {step: value for step, value in past.points.items() if is_reported(step)} if single else {}
        attributes = self._generations.next(state == states.COMPLETE)
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state,
                params=self._encode(past.params),
                distributions=self._distributions,
                values=values if state == states.COMPLETE else None,
                intermediate_values=points if self._spec.pruner.name != "none" else {},
                system_attrs=attributes,
            )
        )

    def _again(self, number: int, params: dict[str, Any]) -> dict[str, Any]:
        with quietly():
            self._study.enqueue_trial(self._encode(params))
            trial = self._trials[number] = self._study.ask(self._distributions)
            if self._spec.sampler == "nsga2":
                # Asked what it would have proposed, it notes the trial's generation, as it does for its own ones.
                _ = trial.relative_params
        return params

    def _encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _encode(one, params.get(name)) for name, one in self._spec.space.items()}

    def _sampler(self, number: int, past: Sequence[PastTrial]) -> Any:
        samplers, spec = self._optuna.samplers, self._spec
        seed = seed_of(spec.seed, number)
        if spec.sampler == "tpe":
            return samplers.TPESampler(seed=seed, constant_liar=spec.parallel > 1)
        if spec.sampler == "nsga2":
            population = min(_LARGEST_POPULATION, max(_SMALL_POPULATION, spec.trials // 5))
            return samplers.NSGAIISampler(seed=seed, population_size=population)
        if spec.sampler == "cmaes":
            return self._cmaes(seed, past)
        return samplers.RandomSampler(seed=seed)

    def _cmaes(self, seed: int, past: Sequence[PastTrial]) -> Any:
        check_cmaes()
        # What it had learnt when the sweep was left it learns again of the trials that there are.
        varied = {
            name: one
            for name, one in self._distributions.items()
            if self._spec.space[name].kind != "choices" and not one.single()
        }
        done = [
            self._optuna.trial.create_trial(
                params={name: code for name, code in self._encode(trial.params).items() if name in varied},
                distributions=varied,
                value=value,
            )
            for trial in past
            if self._knows and trial.end == "finished" and trial.values
            for value in trial.values[:1]
            if value is not None and not math.isnan(value)
        ]
        more: dict[str, Any] = {"source_trials": done} if len(done) > 4 else {}
        return self._optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False, **more)


class _Generations:
    """Which generation of NSGA-II trials belong to that are added afterwards: as if they had been asked for in turn."""

    def __init__(self, sampler: Any) -> None:
        key = getattr(sampler, "_get_generation_key", None)
        self._key: str | None = key() if callable(key) else None
        self._size = int(getattr(sampler, "population_size", 0) or 0)
        self._generation = self._count = 0

    def next(self, completed: bool) -> dict[str, Any]:
        if self._key is None or not self._size:
            return {}
        if self._count >= self._size:
            self._generation, self._count = self._generation + 1, 0
        self._count += completed
        return {self._key: self._generation}


def is_reported(step: int) -> bool:
    """Tell whether the value at a step is looked at: all up to 1,024, then ever fewer."""
    if step < 0:
        return False
    return step <= _ALL_STEPS or step % (1 << (step.bit_length() - _ALL_STEPS.bit_length() + 1)) == 0


def check_cmaes() -> None:
    """Raise UsageError where the library lacks that CMA-ES needs."""
    from importlib.util import find_spec

    if find_spec("cmaes") is None:
        raise UsageError('The sampler cmaes needs a further library: pip install "trackbook[cmaes]".')


def _distribution(one: Dimension) -> Any:
    from optuna import distributions

    if one.kind == "choices":
        # By position: Optuna takes no lists and mappings.
        return distributions.CategoricalDistribution(tuple(range(len(one.values))))
    if one.kind == "int":
        return distributions.IntDistribution(
            int(one.low or 0), int(one.high or 0), log=one.log, step=int(one.step or 1)
        )
    if one.step is not None:
        return distributions.IntDistribution(0, (one.count or 1) - 1)
    return distributions.FloatDistribution(float(one.low or 0), float(one.high or 0), log=one.log)


def _encode(one: Dimension, value: Any) -> Any:
    if one.kind == "choices" or (one.kind == "float" and one.step is not None):
        return one.position(value) or 0
    return int(value) if one.kind == "int" else float(value)


def _decode(one: Dimension, value: Any) -> Any:
    if one.kind == "choices" or (one.kind == "float" and one.step is not None):
        return one.at(int(value))
    return int(value) if one.kind == "int" else float(value)


def _make_pruner(pruner: Pruner) -> Any:
    from optuna import pruners

    options = pruner.options
    whole = {name: int(value) for name, value in options.items() if float(value).is_integer()}
    later = {
        word: whole[name]
        for name, word in (
            ("startup", "n_startup_trials"),
            ("warmup", "n_warmup_steps"),
            ("interval", "interval_steps"),
        )
        if name in whole
    }
    if pruner.name == "median":
        return pruners.MedianPruner(**later)
    if pruner.name == "percentile":
        return pruners.PercentilePruner(options.get("percentile", 25.0), **later)
    if pruner.name == "hyperband":
        return pruners.HyperbandPruner(
            whole.get("min", 1), whole.get("max", "auto"), reduction_factor=whole.get("factor", 3)
        )
    if pruner.name == "asha":
        return pruners.SuccessiveHalvingPruner(whole.get("min", 1), reduction_factor=whole.get("factor", 4))
    if pruner.name == "threshold":
        return pruners.ThresholdPruner(options.get("lower"), options.get("upper"), **later)
    return pruners.NopPruner()


def _whole(values: Sequence[float | None], count: int) -> list[float] | None:
    numbers = [value for value in values if value is not None and not math.isnan(value)]
    return numbers if len(numbers) == count else None
