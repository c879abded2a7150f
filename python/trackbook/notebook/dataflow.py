"""Which names a cell takes from the notebook, and which it leaves there: as its text tells, without running it.

A text can't tell everything. A cell that imports `*`, executes text or runs another file is `opaque`: it may leave
names that nothing here knows, and its writes hold `*` for them. What a function's body reads counts where the function
is defined; what the body changes does not, since it does so when it is called.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

UNKNOWN = "*"

Transform = Callable[[str], str]

# Methods that change what they are called on, whatever that is: containers, estimators, frames, random generators.
_CHANGING = frozenset(
    (
        "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "add", "discard",
        "setdefault", "popitem", "appendleft", "popleft", "extendleft", "fit", "fit_transform", "fit_predict",
        "partial_fit", "load_state_dict", "set_params",
    )
)  # fmt: skip
_BUILTINS = frozenset(dir(builtins))
_EXECUTING = frozenset(("exec", "eval", "globals", "locals", "vars", "execfile"))
# Magics whose line, or body, is Python of this notebook.
_PYTHON_MAGICS = frozenset(("time", "timeit", "prun", "capture", "track"))
_OPAQUE_MAGICS = frozenset(
    ("run", "pylab", "load", "loadpy", "macro", "rerun", "recall", "reset", "reset_selective")
)
_TRACKED = frozenset(("param", "metric", "figure", "start"))
_OPTION = re.compile(r"(?:-[a-zA-Z]+(?:[ \t]*[\d.]+)?|--[\w-]+)[ \t]*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_KEY = re.compile(r"[\w.]+\s*=(?!=)|--[\w-]+")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_FILLED = re.compile(r"\{\s*([^\W\d]\w*)|\$\{?([^\W\d]\w*)")
_MAGIC = re.compile(r"(?P<before>\s*(?:[\w.,\[\]\s]+=\s*)?)(?P<sign>%|!!?)(?P<rest>[^=\s].*)\Z")
_HELP = re.compile(r"(\s*)(?:\?.*|[^'\"]*\?)\s*\Z")


@dataclass(slots=True)
class CellNames:
    """The names that matter in a cell, in the order in which they appear.

    `read` are read before the cell assigns them, `constants` are set once, to a literal that stays as it is, `made` are
    assigned otherwise; loop variables, and what functions keep to themselves, are none of these. `bound` are all names
    that the cell binds (loop variables, imports, functions and classes, too), `changed` those whose object it changes
    in place. `perhaps` are those of `constants` and `made` that it may leave alone: it assigns them in branches, loops
    and blocks only.
    """

    read: dict[str, None] = field(default_factory=dict)
    constants: dict[str, None] = field(default_factory=dict)
    made: dict[str, None] = field(default_factory=dict)
    bound: dict[str, None] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    perhaps: dict[str, None] = field(default_factory=dict)
    opaque: bool = False

    @property
    def reads(self) -> list[str]:
        """The names that the cell takes from the notebook; Python's own (`len`, `print`) are left out."""
        return [name for name in self.read if name not in _BUILTINS]

    @property
    def writes(self) -> list[str]:
        """The names that the cell leaves in the notebook, or whose object it changes; `*` if there may be others."""
        return [*{**self.bound, **self.changed}, *([UNKNOWN] if self.opaque else [])]


def names_in(code: str, transform: Transform | None = None) -> CellNames:
    """Return the names in a cell's Python code; none for code that can't be parsed.

    `code` is what IPython makes of a cell: its own syntax is turned into calls. `transform` does the same with the
    body of a cell magic such as `%%time`.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return CellNames()
    visitor = _Visitor(transform)
    try:
        visitor.visit(tree)
    except RecursionError:
        return CellNames()
    names = CellNames(visitor.read, bound=visitor.bound, changed=visitor.changed, opaque=visitor.opaque)
    for name, assignments in visitor.assigned.items():
        constant = assignments == [True] and name not in visitor.read and name not in visitor.changed
        (names.constants if constant else names.made)[name] = None
        if name not in visitor.certain:
            names.perhaps[name] = None
    return names


@lru_cache(maxsize=512)
def names_in_source(source: str) -> CellNames:
    """Return the names in a cell as it stands in a notebook, where no IPython is there to transform it."""
    return names_in(plain_python(source), plain_python)


def plain_python(source: str) -> str:
    """Return a cell with IPython's own lines turned into calls, well enough to find its names; lines stay lines."""
    if _is_python(source):
        return source
    lines = source.splitlines()
    first = next((position for position, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        name, _, line = lines[first][2:].partition(" ")
        body = "\n".join(lines[first + 1 :])
        if name == "track":
            return plain_python(body)
        return f"get_ipython().run_cell_magic({name!r}, {line!r}, {body!r})"
    return "\n".join(_plain_line(line) for line in lines)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _plain_line(line: str) -> str:
    if match := _MAGIC.match(line):
        if match["sign"] == "%":
            name, _, words = match["rest"].partition(" ")
            return f"{match['before']}get_ipython().run_line_magic({name!r}, {words!r})"
        return f"{match['before']}get_ipython().getoutput({match['rest']!r})"
    if not line.lstrip().startswith("#") and (match := _HELP.match(line)):
        return f"{match[1]}pass"
    return line


class _Visitor(ast.NodeVisitor):
    """Walks a cell in the order in which it runs, as far as that can be told from its text."""

    def __init__(self, transform: Transform | None) -> None:
        self.read: dict[str, None] = {}
        self.assigned: dict[str, list[bool]] = {}
        self.certain: set[str] = set()
        self.bound: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.opaque = False
        self._transform = transform
        self._scopes: list[set[str]] = []
        self._deferred = 0  # inside a function's body, which runs later
        self._blocks = 0  # around, that may be left out, or be left midway

    # Names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and not self._is_known(node.id):
            self.read.setdefault(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        elif isinstance(node.ctx, ast.Del) and not self._scopes:
            if node.id not in self.bound:
                self.read.setdefault(node.id)
                self.changed[node.id] = None
            self.bound.pop(node.id, None)
            self.assigned.pop(node.id, None)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            self._change(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        self.visit(node.slice)
        if not isinstance(node.ctx, ast.Load):
            self._change(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            for part, value in _pairs(target, node.value):
                self._assign(part, isinstance(part, ast.Name) and _is_literal(value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, _is_literal(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self.visit(node.value)
        self._assign(node.target, literal=False)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        if self._deferred:
            return
        # In a comprehension it binds outside of that.
        scopes, self._scopes = self._scopes, []
        self._assign(node.target, literal=False)
        self._scopes = scopes

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.visit(target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self._blocks += 1
        for statement in (*node.body, *node.orelse):
            self.visit(statement)
        self._blocks -= 1

    visit_AsyncFor = visit_For  # noqa: N815  # the name that NodeVisitor looks for

    def _visit_block(self, node: ast.AST) -> None:
        self._blocks += 1
        self.generic_visit(node)
        self._blocks -= 1

    # A `with` may end an exception that comes before an assignment in it.
    visit_If = visit_While = visit_Try = visit_TryStar = visit_Match = _visit_block  # noqa: N815
    visit_With = visit_AsyncWith = visit_IfExp = visit_BoolOp = _visit_block  # noqa: N815

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.opaque = True
            else:
                self._bind((alias.asname or alias.name).split(".")[0])

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        was_bound = node.name is None or node.name in self.bound
        self._bind_all([node.name], node.body)
        if not was_bound:  # Python deletes it at the end of the clause
            self.bound.pop(node.name or "", None)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._bind_all([node.name], [node.pattern] if node.pattern else [])

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._bind_all([node.name], [])

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._bind_all([node.rest], [*node.keys, *node.patterns])

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(outside)
        self._bind(node.name)
        self._visit_later(_arguments(node.args) | _locals(node.body), node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self._visit_later(_arguments(node.args), [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside)
        self._bind(node.name)
        self._visit_scope(_locals(node.body), node.body)

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        self.visit(node.generators[0].iter)
        targets = {
            name.id
            for part in node.generators
            for name in ast.walk(part.target)
            if isinstance(name, ast.Name)
        }
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inside = [condition for part in node.generators for condition in part.ifs]
        inside += [part.iter for part in node.generators[1:]]
        self._blocks += 1
        self._visit_scope(targets, [*inside, *results])
        self._blocks -= 1

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _visit_comprehension  # noqa: N815

    # Calls

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Attribute) and _is_shell(function.value):
            self._visit_magic(function.attr, node.args)
            return
        self.generic_visit(node)
        if isinstance(function, ast.Attribute):
            if function.attr in _CHANGING or _is_in_place(node):
                self._change(function.value)
        elif isinstance(function, ast.Name) and function.id in _EXECUTING and not self._deferred:
            # `vars(x)` and its like only look at an object.
            self.opaque = self.opaque or not (function.id == "vars" and node.args)

    def _visit_magic(self, method: str, arguments: list[ast.expr]) -> None:
        texts = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
        words = [text for text in texts if isinstance(text, str)]
        if method in ("system", "getoutput") and words:
            self._read_all(name[0] or name[1] for name in _FILLED.findall(words[0]))
        elif method in ("run_line_magic", "run_cell_magic") and words:
            self._visit_words(words[0], words[1] if len(words) > 1 else "", words[2:])
        elif method in ("run_cell", "ex", "safe_execfile", "run_cell_async") and not self._deferred:
            self.opaque = True

    def _visit_words(self, magic: str, line: str, body: list[str]) -> None:
        if magic in _OPAQUE_MAGICS:
            self.opaque = True
        elif magic == "track":
            self._read_all(_tracked_names(line))
        elif magic == "capture" and body and (output := _NAME.match(line.strip())):
            self._bind(output[0])
        if magic not in _PYTHON_MAGICS or magic == "track":
            return
        code = body[0] if body else _without_options(line)
        transformed = self._transform(code) if self._transform is not None else code
        try:
            tree = ast.parse(transformed)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        if magic == "timeit":  # it runs its code as a function's body
            self._visit_later(_locals(tree.body), tree.body)
        else:
            self.visit(tree)

    # What is known

    def _read_all(self, names: Iterable[str]) -> None:
        for name in names:
            if not self._is_known(name):
                self.read.setdefault(name)

    def _bind_all(self, names: Iterable[str | None], inside: Iterable[ast.AST]) -> None:
        for name in filter(None, names):
            self._bind(name)
        for node in inside:
            self.visit(node)

    def _visit_scope(self, names: set[str], nodes: Iterable[ast.AST]) -> None:
        self._scopes.append(names)
        for node in nodes:
            self.visit(node)
        self._scopes.pop()

    def _visit_later(self, names: set[str], nodes: Iterable[ast.AST]) -> None:
        self._deferred += 1
        self._visit_scope(names, nodes)
        self._deferred -= 1

    def _assign(self, target: ast.expr, literal: bool) -> None:
        self.visit(target)
        if self._scopes:
            return
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.assigned.setdefault(node.id, []).append(literal)
                if not self._blocks:
                    self.certain.add(node.id)

    def _bind(self, name: str) -> None:
        if not self._scopes:
            self.bound[name] = None

    def _change(self, node: ast.expr) -> None:
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        if not isinstance(node, ast.Name) or self._deferred:
            return
        if not any(node.id in scope for scope in self._scopes):
            self.changed[node.id] = None

    def _is_known(self, name: str) -> bool:
        return name in self.bound or any(name in scope for scope in self._scopes)


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _is_in_place(node: ast.Call) -> bool:
    return any(
        keyword.arg == "inplace" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in node.keywords
    )


def _tracked_names(line: str) -> list[str]:
    """Return the names whose values a `%track` line may take."""
    subcommand, _, rest = line.strip().partition(" ")
    if subcommand not in _TRACKED:
        return []
    if subcommand == "start":
        rest = rest.partition("--params")[2].partition(" --")[0]
    return _NAME.findall(_KEY.sub(" ", _QUOTED.sub(" ", rest)))


def _without_options(line: str) -> str:
    text = line.lstrip()
    while text.startswith("-") and (match := _OPTION.match(text)):
        text = text[match.end() :]
    return text


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Return which part of an assignment's value each part of its target gets, as far as both are written out."""
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, (ast.Tuple, ast.List)):
        return [(target, value)]
    starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    if starred or len(target.elts) != len(value.elts):
        return [(target, value)]
    return list(zip(target.elts, value.elts, strict=True))


def _is_literal(node: ast.expr | None) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.USub, ast.UAdd)) and _is_literal(node.operand)
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(_is_literal, node.elts))
    if isinstance(node, ast.Dict):
        return all(map(_is_literal, (*node.keys, *node.values)))
    return isinstance(node, ast.Constant)


def _arguments(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    return {argument.arg for argument in every}


def _locals(body: Iterable[ast.stmt]) -> set[str]:
    names: set[str] = set()
    outside: set[str] = set()
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outside.update(node.names)
    return names - outside
