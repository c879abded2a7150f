"""Which cells must run for others, and which come out otherwise because of others."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from trackbook.notebook.effects import PROCESS, CellEffects


class Need(NamedTuple):
    """Why a cell must run: the cell at position `by` needs `name` from it.

    Without a name its text does not tell what it does, or, with `by`, that one's text does not tell what it needs.
    """

    name: str | None
    by: int | None = None


def needed_cells(effects: Sequence[CellEffects], wanted: Iterable[int]) -> dict[int, Need]:
    """Return which further cells must run, so that those `wanted` find what they need; each with the reason.

    Cells are told by their positions in `effects`, in which they run.
    """
    found: dict[int, Need] = {}
    chosen = set(wanted)
    while new := _backwards(effects, chosen):
        found |= new
        chosen |= new.keys()
    return dict(sorted(found.items()))


def _backwards(effects: Sequence[CellEffects], chosen: set[int]) -> dict[int, Need]:
    """Go once from the last cell to the first; return what is needed and not chosen yet."""
    found: dict[int, Need] = {}
    needed: dict[str, int | None] = {PROCESS: None}
    for position in sorted(chosen):
        # Functions read their names when they are called: where these are set does not matter.
        for name in effects[position].later:
            needed.setdefault(name, position)
    always = set(needed)
    everything: int | None = None
    for position in range(max(chosen, default=-1), -1, -1):
        cell = effects[position]
        if position not in chosen:
            hit = next((name for name in sorted(cell.writes) if name in needed), None)
            if hit is not None:
                found[position] = Need(hit, needed[hit])
            elif cell.writes_all:
                found[position] = Need(None)
            elif everything is not None:
                found[position] = Need(None, everything)
            else:
                continue
        for name in cell.settles - always:
            needed.pop(name, None)
        for name in cell.reads:
            needed.setdefault(name, position)
        if cell.reads_all:
            everything = position
    return found


def dependent_cells(
    effects: Sequence[CellEffects], changed: Iterable[int], gone: Iterable[str]
) -> dict[int, Need]:
    """Return which cells behind those `changed` may come out otherwise because of them; each with the reason.

    `gone` are names that a cell wrote which is no longer there.
    """
    changed = set(changed)
    touched: dict[str, int | None] = dict.fromkeys(gone)
    found: dict[int, Need] = {}
    everything: int | None = None
    for position, cell in enumerate(effects):
        if position not in changed:
            hit = next((name for name in sorted(cell.reads) if name in touched), None)
            if hit is not None:
                found[position] = Need(hit, touched[hit])
            elif everything is not None or (cell.reads_all and touched):
                found[position] = Need(None, everything)
            else:
                for name in cell.settles:
                    touched.pop(name, None)
        if position in changed or position in found:
            touched.update(dict.fromkeys(cell.writes, position))
            if cell.writes_all or PROCESS in cell.writes:
                everything = position
        _touch_functions(effects[: position + 1], touched)
    return found


def _touch_functions(effects: Sequence[CellEffects], touched: dict[str, int | None]) -> None:
    """Take functions for changed that read, when they are called, what has changed meanwhile."""
    for position, cell in enumerate(effects):
        hit = next((name for name in sorted(cell.later) if name in touched), None)
        if hit is not None:
            for name in cell.writes:
                touched.setdefault(name, position if touched[hit] is None else touched[hit])
