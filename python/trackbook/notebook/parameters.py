"""Parameters of a notebook, read from its cell tagged `parameters` without running it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Any

from trackbook.domain.parameter import Parameter, ParameterType
from trackbook.errors import NotebookError
from trackbook.notebook.annotations import Annotation, read_annotation
from trackbook.notebook.constants import NO_CONSTANT, evaluate
from trackbook.notebook.read import Notebook, find_tagged_cell, language_of, source_of

PARAMETERS = "parameters"
_MAGIC = re.compile(r"[ \t]*(?:[%!?]|[\w.]+\?{1,2}[ \t]*$)")


def find_parameters(notebook: Notebook, path: object = "the notebook") -> list[Parameter]:
    """Return the parameters that the cell tagged `parameters` declares, in its order.

    A parameter is an assignment to a name; its type comes from the annotation, else from the value. `help` is the
    comment behind the assignment, else the one above it. Without such a cell, and in other languages than Python,
    there are none. Raises NotebookError if the cell is no Python.
    """
    position = find_tagged_cell(notebook, PARAMETERS)
    if position is None or language_of(notebook) != "python":
        return []
    return read_parameters(source_of(notebook["cells"][position]), path, position + 1)


def read_parameters(source: str, path: object = "the cell", cell: int = 1) -> list[Parameter]:
    """Return the parameters that a cell's source declares; `path` and `cell` are for the NotebookError."""
    tree, text = _parse(source, path, cell)
    comments = _comments(text)
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        for name, annotation, value in _assignments(statement):
            note, comment = _split_type_comment(_comment_of(statement, comments, text))
            if annotation is None and note:
                annotation = _parse_type_comment(note)
            # A name assigned twice keeps its place and gets the last value, as it would in the kernel.
            found[name] = _parameter(name, annotation, value, comment, statement.lineno)
    return list(found.values())


def _parse(source: str, path: object, cell: int) -> tuple[ast.Module, str]:
    lines = source.split("\n")
    while True:
        text = "\n".join(lines)
        try:
            return ast.parse(text), text
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            number = error.lineno if isinstance(error, SyntaxError) else None
            if number is not None and number <= len(lines) and _MAGIC.match(lines[number - 1]):
                # IPython's own (%magic, !command, name?) becomes a comment, so that other lines keep their numbers.
                lines[number - 1] = f"# {lines[number - 1]}"
                continue
            where = f", line {number}" if number else ""
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            raise NotebookError(path, f"its parameters cell ({cell}{where}) is no Python: {reason}") from None


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement.annotation, statement.value
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _unpack(target, statement.value)


def _unpack(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, None, value
    elif (
        isinstance(target, (ast.Tuple, ast.List))
        and isinstance(value, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
    ):
        for inner, part in zip(target.elts, value.elts, strict=True):
            yield from _unpack(inner, part)


def _parameter(
    name: str, annotation: ast.expr | None, value: ast.expr | None, comment: str, line: int
) -> Parameter:
    declared = read_annotation(annotation) if annotation is not None else Annotation()
    default = evaluate(value) if value is not None else NO_CONSTANT
    kind: ParameterType = declared.type or _type_of(default)
    if default is NO_CONSTANT:
        default = None
    elif kind == "float" and type(default) is int:
        default = float(default)
    optional = declared.optional or (declared.type is not None and default is None and value is not None)
    return Parameter(name, kind, default, comment, declared.choices, optional, line)


def _type_of(default: Any) -> ParameterType:
    if default is None:
        return "none"
    kinds: dict[type, ParameterType] = {
        bool: "bool",
        int: "int",
        float: "float",
        str: "str",
        list: "list",
        dict: "dict",
    }
    return kinds.get(type(default), "any")


def _comments(source: str) -> dict[int, str]:
    comments: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments[token.start[0]] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):  # what was read until then still counts
        pass
    return comments


def _comment_of(statement: ast.stmt, comments: dict[int, str], source: str) -> str:
    lines = source.splitlines()
    behind = comments.get(statement.end_lineno or statement.lineno)
    if behind is not None:
        return behind
    above: list[str] = []
    line = statement.lineno - 1
    while line in comments and lines[line - 1].lstrip().startswith("#"):
        above.insert(0, comments[line])
        line -= 1
    text = " ".join(filter(None, above))
    return "" if _is_heading(text) else text


def _is_heading(text: str) -> bool:
    return text.strip(" :-=+%").casefold() in (
        "parameters",
        "params",
        "hyperparameters",
        'tags=["parameters"]',
    )


def _split_type_comment(comment: str) -> tuple[str, str]:
    # `x = 1  # type: float  # help`, which papermill reads, too.
    if not comment.startswith("type:"):
        return "", comment
    note, _, rest = comment.removeprefix("type:").partition("#")
    return note.strip(), rest.strip()


def _parse_type_comment(note: str) -> ast.expr | None:
    try:
        return ast.parse(note, mode="eval").body
    except (SyntaxError, ValueError):
        return None
