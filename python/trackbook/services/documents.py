"""Notebooks as verdicts see them: their code cells from top to bottom. Needs nothing beyond the light install."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trackbook.domain.verdict import Document, PresentCell
from trackbook.errors import NotebookError
from trackbook.notebook.dataflow import names_in_source
from trackbook.notebook.read import read_notebook, source_of


def saved_document(path: Path) -> Document | None:
    """Return the document of a saved notebook; None where there is none that can be read."""
    try:
        saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return document_of(read_notebook(path), saved)
    except (OSError, NotebookError):
        return None


def document_of(notebook: Mapping[str, Any], saved: datetime | None = None) -> Document:
    """Return the code cells of a notebook; `saved` is given for a file, and says when it was written."""
    cells = [
        PresentCell(_id(cell), source_of(cell), _count(cell), names_in_source(source_of(cell)).writes)
        for cell in notebook.get("cells", [])
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    return Document(cells, saved, "end" if saved is None else "file")


def _id(cell: Mapping[str, Any]) -> str | None:
    identity = cell.get("id")
    return identity if isinstance(identity, str) else None


def _count(cell: Mapping[str, Any]) -> int | None:
    count = cell.get("execution_count")
    return count if isinstance(count, int) else None
