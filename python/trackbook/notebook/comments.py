"""Comments of parameters: help for people, and what they say in a form of its own.

`# type: float` behind an assignment is its type, as for papermill. Parts of a comment stand between semicolons; one
that is wholly an interval (`[0, 1]`, `(0, 1]`, `1..10`, `>= 0`, `< 5`) or a list (`one of: adam, sgd`) is a rule, and
all others are the help. Nothing is read out of sentences, and what the parameter's default breaks is help, too.
"""

import ast
import io
import math
import re
import tokenize
from typing import Any, NamedTuple

from msgspec.structs import replace

from trackbook.domain.valuecheck import ValueRefused, take_value
from trackbook.domain.valuetype import ValueType
from trackbook.notebook.constants import NO_CONSTANT, evaluate

_NUMBER = r"[+-]?(?:\d[\d_]*)?\.?\d+(?:[eE][+-]?\d+)?|[+-]?\d+\.|[+-]?inf"
_INTERVAL = re.compile(
    rf"(?P<left>[\[(])\s*(?P<low>{_NUMBER})\s*,\s*(?P<high>{_NUMBER})\s*(?P<right>[\])])\Z"
)
_SPAN = re.compile(rf"(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER})\Z")
_DOTS = re.compile(r"(?P<low>[+-]?\d+)\.\.(?P<high>[+-]?\d+)\Z")
_BOUND = re.compile(rf"(?P<sign>>=|<=|>|<)\s*(?P<bound>{_NUMBER})\Z")
_ONE_OF = re.compile(r"one of:\s*(?P<list>\S.*)\Z", re.IGNORECASE)
_SIGNS = {">=": "minimum", "<=": "maximum", ">": "exclusive_minimum", "<": "exclusive_maximum"}


class Comment(NamedTuple):
    """What a comment says: the type that it names, and its text without that."""

    annotation: ast.expr | None = None
    text: str = ""


def read_comments(source: str) -> dict[int, str]:
    """Return the comments of a source by line from 1, without their signs."""
    comments: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments[token.start[0]] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):  # what was read until then still counts
        pass
    return comments


def comment_of(statement: ast.stmt, comments: dict[int, str], source: str) -> Comment:
    """Return the comment behind a statement, else the one above it."""
    behind = comments.get(statement.end_lineno or statement.lineno)
    if behind is not None:
        return _split_type(behind)
    lines = source.splitlines()
    above: list[str] = []
    line = statement.lineno - 1
    while line in comments and lines[line - 1].lstrip().startswith("#"):
        above.insert(0, comments[line])
        line -= 1
    text = " ".join(filter(None, above))
    return Comment() if _is_heading(text) else _split_type(text)


def apply_rules(kind: ValueType, text: str, default: Any, has_default: bool) -> tuple[ValueType, str]:
    """Return the type with the rules that a comment's text gives, and the rest of the text, which is the help."""
    parts = [part.strip() for part in text.split(";")]
    rest = []
    for part in parts:
        ruled = _apply(kind, part)
        if ruled is None or (has_default and not _takes(ruled, default)):
            rest.append(part)
        else:
            kind = ruled
    return kind, text if len(rest) == len(parts) else "; ".join(filter(None, rest))


def _apply(kind: ValueType, part: str) -> ValueType | None:
    if kind.type in ("int", "float") and kind.format is None and (rules := _interval(part)) is not None:
        return replace(kind, **rules)
    if kind.type in ("int", "float", "str") and kind.format is None and (match := _ONE_OF.match(part)):
        return _one_of(kind, match["list"])
    return None


def _interval(part: str) -> dict[str, Any] | None:
    if match := _BOUND.match(part):
        rules = {_SIGNS[match["sign"]]: _number(match["bound"])}
    elif match := _INTERVAL.match(part):
        low, high = _number(match["low"]), _number(match["high"])
        rules = {
            "minimum" if match["left"] == "[" else "exclusive_minimum": low,
            "maximum" if match["right"] == "]" else "exclusive_maximum": high,
        }
        if low > high:
            return None
    elif match := _DOTS.match(part) or _SPAN.match(part):
        rules = {"minimum": _number(match["low"]), "maximum": _number(match["high"])}
        if rules["minimum"] > rules["maximum"]:
            return None
    else:
        return None
    return {name: bound for name, bound in rules.items() if math.isfinite(bound)} or None


def _number(text: str) -> int | float:
    try:
        return int(text.replace("_", ""))
    except ValueError:
        return float(text.replace("_", ""))


def _one_of(kind: ValueType, text: str) -> ValueType | None:
    choices = []
    for word in (part.strip() for part in text.split(",")):
        value = _word(word)
        if kind.type == "str" and not isinstance(value, str):
            value = word
        try:
            choices.append(take_value(replace(kind, choices=None), value))
        except ValueRefused:
            return None
    return replace(kind, choices=choices) if all(choice != "" for choice in choices) else None


def _word(text: str) -> Any:
    try:
        value = evaluate(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    return text if value is NO_CONSTANT else value


def _takes(kind: ValueType, default: Any) -> bool:
    if default is None:
        return True
    try:
        take_value(kind, default)
    except ValueRefused:
        return False
    return True


def _is_heading(text: str) -> bool:
    return text.strip(" :-=+%").casefold() in (
        "parameters",
        "params",
        "hyperparameters",
        'tags=["parameters"]',
    )


def _split_type(comment: str) -> Comment:
    # `x = 1  # type: float  # help`, which papermill reads, too.
    if not comment.startswith("type:"):
        return Comment(None, comment)
    note, _, rest = comment.removeprefix("type:").partition("#")
    try:
        return Comment(ast.parse(note.strip(), mode="eval").body, rest.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Comment(None, rest.strip())
