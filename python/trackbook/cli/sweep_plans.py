"""What the command line says of a sweep, put together with what a file says: the command line goes before it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trackbook.cli.values import read_values
from trackbook.domain.limits import Limits
from trackbook.domain.sweep import SweepSpec
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook
from trackbook.services.sweep_files import SweepPlan

if TYPE_CHECKING:
    from trackbook.services.context import Services


def plan_sweep(
    project: "Services",
    notebook: Path,
    plan: SweepPlan,
    sweeps: Sequence[str],
    params: Sequence[str],
    params_file: Path | None,
    limits: Limits,
    **given: Any,
) -> SweepSpec:
    """Return what the sweep is to try. `given` are arguments of `Sweeps.plan`, None where nothing was said.

    Raises what `Sweeps.plan` does.
    """
    known = find_parameters(read_notebook(notebook), notebook)
    values, space = read_values(known, params, params_file, sweeps)
    said: dict[str, Any] = {
        "sampler": plan.sampler,
        "trials": plan.trials,
        "seed": plan.seed,
        "objectives": plan.read_objectives() or None,
        "pruner": plan.read_pruner(),
        "parallel": plan.jobs,
        "max_time": plan.max_time,
        "max_failures": plan.max_failures,
        "experiment": plan.experiment,
        "timeout": plan.timeout,
        "kernel": plan.kernel,
        "share_prefix": plan.share_prefix,
    }
    said |= {name: value for name, value in given.items() if value is not None}
    if limits.cell_timeout is None and plan.cell_timeout is not None:
        limits = msgspec.structs.replace(limits, cell_timeout=plan.cell_timeout)
    if limits.memory is None and (memory := plan.read_memory()) is not None:
        limits = msgspec.structs.replace(limits, memory=memory)
    # A name that the command line gives a value, or values, is not the file's any more.
    of_file = {name: value for name, value in plan.params.items() if name not in space}
    more = {name: value for name, value in plan.space.items() if name not in space and name not in values}
    return project.sweeps.plan(
        notebook,
        of_file | values,
        more | space,
        limits=limits,
        **{name: value for name, value in said.items() if value is not None},
    )
