"""Obstacles: what makes a run hard to repeat, named before anybody tries."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "note"]
ObstacleCode = Literal[
    "script",
    "no_cells",
    "text_lost",
    "secret",
    "input",
    "interrupted",
    "resumed",
    "before_the_run",
    "unknown_names",
    "out_of_order",
    "edited",
    "deleted_but_used",
    "repeated",
    "never_run",
    "no_seed",
    "data_missing",
    "data_changed",
    "data_unknown",
    "data_outside",
    "data_address",
    "module_missing",
    "module_changed",
    "uncommitted",
    "untracked",
    "no_git",
    "commit",
    "package_missing",
    "package_version",
    "package_local",
    "no_lock",
    "no_environment",
    "other_python",
    "gpu",
    "clock",
    "network",
]


class Obstacle(Struct, frozen=True):
    """One thing that stands in the way of repeating a run.

    An "error" will stop it or change its results for certain, a "warning" may, a "note" is worth knowing. `help` says
    what to do. `order` is the cell's execution that it is about; `names` are names, paths or packages.
    """

    code: ObstacleCode
    severity: Severity
    message: str
    help: str
    order: int | None = None
    names: list[str] = []


class Diagnosis(Struct, frozen=True):
    """What stands in the way of repeating the run `run_id`, the gravest first."""

    run_id: str
    obstacles: list[Obstacle]

    @property
    def counts(self) -> dict[str, int]:
        """How many obstacles there are of each severity."""
        return {name: sum(one.severity == name for one in self.obstacles) for name in _SEVERITIES}


_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


def gravest_first(obstacles: Iterable[Obstacle]) -> list[Obstacle]:
    """Return obstacles by severity, else in their order."""
    return sorted(obstacles, key=lambda obstacle: _SEVERITIES.index(obstacle.severity))
