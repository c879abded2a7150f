"""What a cell needs and what it may have done, told more carefully than by names alone: for running only some again.

Where a text leaves open whether an object is changed, it is taken to be: running a cell for nothing costs time, while
leaving one out that was needed makes wrong results. A call of a method counts as a change of what it is called on,
and a call of a function as one of its arguments, unless both are known to only look. What a name may share an object
with (`a = b`, `Adam(model.parameters())`) is changed with it.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from trackbook.notebook.calls import (
    CAREFUL,
    CHANGING,
    EVERYWHERE,
    FUNCTIONS_THAT_CHANGE,
    LOOKING,
    LOOKING_BUILTINS,
    SETTING,
    SETTING_MAGICS,
)
from trackbook.notebook.dataflow import names_in_source, plain_python
from trackbook.notebook.hazards import hazards_in

# What every cell behind needs: options, the working directory, environment variables, loaded extensions.
PROCESS = "(process)"
RANDOM = "(random numbers of {})"


@dataclass(frozen=True, slots=True)
class CellEffects:
    """What a cell may need and do. Beside names of the notebook there are those of the process and its random numbers.

    `settles` are among `writes`, those that have a new value afterwards whatever they had before. `later` are read
    when a function that the cell defines is called. `reads_all`: it may read any name.
    """

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    settles: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    reads_all: bool = False
    writes_all: bool = False


@dataclass(slots=True)
class _Notebook:
    """What is known of a notebook's names as a whole."""

    imported: dict[str, str] = field(default_factory=dict)
    defined: dict[str, list[ast.stmt]] = field(default_factory=dict)
    # What a function keeps to itself.
    inner: dict[str, set[str]] = field(default_factory=dict)
    shares: dict[str, set[str]] = field(default_factory=dict)

    def share(self, names: Iterable[str], others: Iterable[str]) -> None:
        others = list(others)
        for name in names:
            for other in others:
                if name != other and not {name, other} & self.imported.keys():
                    self.shares.setdefault(name, set()).add(other)
                    self.shares.setdefault(other, set()).add(name)

    def with_shared(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.shares.get(name, ())
        return found


def effects_in(sources: Sequence[str]) -> list[CellEffects]:
    """Return the effects of each of some Python cells, which run in this order."""
    trees = [_parsed(source) for source in sources]
    known = _Notebook()
    for tree in trees:
        for node in ast.walk(tree):
            _note(node, known)
    random = _random_effects(sources)
    return [
        _effects(source, tree, known, drawn)
        for source, tree, drawn in zip(sources, trees, random, strict=True)
    ]


def _effects(source: str, tree: ast.Module, known: _Notebook, drawn: CellEffects) -> CellEffects:
    names = names_in_source(source)
    finder = _Changes(known)
    finder.visit(tree)
    changed = known.with_shared({*names.changed, *finder.changed}) | set(finder.process)
    # Changing an object takes it as it was before.
    reads = set(names.reads) | changed | drawn.reads
    writes = set(names.bound) | changed | drawn.writes
    settles = (_settled(tree.body) & names.bound.keys()) - names.read.keys() - changed
    only_star = any(
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)
    ) and not any(isinstance(node, ast.Call) for node in ast.walk(tree))
    return CellEffects(
        reads=frozenset(reads - {PROCESS}),
        writes=frozenset(writes),
        settles=frozenset(settles | drawn.settles),
        later=frozenset(names.reads) if _defines(tree) else frozenset(),
        reads_all=names.opaque and not only_star,
        writes_all=names.opaque,
    )


def _random_effects(sources: Sequence[str]) -> list[CellEffects]:
    """Return what each cell does to the libraries' random numbers, where they are seeded: else they are anybody's."""
    hazards = hazards_in(list(sources))
    seeded: set[str] = set()
    for one in hazards:
        seeded.update(one.seeds)
    found = []
    for one in hazards:
        libraries = [library for library in one.draws if library in seeded or "*" in seeded]
        drawn = {RANDOM.format(library) for library in libraries}
        seeds = set(one.seeds)
        if "*" in seeds:
            seeds |= {"random", "numpy", "torch", "tensorflow"}
        sown = {RANDOM.format(library) for library in seeds}
        found.append(CellEffects(frozenset(drawn - sown), frozenset(drawn | sown), frozenset(sown)))
    return found


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _note(node: ast.AST, known: _Notebook) -> None:
    """Take up what a part of a notebook says of its names: imports, definitions, and which share an object."""
    match node:
        case ast.Import():
            for alias in node.names:
                known.imported[(alias.asname or alias.name).split(".")[0]] = alias.name
        case ast.ImportFrom():
            for alias in node.names:
                known.imported[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            known.defined.setdefault(node.name, []).extend(node.body)
            known.inner.setdefault(node.name, set()).update(_own_names(node))
        case ast.ClassDef():
            known.defined.setdefault(node.name, [])
        case ast.Assign():
            for target in node.targets:
                known.share(_target_names(target), _held(node.value))
        case ast.AnnAssign() if node.value is not None:
            known.share(_target_names(node.target), _held(node.value))
        case ast.For() | ast.AsyncFor():
            known.share(_target_names(node.target), _roots(node.iter))
        case ast.withitem() if node.optional_vars is not None:
            known.share(_target_names(node.optional_vars), _held(node.context_expr))
        case ast.Call(func=ast.Attribute(attr=method)) if method in ("append", "add", "insert", "extend"):
            known.share(_roots(node.func), [root for part in node.args for root in _roots(part)])


def _target_names(target: ast.expr) -> list[str]:
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        return list(_roots(target))
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def _held(value: ast.expr) -> Iterator[str]:
    """Yield the names whose objects the value of an expression may be, or hold."""
    match value:
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Starred():
            yield from _roots(value)
        case ast.List() | ast.Tuple() | ast.Set():
            for part in value.elts:
                yield from _held(part)
        case ast.Dict():
            for part in value.values:
                yield from _held(part)
        case ast.IfExp():
            yield from _held(value.body)
            yield from _held(value.orelse)
        case ast.Await():
            yield from _held(value.value)
        case ast.Call() if _last(value.func)[:1].isupper() or _last(value.func) in ("iter", "make_pipeline"):
            for part in (*value.args, *(keyword.value for keyword in value.keywords)):
                yield from _held(part)
                if isinstance(part, ast.Call):
                    yield from _roots(part.func)


def _own_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names that a function keeps to itself: its arguments, and what it assigns."""
    parts = [inner for statement in node.body for inner in ast.walk(statement)]
    own = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    own |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    outside = {name for part in parts if isinstance(part, (ast.Global, ast.Nonlocal)) for name in part.names}
    return own - outside


def _last(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _roots(node: ast.expr) -> Iterator[str]:
    """Yield the name on which an expression such as `a.b[0].c()` rests."""
    while True:
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            break
    if isinstance(node, ast.Name):
        yield node.id


class _Changes(ast.NodeVisitor):
    """Finds which names' objects a cell may change, and whether it sets something up in the process."""

    def __init__(self, known: _Notebook) -> None:
        self._known = known
        self._called: set[str] = set()
        self.changed: set[str] = set()
        self.process: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        # What a function's body does is done by who calls it.
        defaults = [
            default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None
        ]
        for outside in (*node.decorator_list, *defaults):
            self.visit(outside)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # the name that NodeVisitor looks for

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assign(target)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._assign(node.target)
        self.changed.update(_roots(node.target))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        # A function of a module whose result nobody takes was called for what it does.
        call = node.value
        if isinstance(call, ast.Call):
            root = next(_roots(call.func), "")
            if root in self._known.imported and _last(call.func).startswith(SETTING):
                self.process.add(PROCESS)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if _is_magic(function):
            words = [part.value for part in node.args if isinstance(part, ast.Constant)]
            opens = words[:1] == ["track"] and str(words[-1]).startswith(("start", "auto"))
            if words and (words[0] in SETTING_MAGICS or opens):
                self.process.add(PROCESS)
        root = next(_roots(function), "")
        last = _last(function)
        library = self._known.imported.get(root, "").partition(".")[0]
        if not self._only_looks(function, root, last, library):
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                self._change(_roots(part))
            if root in self._known.defined:
                self._call(root)
            elif root not in LOOKING_BUILTINS:
                self._change([root])
        elif last in CHANGING and isinstance(function, ast.Attribute):
            self._change([root])
        self.generic_visit(node)

    def _call(self, name: str) -> None:
        """Take up what a function of the notebook does; a name that it keeps to itself is of no harm."""
        if name not in self._called:
            self._called.add(name)
            before, self.changed = self.changed, set()
            for statement in self._known.defined[name]:
                self.visit(statement)
            self.changed = before | (self.changed - self._known.inner.get(name, set()))

    def _only_looks(self, function: ast.expr, root: str, last: str, library: str) -> bool:
        """Tell whether a call is known to leave its arguments, and with a known exception its object, alone."""
        if library:
            return library in CAREFUL and last not in FUNCTIONS_THAT_CHANGE and not last.endswith("_")
        if isinstance(function, ast.Attribute):
            return last in LOOKING or last in CHANGING
        if isinstance(function, ast.Name):
            return root in LOOKING_BUILTINS
        return False

    def _assign(self, target: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._assign(part)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            root = next(_roots(target), "")
            if root in self._known.imported:
                self.process.add(PROCESS)

    def _change(self, names: Iterable[str]) -> None:
        # A module is set up, which every cell may need; its functions and classes themselves do not change.
        for name in names:
            if name and name not in self._known.imported and name not in EVERYWHERE:
                self.changed.add(name)


def _is_magic(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in ("run_line_magic", "run_cell_magic")


def _settled(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names that a cell's own statements, not those within a condition or a loop, surely bind."""
    found: set[str] = set()
    for statement in body:
        match statement:
            case ast.Assign():
                for target in statement.targets:
                    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
                    found.update(part.id for part in parts if isinstance(part, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)) if statement.value is not None:
                found.add(name)
            case ast.Import() | ast.ImportFrom():
                found.update((alias.asname or alias.name).split(".")[0] for alias in statement.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(statement.name)
            case ast.With() | ast.AsyncWith():
                found |= _settled(statement.body)
    return found


def _defines(tree: ast.Module) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    return any(isinstance(node, kinds) for node in ast.walk(tree))
