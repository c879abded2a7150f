"""Pieces of source text as they stand: comments and line breaks are kept where code is moved."""

import ast
import io
import tokenize

_SETTING_UP = (
    "# left out: %matplotlib",
    "# left out: %load_ext",
    "# left out: %config",
    "# left out: %autoreload",
)


def remove_statements(source: str, statements: list[ast.stmt]) -> str:
    """Return source without some of its top-level statements; what shares a line with others must not be given."""
    lines = source.split("\n")
    gone: set[int] = set()
    for statement in statements:
        gone.update(range(first_line(statement), (statement.end_lineno or statement.lineno) + 1))
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in gone)


def stands_alone(source: str, statement: ast.stmt, others: list[ast.stmt]) -> bool:
    """Whether a statement shares its lines with no other one, as `a = 1; b = 2` do."""
    own = set(range(first_line(statement), (statement.end_lineno or statement.lineno) + 1))
    return not any(
        other is not statement and own & {first_line(other), other.end_lineno or other.lineno}
        for other in others
    )


def text_of(source: str, statement: ast.stmt) -> str:
    """Return the lines of a statement, with comments directly above it."""
    lines = source.split("\n")
    begin = first_line(statement)
    while begin > 1 and lines[begin - 2].startswith("#"):
        begin -= 1
    return "\n".join(lines[begin - 1 : statement.end_lineno])


def first_line(statement: ast.stmt) -> int:
    """Return the line on which a statement begins, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    return int(min([statement.lineno, *(decorator.lineno for decorator in decorators)]))


def replace_span(source: str, node: ast.expr, text: str) -> str:
    """Return source in which an expression is written otherwise."""
    lines = source.split("\n")
    start, end = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    # Columns of the syntax tree count bytes.
    before = lines[start].encode()[: node.col_offset].decode()
    after = lines[end].encode()[node.end_col_offset or 0 :].decode()
    return "\n".join([*lines[:start], f"{before}{text}{after}", *lines[end + 1 :]])


def indent(source: str, prefix: str = "    ") -> str:
    """Return source moved to the right, but for what stands inside of texts over several lines."""
    inside: set[int] = set()
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(f"{source}\n").readline):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif name in ("FSTRING_START", "TSTRING_START"):
            begun.append(token.start[0])
        elif name in ("FSTRING_END", "TSTRING_END"):
            inside.update(range(begun.pop() + 1, token.end[0] + 1))
    lines = source.split("\n")
    return "\n".join(
        line if number in inside or not line.strip() else f"{prefix}{line}"
        for number, line in enumerate(lines, start=1)
    )


def rename_dunder_name(source: str) -> str:
    """Return source in which `__name__` is what it is in a notebook."""
    if "__name__" not in source:
        return source
    tokens = list(tokenize.generate_tokens(io.StringIO(f"{source}\n").readline))
    lines = source.split("\n")
    for token in reversed(tokens):
        if token.type == tokenize.NAME and token.string == "__name__":
            row, column = token.start
            line = lines[row - 1]
            if not line[:column].rstrip().endswith("."):
                lines[row - 1] = f'{line[:column]}"__main__"{line[column + len("__name__") :]}'
    return "\n".join(lines)


def without_passes(source: str) -> str:
    """Return source in which what was left out at the top level is a comment, and what set up the notebook is gone."""
    lines = source.split("\n")
    gone: set[int] = set()
    for statement in ast.parse(source).body:
        number = statement.lineno
        if not isinstance(statement, ast.Pass) or not lines[number - 1].startswith("pass"):
            continue
        comment = lines[number - 1].removeprefix("pass").strip()
        if not comment or comment.startswith(_SETTING_UP):
            gone.add(number)
        lines[number - 1] = comment
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in gone)
