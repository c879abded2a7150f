"""Text that leaves a cell: whole lines, with the comments that belong to them."""

from collections.abc import Sequence

from trackbook.notebook.cleaning.statements import CellCode, Statement


def first_with_comments(code: CellCode, statement: Statement) -> int:
    """Return the first line of a statement with the comments right above it; from 0.

    Comments that head the cell stay with the code that the cell keeps.
    """
    first = statement.first
    while first > 0 and _is_comment(code.lines[first - 1]):
        first -= 1
    heads = not any(line.strip() for line in code.lines[:first])
    alike = all(other.is_import == statement.is_import for other in code.statements or ())
    return statement.first if heads and not alike else first


def without_lines(source: str, ranges: Sequence[tuple[int, int]]) -> str:
    """Return a text without these lines (first and last, from 0), and without the gaps that they leave."""
    gone = {line for first, last in ranges for line in range(first, last + 1)}
    kept: list[str] = []
    closing = False
    for number, line in enumerate(source.split("\n")):
        if number in gone:
            closing = True
        elif not (closing and not line.strip() and (not kept or not kept[-1].strip())):
            closing = False
            kept.append(line)
    if closing:
        while kept and not kept[-1].strip():
            kept.pop()
    return "\n".join(kept)


def with_lines(source: str, behind: int, texts: Sequence[str]) -> str:
    """Return a text with others put behind one of its lines."""
    lines = source.split("\n")
    return "\n".join([*lines[: behind + 1], *texts, *lines[behind + 1 :]])


def shown(text: str) -> str:
    """Return lines of code as a message shows them: the first one that is no comment."""
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    return f"`{lines[0].strip() if lines else text.strip()}{' …' if len(lines) > 1 else ''}`"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """Return names as a message shows them."""
    text = ", ".join(f"`{name}`" for name in names[:limit])
    return text if len(names) <= limit else f"{text} and {len(names) - limit} more"


def _is_comment(line: str) -> bool:
    text = line.strip()
    return text.startswith("#") and not text.startswith(("#|", "# |", "#%%", "# %%"))
