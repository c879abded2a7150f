"""What a cell does with names, in the order in which it does it: reads, binds, deletes, calls; and where.

`notebook/dataflow.py` says which names a cell takes and leaves. Linting has to know where each stands, and what a
function's body reads when it is called.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from trackbook.notebook.lint.source import Source, read_source

Kind = Literal["read", "bind", "delete", "opaque", "later", "maybe"]
_LOOKING = frozenset(("get", "keys", "items", "values", "copy"))
_SHELL_OPAQUE = frozenset(
    ("push", "ex", "run_cell", "run_cell_async", "safe_execfile", "user_ns", "user_global_ns", "magic")
)
_PYTHON_2 = frozenset(("basestring", "long", "unicode", "unichr", "xrange", "raw_input", "reduce", "file"))
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Event(NamedTuple):
    """Something that happens to a name.

    A "read" that is `called` calls it; a "bind" with a `body` defines a function that does that when it is called;
    "later" is a body that nobody can tell when it runs; "maybe" a name that a function may bind in the notebook.
    "opaque" may bind any, for the reason in `name`. A `guarded` read may fail: something catches it.
    """

    kind: Kind
    name: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    called: bool = False
    guarded: bool = False
    body: tuple["Event", ...] = ()


@dataclass(slots=True)
class Scan:
    """The events of a cell, all names that it reads or mentions anywhere, and why there are none, if so."""

    events: list[Event] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    unread: str = ""


@lru_cache(maxsize=1024)
def scan(text: str) -> Scan:
    """Return what a cell does with names; the answer is shared, and not to be changed."""
    source = read_source(text)
    found = Scan(used=set(source.mentioned))
    visitor = _Visitor(source)
    if source.tree is not None:
        try:
            visitor.visit_all(source.tree.body)
        except RecursionError:
            return Scan([Event("opaque", "it is nested too deep to be read")], set(), "it is nested too deep")
    events = visitor.events
    if source.fault is not None:
        events = [Event("opaque", "it can't be parsed", source.fault.line)]
    if source.is_local:
        events = [event for event in events if event.kind != "bind"]
        bound = {event.name for event in visitor.events if event.kind == "bind"}
        events = [event for event in events if event.name not in bound]
    for line, reason in source.opaque:
        at = next((at for at, event in enumerate(events) if event.line > line), len(events))
        events.insert(at, Event("opaque", reason, line))
    found.events = events
    found.events += [Event("bind", name, line) for name, line in source.left.items()]
    found.used |= visitor.used
    return found


class _Visitor(ast.NodeVisitor):
    def __init__(self, source: Source) -> None:
        self._source = source
        self.events: list[Event] = []
        self.used: set[str] = set()
        self._scopes: list[set[str]] = []
        self._guards = 0
        self._branches = 0
        self._harmless: set[int] = set()

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    # Names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id, node)
        elif not self._scopes and not self._branches:
            self._note("delete", node.id, node)

    def _read(self, node: ast.Name, called: bool = False) -> None:
        self.used.add(node.id)
        if not any(node.id in scope for scope in self._scopes):
            # `if sys.version_info[0] == 2:` never comes here.
            guarded = self._guards > 0 or (self._branches > 0 and node.id in _PYTHON_2)
            self._note("read", node.id, node, called=called, guarded=guarded)

    def _bind(self, name: str, node: ast.AST, body: tuple[Event, ...] = ()) -> None:
        if not self._scopes:
            self._note("bind", name, node, body=body)

    def _note(
        self,
        kind: Kind,
        name: str,
        node: ast.AST,
        *,
        called: bool = False,
        guarded: bool = False,
        body: tuple[Event, ...] = (),
    ) -> None:
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", None) or line
        end = getattr(node, "end_col_offset", None) or offset
        if kind == "read" and not isinstance(node, ast.Name):
            end_line, end = line, offset
        column = self._source.column
        event = Event(
            kind, name, line, column(line, offset), end_line, column(end_line, end), called, guarded, body
        )
        self.events.append(event)

    # Statements

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Lambda) and not self._scopes:
            body = self._body(_arguments(node.value.args), [node.value.body])
            self._visit_defaults(node.value.args)
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._bind(target.id, target, body)
                else:
                    self.visit(target)
            return
        self.visit(node.value)
        self.visit_all(node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._later([node.annotation])
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)
        elif not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target)
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        # Within a comprehension it binds outside of that.
        if all(isinstance(scope, _ComprehensionNames) for scope in self._scopes):
            scopes, self._scopes = self._scopes, []
            self._bind(node.target.id, node.target)
            self._scopes = scopes

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del):
                    self._read(part)
            self.visit(target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self._branch(node.body, node.orelse)

    visit_AsyncFor = visit_For  # noqa: N815  # the name that NodeVisitor looks for

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._branch(node.body, node.orelse)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branch(node.body, node.orelse)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            self._branch([case.pattern, *filter(None, [case.guard]), *case.body])

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        guards = any(_catches_missing(handler.type) for handler in node.handlers)
        self._guards += guards
        self._branch(node.body)
        self._guards -= guards
        for handler in node.handlers:
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self._bind(handler.name, handler)
            self._branch(handler.body)
        self._branch(node.orelse)
        self.visit_all(node.finalbody)

    visit_TryStar = visit_Try  # noqa: N815

    def _branch(self, *bodies: Iterable[ast.AST]) -> None:
        self._branches += 1
        for body in bodies:
            self.visit_all(body)
        self._branches -= 1

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                module = getattr(node, "module", None) or "."
                self._note("opaque", f"`from {module} import *` may define any name", node)
            else:
                self._bind((alias.asname or alias.name).split(".")[0], alias)

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.pattern is not None:
            self.visit(node.pattern)
        if node.name is not None:
            self._bind(node.name, node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name is not None:
            self._bind(node.name, node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.visit_all((*node.keys, *node.patterns))
        if node.rest is not None:
            self._bind(node.rest, node)

    # Scopes

    def visit_FunctionDef(self, node: _Function) -> None:
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Name):
                self._read(decorator, called=True)
            else:
                self.visit(decorator)
        self._visit_defaults(node.args)
        annotations = [argument.annotation for argument in _every(node.args)]
        self._later([*filter(None, annotations), *filter(None, [node.returns])], _type_names(node))
        names = _arguments(node.args) | _locals(node.body) | _type_names(node)
        body = self._body(names, node.body)
        for name in _globals(node.body):
            self._note("maybe", name, node)
        if self._scopes:  # when its surrounding function calls it, if at all, is not followed
            self.events += [Event("later", "", body=body)] if body else []
        self._bind(node.name, node, body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_defaults(node.args)
        self._later([node.body], _arguments(node.args))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        names = _type_names(node)
        self._scopes.append(names)
        self.visit_all((*node.bases, *node.keywords))
        self._scopes.pop()
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._scopes.append(_locals(node.body) | names | {"__qualname__", "__module__", "__class__"})
        for statement in node.body:
            if isinstance(statement, _Function):
                # A method runs when somebody calls it.
                self._visit_method(statement)
            else:
                self.visit(statement)
        self._scopes.pop()
        self._bind(node.name, node)

    def _visit_method(self, node: _Function) -> None:
        self.visit_all(node.decorator_list)
        self._visit_defaults(node.args)
        names = _arguments(node.args) | _locals(node.body) | _type_names(node)
        annotations = [argument.annotation for argument in _every(node.args)]
        self._later([*filter(None, annotations), *filter(None, [node.returns])], names)
        self._later(node.body, names)
        for name in _globals(node.body):
            self._note("maybe", name, node)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        name, value = getattr(node, "name", None), getattr(node, "value", None)
        if isinstance(name, ast.Name):
            self._bind(name.id, name)
        if isinstance(value, ast.AST):
            self._later([value], _type_names(node))

    def _visit_comprehension(self, node: _Comprehension) -> None:
        self.visit(node.generators[0].iter)
        targets = (name for part in node.generators for name in ast.walk(part.target))
        names = _ComprehensionNames(name.id for name in targets if isinstance(name, ast.Name))
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inside = [condition for part in node.generators for condition in part.ifs]
        inside += [part.iter for part in node.generators[1:]]
        if isinstance(node, ast.GeneratorExp) and id(node) not in self._harmless:
            self._later([*inside, *results], names)
            return
        self._scopes.append(names)
        self.visit_all((*inside, *results))
        self._scopes.pop()

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _visit_comprehension  # noqa: N815

    def _visit_defaults(self, arguments: ast.arguments) -> None:
        self.visit_all((*arguments.defaults, *filter(None, arguments.kw_defaults)))

    def _body(self, names: set[str], nodes: Iterable[ast.AST]) -> tuple[Event, ...]:
        before, self.events = self.events, []
        guards, self._guards = self._guards, 0
        self._scopes.append(names)
        self.visit_all(nodes)
        self._scopes.pop()
        body, self.events = self.events, before
        self._guards = guards
        # What it makes opaque, it may make so whenever it is called.
        self.events += [event for event in body if event.kind in ("opaque", "maybe")]
        return tuple(event for event in body if event.kind in ("read", "later"))

    def _later(self, nodes: Iterable[ast.AST], names: set[str] | None = None) -> None:
        body = self._body(names or set(), nodes)
        if body:
            self.events.append(Event("later", "", body=body))

    # Calls

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            self._harmless.add(id(node.args[0]))  # it is consumed at once, as in sum(...)
        if isinstance(function, ast.Name):
            self._read(function, called=True)
            if function.id in ("exec", "execfile"):
                self.visit_all((*node.args, *node.keywords))
                self._note("opaque", f"`{function.id}` may define any name", node)
                return
            if (
                function.id in ("globals", "locals", "vars")
                and not node.args
                and id(node) not in self._harmless
            ):
                self._note("opaque", f"`{function.id}()` may be given names", node)
        else:
            self.visit(function)
        self.visit_all((*node.args, *node.keywords))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        value = node.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            if value.func.id in ("globals", "locals", "vars") and node.attr in _LOOKING:
                self._harmless.add(id(value))
            elif value.func.id == "get_ipython" and node.attr in _SHELL_OPAQUE:
                self._note("opaque", f"`get_ipython().{node.attr}` may define any name", node)
        elif isinstance(value, ast.Name) and value.id in ("builtins", "__builtins__"):
            self._note("maybe", node.attr, node)
        self.visit(value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load):
            self._harmless.add(id(node.value))
        self.visit(node.value)
        self.visit(node.slice)

    def visit_Compare(self, node: ast.Compare) -> None:
        for operand in node.comparators:
            self._harmless.add(id(operand))
        self.generic_visit(node)


class _ComprehensionNames(set[str]):
    pass


def _catches_missing(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return bool(names & {"NameError", "UnboundLocalError", "Exception", "BaseException"})


def _every(arguments: ast.arguments) -> list[ast.arg]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return every + [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]


def _arguments(arguments: ast.arguments) -> set[str]:
    return {argument.arg for argument in _every(arguments)}


def _type_names(node: ast.AST) -> set[str]:
    return {getattr(parameter, "name", "") for parameter in getattr(node, "type_params", ())}


def _own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a body that belong to its own scope."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += node.decorator_list
        elif isinstance(node, ast.Lambda):
            continue
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            # Only what a walrus binds in there is the body's own.
            waiting += [part for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
        else:
            waiting += ast.iter_child_nodes(node)


def _locals(body: Iterable[ast.AST]) -> set[str]:
    names: set[str] = set()
    outside: set[str] = set()
    for node in _own(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            names.update(filter(None, [node.name]))
        elif isinstance(node, ast.MatchMapping):
            names.update(filter(None, [node.rest]))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outside.update(node.names)
    return names - outside


def _globals(body: Iterable[ast.AST]) -> set[str]:
    return {
        name
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Global)
        for name in node.names
    }
