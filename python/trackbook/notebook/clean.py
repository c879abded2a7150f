"""Cleaning: the frozen copy of a notebook that a job runs."""

import copy

from trackbook.notebook.read import Notebook

_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def clean_notebook(notebook: Notebook) -> Notebook:
    """Return a copy without outputs, execution counts and saved widget states; all other metadata stays.

    Each cell of the copy has an id, so that its execution can be told from others'; the notebook is not touched.
    """
    cleaned = copy.deepcopy(notebook)
    metadata = cleaned.setdefault("metadata", {})
    _drop_widget_state(metadata)
    for cell in cleaned["cells"]:
        cell.setdefault("metadata", {})
        cell.setdefault("source", "")
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    _give_ids(cleaned)
    return cleaned


def _drop_widget_state(metadata: Notebook) -> None:
    # Saved widget states belong to outputs that are gone.
    widgets = metadata.get("widgets")
    if isinstance(widgets, dict) and _WIDGET_STATE in widgets:
        del widgets[_WIDGET_STATE]
        if not widgets:
            del metadata["widgets"]


def _give_ids(notebook: Notebook) -> None:
    # Numbered, not random: freezing the same notebook again must give the same bytes.
    taken = {cell["id"] for cell in notebook["cells"] if isinstance(cell.get("id"), str)}
    for number, cell in enumerate(notebook["cells"], start=1):
        if isinstance(cell.get("id"), str):
            continue
        candidate = f"cell-{number}"
        while candidate in taken:
            candidate += "-"
        taken.add(candidate)
        cell["id"] = candidate
    if not isinstance(notebook.get("nbformat_minor"), int) or notebook["nbformat_minor"] < 5:
        notebook["nbformat_minor"] = 5
