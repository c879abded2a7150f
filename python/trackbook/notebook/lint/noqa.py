"""`# noqa` comments: what not to say of a line or a cell."""

import re
from collections.abc import Iterator

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintNotebook
from trackbook.notebook.lint.selection import code_fits

_CODES = r"(?P<codes>[A-Za-z]+[0-9]*(?:[ \t]*[, \t][ \t]*[A-Za-z]+[0-9]+)*)"
_LINE = re.compile(rf"#\s*noqa(?:\s*:\s*{_CODES})?(?![\w-])", re.IGNORECASE)
_CELL = re.compile(rf"^\s*#\s*trackbook\s*:\s*noqa(?:\s*:\s*{_CODES})?\s*$", re.IGNORECASE | re.MULTILINE)


def without_excused(notebook: LintNotebook, diagnostics: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the diagnostics that no comment in their cell excuses."""
    cells = {cell.position: cell for cell in notebook.code if "noqa" in cell.text.lower()}
    for diagnostic in diagnostics:
        cell = cells.get(diagnostic.cell)
        if cell is None or not _is_excused(cell.text, cell.source.lines, diagnostic):
            yield diagnostic


def _is_excused(text: str, lines: list[str], diagnostic: Diagnostic) -> bool:
    if any(_names(match, diagnostic.code) for match in _CELL.finditer(text)):
        return True
    spoken = {diagnostic.line, diagnostic.end_line}
    return any(
        _names(match, diagnostic.code)
        for number in spoken
        if 0 < number <= len(lines)
        for match in _LINE.finditer(lines[number - 1])
        if not _CELL.match(lines[number - 1])
    )


def _names(match: re.Match[str], code: str) -> bool:
    codes = match["codes"]
    return codes is None or any(code_fits(code, one) for one in re.split(r"[,\s]+", codes) if one)
