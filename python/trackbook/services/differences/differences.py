"""Looking closely at what differs between two runs."""

from collections.abc import Callable
from pathlib import Path

from trackbook.domain.celldifference import (
    CellComparison,
    CellReference,
    CodeDifferences,
    Counterpart,
    CounterpartKind,
    NotebookDifferences,
)
from trackbook.errors import UsageError
from trackbook.services.differences.code import CodeComparing
from trackbook.services.differences.counterparts import Counterparts
from trackbook.services.differences.notebooks import NotebookComparing
from trackbook.services.runs import Runs
from trackbook.store.place import Place


class Differences:
    """Tells what differs between two runs of one store; runs are given as ids or numbers, the left one is the base."""

    def __init__(
        self, place: Place | None, project: Path, runs: Runs, read_text: Callable[[str, str], bytes]
    ) -> None:
        self._runs = runs
        self._notebooks = None if place is None else NotebookComparing(place)
        self._code = CodeComparing(project, read_text)
        self._counterparts = Counterparts(runs)

    def notebooks(self, left: str, right: str, all: bool = False) -> NotebookDifferences:  # noqa: A002  # its name on the wire
        """Return how the notebooks of two runs differ, cell by cell; the cells that are equal, too, with `all`.

        Contents of outputs are not in it: `cell` gives those of one cell. Raises NotFound for an unknown run.
        """
        return self._comparing.compare(self._runs.detail(left), self._runs.detail(right), all)

    def cell(
        self,
        left: str,
        right: str,
        left_cell: CellReference | None,
        right_cell: CellReference | None,
        all: bool = False,  # noqa: A002  # its name on the wire
    ) -> CellComparison:
        """Return both sides of one cell with their outputs, of which long ones are cut unless `all`.

        Raises NotFound for an unknown run or cell, UsageError where neither side is given.
        """
        if left_cell is None and right_cell is None:
            raise UsageError("Say which cell is compared: `left_cell`, `right_cell`, or both.")
        left_detail, right_detail = self._runs.detail(left), self._runs.detail(right)
        return self._comparing.cell(left_detail, right_detail, (left_cell, right_cell), all)

    def code(self, left: str, right: str) -> CodeDifferences:
        """Return what lies between the code of two runs; raises NotFound for an unknown run."""
        return self._code.compare(self._runs.detail(left), self._runs.detail(right))

    def counterpart(self, reference: str, kind: CounterpartKind) -> Counterpart:
        """Return which run a run is best compared with: the best of its experiment, or the previous of its notebook.

        Why there is none is no error. Raises NotFound for an unknown run.
        """
        return self._counterparts.find(reference, kind)

    @property
    def _comparing(self) -> NotebookComparing:
        assert self._notebooks is not None  # a served store's own answers
        return self._notebooks
