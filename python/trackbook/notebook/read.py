"""Reading notebook files, and what every user of a notebook asks it."""

import json
from pathlib import Path
from typing import Any

from trackbook.errors import NotebookError

NBFORMAT = 4
Notebook = dict[str, Any]


def read_notebook(path: Path) -> Notebook:
    """Return the notebook in a file as the JSON document that it is; nbformat 3 and older are upgraded to 4.

    Raises NotebookError for a file that can't be read, or holds no notebook that this version knows.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotebookError(path, "there is no such file") from None
    except OSError as error:
        raise NotebookError(path, f"it can't be read ({error.strerror or error})") from error
    return parse_notebook(data, path)


def parse_notebook(data: bytes, path: object) -> Notebook:
    """Return the notebook in `data`; `path` names it in errors. Raises NotebookError as `read_notebook`."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotebookError(path, f"it is no notebook: not JSON ({error})") from None
    return as_notebook(document, path)


def as_notebook(document: Any, path: object) -> Notebook:
    """Return JSON that is a notebook, upgraded to nbformat 4 where it is older.

    Raises NotebookError as `read_notebook`.
    """
    if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
        raise NotebookError(path, "it is no notebook: JSON without `nbformat`")
    if document["nbformat"] > NBFORMAT:
        raise NotebookError(path, f"it has nbformat {document['nbformat']}; up to {NBFORMAT} can be read")
    if document["nbformat"] < NBFORMAT:
        document = _upgrade(document, path)
    return _checked(document, path)


def is_executed(cell: Notebook) -> bool:
    """Tell whether a cell is one that is run: code, not blank, and without the tag `skip-execution`."""
    tags = (cell.get("metadata") or {}).get("tags") or []
    return cell["cell_type"] == "code" and bool(source_of(cell).strip()) and "skip-execution" not in tags


def source_of(cell: Notebook) -> str:
    """Return a cell's source as one text; files may hold it as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Notebook) -> list[str]:
    """Return a cell's tags."""
    tags = cell.get("metadata", {}).get("tags", [])
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def find_tagged_cell(notebook: Notebook, tag: str) -> int | None:
    """Return the position of the first code cell with `tag`; None without one."""
    for position, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code" and tag in tags_of(cell):
            return position
    return None


def kernel_of(notebook: Notebook) -> str | None:
    """Return the name of the kernel that the notebook asks for."""
    name = _metadata(notebook, "kernelspec").get("name")
    return name if isinstance(name, str) and name else None


def language_of(notebook: Notebook) -> str:
    """Return the notebook's language in lower case; "python" where it does not say."""
    language = _metadata(notebook, "kernelspec").get("language")
    language = language or _metadata(notebook, "language_info").get("name")
    return language.lower() if isinstance(language, str) else "python"


def _metadata(notebook: Notebook, key: str) -> dict[str, Any]:
    found = notebook.get("metadata", {}).get(key)
    return found if isinstance(found, dict) else {}


def _upgrade(document: Notebook, path: object) -> Notebook:
    import nbformat  # imported late: only old files need it
    from nbformat import reader

    try:
        # Its reader, since converters take texts that files hold as lists of lines.
        upgraded = nbformat.convert(  # type: ignore[no-untyped-call]
            reader.reads(json.dumps(document)),  # type: ignore[no-untyped-call]
            NBFORMAT,
        )
    except Exception as error:  # the converters raise whatever a malformed document leads them to
        raise NotebookError(
            path, f"its nbformat {document['nbformat']} can't be upgraded ({error})"
        ) from error
    plain: Notebook = json.loads(json.dumps(upgraded))
    return plain


def _checked(document: Notebook, path: object) -> Notebook:
    cells = document.get("cells")
    if not isinstance(cells, list) or not isinstance(document.get("metadata", {}), dict):
        raise NotebookError(path, "it is no notebook: it has no list of cells")
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            raise NotebookError(path, f"cell {number} has no type")
        source = cell.get("source", "")
        lines = [source] if isinstance(source, str) else source
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise NotebookError(path, f"cell {number} has no text as its source")
        if not isinstance(cell.get("metadata", {}), dict):
            raise NotebookError(path, f"cell {number} has no object as its metadata")
    return document
