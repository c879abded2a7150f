"""Two runs' notebooks beside each other, cell by cell."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from trackbook.domain.alignment import Alignable, Pairing, align, longest_rising
from trackbook.domain.celldifference import (
    CellChange,
    CellComparison,
    CellDifference,
    CellReference,
    NotebookDifferences,
)
from trackbook.domain.run import RunDetail
from trackbook.errors import NotFound
from trackbook.notebook.patches import patch_cell
from trackbook.services.differences.cells import RunCell, RunNotebook, read_run_notebook
from trackbook.services.differences.outputs import OutputReader, cut_outputs, read_outputs
from trackbook.store.live_cells import read_live_cell
from trackbook.store.place import Place

_MOST_REMEMBERED = 50_000


class NotebookComparing:
    """Compares the notebooks of two runs of one store."""

    def __init__(self, place: Place) -> None:
        self._database, self._blobs = place.database, place.blobs
        self._remembered: dict[str, str] = {}  # contents never change under their digests

    def compare(self, left: RunDetail, right: RunDetail, everything: bool) -> NotebookDifferences:
        """Return how the cells of two runs differ; those that are equal are counted, or told with `everything`."""
        get = cache(self._blobs.get)  # most cells are the same in both
        one, other = (read_run_notebook(detail, get) for detail in (left, right))
        pairings = align(*([_alignable(cell) for cell in notebook.cells] for notebook in (one, other)))
        reordered = _reordered(pairings, one.cells, other.cells)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.clear()
        outputs = OutputReader(self._blobs, self._remembered)
        # Where one of them has no snapshot, its text cells are not lacking: nobody knows of them.
        known_both = (one.side.moment is None) == (other.side.moment is None)
        differences = []
        equal = 0
        for place, pairing in enumerate(pairings):
            a = None if pairing.left is None else one.cells[pairing.left]
            b = None if pairing.right is None else other.cells[pairing.right]
            if not known_both and (a is None or b is None) and (cell := a or b) and cell.executions == 0:
                continue
            changes = _changes(pairing, a, b, place in reordered, outputs, known_both)
            equal += not changes
            if changes or everything:
                told = [None if cell is None else cell.told() for cell in (a, b)]
                differences.append(CellDifference(told[0], told[1], pairing.match, changes))
        return NotebookDifferences(one.side, other.side, differences, equal)

    def cell(
        self,
        left: RunDetail,
        right: RunDetail,
        cells: tuple[CellReference | None, CellReference | None],
        everything: bool,
    ) -> CellComparison:
        """Return both sides of a cell with their outputs, and the way from one to the other.

        Long outputs are cut unless `everything`. Raises NotFound for a cell that a run does not have.
        """
        read = [
            None if reference is None else self._read(detail, reference, everything)
            for detail, reference in zip((left, right), cells, strict=True)
        ]
        (one, cut_one), (other, cut_other) = (side or (None, False) for side in read)
        both = one is not None and other is not None and one["cell_type"] == other["cell_type"]
        diff = patch_cell(one, other) if both and one is not None and other is not None else []
        return CellComparison(one, other, diff, cut_one or cut_other)

    def _read(
        self, detail: RunDetail, reference: CellReference, everything: bool
    ) -> tuple[dict[str, Any], bool]:
        cell = _find(read_run_notebook(detail, self._blobs.get), reference)
        if cell is None:
            raise NotFound("cell", f"{detail.run.id}/{reference.order or reference.index}")
        read: dict[str, Any] = {
            "cell_type": cell.kind,
            "metadata": cell.metadata,
            "source": cell.source,
        }
        if cell.kind != "code":
            return read, False
        outputs, _ = read_outputs(self._blobs, cell.outputs)
        if cell.status == "running":
            with self._database.read() as connection:
                outputs = read_live_cell(connection, detail.run.id, cell.cell_id)[0]
        cut = False
        if not everything:
            outputs, cut = cut_outputs(outputs)
        return {**read, "execution_count": None, "outputs": outputs}, cut


def _find(notebook: RunNotebook, reference: CellReference) -> RunCell | None:
    if reference.index is not None:
        return next((cell for cell in notebook.cells if cell.index == reference.index), None)
    ran = [cell for cell in notebook.cells if cell.index is None]
    if reference.cell_id is not None:
        # By its id a cell is found again even when it has run once more meanwhile.
        return next((cell for cell in ran if cell.cell_id == reference.cell_id), None)
    return next((cell for cell in ran if cell.order == reference.order), None)


def _alignable(cell: RunCell) -> Alignable:
    return Alignable(cell.cell_id, cell.kind, cell.digest, cell.source)


def _changes(
    pairing: Pairing,
    left: RunCell | None,
    right: RunCell | None,
    reordered: bool,
    outputs: OutputReader,
    known_both: bool,
) -> list[CellChange]:
    if left is None:
        return ["added"]
    if right is None:
        return ["removed"]
    found: list[tuple[CellChange, bool]] = [
        ("moved", pairing.moved and known_both),
        ("kind", left.kind != right.kind),
        ("source", left.digest != right.digest),
        ("outputs", not outputs.same(left.outputs, right.outputs)),
        ("status", left.status != right.status),
        ("order", reordered),
        ("executions", left.executions != right.executions),
        ("metadata", left.metadata != right.metadata and left.index is not None and right.index is not None),
    ]
    return [change for change, holds in found if holds]


def _reordered(pairings: Sequence[Pairing], left: Sequence[RunCell], right: Sequence[RunCell]) -> set[int]:
    """Return the places of cells that were executed at another point among those that both runs executed."""
    orders = []
    for place, pairing in enumerate(pairings):
        if pairing.left is not None and pairing.right is not None:
            first, second = left[pairing.left].order, right[pairing.right].order
            if first is not None and second is not None:
                orders.append((first, second, place))
    orders.sort()
    kept = longest_rising([second for _, second, _ in orders])
    return {place for index, (_, _, place) in enumerate(orders) if index not in kept}
