"""What the names in a piece of Python mean to the whole: which it is sure to bind, which functions take late."""

import ast
import builtins
from collections.abc import Iterable, Sequence

from trackbook.notebook.dataflow import names_in

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__doc__", "__builtins__"}

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def surely_bound(statements: Sequence[ast.stmt]) -> set[str]:
    """Return the names that statements bind whatever happens, unless one of them raises."""
    bound: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.If):
            bound |= surely_bound(statement.body) & surely_bound(statement.orelse)
        elif isinstance(statement, (ast.For, ast.AsyncFor, ast.While, ast.Match)):
            continue
        elif isinstance(statement, ast.Try):
            tried = surely_bound(statement.body)
            for handler in statement.handlers:
                tried &= surely_bound(handler.body) | (tried if _leaves(handler.body) else set())
            bound |= tried | surely_bound(statement.finalbody)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            targets = [item.optional_vars for item in statement.items if item.optional_vars is not None]
            bound |= {name for target in targets for name in stored(target)} | surely_bound(statement.body)
        else:
            bound |= set(names_in(ast.unparse(statement)).bound)
    return bound


def stored(node: ast.AST) -> set[str]:
    """Return the names that are stored to anywhere inside of a node."""
    return {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }


def deleted(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that `del` takes away at the top level of statements."""
    return {
        target.id
        for statement in statements
        if isinstance(statement, ast.Delete)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def taken_late(tree: ast.AST) -> set[str]:
    """Return the names from outside that functions and lambdas in a tree look up when they are called."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            own = names_in(ast.unparse(node))
            found |= {name for name in own.read if name != getattr(node, "name", None)}
    return found


def annotated_with(tree: ast.AST) -> set[str]:
    """Return the names that annotations in a tree are made of, which are looked up where they stand."""
    annotations: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            annotations.append(node.returns)
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            annotations.append(node.annotation)
    return {
        inner.id
        for annotation in annotations
        if annotation is not None
        for inner in ast.walk(annotation)
        if isinstance(inner, ast.Name)
    }


def global_statements(tree: ast.AST) -> set[str]:
    """Return the names that functions declare `global`."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def awaits(statements: Iterable[ast.stmt]) -> bool:
    """Whether statements await outside of any function, which only a notebook can."""
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack += ast.iter_child_nodes(node)
    return False


def calls_of(tree: ast.AST, names: frozenset[str]) -> str | None:
    """Return which of these functions is called in a tree; None if none is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            return node.func.id
    return None


def _leaves(statements: Sequence[ast.stmt]) -> bool:
    return bool(statements) and isinstance(statements[-1], (ast.Raise, ast.Return))
