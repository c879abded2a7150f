"""A notebook in which IPython's own syntax is plain Python, for nbconvert to write as a script."""

from trackbook.errors import NotebookError
from trackbook.notebook.export.blocks import rename_dunder_name, without_passes
from trackbook.notebook.export.syntax import plain_cell
from trackbook.notebook.read import Notebook, language_of, source_of


def script_notebook(notebook: Notebook, path: object = "the notebook") -> Notebook:
    """Return a copy of a notebook whose code cells are plain Python.

    A cell that has no counterpart as a script is a comment, with the reason above. Other languages stay as they are.
    """
    if language_of(notebook) != "python":
        return notebook
    cells = []
    needed: set[str] = set()
    for position, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "code":
            source = source_of(cell)
            try:
                plain = plain_cell(source, path, position)
                needed |= plain.imports
                code = without_passes(rename_dunder_name(plain.code))
            except NotebookError as error:
                printable = source.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
                commented = "\n".join(f"# {line}".rstrip() for line in printable.splitlines())
                code = f"# left out: {error.reason}\n{commented}"
            cell = {**cell, "source": code}
        cells.append(cell)
    if needed:
        imports = "\n".join(f"import {module}" for module in sorted(needed))
        first: Notebook = {
            "cell_type": "code", "id": "trackbook-imports", "metadata": {}, "execution_count": None, "outputs": [],
            "source": imports,
        }  # fmt: skip
        cells.insert(0, first)
    return {**notebook, "cells": cells}
