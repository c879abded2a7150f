"""In which order a notebook's cells ran, as its last recorded run tells."""

from pathlib import Path

from trackbook.capture.notebook import relative_path
from trackbook.notebook.read import Notebook
from trackbook.services.context import Services

# So many runs are looked at for one of which cells are known.
_MOST = 10


def has_counts(notebook: Notebook) -> bool:
    """Tell whether the notebook itself says when its cells ran; it knows better than an earlier run."""
    return any(cell.get("execution_count") is not None for cell in notebook["cells"])


def recorded_order(services: Services, path: Path, notebook: Notebook) -> dict[str, int] | None:
    """Return when each cell ran last, by its id, in the newest run of the notebook at `path` that executed one.

    None where no run of it is known.
    """
    present = {cell["id"] for cell in notebook["cells"] if isinstance(cell.get("id"), str)}
    named = relative_path(path, services.store.project)
    for run in services.runs.search(limit=_MOST, notebook=named).runs:
        executed = services.runs.detail(run.id).cells
        order = {cell.cell_id: cell.order for cell in executed if cell.cell_id in present}
        if order:
            return {identity: place for identity, place in order.items() if identity is not None}
    return None
