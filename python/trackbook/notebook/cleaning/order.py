"""Ordering: cells that can't run from top to bottom as they stand, put into the order in which they did run."""

from collections.abc import Mapping, Sequence

from trackbook.domain.verdict import longest_rising
from trackbook.notebook.cleaning.draft import Draft, DraftCell
from trackbook.notebook.cleaning.effects import plain_names
from trackbook.notebook.cleaning.history import (
    Step,
    Unordered,
    dependencies,
    execution_order,
    read_steps,
    undefined_names,
)
from trackbook.notebook.cleaning.lines import listed
from trackbook.notebook.cleaning.statements import CellCode, read_code


def order(draft: Draft, executions: Mapping[str, int] | None = None) -> None:
    """Put code cells into an order in which each finds what it needs, if that of the document is none.

    The order comes from the saved execution counts, or from `executions`: when each cell, by its id, ran last. As few
    cells as possible move; text above a code cell goes with it. Where the order can't be told, nothing moves.
    """
    code = [cell for cell in draft.cells if cell.is_code and read_code(cell.source).has_code]
    counts = [_count(cell, executions or {}) for cell in code]
    known = [count for count in counts if count is not None]
    if known == sorted(known):
        return
    steps = make_steps([read_code(cell.source) for cell in code], counts)
    missing = undefined_names(steps)
    try:
        ran = execution_order(steps)
    except Unordered as problem:
        if missing:
            places = ", ".join(str(code[at].number) for at in problem.steps[:8])
            message = f"Cells {places}: {problem.reason}; they stay as they are."
            draft.note("order", code[problem.steps[0]], message, problem.names)
        return
    if ran != list(range(len(steps))):
        draft.execution_order = [code[at].number for at in ran]
    if not missing:
        if draft.execution_order is not None:
            draft.note(
                "order",
                None,
                "The cells ran in another order than they stand in; they can run from top to bottom, and stay.",
            )
        return
    wanted = _least_moves(dependencies(steps, ran))
    if len(undefined_names([steps[at] for at in wanted])) >= len(missing):
        at, names = next(iter(missing.items()))
        draft.note(
            "order", code[at], f"No order of the cells gives {listed(names)} before it is needed.", names
        )
        return
    _move(draft, code, wanted, steps, missing)


def make_steps(codes: Sequence[CellCode], counts: Sequence[int | None]) -> list[Step]:
    """Return code cells as the steps of a notebook that has no others."""
    changed = {name for code in codes for name in code.names.changed}
    bound = {name for code in codes for name in code.names.bound}
    plain = plain_names((code.tree for code in codes if code.tree is not None), changed)
    return read_steps(codes, counts, plain, bound)


def _least_moves(before: Sequence[set[int]]) -> list[int]:
    """Return the order of fewer moves: what is needed goes up, or what needs it goes down."""
    up, down = _pull_up(before), _push_down(before)
    return up if len(longest_rising(up)) >= len(longest_rising(down)) else down


def _pull_up(before: Sequence[set[int]]) -> list[int]:
    placed: dict[int, None] = {}
    for start in range(len(before)):
        stack = [(start, iter(sorted(before[start])))]
        while stack:
            at, waits = stack[-1]
            missing = next((other for other in waits if other not in placed), None)
            if missing is None:
                placed.setdefault(at)
                stack.pop()
            else:
                stack.append((missing, iter(sorted(before[missing]))))
    return list(placed)


def _push_down(before: Sequence[set[int]]) -> list[int]:
    placed: dict[int, None] = {}
    while len(placed) < len(before):
        free = (at for at in range(len(before)) if at not in placed and before[at] <= placed.keys())
        placed[next(free)] = None
    return list(placed)


def _move(
    draft: Draft,
    code: Sequence[DraftCell],
    wanted: Sequence[int],
    steps: Sequence[Step],
    missing: Mapping[int, Sequence[str]],
) -> None:
    top, blocks, end = _blocks(draft, code)
    kept = longest_rising(list(wanted))
    for place, at in enumerate(wanted):
        if place in kept:
            continue
        names = sorted({name for list_ in missing.values() for name in list_ if name in steps[at].gives})
        names = names or list(missing.get(at, ()))
        why = (
            f"{listed(names)} {'is' if len(names) == 1 else 'are'} given before use" if names else "as it ran"
        )
        above = code[wanted[place - 1]].number if place else None
        to = f"below cell {above}" if above is not None else "to the top"
        draft.change("order", "moved", code[at], f"{to}: {why}", names=names)
    draft.cells = [*top, *(cell for at in wanted for cell in blocks[at]), *end]


def _blocks(
    draft: Draft, code: Sequence[DraftCell]
) -> tuple[list[DraftCell], list[list[DraftCell]], list[DraftCell]]:
    """Return the notebook's title, each code cell with the text above it, which speaks of it, and what stands below."""
    ordered = set(map(id, code))
    blocks: list[list[DraftCell]] = []
    above: list[DraftCell] = []
    for cell in draft.cells:
        above.append(cell)
        if id(cell) in ordered:
            blocks.append(above)
            above = []
    texts = blocks[0][:-1]
    # Of several texts the last one heads the cell; a single one does if it is no title.
    titles = len(texts) if texts and texts[-1].source.startswith("# ") else max(0, len(texts) - 1)
    top, blocks[0] = blocks[0][:titles], blocks[0][titles:]
    return top, blocks, above


def _count(cell: DraftCell, executions: Mapping[str, int]) -> int | None:
    recorded = executions.get(cell.id or "")
    count = cell.content.get("execution_count") if not executions else recorded
    return count if isinstance(count, int) and not isinstance(count, bool) else None
