"""Injection: a cell of its own that gives a notebook's parameters their values."""

import copy
from collections.abc import Mapping
from typing import Any

from trackbook.domain.parameter import Parameter
from trackbook.notebook.languages import foreign_assignments
from trackbook.notebook.literals import Modules, assignment
from trackbook.notebook.parameters import PARAMETERS, find_parameters
from trackbook.notebook.read import Notebook, find_tagged_cell, language_of

INJECTED = "injected-parameters"


def inject_parameters(notebook: Notebook, values: Mapping[str, Any]) -> Notebook:
    """Return a copy in which a cell tagged `injected-parameters` gives parameters their `values`.

    It stands behind the cell tagged `parameters`, or first without one; it replaces one that is there already.
    Without values the copy has no such cell. A value is what JSON has for its parameter's type: a date's text becomes
    a date again, a member's name the member of its enum. Raises ParameterError for what can't be written as source, and
    NotebookError if the notebook's language is none that is known.
    """
    changed = copy.deepcopy(notebook)
    earlier = find_tagged_cell(changed, INJECTED)
    if earlier is not None:
        del changed["cells"][earlier]
    if not values:
        return changed
    if language_of(notebook) != "python":
        return _inject_foreign(changed, values, earlier or 0)
    declared = find_tagged_cell(changed, PARAMETERS)
    position = declared + 1 if declared is not None else earlier or 0
    known = {parameter.name: parameter for parameter in find_parameters(changed)}
    changed["cells"].insert(position, _cell(changed, values, known))
    return changed


def _inject_foreign(notebook: Notebook, values: Mapping[str, Any], otherwise: int) -> Notebook:
    declared = find_tagged_cell(notebook, PARAMETERS)
    cell = _cell(notebook, {}, {})
    cell["source"] = foreign_assignments(language_of(notebook), values)
    notebook["cells"].insert(declared + 1 if declared is not None else otherwise, cell)
    return notebook


def _cell(notebook: Notebook, values: Mapping[str, Any], known: Mapping[str, Parameter]) -> Notebook:
    modules = Modules(taken=values)
    assignments = [assignment(name, value, known.get(name), modules) for name, value in values.items()]
    lines = ["# Parameters", *modules.imports, *assignments]
    taken = {cell.get("id") for cell in notebook["cells"]}
    identity = INJECTED
    while identity in taken:
        identity += "-"
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identity,
        "metadata": {"tags": [INJECTED]},
        "outputs": [],
        "source": "\n".join(lines),
    }
