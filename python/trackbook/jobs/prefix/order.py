"""What a trial's job orders to be shared, from its notebook and its values."""

import ast
import hashlib
import json

from trackbook.domain.execution import SharedPrefix
from trackbook.domain.job import JobSpec
from trackbook.notebook.inject import INJECTED, inject_parameters
from trackbook.notebook.prefix import Prefix, find_prefix
from trackbook.notebook.read import Notebook, find_tagged_cell, source_of

_MOST_KNOWN = 50
_known: dict[tuple[str | None, str, tuple[str, ...], str], Prefix] = {}


def order_prefix(notebook: Notebook, injected: Notebook, spec: JobSpec) -> tuple[SharedPrefix | None, str]:
    """Return what a trial shares with the others of its sweep, or None and why that is nothing.

    `injected` is the notebook with all of the job's values.
    """
    swept = spec.swept or list(spec.params)
    found = _find(injected, spec, swept)
    if not found.is_shared:
        return None, found.reason or "there is none that runs"
    constants = {name: value for name, value in spec.params.items() if name not in swept}
    own = {name: value for name, value in spec.params.items() if name in swept}
    constant_source = _injected_source(notebook, constants)
    said = json.dumps([spec.sweep_id, spec.notebook, spec.path, found.length, found.cells, constant_source])
    return SharedPrefix(
        key=hashlib.sha256(said.encode()).hexdigest(),
        length=found.length,
        cells=found.cells,
        run_id=spec.run_id,
        values_at=found.values_at,
        constants=constant_source,
        own=_injected_source(notebook, own),
        seeded=found.seeded,
    ), found.reason


def _find(injected: Notebook, spec: JobSpec, swept: list[str]) -> Prefix:
    """Return the prefix of a trial; of the trials of a sweep only the first one's notebook is looked through."""
    position = find_tagged_cell(injected, INJECTED)
    values = "" if position is None else source_of(injected["cells"][position])
    key = (spec.sweep_id, spec.notebook, tuple(swept), _shape(values))
    if (found := _known.get(key)) is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        found = _known[key] = find_prefix(injected, swept)
    return found


def _shape(source: str) -> str:
    """Return all of an injected cell but the values that it gives."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # of another language, say
        return source
    for node in tree.body:
        if isinstance(node, ast.Assign):
            node.value = ast.Constant(None)
    return ast.dump(tree)


def _injected_source(notebook: Notebook, values: dict[str, object]) -> str:
    changed = inject_parameters(notebook, values)
    position = find_tagged_cell(changed, INJECTED)
    return "" if position is None else source_of(changed["cells"][position])
