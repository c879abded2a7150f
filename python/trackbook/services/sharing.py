"""Which cells the trials of a sweep share, told before it begins."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from trackbook.domain.formatting import one_line
from trackbook.domain.sharing import SharedCell, Sharing
from trackbook.domain.space import Space, check_space
from trackbook.errors import UsageError
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.prefix import cell_name, describe_cells, find_prefix
from trackbook.notebook.read import Notebook, read_notebook, source_of
from trackbook.services.jobs import check_both

_LONGEST_LINE = 70


def find_sharing(path: Path, params: Mapping[str, Any], space: Mapping[str, Any]) -> Sharing:
    """Return what the trials of a sweep would share. `space` is as `check_space` takes it; nothing is stored.

    Raises NotebookError if the notebook can't be read, ParameterError for values that it does not take, and UsageError
    if nothing is swept.
    """
    notebook = clean_notebook(read_notebook(path))
    known = find_parameters(notebook, path.name)
    given, swept = check_both(known, params, lambda: check_space(known, space))
    if not swept:
        raise UsageError("A sweep needs a parameter to vary.")
    return tell_sharing(notebook, given | first_values(swept), list(swept))


def first_values(space: Space) -> dict[str, object]:
    """Return values that a trial may have: of each swept parameter the first one."""
    return {name: one.values[0] if one.kind == "choices" else one.low for name, one in space.items()}


def tell_sharing(notebook: Notebook, values: Mapping[str, Any], swept: Collection[str]) -> Sharing:
    """Return what trials share that get `values`, of which `swept` names those that differ."""
    injected = inject_parameters(notebook, values)
    prefix = find_prefix(injected, swept)
    if not prefix.is_shared:
        return Sharing(f"No cells can be shared: {prefix.reason or 'there is none that runs'}.", [], [])
    runs = "runs" if len(prefix.cells) == 1 else "run"
    why = f"; {prefix.reason}." if prefix.reason else "."
    return Sharing(
        f"{describe_cells(injected, prefix.cells)} {runs} once for all trials{why}",
        [_shared_cell(injected, position) for position in prefix.cells],
        prefix.remarks,
    )


def _shared_cell(notebook: Notebook, position: int) -> SharedCell:
    lines = source_of(notebook["cells"][position]).splitlines()
    first = next((line for line in lines if line.strip()), "")
    return SharedCell(int(cell_name(notebook, position).split()[1]), one_line(first, _LONGEST_LINE))
