"""What linting found, as text: a line each as compilers write them, with the source below on a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import unified_diff

from rich.console import RenderableType
from rich.text import Text

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import plain_text
from trackbook.domain.lint import Diagnostic, LintReport, Rule, count_severities
from trackbook.notebook.read import Notebook, source_of

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold blue"}
_MARKS = {"error": "red", "warning": "yellow", "info": "blue"}
_WIDEST = 120
_MOST_MARKED = 80


def place_of(path: str, diagnostic: Diagnostic) -> str:
    """Return where something was found: `train.ipynb:cell 3:1:5`; the path alone for the notebook as a whole."""
    if not diagnostic.cell:
        return path
    return f"{path}:cell {diagnostic.cell}:{diagnostic.line}:{diagnostic.column}"


def diagnostic_lines(report: LintReport, document: Notebook | None, *, sources: bool) -> Iterator[Text]:
    """Yield what was found about a notebook; `sources` shows the line of the cell below each."""
    for diagnostic in report.diagnostics:
        text = Text()
        text.append(place_of(report.path, diagnostic), "bold")
        text.append(": ")
        text.append(diagnostic.code, _STYLES[diagnostic.severity])
        if diagnostic.fixable:
            text.append(" [*]", "cyan")
        text.append(f" {plain_text(diagnostic.message)}")
        yield text
        if sources and document is not None and diagnostic.cell:
            yield from _source(document, diagnostic)


def summary(reports: Sequence[LintReport]) -> str:
    """Return what all reports come to, such as "Found 3 problems in 1 of 4 notebooks: 1 error, 2 warnings."."""
    every = [diagnostic for report in reports for diagnostic in report.diagnostics]
    looked = count_notebooks(len(reports))
    if not every:
        return f"Nothing found in {looked}."
    counts = count_severities(every)
    parts = [
        f"{number} {word}{'' if number == 1 or not plural else 's'}"
        for number, word, plural in (
            (counts.error, "error", True), (counts.warning, "warning", True), (counts.info, "for information", False),
        )
        if number
    ]  # fmt: skip
    having = sum(1 for report in reports if report.diagnostics)
    problems = f"{len(every)} problem{'' if len(every) == 1 else 's'}"
    fixable = sum(diagnostic.fixable for diagnostic in every)
    fix = f" [*] {fixable} can be fixed with --fix." if fixable else ""
    return f"Found {problems} in {having} of {looked}: {', '.join(parts)}.{fix}"


def count_notebooks(count: int) -> str:
    """Return a number of notebooks, such as "1 notebook"."""
    return f"{count} notebook{'' if count == 1 else 's'}"


def statistics(reports: Iterable[LintReport]) -> list[dict[str, object]]:
    """Return how often each code was found, the most frequent first."""
    every = [diagnostic for report in reports for diagnostic in report.diagnostics]
    counts = Counter((diagnostic.code, diagnostic.rule, diagnostic.severity) for diagnostic in every)
    fixable = Counter(diagnostic.code for diagnostic in every if diagnostic.fixable)
    return [
        {"code": code, "rule": rule, "severity": severity, "count": count, "fixable": fixable[code]}
        for (code, rule, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def statistics_table(rows: Sequence[Mapping[str, object]]) -> RenderableType:
    """Return the statistics as a table."""
    return make_table(
        [
            to_column("Count", [str(row["count"]) for row in rows], justify="right"),
            to_column("Code", [str(row["code"]) for row in rows]),
            to_column(
                "Fixable", [str(row["fixable"]) if row["fixable"] else "" for row in rows], justify="right"
            ),
            to_column("Rule", [str(row["rule"]) for row in rows]),
        ]
    )


def rule_text(rule: Rule) -> str:
    """Return what there is to say of a rule."""
    fix = "\nFixed by `trackbook lint --fix`." if rule.fixable else ""
    return f"{rule.code} {rule.name} ({rule.severity})\n{rule.summary}\n{rule.help}{fix}"


def rules_table(rules: Iterable[Rule]) -> RenderableType:
    """Return rules as a table."""
    rows = list(rules)
    return make_table(
        [
            to_column("Code", [rule.code for rule in rows]),
            to_column("Name", [rule.name for rule in rows]),
            to_column("Severity", [rule.severity for rule in rows]),
            to_column("Fix", ["yes" if rule.fixable else "" for rule in rows]),
            to_column("Finds", [rule.summary for rule in rows], folds=True),
        ]
    )


def fix_diff(path: str, before: Notebook, after: Notebook, made: Sequence[Diagnostic]) -> str:
    """Return what fixing would change, cell by cell, as unified differences of their text."""
    parts: list[str] = []
    # Only empty cells are dropped: those that hold something follow one another in both.
    olds = [(at, cell) for at, cell in enumerate(before["cells"], start=1) if source_of(cell).strip()]
    news = [(at, cell) for at, cell in enumerate(after["cells"], start=1) if source_of(cell).strip()]
    gone = {diagnostic.cell for diagnostic in made if diagnostic.code == "F401"}
    if len(olds) != len(news):  # a cell held nothing but imports that are gone
        olds = [
            (at, cell)
            for at, cell in olds
            if at not in gone or any(_shares(cell, other) for _, other in news)
        ]
    for (at, old), (_, new) in zip(olds, news, strict=False):
        lines = unified_diff(
            source_of(old).splitlines(),
            source_of(new).splitlines(),
            f"{path}:cell {at}",
            f"{path}:cell {at}",
            lineterm="",
            n=1,
        )
        parts += lines
    for diagnostic in made:
        if diagnostic.code != "F401":
            parts.append(f"{place_of(path, diagnostic)}: {_DONE.get(diagnostic.code, diagnostic.message)}")
    return "\n".join(parts)


_DONE = {
    "TB602": "outputs and execution counts are stripped",
    "TB604": "gets another id",
    "TB605": "gets an id",
    "TB606": "is deleted",
}


def _shares(cell: Notebook, other: Notebook) -> bool:
    return bool(set(source_of(cell).splitlines()) & set(source_of(other).splitlines()))


def _source(document: Notebook, diagnostic: Diagnostic) -> Iterator[Text]:
    cells = document["cells"]
    if diagnostic.cell > len(cells) or diagnostic.code == "TB401":  # never a secret
        return
    lines = source_of(cells[diagnostic.cell - 1]).replace("\r\n", "\n").split("\n")
    if diagnostic.line > len(lines):
        return
    line = lines[diagnostic.line - 1].expandtabs(1)
    if not line.strip():
        return
    first = min(max(0, diagnostic.column - 1), len(line))
    last = diagnostic.end_column - 1 if diagnostic.end_line == diagnostic.line else len(line)
    start = max(0, first - _WIDEST // 2) if len(line) > _WIDEST else 0
    shown = line[start : start + _WIDEST]
    number = str(diagnostic.line)
    margin = " " * len(number)
    yield Text.assemble((f"  {number} | ", "dim"), plain_text(shown))
    length = max(1, min(last - first, _MOST_MARKED, start + _WIDEST - first))
    before = Text(line[start:first]).cell_len
    width = max(1, Text(line[first : first + length]).cell_len)
    yield Text.assemble((f"  {margin} | ", "dim"), " " * before, ("^" * width, _MARKS[diagnostic.severity]))
