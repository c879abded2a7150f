"""What several rules ask of a cell's syntax: which library a call goes to, and where something stands."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from trackbook.notebook.lint.cells import LintCell, LintNotebook


def imported_names(notebook: LintNotebook) -> dict[str, str]:
    """Return what the names that imports bind stand for: `np` for `numpy`, `rand` for `numpy.random.rand`."""
    names: dict[str, str] = {}
    for cell in notebook.code:
        for node in nodes_of(cell):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    names[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def nodes_of(cell: LintCell) -> list[ast.AST]:
    """Return all nodes of a cell's Python; none for a cell that has none."""
    tree = cell.source.tree
    if tree is None:
        return []
    nodes: list[ast.AST] | None = getattr(tree, "trackbook_nodes", None)
    if nodes is None:
        nodes = list(ast.walk(tree))
        tree.trackbook_nodes = nodes  # type: ignore[attr-defined]  # each rule would walk the tree again
    return nodes


def calls_of(cell: LintCell) -> Iterator[ast.Call]:
    """Yield the calls in a cell."""
    return (node for node in nodes_of(cell) if isinstance(node, ast.Call))


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return what a name with attributes stands for, such as "numpy.random.rand"; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


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
