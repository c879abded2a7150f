"""Cells as rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.registry import diagnose
from trackbook.notebook.lint.scopes import Event, Scan, scan
from trackbook.notebook.lint.source import Source, read_source
from trackbook.notebook.read import Notebook, language_of, source_of, tags_of


@dataclass(eq=False, slots=True)
class LintCell:
    """A cell: its position from 1, and what the file says of it; `raw` is the file's own object."""

    position: int
    cell_id: str | None
    kind: str
    text: str
    executed: int | None
    tags: list[str]
    raw: Mapping[str, Any]
    _source: Source | None = None
    _scan: Scan | None = None

    @property
    def source(self) -> Source:
        """The source as linting reads it."""
        if self._source is None:
            self._source = read_source(self.text)
        return self._source

    @property
    def scan(self) -> Scan:
        """What the cell does with names."""
        if self._scan is None:
            self._scan = scan(self.text)
        return self._scan

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The outputs that are ones."""
        outputs = self.raw.get("outputs")
        return [one for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []

    @property
    def has_code(self) -> bool:
        """Whether there is more than blank lines and comments."""
        return any(line.strip() and not line.lstrip().startswith("#") for line in self.text.splitlines())

    def diagnose(self, code: str, message: str, at: Event | None = None, **more: Any) -> Diagnostic:
        """Return a diagnostic of this cell; `at` says where in it, by default it is the first line."""
        if at is not None:
            more = {
                "line": at.line,
                "column": at.column,
                "end_line": at.end_line or at.line,
                "end_column": at.end_column or at.column,
                **more,
            }
        elif "line" not in more:
            first = self.text.split("\n", 1)[0].rstrip("\r")
            more = {"line": 1, "column": 1, "end_column": len(first) + 1, **more}
        return diagnose(code, message, cell=self.position, cell_id=self.cell_id, **more)


class LintNotebook(NamedTuple):
    """A notebook: all its cells, and those of code."""

    document: Notebook
    cells: list[LintCell]

    @property
    def code(self) -> list[LintCell]:
        """The cells of code."""
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def is_python(self) -> bool:
        """Whether its cells are Python 3."""
        return language_of(self.document) == "python" and not self.python_version.startswith("2.")

    @property
    def python_version(self) -> str:
        """The version of its language that the file names; empty if it names none."""
        information = self.document.get("metadata", {}).get("language_info")
        version = information.get("version") if isinstance(information, dict) else None
        return version if isinstance(version, str) else ""


def cells_of(document: Notebook) -> LintNotebook:
    """Return a notebook (a document as `read_notebook` returns it) as rules see it."""
    cells = []
    for position, cell in enumerate(document["cells"], start=1):
        identity, count = cell.get("id"), cell.get("execution_count")
        cells.append(
            LintCell(
                position,
                identity if isinstance(identity, str) else None,
                cell["cell_type"],
                source_of(cell),
                count if isinstance(count, int) and not isinstance(count, bool) else None,
                tags_of(cell),
                cell,
            )
        )
    return LintNotebook(document, cells)
