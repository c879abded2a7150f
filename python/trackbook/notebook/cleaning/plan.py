"""All steps of cleaning, one after the other."""

from collections.abc import Mapping

from trackbook.domain.cleaned import Cleaned, CleanOptions
from trackbook.errors import NotebookError
from trackbook.notebook.cleaning.draft import Draft
from trackbook.notebook.cleaning.drop import drop
from trackbook.notebook.cleaning.hoist import hoist_imports
from trackbook.notebook.cleaning.lift import lift_parameters
from trackbook.notebook.cleaning.order import order
from trackbook.notebook.cleaning.strip import strip
from trackbook.notebook.read import Notebook, language_of


def plan_cleaning(
    notebook: Notebook, options: CleanOptions | None = None, executions: Mapping[str, int] | None = None
) -> Cleaned:
    """Return a notebook cleaned, and what that changes. The notebook is not touched, and nothing of it is run.

    `executions` tells when each cell, by its id, ran last; without it the saved execution counts do. Raises
    NotebookError for JSON that is nested too deeply.
    """
    options = options or CleanOptions()
    try:
        draft = Draft.of(notebook)
    except RecursionError:
        raise NotebookError("the notebook", "its JSON is nested too deeply to be cleaned") from None
    if draft.is_python:
        if "order" in options.steps:
            order(draft, executions)
    elif {"order", "hoist"} & set(options.steps):
        draft.note("order", None, f"Only Python's code is put in order, not {language_of(notebook)}'s.")
    if "drop" in options.steps:
        drop(draft, options)
    if "hoist" in options.steps and draft.is_python:
        hoist_imports(draft)
        if lift_parameters(draft, options.propose_parameters):
            hoist_imports(draft)  # lines that were in the way are gone
    if "strip" in options.steps:
        strip(draft, options)
    return draft.finish()
