"""In which order a notebook's code cells ran, made out from their execution counts and from what they need."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.notebook.cleaning.effects import BUILTINS, is_quiet
from trackbook.notebook.cleaning.statements import CellCode
from trackbook.notebook.dataflow import names_in, plain_python

_SMALL = 1e-6


@dataclass(slots=True, eq=False)
class Step:
    """A code cell as a step: what it needs at once, what it gives, and when it ran."""

    code: CellCode
    count: float | None
    needs: frozenset[str]
    gives: frozenset[str]
    changes: frozenset[str]
    opaque: bool
    effects: bool  # it may do what no name tells
    after: set[int] = field(default_factory=set)


class Unordered(Exception):
    """The order can't be made out. `steps` are the positions, `names` the names in question."""

    def __init__(self, reason: str, steps: Sequence[int], names: Sequence[str]) -> None:
        self.reason, self.steps, self.names = reason, list(steps), list(names)
        super().__init__(reason)


def read_steps(
    codes: Sequence[CellCode], counts: Sequence[int | None], plain: set[str], bound: set[str]
) -> list[Step]:
    """Return the code cells as steps. What a function needs counts where it is named, since it may be called there."""
    later = _needed_by_functions(codes)
    steps = []
    for code, count in zip(codes, counts, strict=True):
        at_once, named = _needed_at_once(code)
        needs, queue = set(at_once), sorted(at_once | named)
        while queue:
            for name in later.get(queue.pop(), ()):
                if name not in needs:
                    needs.add(name)
                    queue.append(name)
        gives, changes = frozenset(code.names.bound), frozenset(code.names.changed)
        effects = code.tree is None or not all(is_quiet(node, plain, bound) for node in code.tree.body)
        steps.append(
            Step(code, count, frozenset(needs - gives | at_once), gives, changes, code.opaque, effects)
        )
    return steps


def undefined_names(steps: Sequence[Step]) -> dict[int, list[str]]:
    """Return, by step, the names that it needs before any step above gives them, though one below does."""
    given: set[str] = set()
    everywhere = {name for step in steps for name in step.gives}
    found: dict[int, list[str]] = {}
    for at, step in enumerate(steps):
        missing = sorted(step.needs & everywhere - given - BUILTINS)
        # A name that only the cell itself gives is an error of its own, in whichever place.
        missing = [
            name for name in missing if any(name in other.gives for other in steps if other is not step)
        ]
        if missing:
            found[at] = missing
        if step.opaque and step.code.names.opaque:
            return found  # from here on any name may be there
        given |= step.gives
    return found


def execution_order(steps: Sequence[Step]) -> list[int]:
    """Return the steps' positions in the order in which they must have run for the results to be what they are.

    A count tells only the last execution. A cell whose names were read by one that ran earlier has run before that
    one, too, so there it is placed. Raises Unordered where several orders, or none, explain what was read.
    """
    ranks = _ranks(steps)
    for _ in range(len(steps) + 1):
        if not _move_first_uses(steps, ranks):
            return sorted(range(len(steps)), key=lambda at: (ranks[at], at))
    raise Unordered("each needs what another one gives", *_circle(steps))


def dependencies(steps: Sequence[Step], order: Sequence[int]) -> list[set[int]]:
    """Return, by step, the steps that have to stay before it, if they ran in `order`."""
    before: list[set[int]] = [set() for _ in steps]
    for later, at in enumerate(order):
        for earlier in order[:later]:
            if _depend(steps[earlier], steps[at]):
                before[at].add(earlier)
    return before


def _depend(first: Step, second: Step) -> bool:
    if first.opaque or second.opaque or (first.effects and second.effects):
        return True
    writes_first, writes_second = first.gives | first.changes, second.gives | second.changes
    return bool(writes_first & (second.needs | writes_second) or first.needs & writes_second)


def _ranks(steps: Sequence[Step]) -> list[float]:
    ranks: list[float] = []
    last = 0.0
    for step in steps:
        # One that did not run follows the one above it.
        last = float(step.count) if step.count is not None else last + _SMALL
        ranks.append(last)
    return ranks


def _move_first_uses(steps: Sequence[Step], ranks: list[float]) -> bool:
    """Place cells whose names only later executions gave before the first that read them; tells whether it did."""
    moved = False
    for at, step in enumerate(steps):
        for name in sorted(step.needs - BUILTINS):
            givers = [other for other, one in enumerate(steps) if name in one.gives and other != at]
            if not givers or any(ranks[other] < ranks[at] for other in givers):
                continue
            if len(givers) > 1:
                above = [other for other in givers if other < at]
                if len(above) != 1:
                    raise Unordered(
                        f"`{name}` could come from more than one of them", sorted([*givers, at]), [name]
                    )
                givers = above
            (giver,) = givers
            if steps[at].count is None and steps[giver].count is not None:
                ranks[at] = ranks[giver] + _SMALL
            else:
                ranks[giver] = ranks[at] - _SMALL * (len(steps) + 1)
            moved = True
    return moved


def _circle(steps: Sequence[Step]) -> tuple[list[int], list[str]]:
    places: set[int] = set()
    names: set[str] = set()
    for at, step in enumerate(steps):
        for other, one in enumerate(steps):
            shared = step.needs & one.gives - BUILTINS
            if other != at and shared and one.needs & step.gives - BUILTINS:
                places |= {at, other}
                names |= shared | (one.needs & step.gives)
    if not places:
        places = set(range(len(steps)))
    return sorted(places), sorted(names)


def _needed_at_once(code: CellCode) -> tuple[set[str], set[str]]:
    """Return the names that a cell needs when it runs, and all that its text names outside of functions."""
    if code.tree is None:
        return set(code.names.reads), set()
    try:
        stripped = ast.fix_missing_locations(_WithoutBodies().visit(ast.parse(ast.unparse(code.tree))))
        named = {node.id for node in ast.walk(stripped) if isinstance(node, ast.Name)}
        return set(names_in(ast.unparse(stripped), plain_python).reads), named
    except (RecursionError, ValueError):
        return set(code.names.reads), set()


def _needed_by_functions(codes: Sequence[CellCode]) -> Mapping[str, set[str]]:
    needed: dict[str, set[str]] = {}
    for code in codes:
        for statement in code.tree.body if code.tree is not None else ():
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inside = names_in(ast.unparse(statement), plain_python).reads
                needed.setdefault(statement.name, set()).update(inside)
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
                inside = names_in(ast.unparse(statement), plain_python).reads
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        needed.setdefault(target.id, set()).update(inside)
    return needed


class _WithoutBodies(ast.NodeTransformer):
    """Takes out what runs only when it is called."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [ast.Pass()]
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.body = [ast.Pass()]
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        # Other lambdas are given to somebody who calls them.
        if isinstance(node.value, ast.Lambda):
            node.value.body = ast.Constant(None)
        return self.generic_visit(node)
