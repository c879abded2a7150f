"""Parameters of a notebook, read from its cell tagged `parameters` without running it."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from trackbook.domain.parameter import Parameter
from trackbook.domain.valuecheck import ValueRefused, take_value
from trackbook.domain.valuetype import ValueRules, ValueType
from trackbook.errors import NotebookError
from trackbook.notebook.annotations import Annotation, read_annotation
from trackbook.notebook.comments import Comment, apply_rules, comment_of, read_comments
from trackbook.notebook.defaults import read_default, without_rules
from trackbook.notebook.definitions import Definitions
from trackbook.notebook.languages import foreign_parameters
from trackbook.notebook.read import Notebook, find_tagged_cell, language_of, source_of

PARAMETERS = "parameters"
_MAGIC = re.compile(r"[ \t]*(?:[%!?]|[\w.]+\?{1,2}[ \t]*$)")


def find_parameters(notebook: Notebook, path: object = "the notebook") -> list[Parameter]:
    """Return the parameters that the cell tagged `parameters` declares, in its order.

    A parameter is an assignment to a name; its type comes from the annotation, else from the value. What the
    annotation names may be defined in the cells above. `help` is the comment behind the assignment, else the one above
    it. Without such a cell there are none; of other languages than Python only the names are known.

    Raises NotebookError if the cell is no Python.
    """
    position = find_tagged_cell(notebook, PARAMETERS)
    if position is None:
        return []
    if language_of(notebook) != "python":
        return foreign_parameters(source_of(notebook["cells"][position]))
    above = [source_of(cell) for cell in notebook["cells"][:position] if cell["cell_type"] == "code"]
    return read_parameters(source_of(notebook["cells"][position]), path, position + 1, above=above)


def read_parameters(
    source: str, path: object = "the cell", cell: int = 1, *, above: Sequence[str] = ()
) -> list[Parameter]:
    """Return the parameters that a cell's source declares; `path` and `cell` are for the NotebookError.

    `above` are the sources of the cells above, which may define what the annotations name.
    """
    _, text = _parse(source, path, cell)
    return list(_declared(text, tuple(above)))


@lru_cache(maxsize=64)
def _declared(text: str, above: tuple[str, ...]) -> tuple[Parameter, ...]:
    # Each job of a sweep asks for those of the same notebook, more than once.
    tree = ast.parse(text)
    comments = read_comments(text)
    definitions = Definitions([*above, text])
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        for name, annotation, value in _assignments(statement):
            if name not in definitions.type_names:
                comment = comment_of(statement, comments, text)
                # A name assigned twice keeps its place and gets the last value, as it would in the kernel.
                found[name] = _parameter(name, annotation, value, comment, statement.lineno, definitions)
    return tuple(found.values())


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
    name: str,
    annotation: ast.expr | None,
    value: ast.expr | None,
    comment: Comment,
    line: int,
    definitions: Definitions,
) -> Parameter:
    if annotation is None:
        annotation = comment.annotation
    declared = read_annotation(annotation, definitions) if annotation is not None else Annotation()
    found = read_default(value, definitions) if value is not None else None
    kind = declared.kind or (found.kind if found is not None else ValueType())
    default = _settled(kind, found.value) if found is not None else None
    is_none = found is not None and default is None
    optional = declared.optional or (declared.kind is not None and is_none)
    kind, text = apply_rules(kind, comment.text, default, has_default=found is not None)
    if kind.format == "secret":
        default = None  # whoever may see the parameters need not see this
    rules = {field: getattr(kind, field) for field in ValueRules.__struct_fields__}
    about = text or declared.help
    return Parameter(name, kind.type, default, about, kind.choices, optional or kind.optional, line, **rules)


def _settled(kind: ValueType, default: Any) -> Any:
    """The default as the declared type has it: `rate: float = 1` is 1.0. One that breaks a rule is shown as it is."""
    if default is None:
        return None
    try:
        return take_value(without_rules(kind), default)
    except ValueRefused:
        return default
