"""A notebook held against a baseline: what is expected of its cells and metrics, and what came."""

from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.difference import Difference
from trackbook.domain.run import RunError

CheckStatus = Literal["same", "different", "failed", "ignored", "new", "not_run"]
TestStatus = Literal["passed", "recorded", "different", "failed", "died"]


class ExpectedCell(Struct, frozen=True):
    """A code cell of a baseline with its outputs (nbformat 4). `whole` is false where some were cut for their size."""

    cell_id: str | None
    source: str
    outputs: list[dict[str, Any]]
    whole: bool = True


class Baseline(Struct, frozen=True):
    """What a notebook is held against. `label` names it for people.

    `metrics` are None where none are known: a notebook's file has none. `params` are those that it was made with.
    `run_id` and `number` are of the run that it is, if it is one.
    """

    kind: Literal["run", "saved"]
    label: str
    cells: list[ExpectedCell]
    metrics: dict[str, float] | None = None
    params: dict[str, Any] = {}
    run_id: str | None = None
    number: int | None = None


class CellCheck(Struct, frozen=True):
    """How a cell came out. `cell` is its position in the notebook from 1, `note` says why it was not compared."""

    cell: int
    cell_id: str | None
    source: str
    status: CheckStatus
    differences: list[Difference] = []
    note: str = ""


class TestReport(Struct, frozen=True):
    """How a notebook stands against its baseline. `duration` is in seconds.

    It is "recorded" where its results became the baseline; what differs from the earlier one is told all the same.
    `gone` are first lines of the baseline's cells that the notebook no longer has. `run_id` and `number` are of the
    run that was recorded of it, if one was.
    """

    __test__ = False  # no class of tests for pytest to collect

    notebook: str
    status: TestStatus
    baseline: Baseline | None
    params: dict[str, Any]
    cells: list[CellCheck]
    metrics: list[Difference]
    error: RunError | None
    duration: float
    gone: list[str] = []
    run_id: str | None = None
    number: int | None = None

    @property
    def compares_nothing(self) -> bool:
        """Whether it is different since none of the baseline's results is there any more."""
        return (
            self.status == "different"
            and not self.metrics
            and not any(cell.status == "different" for cell in self.cells)
        )


def status_of(cells: list[CellCheck], metrics: list[Difference], error: RunError | None) -> TestStatus:
    """Return how a notebook stands, given its cells, metrics and the error that ended it."""
    if error is not None:
        return "died" if error.ename in ("KernelDied", "KernelError") else "failed"
    if metrics or any(cell.status in ("different", "failed") for cell in cells):
        return "different"
    return "passed"
