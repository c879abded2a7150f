"""Which cells the trials of a sweep share, told before it begins."""

from collections.abc import Collection, Mapping
from typing import Any

from trackbook.domain.formatting import one_line
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.prefix import cell_name, describe_cells, find_prefix
from trackbook.notebook.read import Notebook, source_of

_MOST = 20


def describe_sharing(notebook: Notebook, values: Mapping[str, Any], swept: Collection[str]) -> list[str]:
    """Return lines that list the shared cells, and say why the next one is none."""
    injected = inject_parameters(notebook, values)
    prefix = find_prefix(injected, swept)
    if not prefix.is_shared:
        return [f"No cells can be shared: {prefix.reason or 'there is none that runs'}."]
    one = len(prefix.cells) == 1
    why = f"; {prefix.reason}." if prefix.reason else "."
    lines = [f"{describe_cells(injected, prefix.cells)} run{'s' if one else ''} once for all trials{why}"]
    for position in prefix.cells[:_MOST]:
        number = cell_name(injected, position).split()[1]
        first = next(
            (line for line in source_of(injected["cells"][position]).splitlines() if line.strip()), ""
        )
        lines.append(f"{number:>5}  {one_line(first, 70)}")
    if len(prefix.cells) > _MOST:
        lines.append(f"       and {len(prefix.cells) - _MOST} more")
    return [*lines, *prefix.remarks]
