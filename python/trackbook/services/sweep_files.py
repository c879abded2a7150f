"""Files that describe a whole sweep: notebook, parameters, space, sampler and all the rest; YAML, JSON or TOML."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from trackbook.domain.limits import parse_memory
from trackbook.domain.sweep import (
    Objective,
    Pruner,
    check_objective,
    check_pruner,
    parse_objective,
    parse_pruner,
)
from trackbook.errors import UsageError
from trackbook.services.parameter_files import read_parameter_file


class SweepPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a sweep from outside; None where nothing is said. Times are in seconds.

    `space` is as `check_space` takes it; `objectives` and `pruner` are texts as on the command line, or mappings.
    """

    notebook: str | None = None
    params: dict[str, Any] = {}
    space: dict[str, Any] = {}
    sampler: str | None = None
    trials: int | None = None
    seed: int | None = None
    objectives: list[str | dict[str, Any]] | str | None = None
    pruner: str | dict[str, Any] | None = None
    jobs: int | None = None
    max_time: float | None = None
    max_failures: int | None = None
    timeout: float | None = None
    cell_timeout: float | None = None
    memory: int | str | None = None
    experiment: str | None = None
    kernel: str | None = None
    share_prefix: bool | None = None

    def read_objectives(self) -> list[Objective]:
        """Return the objectives; raises UsageError for what is none."""
        given = [self.objectives] if isinstance(self.objectives, str) else self.objectives or []
        return [read_objective(one) for one in given]

    def read_pruner(self) -> Pruner | None:
        """Return the pruner; raises UsageError for what is none."""
        return None if self.pruner is None else read_pruner(self.pruner)

    def read_memory(self) -> int | None:
        """Return the memory limit in bytes; raises UsageError for what is none."""
        return parse_memory(self.memory) if isinstance(self.memory, str) else self.memory


def read_sweep_file(path: Path) -> SweepPlan:
    """Return what a file says; its notebook is relative to the file.

    Raises UsageError for a file that can't be read, for what a sweep does not know, and for a value of a wrong type.
    """
    values = read_parameter_file(path).values
    known = [field.name for field in msgspec.structs.fields(SweepPlan)]
    if unknown := [name for name in values if name not in known]:
        raise UsageError(
            f"{path}: a sweep has no {', '.join(map(repr, unknown))}; it has {', '.join(known)}."
        )
    try:
        plan = msgspec.convert(values, SweepPlan)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}.") from None
    if plan.notebook is not None:
        return msgspec.structs.replace(plan, notebook=str(path.parent / plan.notebook))
    return plan


def read_objective(value: str | dict[str, Any]) -> Objective:
    """Return the objective of a text or of a mapping with `metric` and `direction`. Raises UsageError."""
    if isinstance(value, str):
        return parse_objective(value)
    metric, direction = value.get("metric"), value.get("direction")
    if not isinstance(metric, str) or not set(value) <= {"metric", "direction"}:
        raise UsageError('An objective is a text such as "accuracy:max", or has a metric and a direction.')
    return check_objective(Objective(metric, direction))


def read_pruner(value: str | dict[str, Any]) -> Pruner:
    """Return the pruner of a text or of a mapping with `name` and `options`. Raises UsageError."""
    if isinstance(value, str):
        return parse_pruner(value)
    options = value.get("options", {key: item for key, item in value.items() if key != "name"})
    if not isinstance(value.get("name"), str) or not isinstance(options, dict):
        raise UsageError("A pruner has a name, and options, which are numbers by name.")
    return check_pruner(value["name"], options)
