"""The ids of executed cells, also where a front end tells another name for a cell than its notebook has."""

from collections.abc import Callable
from pathlib import Path

from trackbook.domain.verdict import same_source
from trackbook.errors import NotebookError
from trackbook.notebook.read import read_notebook, source_of

# VS Code names a cell by an address of its own, which is another one each time that the notebook is opened.
_ADDRESS = ("vscode-notebook-cell:", "vscode-interactive-input:", "vscode-interactive:")
# What a saved notebook of a usual size costs to be read is not felt; one with far more outputs would be.
_MOST_BYTES = 16 * 1024 * 1024


class CellIds:
    """Knows the ids that cells have in the saved notebook."""

    def __init__(self, notebook: Callable[[], Path | None]) -> None:
        self._notebook = notebook
        self._known: dict[str, str] = {}
        self._read: tuple[Path, int, int] | None = None
        self._cells: list[tuple[str, str]] = []

    def find(self, told: str | None, source: str) -> str | None:
        """Return the id of the cell that a front end calls `told`; None where nothing says it.

        An address is looked up in the saved notebook: the cell with this source, if it is the only one. It stays the
        same cell, however its source changes then.
        """
        if told is None or not told.startswith(_ADDRESS):
            return told
        if told not in self._known:
            taken = set(self._known.values())
            same = [one for one, text in self._saved() if same_source(text, source) and one not in taken]
            if len(same) != 1:
                return None
            self._known[told] = same[0]
        return self._known[told]

    def _saved(self) -> list[tuple[str, str]]:
        path = self._notebook()
        try:
            status = path.stat() if path is not None else None
        except OSError:
            status = None
        if path is None or status is None or status.st_size > _MOST_BYTES:
            return []
        state = path, status.st_mtime_ns, status.st_size
        if state != self._read:
            try:
                cells = read_notebook(path).get("cells", [])
            except NotebookError:  # it may be just being written
                return []
            self._read = state
            self._cells = [
                (cell["id"], source_of(cell))
                for cell in cells
                if cell.get("cell_type") == "code" and isinstance(cell.get("id"), str)
            ]
        return self._cells
