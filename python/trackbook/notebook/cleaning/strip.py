"""Stripping: what running and editing leave in a notebook, and nobody wrote."""

from collections.abc import Iterable
from typing import Any

from trackbook.domain.cleaned import CleanOptions
from trackbook.notebook.cleaning.draft import Draft, DraftCell
from trackbook.notebook.cleaning.lines import listed

# Of editors, viewers and runners; what says how a cell is meant (tags, name, slideshow, hidden source) stays.
CELL_NOISE = (
    "ExecuteTime", "_cell_guid", "_uuid", "application/vnd.databricks.v1+cell", "azdata", "collapsed", "colab",
    "colab_type", "cell_id", "deepnote_cell_height", "execution", "executionInfo", "execution_millis",
    "execution_start", "gather", "heading_collapsed", "hidden", "id", "jupyter.outputs_hidden", "last_executed_text",
    "notebookRunGroups", "nteract", "outputId", "output_cleared", "papermill", "pycharm", "run_control", "scrolled",
    "source_hash", "trusted", "vscode",
)  # fmt: skip
NOTEBOOK_NOISE = (
    "ExecuteTime", "application/vnd.databricks.v1+notebook", "colab", "gather", "interpreter", "language_info.version",
    "last_executed_text", "notebookId", "nteract", "orig_nbformat", "papermill", "signature", "toc.toc_position",
    "toc.toc_window_display", "vscode", "widgets",
)  # fmt: skip
KEEP_OUTPUT = "keep_output"
_WIDGET = "application/vnd.jupyter.widget-view+json"


def strip(draft: Draft, options: CleanOptions) -> None:
    """Take outputs, execution counts and editors' notes away.

    A cell tagged `keep_output`, or with such metadata, keeps its outputs.
    """
    for cell in draft.cells:
        _strip_cell(draft, cell, options)
    kept = (*options.keep_metadata, "widgets") if _shows_widgets(draft) else options.keep_metadata
    taken = _take(draft.metadata, NOTEBOOK_NOISE, kept)
    if taken:
        draft.change("strip", "stripped", None, f"{listed(taken)} of the notebook", names=taken)


def _strip_cell(draft: Draft, cell: DraftCell, options: CleanOptions) -> None:
    content, taken, said = cell.content, [], []
    if cell.is_code and not options.keep_outputs and not _keeps_output(cell):
        outputs = content.get("outputs")
        if outputs:
            count = len(outputs)
            said.append("1 output" if count == 1 else f"{count:,} outputs")
            taken.append("outputs")
            content["outputs"] = []
        if content.get("execution_count") is not None:
            said.append("the execution count")
            taken.append("execution_count")
            content["execution_count"] = None
    metadata = content.get("metadata")
    if isinstance(metadata, dict):
        noise = _take(metadata, CELL_NOISE, options.keep_metadata)
        taken += noise
        said += [listed(noise)] if noise else []
    if taken and cell.origin is not None:
        draft.change("strip", "stripped", cell, ", ".join(said), names=taken)


def _shows_widgets(draft: Draft) -> bool:
    outputs = (output for cell in draft.code() for output in cell.content.get("outputs") or ())
    return any(_WIDGET in (output.get("data") or {}) for output in outputs)


def _keeps_output(cell: DraftCell) -> bool:
    metadata = cell.content.get("metadata", {})
    return KEEP_OUTPUT in cell.tags or bool(metadata.get(KEEP_OUTPUT)) or bool(metadata.get("init_cell"))


def _take(metadata: dict[str, Any], names: Iterable[str], kept: Iterable[str]) -> list[str]:
    taken = []
    for name in names:
        outer, _, inner = (name, "", "") if "/" in name else name.partition(".")
        if name in kept or outer in kept or outer not in metadata:
            continue
        if not inner:
            del metadata[name]
            taken.append(name)
        elif isinstance(metadata[outer], dict) and inner in metadata[outer]:
            del metadata[outer][inner]
            if not metadata[outer]:
                del metadata[outer]
            taken.append(name)
    return taken
