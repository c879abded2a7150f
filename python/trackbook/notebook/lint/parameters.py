"""Parameters: where their cell stands, and what becomes of them. TB201 to TB204."""

import ast
import re
from collections.abc import Iterable, Iterator

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.syntax import place

PARAMETERS = "parameters"
INJECTED = "injected-parameters"
# Names that people give to what they try out, whatever their case.
_TYPICAL = re.compile(
    r"(?:lr|learning_?rate|(?:n_?|num_?|max_|min_|batch_|test_|train_|hidden_|embed\w*_)\w+|epochs?|seed|random_?state|"
    r"alpha|beta|gamma|momentum|dropout|weight_decay|threshold|depth|folds?|data_?(?:path|dir|file)|input_\w+|"
    r"\w+_(?:rate|size|path|dir|file|date|threshold|ratio|fraction|share))\Z",
    re.IGNORECASE,
)
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{2,}\Z")
_ENOUGH = 2


def find_parameter_faults(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield what is found about parameters cells, or about constants that could be parameters."""
    tagged = [cell for cell in notebook.code if PARAMETERS in cell.tags]
    if not tagged:
        yield from _find_candidates(notebook)
        return
    first = tagged[0]
    above = [cell for cell in notebook.code if cell.position < first.position and _does_something(cell)]
    if above:
        yield first.diagnose(
            "TB201",
            f"The parameters cell stands below cell {above[0].position}, which does more than to import.",
        )
    for cell in tagged[1:]:
        yield cell.diagnose(
            "TB202",
            f"Cell {first.position} has the tag `parameters`, too: jobs set only what that one names.",
        )
    names = {event.name for event in first.scan.events if event.kind == "bind"}
    for cell in notebook.code:
        if cell.position > first.position and INJECTED not in cell.tags and cell not in tagged:
            yield from _find_reassigned(cell, names, first)


def _does_something(cell: LintCell) -> bool:
    tree = cell.source.tree
    if tree is None:
        return False
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass)):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring, or what stands for a magic
        return True
    return False


def _find_reassigned(cell: LintCell, names: set[str], first: LintCell) -> Iterator[Diagnostic]:
    tree = cell.source.tree
    found: set[str] = set()
    for target, value in _assigned(tree.body if tree is not None else ()):
        if target.id not in names or target.id in found:
            continue
        if value is not None and target.id in _read(value):
            continue  # it is made of what the job gave
        found.add(target.id)
        yield cell.diagnose(
            "TB203",
            f"`{target.id}` is a parameter of cell {first.position}, and gets another value here, "
            "whatever a job gives it.",
            names=[target.id],
            **place(cell, target),
        )


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[ast.Name, ast.expr | None]]:
    # What stands under a condition may be meant: `if quick: epochs = 1`.
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from ((name, statement.value) for name in _stored(target))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from ((name, statement.value) for name in _stored(statement.target))
        elif isinstance(statement, (ast.For, ast.AsyncFor)):
            yield from ((name, statement.iter) for name in _stored(statement.target))
            yield from _assigned(statement.body)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            yield from _assigned(statement.body)


def _stored(target: ast.expr) -> Iterator[ast.Name]:
    return (
        node for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _read(value: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}


def _find_candidates(notebook: LintNotebook) -> Iterator[Diagnostic]:
    times: dict[str, int] = {}
    for cell in notebook.code:
        for event in cell.scan.events:
            if event.kind == "bind":
                times[event.name] = times.get(event.name, 0) + 1
    best: tuple[LintCell, list[str]] | None = None
    for cell in notebook.code:
        names = [name for name in _constants(cell) if times.get(name) == 1 and _is_used(name, cell, notebook)]
        if len(names) >= _ENOUGH and (best is None or len(names) > len(best[1])):
            best = cell, names
    if best is not None:
        cell, names = best
        listed = ", ".join(f"`{name}`" for name in names[:5]) + (" and others" if len(names) > 5 else "")
        yield cell.diagnose("TB204", f"{listed} look like parameters.", names=names)


def _constants(cell: LintCell) -> Iterator[str]:
    tree = cell.source.tree
    for statement in tree.body if tree is not None else ():
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            value = value.operand
        if not isinstance(value, ast.Constant) or not isinstance(value.value, (int, float, str)):
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # type: ignore[attr-defined]  # either kind
        for target in targets:
            if isinstance(target, ast.Name) and (_CONSTANT.match(target.id) or _TYPICAL.match(target.id)):
                yield target.id


def _is_used(name: str, cell: LintCell, notebook: LintNotebook) -> bool:
    return any(name in other.scan.used for other in notebook.code if other.position > cell.position)
