"""Reproductions: a recorded run that was run again, what was compared, and whether the results hold."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

ReproductionVerdict = Literal["reproduced", "differs", "failed", "not_comparable"]
CheckKind = Literal["metric", "output", "artifact", "value", "status"]
CheckStatus = Literal["holds", "differs", "missing", "extra", "not_compared"]
DeviationKind = Literal[
    "data", "package", "python", "platform", "git", "module", "seed", "kernel", "cell", "param"
]

# The tag of a run that repeats another: it holds that one's id.
REPRODUCES = "reproduces"
# Results that hold are counted; beyond so many checks no more are listed, those that differ first.
MOST_CHECKS = 300
MOST_DEVIATIONS = 300

_NOT_HELD = frozenset(("differs", "missing", "extra"))


class ReproductionOptions(Struct, frozen=True):
    """How a run is run again and compared.

    Numbers are equal within `tolerance`, relative to their size. `environment` asks for a fresh virtual environment
    with the recorded packages. `allow_changed_data` goes on although data has changed. Metrics that match a pattern of
    `ignore` (times, say) are not compared. `run_id` is the run that is repeated.
    """

    run_id: str
    tolerance: float | None = None
    environment: bool = False
    allow_changed_data: bool = False
    ignore: list[str] = []


class Check(Struct, frozen=True):
    """One result of a run, held against that of its reproduction.

    `name` is that of a metric's series ("loss{subset=val}"), a path, a value's key, or "cell 3"; `order` is that of the
    cell's execution in the first run. `expected` and `actual` are short texts, empty where there is nothing.
    """

    kind: CheckKind
    name: str
    status: CheckStatus
    message: str = ""
    expected: str = ""
    actual: str = ""
    order: int | None = None


class Deviation(Struct, frozen=True):
    """Something that was not as it was when the run was recorded; `expected` is what was recorded."""

    kind: DeviationKind
    name: str
    message: str
    expected: str = ""
    actual: str = ""


class ReproductionMark(Struct, frozen=True):
    """The last verdict on a run, as lists show it: `run_id` is the run that repeated it."""

    verdict: ReproductionVerdict
    at: datetime
    run_id: str


class Reproduction(Struct, frozen=True):
    """That a run was run again, as the run `run_id`, and how its results compare.

    `compared` counts the results of each kind that were held against each other, `held` those that were equal within
    `tolerance`. `checks` lists what does not hold, and each metric. `reason` says in a sentence why the verdict is what
    it is. `environment` tells that the packages were installed anew from the record.
    """

    run_id: str
    verdict: ReproductionVerdict
    at: datetime
    reason: str = ""
    tolerance: float = 0.0
    environment: bool = False
    compared: dict[str, int] = {}
    held: dict[str, int] = {}
    checks: list[Check] = []
    deviations: list[Deviation] = []

    @property
    def mark(self) -> ReproductionMark:
        """The verdict alone."""
        return ReproductionMark(self.verdict, self.at, self.run_id)


def decide(
    recorded: str, repeated: str, checks: Iterable[Check], error: str = ""
) -> tuple[ReproductionVerdict, str]:
    """Return the verdict and its reason. `recorded` and `repeated` are the states in which both runs ended.

    `error` is what the repeated run failed with. A run that failed as it did before is as good as any other: what
    counts are its results.
    """
    checks = list(checks)
    if repeated != recorded and repeated != "finished":
        ended = repeated.replace("_", " ")
        return "failed", f"It {_ENDS.get(repeated, ended)} this time{f': {error}' if error else '.'}"
    compared = [check for check in checks if check.status != "not_compared"]
    against = [check for check in compared if check.status in _NOT_HELD]
    if against:
        return "differs", f"{describe_checks(against)} not as recorded."
    results = [check for check in compared if check.kind != "status"]
    if not results:
        return "not_comparable", "The run has no metrics, outputs or artifacts to compare."
    left = [check for check in checks if check.status == "not_compared"]
    more = f" {describe_counts(left)} could not be compared." if left else ""
    return "reproduced", f"{describe_checks(results)} as recorded.{more}"


_ENDS = {
    "failed": "failed",
    "timed_out": "ran out of time",
    "aborted": "was cancelled",
    "killed": "was killed",
    "lost": "was lost",
}
_NOUNS: dict[str, tuple[str, str]] = {
    "metric": ("metric", "metrics"),
    "output": ("cell's outputs", "cells' outputs"),
    "artifact": ("artifact", "artifacts"),
    "value": ("value", "values"),
    "status": ("ending", "endings"),
}


def describe_checks(checks: Iterable[Check]) -> str:
    """Return how many results of which kinds there are, such as "2 metrics and 1 artifact are"."""
    checks = list(checks)
    singular = len(checks) == 1 and checks[0].kind != "output"
    return f"{describe_counts(checks)} {'is' if singular else 'are'}"


def describe_counts(checks: Iterable[Check]) -> str:
    """Return how many results of which kinds there are, such as "2 metrics and 1 artifact"."""
    counts: dict[str, int] = {}
    for check in checks:
        counts[check.kind] = counts.get(check.kind, 0) + 1
    parts = [f"{count} {_NOUNS[kind][count > 1]}" for kind, count in sorted(counts.items())]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def listed(checks: Sequence[Check]) -> list[Check]:
    """Return the checks that are worth keeping one by one, in their order: what does not hold, then metrics."""
    against = [check for check in checks if check.status != "holds"]
    metrics = [check for check in checks if check.status == "holds" and check.kind == "metric"]
    kept = {id(check) for check in (*against, *metrics)[:MOST_CHECKS]}
    return [check for check in checks if id(check) in kept]


def count_checks(checks: Iterable[Check]) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many results of each kind were compared, and how many of them hold."""
    compared: dict[str, int] = {}
    held: dict[str, int] = {}
    for check in checks:
        if check.status != "not_compared":
            compared[check.kind] = compared.get(check.kind, 0) + 1
            held[check.kind] = held.get(check.kind, 0) + (check.status == "holds")
    return compared, held
