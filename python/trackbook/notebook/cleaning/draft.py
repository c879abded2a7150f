"""The notebook while it is cleaned: its cells with where they come from, and what was done so far."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trackbook.domain.cleaned import ChangeKind, CleanChange, Cleaned, CleanedCell, CleanNote, CleanStep
from trackbook.notebook.read import Notebook, language_of, source_of, tags_of


@dataclass(slots=True, eq=False)
class DraftCell:
    """A cell of the draft; `origin` is its position in the original from 0, None for a new one."""

    origin: int | None
    content: Notebook

    @property
    def source(self) -> str:
        """The cell's text."""
        return source_of(self.content)

    @source.setter
    def source(self, text: str) -> None:
        # Files hold a source as one text or as lines; it stays what it was.
        lines = isinstance(self.content.get("source"), list)
        self.content["source"] = split_lines(text) if lines else text

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell."""
        return bool(self.content["cell_type"] == "code")

    @property
    def tags(self) -> list[str]:
        """The cell's tags."""
        return tags_of(self.content)

    @property
    def number(self) -> int:
        """The position in the original from 1; 0 for a new cell."""
        return 0 if self.origin is None else self.origin + 1

    @property
    def id(self) -> str | None:
        """The cell's id, if the notebook has such."""
        found = self.content.get("id")
        return found if isinstance(found, str) else None


@dataclass(slots=True)
class Draft:
    """A notebook that is being cleaned; the original is not touched."""

    original: Notebook
    metadata: dict[str, Any]
    cells: list[DraftCell]
    changes: list[CleanChange] = field(default_factory=list)
    notes: list[CleanNote] = field(default_factory=list)
    gone: list[DraftCell] = field(default_factory=list)
    execution_order: list[int] | None = None

    @classmethod
    def of(cls, notebook: Notebook) -> "Draft":
        """Return a draft of a notebook that `read_notebook` would take."""
        cells = [DraftCell(at, copy.deepcopy(cell)) for at, cell in enumerate(notebook["cells"])]
        return cls(notebook, copy.deepcopy(notebook.get("metadata", {})), cells)

    @property
    def is_python(self) -> bool:
        """Whether the code can be looked into."""
        return language_of(self.original) in ("python", "python3", "ipython")

    def code(self) -> Iterator[DraftCell]:
        """Yield the code cells, from top to bottom."""
        return (cell for cell in self.cells if cell.is_code)

    def drop(self, cell: DraftCell, message: str) -> None:
        """Take a cell out, and note why."""
        self.change("drop", "dropped", cell, message, source=cell.source)
        self.cells.remove(cell)
        self.gone.append(cell)

    def change(
        self,
        step: CleanStep,
        kind: ChangeKind,
        cell: DraftCell | None,
        message: str,
        *,
        names: Iterable[str] = (),
        source: str | None = None,
    ) -> None:
        """Note a change."""
        number, identity = (cell.number, cell.id) if cell is not None else (0, None)
        self.changes.append(CleanChange(step, kind, number, identity, message, list(names), source))

    def note(self, step: CleanStep, cell: DraftCell | None, message: str, names: Iterable[str] = ()) -> None:
        """Note what is left as it is."""
        number, identity = (cell.number, cell.id) if cell is not None else (0, None)
        self.notes.append(CleanNote(step, number, identity, message, list(names)))

    def new_cell(self, source: str, identity: str, metadata: dict[str, Any] | None = None) -> DraftCell:
        """Return a new code cell in the style of the notebook's others; it has an id where they have ids."""
        content: Notebook = {"cell_type": "code", "execution_count": None}
        taken = {cell.id for cell in (*self.cells, *self.gone)}
        if any(taken - {None}) or (self.original.get("nbformat_minor") or 0) >= 5:
            while identity in taken:
                identity += "-"
            content["id"] = identity
        in_lines = not any(isinstance(cell.content.get("source"), str) for cell in self.cells)
        content |= {
            "metadata": metadata or {},
            "outputs": [],
            "source": split_lines(source) if in_lines else source,
        }
        return DraftCell(None, content)

    def finish(self) -> Cleaned:
        """Return the cleaned notebook and what was noted."""
        notebook = {
            key: (self.metadata if key == "metadata" else [cell.content for cell in self.cells])
            if key in ("metadata", "cells")
            else value
            for key, value in self.original.items()
        }
        notes = [note for at, note in enumerate(self.notes) if note not in self.notes[:at]]
        return Cleaned(notebook, self.changes, notes, self._outcomes(), self.execution_order)

    def _outcomes(self) -> list[CleanedCell]:
        found = [self._outcome(cell, after) for after, cell in enumerate(self.cells, start=1)]
        for cell in sorted(self.gone, key=lambda cell: cell.number):
            behind = (at for at, other in enumerate(found) if (other.before or 0) > cell.number)
            found.insert(next(behind, len(found)), self._outcome(cell, None))
        return found

    def _outcome(self, cell: DraftCell, after: int | None) -> CleanedCell:
        old = source_of(self.original["cells"][cell.origin]) if cell.origin is not None else ""
        new = cell.source if after is not None else ""
        return CleanedCell(cell.number or None, after, cell.id, cell.content["cell_type"], old, new)


def split_lines(text: str) -> list[str]:
    """Return a text as files hold it: as lines that keep their ends."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
