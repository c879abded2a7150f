"""What cleaning a notebook changes, and what it leaves as it is, with the reason."""

from typing import Any, Literal

from msgspec import Struct

CleanStep = Literal["order", "drop", "hoist", "strip"]
ChangeKind = Literal["moved", "dropped", "hoisted", "added", "stripped"]

# In the order in which they are done: what is dropped is told from the order, what is hoisted from what stays.
CLEAN_STEPS: tuple[CleanStep, ...] = ("order", "drop", "hoist", "strip")
SCRATCH_TAGS = ("scratch", "skip-execution")


class CleanOptions(Struct, frozen=True):
    """How a notebook is cleaned.

    `keep_metadata` names metadata that stays whatever it is: `collapsed`, `colab`, `language_info.version`; `keep`
    names variables whose cells are results, `*` at an end stands for anything. Cells with one of `scratch_tags` are
    dropped. `drop_looks` takes cells that only look at something (`df.head()`) for scratch; `propose_parameters` moves
    constants to a cell tagged `parameters` where there is none.
    """

    steps: tuple[CleanStep, ...] = CLEAN_STEPS
    keep_metadata: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    scratch_tags: tuple[str, ...] = SCRATCH_TAGS
    keep_outputs: bool = False
    drop_looks: bool = False
    propose_parameters: bool = False


class CleanChange(Struct, frozen=True):
    """One change. `cell` is the position in the notebook as it was, from 1; 0 for the notebook itself or a new cell.

    `source` is the text that is in the cleaned notebook no more.
    """

    step: CleanStep
    kind: ChangeKind
    cell: int
    cell_id: str | None
    message: str
    names: list[str] = []
    source: str | None = None


class CleanNote(Struct, frozen=True):
    """Something that a step would have changed, but did not, and why."""

    step: CleanStep
    cell: int
    cell_id: str | None
    message: str
    names: list[str] = []


class CleanedCell(Struct, frozen=True):
    """A cell before and after: positions from 1, None on the side where there is no such cell."""

    before: int | None
    after: int | None
    cell_id: str | None
    cell_type: str
    old_source: str
    new_source: str


class Cleaned(Struct, frozen=True):
    """A cleaned notebook, and all that is to be told about it. `cells` follow the cleaned notebook, dropped ones
    where they stood. `execution_order` are the positions of the original's code cells as they ran, where that differs.
    """

    notebook: dict[str, Any]
    changes: list[CleanChange]
    notes: list[CleanNote]
    cells: list[CleanedCell]
    execution_order: list[int] | None = None

    @property
    def changed(self) -> bool:
        """Whether the cleaned notebook differs from the original."""
        return bool(self.changes)

    @property
    def changed_code(self) -> bool:
        """Whether cells or their sources differ: what the text half of a pair has to follow."""
        return any(change.kind != "stripped" for change in self.changes)
