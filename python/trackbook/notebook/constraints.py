"""Constraints as pydantic, msgspec and annotated-types write them: `Field(ge=1)`, `Ge(1)`, `Len(1, 3)`."""

import ast
from typing import Any

from trackbook.domain.formats import WRONG
from trackbook.notebook.constants import NO_CONSTANT, evaluate
from trackbook.notebook.defaults import read_default
from trackbook.notebook.definitions import Definitions

BOUNDS = ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "multiple_of")
LENGTHS = ("pattern", "min_length", "max_length")
_WORDS = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusive_minimum",
    "lt": "exclusive_maximum",
    "multiple_of": "multiple_of",
    "pattern": "pattern",
    "regex": "pattern",
    "min_length": "min_length",
    "max_length": "max_length",
    "min_items": "min_length",
    "max_items": "max_length",
}
_ABOUT = ("description", "help", "title")
# The positions of arguments in the classes of annotated-types and their like.
_POSITIONS: dict[str, tuple[str, ...]] = {
    "Ge": ("ge",),
    "Gt": ("gt",),
    "Le": ("le",),
    "Lt": ("lt",),
    "MultipleOf": ("multiple_of",),
    "Len": ("min_length", "max_length"),
    "MinLen": ("min_length",),
    "MaxLen": ("max_length",),
    "Interval": (),
    "Field": ("default",),
    "FieldInfo": (),
    "Meta": (),
    "StringConstraints": (),
    "Option": (),
    "Argument": (),
    "Doc": ("description",),
    "doc": ("description",),
}

Rules = dict[str, Any]


def metadata_rules(nodes: list[ast.expr], definitions: Definitions) -> tuple[Rules, str]:
    """Return the rules, and the help, of what stands behind the type in `Annotated`; unknown things say nothing."""
    rules: Rules = {}
    about = ""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            about = about or node.value
        elif isinstance(node, ast.Call) and definitions.last_name(node.func) in _POSITIONS:
            more, told = call_rules(node, definitions)
            rules |= more
            about = about or told
    return rules, about


def call_rules(node: ast.Call, definitions: Definitions) -> tuple[Rules, str]:
    """Return the rules, and the help, that the arguments of one call give."""
    positions = _POSITIONS.get(definitions.last_name(node.func), ())
    given = dict(zip(positions, node.args, strict=False))
    given |= {word.arg: word.value for word in node.keywords if word.arg is not None}
    rules: Rules = {}
    about = ""
    for word, value in given.items():
        if word in _ABOUT:
            text = evaluate(value)
            about = about or (text if isinstance(text, str) else "")
        elif (rule := _WORDS.get(word)) is not None and (
            fit := _rule_value(rule, value, definitions)
        ) is not WRONG:
            rules[rule] = fit
    return rules, about


def _rule_value(rule: str, node: ast.expr, definitions: Definitions) -> Any:
    if rule in BOUNDS:
        default = read_default(node, definitions)
        value = default.value if default is not None else None
        dated = default is not None and default.kind.format in ("date", "date-time", "time", "decimal")
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if is_number or (dated and rule != "multiple_of") else WRONG
    value = evaluate(node)
    if value is NO_CONSTANT or value is None:
        return WRONG
    if rule == "pattern":
        return value if isinstance(value, str) else WRONG
    return value if type(value) is int and value >= 0 else WRONG
