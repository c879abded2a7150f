"""Proof that a rewritten notebook gives the results of the original, from running both."""

from typing import Literal

from msgspec import Struct

from trackbook.domain.difference import Difference

# "equal": all that was compared holds. "unsteady": what does not hold differs between two runs of the original, too.
# "changed": the rewrite changes a result. "reordered": the original gives these results from top to bottom, and others
# in the order in which it was executed.
ProofVerdict = Literal["equal", "unsteady", "changed", "reordered"]


class CellDifference(Struct, frozen=True):
    """A cell whose results differ; `cell` is its position in the original from 1."""

    cell: int
    cell_id: str | None
    differences: list[Difference]


class Proof(Struct, frozen=True):
    """What running the original and the rewritten notebook showed.

    `compared` counts cells. `unsteady` are positions of cells, and `unsteady_metrics` names, whose results differ
    between two runs of the original: nothing is proven of them. `failure` says how the original itself failed, after
    which nothing was compared; `order` are the positions of its code cells as it was run, None for top to bottom.
    `seconds` is the time that all took.
    """

    verdict: ProofVerdict
    compared: int
    cells: list[CellDifference] = []
    metrics: list[Difference] = []
    unsteady: list[int] = []
    unsteady_metrics: list[str] = []
    failure: str | None = None
    order: list[int] | None = None
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing was found that the rewrite changes."""
        return self.verdict in ("equal", "unsteady")
