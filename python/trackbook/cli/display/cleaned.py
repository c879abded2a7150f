"""What cleaning a notebook changes, as `trackbook clean` prints it."""

import difflib
from collections.abc import Iterator

from rich.text import Text

from trackbook.domain.cleaned import Cleaned, CleanedCell
from trackbook.domain.formatting import plain_text

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_MOST_LINES = 400
_STRIP_LINES = 12


def cleaned_sections(name: str, cleaned: Cleaned) -> Iterator[Text]:
    """Yield what changes: a heading, then cell by cell, and at last what stays and why."""
    yield Text(name, "bold")
    stripped = [change for change in cleaned.changes if change.kind == "stripped"]
    for change in cleaned.changes:
        if change.kind == "stripped":
            continue
        where = f"cell {change.cell}" if change.cell else "new cell"
        if change.kind == "added":
            yield Text(f"  added: {plain_text(change.message)}", "green")
        else:
            style = "red" if change.kind == "dropped" else "yellow"
            yield Text(f"  {change.kind} ({where}): {plain_text(change.message)}", style)
    for change in stripped[:_STRIP_LINES]:
        where = f"cell {change.cell}: " if change.cell else ""
        yield Text(f"  stripped: {where}{plain_text(change.message)}", "dim")
    if len(stripped) > _STRIP_LINES:
        yield Text(f"  stripped: {len(stripped) - _STRIP_LINES:,} more cells", "dim")
    for cell in cleaned.cells:
        if cell.old_source != cell.new_source:
            yield _diff(cell)
    for note in cleaned.notes:
        where = f" (cell {note.cell})" if note.cell else ""
        yield Text(f"  note{where}: {plain_text(note.message)}", "cyan")


def summary(cleaned: Cleaned) -> str:
    """Return the changes as one line: `2 cells dropped, 3 imports hoisted, 8 cells stripped`."""
    counts: dict[str, int] = {}
    for change in cleaned.changes:
        kind: str = change.kind
        if change.kind == "dropped" and change.step == "hoist":
            kind = "repeated"
        if change.kind == "stripped" and not change.cell:
            kind = "metadata"
        counts[kind] = counts.get(kind, 0) + 1
    words = {
        "moved": "{} moved",
        "dropped": "{} dropped",
        "added": "{} added",
        "stripped": "{} stripped",
    }
    parts = [text.format(_count(counts[kind], "cell")) for kind, text in words.items() if kind in counts]
    if "hoisted" in counts:
        parts.insert(0, f"{_count(counts['hoisted'], 'statement')} hoisted")
    if "repeated" in counts:
        parts.append(f"{_count(counts['repeated'], 'repeated import')} dropped")
    if "metadata" in counts:
        parts.append("the notebook's metadata stripped")
    return ", ".join(parts) or "nothing to clean"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _diff(cell: CleanedCell) -> Text:
    before = plain_text(cell.old_source).splitlines()
    after = plain_text(cell.new_source).splitlines()
    old = f"cell {cell.before}" if cell.before else "/dev/null"
    new = f"cell {cell.after}" if cell.after else "/dev/null"
    lines = list(difflib.unified_diff(before, after, old, new, lineterm="", n=2))
    text = Text()
    for number, line in enumerate(lines[:_MOST_LINES]):
        style = "bold" if number < 2 else _STYLES.get(line[:1], "")
        text.append(f"    {line}\n", style)
    if len(lines) > _MOST_LINES:
        text.append(f"    … {len(lines) - _MOST_LINES:,} more lines: --json\n", "dim")
    text.rstrip()
    return text
