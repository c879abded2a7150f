"""The text of a module made from a notebook."""

import ast
import re
import sys
from collections.abc import Mapping
from typing import Any

from trackbook.notebook.export.blocks import indent, replace_span
from trackbook.notebook.export.program import Argument, Program, Step
from trackbook.notebook.literals import literal

# What a notebook does in its cells was never typed; signatures are.
_UNTYPED = (
    "annotation-unchecked", "arg-type", "assignment", "attr-defined", "call-arg", "call-overload", "dict-item",
    "has-type", "import-not-found", "import-untyped", "index", "list-item", "misc", "no-any-return", "no-redef",
    "no-untyped-call", "no-untyped-def", "operator", "return-value", "type-arg", "typeddict-item", "union-attr",
    "var-annotated",
)  # fmt: skip
_HARMLESS = (ast.Name, ast.Attribute, ast.Constant)


def module_text(program: Program, source: str, *, displays: bool = False) -> str:
    """Return the module of a program; `source` names the notebook. With `displays`, what cells show is displayed."""
    steps = [_without_last_value(step, displays) for step in program.steps]
    rebound = {name for step in steps for name in step.gives}
    types = {one.name: one.annotation for one in program.arguments if one.name not in rebound}
    body = (
        [_flat_run(program, steps)]
        if program.flat
        else [*(_step_text(step, types) for step in steps), _run(program, steps)]
    )
    parts = [*program.definitions, _results(program), *body, 'if __name__ == "__main__":\n    run()']
    text = "\n\n\n".join(filter(None, parts)) + "\n"
    return f"{_head(program, source, displays or _uses_display(steps), text)}\n\n\n{text}"


def _head(program: Program, source: str, display: bool, body: str) -> str:
    title = _doc_lines(program.doc) or f"What {source} does, as a module."
    doc = f"{title}\n\nMade from {source} by `trackbook export`."
    lines = [f'# mypy: disable-error-code="{",".join(_UNTYPED)}"']
    if program.stars:
        lines.append("# ruff: noqa: F405")
    lines += [_docstring(doc), ""]
    code = re.sub(
        r"^\s*#.*$", "", body, flags=re.MULTILINE
    )  # what was left out is told in comments, and uses nothing
    imports = [line if _is_used(line, code) else f"{line}  # noqa: F401" for line in program.imports]
    bound = " ".join(line for line in program.imports if line.startswith("from "))
    own = {"dataclass": "from dataclasses import dataclass", "Any": "from typing import Any"}
    own |= {"copy": "import copy"} if any(argument.mutable for argument in program.arguments) else {}
    own |= {"display": "from IPython.display import display"} if display else {}
    for name, line in own.items():
        if re.search(rf"\b{name}\b", body) and not re.search(
            rf"\b{name}\b", bound.replace("IPython.display", "")
        ):
            imports.append(line)
    future = [line for line in imports if line.startswith("from __future__")]
    others = sorted(set(imports) - set(future), key=_import_order)
    standard = [line for line in others if _is_standard(line)]
    groups = [future, standard, [line for line in others if line not in standard]]
    return "\n".join([*lines, "\n\n".join("\n".join(group) for group in groups if group)])


def _is_used(line: str, body: str) -> bool:
    if line.endswith("# noqa: F403") or "__future__" in line:
        return True
    names = [(alias.asname or alias.name).partition(".")[0] for alias in ast.parse(line).body[0].names]  # type: ignore[attr-defined]  # it is an import
    return all(re.search(rf"(?<![\w.]){re.escape(name)}\b", body) for name in names)


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line


def _is_standard(line: str) -> bool:
    return line.split()[1].partition(".")[0] in sys.stdlib_module_names


def _results(program: Program) -> str:
    lines = [
        "@dataclass",
        "class Results:",
        '    """What the notebook leaves: the values of its names at the end."""',
        "",
    ]
    lines += [f"    {name}: Any" for name in program.results]
    return "\n".join(lines)


def _run(program: Program, steps: list[Step]) -> str:
    lines = [_signature(program.arguments)]
    for step in steps:
        call = f"{step.name}({', '.join(step.takes)})"
        lines.append(f"    {', '.join(step.gives)} = {call}" if step.gives else f"    {call}")
    return "\n".join([*lines, _return(program)])


def _flat_run(program: Program, steps: list[Step]) -> str:
    lines = [_signature(program.arguments)]
    for step in steps:
        title = f": {step.title}" if step.title else ""
        lines += ["", f"    # Cell {step.cell}{title}"]
        # `global` in a function of a cell means what is the function's own surroundings now.
        code = re.sub(r"^(\s+)global ", r"\1nonlocal ", step.code, flags=re.MULTILINE)
        lines += [f"    {name} = None" for name in step.unset]
        lines.append(indent(code))
    return "\n".join([*lines, "", _return(program)])


def _signature(arguments: list[Argument]) -> str:
    named = "".join(
        f"    {argument.name}: {argument.annotation} = {argument.default},"
        f"{'  # noqa: B006, B008' if argument.mutable else ''}\n"
        for argument in arguments
    )
    given = f"\n    *,\n{named}" if arguments else ""
    doc = "Run the notebook's cells, from top to bottom, and return what they leave."
    told = [f"{argument.name}: {argument.help}" for argument in arguments if argument.help]
    if told:
        doc += "\n\nArgs:\n" + "\n".join(f"    {line}" for line in told)
    lines = [f"def run({given}) -> Results:", indent(_docstring(doc))]
    lines += [f"    {one.name} = copy.deepcopy({one.name})" for one in arguments if one.mutable]
    return "\n".join(lines)


def _return(program: Program) -> str:
    return f"    return Results({', '.join(f'{name}={name}' for name in program.results)})"


def _step_text(step: Step, types: dict[str, str]) -> str:
    takes = ", ".join(f"{name}: {types.get(name, 'Any')}" for name in step.takes)
    gives = {0: "None", 1: "Any"}.get(len(step.gives), f"tuple[{', '.join(['Any'] * len(step.gives))}]")
    title = f"{step.title.rstrip('.')} (cell {step.cell})." if step.title else f"Cell {step.cell}."
    lines = [f"def {step.name}({takes}) -> {gives}:", f"    {_docstring(title)}"]
    lines += [f"    {name} = None" for name in step.unset]
    lines.append(indent(step.code))
    if step.gives:
        lines.append(f"    return {', '.join(step.gives)}")
    return "\n".join(lines)


def _without_last_value(step: Step, displays: bool) -> Step:
    """Return a step in which its last expression, whose value a notebook shows, is displayed or only evaluated."""
    body = ast.parse(step.code).body
    last = body[-1] if body else None
    if not isinstance(last, ast.Expr) or _is_display(last.value):
        return step
    code = step.code
    ends = (
        code.splitlines()[(last.end_lineno or last.lineno) - 1].encode()[last.end_col_offset or 0 :].decode()
    )
    if displays and not ends.lstrip().startswith(";"):
        code = replace_span(code, last.value, f"display({ast.get_source_segment(code, last.value)})")
    elif isinstance(last.value, _HARMLESS):
        code = replace_span(code, last.value, "pass")
    return Step(step.name, step.cell, step.title, code, step.takes, step.gives, step.unset)


def _is_display(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("display", "print")
    )


def _uses_display(steps: list[Step]) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == "display"
        for step in steps
        for node in ast.walk(ast.parse(step.code))
    )


def _doc_lines(markdown: str) -> str:
    lines = [re.sub(r"^#{1,6}\s+", "", line).rstrip() for line in markdown.splitlines()]
    return "\n".join(lines).strip()


def _docstring(text: str) -> str:
    body = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').strip()
    if body.endswith('"'):
        body += " "
    return f'"""{body}\n"""' if "\n" in body else f'"""{body}"""'


def test_text(module: str, notebook: str, params: Mapping[str, Any]) -> str:
    """Return a pytest that holds the module against its notebook, whose path is given relative to the test."""
    values = "{" + ", ".join(f"{name!r}: {literal(name, value)}" for name, value in params.items()) + "}"
    return f'''"""Holds {module}.py against the notebook that it was made from."""

from pathlib import Path
from typing import Any

import trackbook as tb

import {module}

NOTEBOOK = Path(__file__).parent / {notebook!r}
PARAMETERS: dict[str, Any] = {values}  # values that make the notebook quick make this quick


def test_the_module_gives_what_the_notebook_gives() -> None:
    assert tb.compare_with_notebook({module}.run, NOTEBOOK, PARAMETERS) == []
'''
