"""Which cells of a corrected notebook must run so that a failed run goes on, and which may stay as they came out."""

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from trackbook.errors import UsageError
from trackbook.notebook.effects import CellEffects, effects_in
from trackbook.notebook.inject import INJECTED
from trackbook.notebook.needs import Need, dependent_cells, needed_cells
from trackbook.notebook.read import Notebook, is_executed, language_of, source_of, tags_of

_NUMBERED = re.compile(r"cell-\d+-*")


class PlannedCell(NamedTuple):
    """A cell of the new notebook that is executed. `earlier` is the id that it had, where it came out well unchanged.

    `again` says whether it must run without a snapshot, `reason` why; `untouched` that it, and all before it, are as
    they were, so that a snapshot of a later border still holds.
    """

    id: str
    number: int
    source: str
    earlier: str | None
    again: bool
    reason: str
    untouched: bool


class CellPlan(NamedTuple):
    """All executed cells in their order, and the position among them from which on all of them run."""

    cells: list[PlannedCell]
    start: int


def plan_cells(
    old: Notebook,
    new: Notebook,
    done: Collection[str],
    *,
    failed: str | None = None,
    number: int | None = None,
    everything: bool = False,
) -> CellPlan:
    """Plan how a run of the notebook `old` goes on with `new`; both as they are executed, with injected parameters.

    `done` are the ids of the cells that came out well. It goes on from the cell `failed`, by default the first one
    that is not done, or from the `number`th cell of `new`. `everything`: all cells run again. Raises UsageError where
    the failed cell was removed, and for a number that can't be gone on from.
    """
    before, after = _executed(old), _executed(new)
    partners = dict(_partners(before, after))
    earlier = {
        position: before[other].id
        for position, other in partners.items()
        if before[other].source == after[position].source and before[other].id in done
    }
    start = _start(before, after, partners, done, failed, number)
    changed = [position for position in range(start) if position not in earlier]
    reasons = dict.fromkeys(changed, "")
    for position in changed:
        reasons[position] = "it was changed" if position in partners else "it is new"
        if position in partners and before[partners[position]].source == after[position].source:
            reasons[position] = "it did not come to its end"
    for position in range(start, len(after)):
        reasons[position] = "it comes behind"
    if start < len(after):
        reasons[start] = "the run goes on here" if number is not None else "it failed"
    if everything:
        reasons = {position: reasons.get(position, "all are to run") for position in range(len(after))}
    elif language_of(new) != "python":
        for position in range(start):
            reasons.setdefault(position, "what cells need of each other is known for Python alone")
    else:
        kept = set(partners.values())
        removed = [cell for position, cell in enumerate(before) if position not in kept and cell.id in done]
        _add_dependents(after, reasons, start, removed)
    first = min([*changed, start])
    # What was taken away, or moved, before a border is no longer what its snapshot holds.
    still = len(list(_same_beginning(before, after, partners)))
    return CellPlan(
        [
            PlannedCell(
                cell.id,
                cell.number,
                cell.source,
                earlier.get(position),
                position in reasons,
                reasons.get(position, ""),
                position < min(first, still),
            )
            for position, cell in enumerate(after)
        ],
        start,
    )


class _Cell(NamedTuple):
    id: str
    number: int
    source: str
    is_injected: bool


def _executed(notebook: Notebook) -> list[_Cell]:
    found = []
    number = 0
    for cell in notebook["cells"]:
        injected = INJECTED in tags_of(cell)
        number += not injected
        if is_executed(cell):
            found.append(_Cell(str(cell.get("id")), max(number, 1), source_of(cell), injected))
    return found


def _partners(before: Sequence[_Cell], after: Sequence[_Cell]) -> Iterator[tuple[int, int]]:
    """Yield which cell of the new notebook is which of the old one."""
    # Ids that were only given for want of others say nothing: there the text tells.
    by_text = any(_NUMBERED.fullmatch(cell.id) for cell in (*before, *after) if not cell.is_injected)
    keys = [[INJECTED if cell.is_injected else cell.source if by_text else cell.id for cell in cells]
            for cells in (before, after)]  # fmt: skip
    matcher = SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    for kind, first, first_end, second, second_end in matcher.get_opcodes():
        if kind == "equal" or (kind == "replace" and by_text):
            yield from zip(range(second, second_end), range(first, first_end), strict=False)


def _same_beginning(
    before: Sequence[_Cell], after: Sequence[_Cell], partners: dict[int, int]
) -> Iterator[int]:
    for position in range(min(len(before), len(after))):
        if partners.get(position) != position:
            return
        yield position


def _start(
    before: Sequence[_Cell],
    after: Sequence[_Cell],
    partners: dict[int, int],
    done: Collection[str],
    failed: str | None,
    number: int | None,
) -> int:
    stopped = next((position for position, cell in enumerate(before) if cell.id == failed), None)
    if stopped is None:
        stopped = next((position for position, cell in enumerate(before) if cell.id not in done), len(before))
    back = {other: position for position, other in partners.items()}
    # What follows the last cell that is still there, where the run ended between two cells or the failed one is gone.
    present = back.get(stopped)
    if number is not None:
        chosen = next((position for position, cell in enumerate(after) if cell.number == number), None)
        if chosen is None:
            raise UsageError(f"Cell {number} is none that is executed; name another one.")
        reached = (
            present if present is not None else 1 + max((back.get(i, -1) for i in range(stopped)), default=-1)
        )
        if chosen > reached and reached < len(after):
            raise UsageError(
                f"Cell {number} lies behind cell {after[reached].number}, which has not come to its end: "
                "that one would never run. Go on from there, or from a cell before it."
            )
        return chosen
    if stopped == len(before):
        return next((position for position in range(len(after)) if position not in partners), len(after))
    if present is None:
        raise UsageError(
            f"Cell {before[stopped].number}, which failed, is no longer in the notebook. "
            "Name the cell to go on from: --from NUMBER."
        )
    return present


def _add_dependents(
    after: Sequence[_Cell], reasons: dict[int, str], start: int, removed: Sequence[_Cell]
) -> None:
    """Add what depends on changed cells, and what those that run need of others."""
    effects: list[CellEffects] = effects_in([cell.source for cell in after])
    gone = {name for one in effects_in([cell.source for cell in removed]) for name in one.writes}
    changed = [position for position in reasons if position < start]
    for position, need in dependent_cells(effects[:start], changed, gone).items():
        if need.by is None:
            reasons[position] = (
                f"a cell that made {need.name} is gone" if need.name else "a cell before is gone"
            )
        else:
            what = f"makes {need.name}" if need.name else "may have done anything"
            why = "changed" if need.by in changed else "to run again"
            reasons[position] = f"{_named(after[need.by])}, which {what}, is {why}"
    for position, need in needed_cells(effects, reasons).items():
        reasons[position] = _need_text(after, effects, need)


def _need_text(after: Sequence[_Cell], effects: Sequence[CellEffects], need: Need) -> str:
    if need.by is None:
        return "it sets something up" if need.name else "its text does not tell what it does"
    wants = need.name or "anything"
    return (
        f"{_named(after[need.by])} needs {wants}"
        if need.name
        else f"{_named(after[need.by])} may need {wants}"
    )


def _named(cell: _Cell) -> str:
    return "the cell of given parameters" if cell.is_injected else f"cell {cell.number}"
