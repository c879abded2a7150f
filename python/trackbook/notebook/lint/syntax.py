"""What several rules ask of a cell's syntax: which library a call goes to, and where something stands."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.source import read_source


@dataclass(slots=True)
class Syntax:
    """What rules look at in a cell: collected once, since each of them would walk the tree again.

    `calls` are in order, each with its function's name split behind the first part ("np", ".random.rand"), `imports`
    are what names stand for, `texts` all texts but those that are no values, such as docstrings. `deferred` are the
    calls (by `id`) within functions.
    """

    calls: list[tuple[ast.Call, str, str]] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    texts: list[ast.Constant] = field(default_factory=list)
    deferred: set[int] = field(default_factory=set)


def syntax_of(cell: LintCell) -> Syntax:
    """Return what rules look at in a cell; nothing for one that can't be parsed."""
    return collect(cell.text)


@lru_cache(maxsize=1024)
def collect(text: str) -> Syntax:
    """Return what rules look at in a cell's text; the answer is shared, and not to be changed."""
    found = Syntax()
    tree = read_source(text).tree
    documentation: set[int] = set()
    for node in ast.walk(tree) if tree is not None else ():
        kind = type(node)
        if kind is ast.Constant:
            if type(node.value) is str and id(node) not in documentation:  # type: ignore[attr-defined]  # a constant
                found.texts.append(node)  # type: ignore[arg-type]  # a constant
        elif kind is ast.Call:
            head, tail = _split(node.func)  # type: ignore[attr-defined]  # a call
            found.calls.append((node, head, tail))  # type: ignore[arg-type]  # a call
        elif kind is ast.Expr:
            documentation.add(id(node.value))  # type: ignore[attr-defined]  # it is walked before what it holds
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.imports.update(_imported(node))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found.deferred.update(id(inner) for inner in ast.walk(node) if type(inner) is ast.Call)
    found.calls.sort(key=lambda call: (call[0].lineno, call[0].col_offset))
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.asname or alias.name.partition(".")[0]
            yield name, alias.name if alias.asname else name
        elif node.module and not node.level:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def imported_names(notebook: LintNotebook) -> dict[str, str]:
    """Return what the names that imports bind stand for: `np` for `numpy`, `rand` for `numpy.random.rand`."""
    names: dict[str, str] = {}
    for cell in notebook.code:
        names.update(syntax_of(cell).imports)
    return names


def calls_of(cell: LintCell, names: Mapping[str, str]) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls in a cell, each with the name of its function, as `dotted` returns it."""
    for call, head, tail in syntax_of(cell).calls:
        yield call, names.get(head, head) + tail


def _split(node: ast.expr) -> tuple[str, str]:
    tail = ""
    while isinstance(node, ast.Attribute):
        tail = f".{node.attr}{tail}"
        node = node.value
    return (node.id, tail) if isinstance(node, ast.Name) else ("", "")


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return what a name with attributes stands for, such as "numpy.random.rand"; empty for anything else."""
    head, tail = _split(node)
    return names.get(head, head) + tail


def literal(node: ast.expr | None) -> str | None:
    """Return the text that an expression is; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def place(cell: LintCell, node: ast.AST) -> dict[str, Any]:
    """Return where a node stands in its cell, as a diagnostic takes it."""
    line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
    offset, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
    end_line = end_line or line
    column = cell.source.column(line, offset)
    return {
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": cell.source.column(end_line, end) if end is not None else column,
    }
