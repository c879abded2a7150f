"""The run that is open: which it is, and what is recorded in it without naming it."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trackbook.api.run import Run, open_stack
from trackbook.domain.artifact import ArtifactKind
from trackbook.domain.data import DataRole
from trackbook.domain.metric import Goal
from trackbook.domain.run import RunStatus
from trackbook.errors import NoActiveRun


def current_run() -> Run | None:
    """Return the innermost open run of this process, if any."""
    return open_stack[-1] if open_stack else None


def open_runs() -> list[Run]:
    """Return the open runs of this process, outermost first."""
    return list(open_stack)


@contextlib.contextmanager
def set_aside(runs: Iterable[Run]) -> Iterator[None]:
    """Start runs in this block as if these were not open; for Trackbook's own extensions."""
    aside = [run for run in runs if run in open_stack]
    for run in aside:
        open_stack.remove(run)
    try:
        yield
    finally:
        open_stack[:0] = [run for run in aside if run.is_open]


def require_run() -> Run:
    """Return the current run; raises NoActiveRun without one."""
    if not open_stack:
        raise NoActiveRun
    return open_stack[-1]


def end_run(status: RunStatus = "finished") -> None:
    """End the current run."""
    require_run().end(status)


def log(
    values: Mapping[str, object], step: int | None = None, context: Mapping[str, str] | None = None
) -> None:
    """Log metrics and rich values into the current run; see `Run.log`."""
    require_run().log(values, step, context)


def param(name: str, value: object) -> None:
    """Record a parameter of the current run."""
    require_run().param(name, value)


def params(values: Mapping[str, object]) -> None:
    """Record parameters of the current run."""
    require_run().params(values)


def tag(key: str, value: str | None = "") -> None:
    """Set a tag of the current run."""
    require_run().tag(key, value)


def note(text: str) -> None:
    """Add a line to the current run's notes."""
    require_run().note(text)


def seed(seed: int) -> int:
    """Let random numbers begin at `seed` in the current run; see `Run.seed`."""
    return require_run().seed(seed)


def metric(key: str, *, goal: Goal | None = None, unit: str | None = None) -> None:
    """Say what a metric of the current run means."""
    require_run().metric(key, goal=goal, unit=unit)


def artifact(
    source: str | os.PathLike[str] | bytes,
    name: str | None = None,
    *,
    kind: ArtifactKind = "file",
    wait: bool = True,
) -> str:
    """Store a file or a folder in the current run; see `Run.artifact`."""
    return require_run().artifact(source, name, kind=kind, wait=wait)


def data(source: Any, name: str | None = None, role: DataRole | None = None) -> str:
    """Record data that the current run uses; see `Run.data`."""
    return require_run().data(source, name, role)


def figure(figure: Any = None, name: str | None = None) -> str:
    """Store a figure in the current run; see `Run.figure`."""
    return require_run().figure(figure, name)


def model(model: Any, name: str = "model", *, input_example: Any = None, unsafe: bool = False) -> str:
    """Store a model in the current run; see `Run.model`."""
    return require_run().model(model, name, input_example=input_example, unsafe=unsafe)
