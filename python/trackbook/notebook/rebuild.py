"""A notebook made of what ran: the executions of an interactive run in their order, each a cell of its own."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from trackbook.notebook.dataflow import UNKNOWN, names_in_source
from trackbook.notebook.read import Notebook, source_of, tags_of

# Cells of a rebuilt notebook carry the number of the execution that they repeat.
EXECUTION = "execution-"
RAISES = "raises-exception"

_OPENS = re.compile(r"^[ \t]*(?:%%track\b|%track[ \t]+(?:start|resume)\b)|\bstart_run\(", re.MULTILINE)
# Run again, these would go on with a recorded run, or branch off from it, in place of making a new one.
_GOES_ON = re.compile(
    r"^[ \t]*%%?track\b[^\n]*(?:\bresume\b|--resume\b|--fork\b)|\bstart_run\([^#]*?\b(?:resume|fork)\s*=",
    re.MULTILINE,
)
# What changes how later cells run, and leaves no name behind.
_SETS_UP = re.compile(
    r"\bautolog\(|^[ \t]*%(?:track[ \t]+(?:auto|ignore|autolog)|matplotlib|config)\b", re.MULTILINE
)
_ALWAYS_THERE = frozenset(
    ("get_ipython", "In", "Out", "exit", "quit", "display", "_", "__", "___", "__file__", "__name__")
)
_HISTORY = re.compile(r"_(?:i{1,3}|i?\d+)\Z")


class Executed(NamedTuple):
    """An execution that is repeated: its number, its cell, what ran, and whether it raised."""

    order: int
    cell_id: str | None
    source: str
    raised: bool = False


class Rebuilt(NamedTuple):
    """The notebook; the sources of cells put in front, which ran before the run began; names that nothing defines."""

    notebook: Notebook
    before: list[str]
    unknown: list[str]


def opens_run(source: str) -> bool:
    """Tell whether a cell opens a run."""
    return _OPENS.search(source) is not None


def goes_on(source: str) -> bool:
    """Tell whether a cell resumes or forks a run."""
    return _GOES_ON.search(source) is not None


def rebuild_notebook(
    executed: Sequence[Executed], document: Notebook | None, first: Iterable[str] = ()
) -> Rebuilt:
    """Return a notebook that repeats executions, in their order and as often as they ran.

    What they need and do not define themselves comes from the cells of `document`, the notebook as it was, that are
    none of theirs. The sources `first` come before everything. A cell that raised may raise again.
    """
    missing = names_needed([one.source for one in executed])
    before = _cells_before(executed, document, missing) if document is not None else []
    ran = [source_of(cell) for cell in before]
    unknown = names_needed([*ran, *(one.source for one in executed)])
    tags = {cell.get("id"): tags_of(cell) for cell in document["cells"]} if document is not None else {}
    cells = [_cell(f"first-{number}", source, []) for number, source in enumerate(first, start=1)]
    cells += [_cell(f"before-{number}", source, []) for number, source in enumerate(ran, start=1)]
    for one in executed:
        own = [tag for tag in tags.get(one.cell_id, []) if tag != "skip-execution"]
        raising = [RAISES] if one.raised and RAISES not in own else []
        cells.append(_cell(f"{EXECUTION}{one.order}", one.source, [*own, *raising]))
    metadata = document.get("metadata", {}) if document is not None else {}
    kept = {key: metadata[key] for key in ("kernelspec", "language_info") if key in metadata}
    notebook = {"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}
    return Rebuilt(notebook, ran, unknown)


def names_needed(sources: Iterable[str]) -> list[str]:
    """Return the names that cells read, run in this order, before one of them has defined it."""
    known: set[str] = set(_ALWAYS_THERE)
    needed: dict[str, None] = {}
    for source in sources:
        names = names_in_source(source)
        needed |= dict.fromkeys(
            name for name in names.reads if name not in known and not _HISTORY.match(name)
        )
        known |= set(names.writes)
        if UNKNOWN in names.writes:  # it may have left any name behind
            break
    return list(needed)


def order_of(cell_id: str | None) -> int | None:
    """Return the number of the execution that a cell of a rebuilt notebook repeats; None for any other cell."""
    number = (cell_id or "").removeprefix(EXECUTION)
    return int(number) if cell_id != number and number.isdecimal() else None


def _cells_before(executed: Sequence[Executed], document: Notebook, missing: list[str]) -> list[Notebook]:
    ran = {one.cell_id for one in executed if one.cell_id is not None}
    sources = {one.source.strip() for one in executed}
    code = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    top = next((at for at, cell in enumerate(code) if cell.get("id") in ran), len(code))
    needed = set(missing)
    taken: list[int] = []
    # Backwards: what a cell that is taken needs itself has to come from further up.
    for at in reversed(range(len(code))):
        source = source_of(code[at])
        if code[at].get("id") in ran or source.strip() in sources or opens_run(source):
            continue
        names = names_in_source(source)
        sets_up = at < top and _SETS_UP.search(source) is not None
        defines = needed.intersection(names.writes) or (needed and UNKNOWN in names.writes and at < top)
        if sets_up or defines:
            taken.append(at)
            needed |= set(names.reads)
    return [code[at] for at in reversed(taken)]


def _cell(identity: str, source: str, tags: list[str]) -> Notebook:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identity,
        "metadata": {"tags": tags} if tags else {},
        "outputs": [],
        # Half a character, which no kernel takes.
        "source": source.encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    }
