"""Annotations of parameters, read as source: what type they mean, and which values they allow."""

import ast
from typing import Any, NamedTuple

from trackbook.domain.parameter import ParameterType
from trackbook.notebook.constants import NO_CONSTANT, evaluate


class Annotation(NamedTuple):
    """What an annotation says. `type` is None where it says nothing that is known here."""

    type: ParameterType | None = None
    optional: bool = False
    choices: list[Any] | None = None


_TYPES: dict[str, ParameterType] = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "tuple": "list",
    "Tuple": "list",
    "dict": "dict",
    "Dict": "dict",
    "Mapping": "dict",
    "Any": "any",
    "object": "any",
}


def read_annotation(node: ast.expr) -> Annotation:
    """Return what an annotation means: `int | None`, `Optional[float]`, `list[str]`, `Literal["a", "b"]` ..."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return read_annotation(ast.parse(node.value, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError):
            return Annotation()
    if isinstance(node, ast.Constant) and node.value is None:
        return Annotation(optional=True)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([read_annotation(node.left), read_annotation(node.right)])
    if isinstance(node, ast.Subscript):
        return _subscript(node)
    return Annotation(_TYPES.get(_last_name(node)))


def _subscript(node: ast.Subscript) -> Annotation:
    name = _last_name(node.value)
    arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Literal":
        return _literal(arguments)
    if name == "Union":
        return _union([read_annotation(argument) for argument in arguments])
    if name == "Optional":
        return _union([read_annotation(node.slice), Annotation(optional=True)])
    if name in ("Annotated", "Final") and arguments:
        return read_annotation(arguments[0])
    return Annotation(_TYPES.get(name))


def _union(members: list[Annotation]) -> Annotation:
    optional = any(member.optional for member in members)
    named = [member for member in members if member.type is not None or member.choices is not None]
    unknown = any(member == Annotation() for member in members)
    if unknown or not named:
        return Annotation("any" if not unknown and optional else None, optional)
    kinds = {member.type for member in named}
    choices = [choice for member in named for choice in member.choices or ()]
    every_has_choices = all(member.choices is not None for member in named)
    kind = kinds.pop() if len(kinds) == 1 else "float" if kinds == {"int", "float"} else "any"
    return Annotation(kind, optional, choices if every_has_choices else None)


def _literal(arguments: list[ast.expr]) -> Annotation:
    values = [evaluate(argument) for argument in arguments]
    if NO_CONSTANT in values:
        return Annotation()
    choices = [value for value in values if value is not None]
    kinds = {type(choice).__name__ for choice in choices}
    kind: ParameterType = _TYPES.get(kinds.pop(), "any") if len(kinds) == 1 else "any"
    return Annotation(kind, None in values, choices or None)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
