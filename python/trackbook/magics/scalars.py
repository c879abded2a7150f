"""Which simple values a cell reads from outside, and which numbers it makes: `%%track`'s parameters and metrics."""

import ast
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_TEXT = 500


@dataclass(slots=True)
class CellNames:
    """The names that matter in a cell, in the order in which they appear.

    `read` are read before the cell assigns them, `constants` are set once, to a literal, `made` are assigned
    otherwise. Loop variables, and what functions keep to themselves, are none of these.
    """

    read: dict[str, None] = field(default_factory=dict)
    constants: dict[str, None] = field(default_factory=dict)
    made: dict[str, None] = field(default_factory=dict)


def names_in(code: str) -> CellNames:
    """Return the names in a cell's Python code; none for code that can't be parsed."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return CellNames()
    visitor = _Visitor()
    visitor.visit(tree)
    names = CellNames(visitor.read)
    for name, assignments in visitor.assigned.items():
        constant = assignments == [True] and name not in visitor.read
        (names.constants if constant else names.made)[name] = None
    return names


def parameters_in(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `names` whose value is a number, a truth value, or a text of at most 500 characters."""
    return {
        name: namespace[name] for name in names if _is_public(name, namespace) and _is_scalar(namespace[name])
    }


def metrics_in(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `names` whose value is a number."""
    return {
        name: namespace[name] for name in names if _is_public(name, namespace) and _is_number(namespace[name])
    }


def _is_public(name: str, namespace: Mapping[str, Any]) -> bool:
    return not name.startswith("_") and name in namespace


def _is_number(value: object) -> bool:
    # numpy registers its scalars as numbers.
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_scalar(value: object) -> bool:
    return isinstance(value, (numbers.Real, bool)) or (isinstance(value, str) and len(value) <= MAX_TEXT)


class _Visitor(ast.NodeVisitor):
    """Walks a cell in the order in which it runs, as far as that can be told from its text."""

    def __init__(self) -> None:
        self.read: dict[str, None] = {}
        self.assigned: dict[str, list[bool]] = {}
        self._known: set[str] = set()
        self._scopes: list[set[str]] = []

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and not self._is_known(node.id):
            self.read.setdefault(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, isinstance(target, ast.Name) and _is_literal(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, _is_literal(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self.visit(node.value)
        self._assign(node.target, literal=False)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._assign(node.target, literal=False)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    visit_AsyncFor = visit_For  # noqa: N815  # the name that NodeVisitor looks for

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(outside)
        self._bind(node.name)
        self._visit_scope(_arguments(node.args) | _locals(node.body), node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self._visit_scope(_arguments(node.args), [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside)
        self._bind(node.name)
        self._visit_scope(_locals(node.body), node.body)

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        self.visit(node.generators[0].iter)
        targets = {
            name.id
            for part in node.generators
            for name in ast.walk(part.target)
            if isinstance(name, ast.Name)
        }
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inside = [condition for part in node.generators for condition in part.ifs]
        inside += [part.iter for part in node.generators[1:]]
        self._visit_scope(targets, [*inside, *results])

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _visit_comprehension  # noqa: N815

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind((alias.asname or alias.name).split(".")[0])

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        self._bind_all([node.name], node.body)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._bind_all([node.name], [node.pattern] if node.pattern else [])

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._bind_all([node.name], [])

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._bind_all([node.rest], [*node.keys, *node.patterns])

    def _bind_all(self, names: Iterable[str | None], inside: Iterable[ast.AST]) -> None:
        for name in filter(None, names):
            self._bind(name)
        for node in inside:
            self.visit(node)

    def _visit_scope(self, names: set[str], nodes: Iterable[ast.AST]) -> None:
        self._scopes.append(names)
        for node in nodes:
            self.visit(node)
        self._scopes.pop()

    def _assign(self, target: ast.expr, literal: bool) -> None:
        self.visit(target)
        if self._scopes:
            return
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.assigned.setdefault(node.id, []).append(literal)

    def _bind(self, name: str) -> None:
        if not self._scopes:
            self._known.add(name)

    def _is_known(self, name: str) -> bool:
        return name in self._known or any(name in scope for scope in self._scopes)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        node = node.operand
    return isinstance(node, ast.Constant)


def _arguments(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    return {argument.arg for argument in every}


def _locals(body: Iterable[ast.stmt]) -> set[str]:
    names: set[str] = set()
    outside: set[str] = set()
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outside.update(node.names)
    return names - outside
