"""Parameters that papermill has injected, written anew where its own text could be more than an assignment."""

import keyword
from collections.abc import Mapping
from typing import Any

from trackbook.errors import ParameterError
from trackbook.notebook.inject import INJECTED
from trackbook.notebook.languages import foreign_assignments, knows_language
from trackbook.notebook.literals import literal
from trackbook.notebook.read import find_tagged_cell, language_of


def secure_parameters(notebook: Any) -> None:
    """Put an assignment for each parameter into the cell that papermill has injected, in the place of its text.

    papermill takes any text for a name, and leaves some texts alive in some languages. What its own translator alone
    can write (a date, an object, a language that only a plug-in of papermill knows) stays as it is. Raises
    ParameterError for a name that is none, and for a value that the language does not have.
    """
    position = find_tagged_cell(notebook, INJECTED)
    values = (notebook["metadata"].get("papermill") or {}).get("parameters")
    if position is None or not isinstance(values, Mapping) or not values:
        return
    cell = notebook["cells"][position]
    language = language_of(notebook)
    if language == "python":
        for name in values:
            if not str(name).isidentifier() or keyword.iskeyword(str(name)):
                raise ParameterError(str(name), "it is no Python name")
        cell["source"] = _python(values, cell["source"])
    elif knows_language(language):
        cell["source"] = foreign_assignments(language, values)


def _python(values: Mapping[str, Any], written: str) -> str:
    try:
        lines = [f"{name} = {literal(name, value)}" for name, value in values.items()]
    except ParameterError:  # no JSON value: papermill has written its text, in quotes
        return written
    return "\n".join([written.splitlines()[0] if written.startswith("#") else "# Parameters", *lines])
