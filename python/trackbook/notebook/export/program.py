"""A notebook as a program: its parameters, what moves to the top, and its cells as steps that take and give names."""

import ast
import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from trackbook.errors import NotebookError
from trackbook.notebook.dataflow import CellNames, names_in
from trackbook.notebook.export.blocks import (
    indent,
    remove_statements,
    rename_dunder_name,
    stands_alone,
    text_of,
    without_passes,
)
from trackbook.notebook.export.names import (
    BUILTINS,
    annotated_with,
    awaits,
    calls_of,
    deleted,
    global_statements,
    stored,
    surely_bound,
    taken_late,
)
from trackbook.notebook.export.syntax import plain_cell
from trackbook.notebook.inject import INJECTED
from trackbook.notebook.parameters import PARAMETERS, find_parameters
from trackbook.notebook.read import Notebook, language_of, source_of, tags_of

_EXECUTING = frozenset(("exec", "globals"))
_LOOKING = frozenset(("eval", "locals", "vars"))
_OF_IPYTHON = frozenset(("get_ipython", "In", "Out", "_", "__", "___", "_i", "_ih", "_oh", "_dh"))
# What else imports may wait for: they find other modules after it.
_PATHS = re.compile(r"\bsys\.path\b|\bos\.environ\b|\bos\.chdir\b|\bsite\.addsitedir\b")
_RAISING = frozenset(("raises-exception", "nbval-raises-exception"))
_SKIPPED = frozenset((INJECTED, "skip-execution", "nbval-skip"))


@dataclass(slots=True)
class Cell:
    """A code cell as plain Python, with the names in it."""

    position: int
    title: str
    code: str
    tree: ast.Module
    names: CellNames
    is_parameters: bool = False


@dataclass(slots=True)
class Argument:
    """A parameter of the whole: its annotation and default as source; `mutable` defaults are copied for each call."""

    name: str
    annotation: str
    default: str
    mutable: bool
    help: str = ""


@dataclass(slots=True)
class Step:
    """A cell as a function. `unset` are names that it gives, but may not bind; they are None then."""

    name: str
    cell: int
    title: str
    code: str
    takes: list[str]
    gives: list[str]
    unset: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Program:
    """A notebook taken apart. `results` are the names that it leaves; `left_out` lists lines without counterpart."""

    doc: str
    arguments: list[Argument]
    imports: list[str]
    definitions: list[str]
    steps: list[Step]
    results: list[str]
    flat: bool
    stars: bool
    left_out: list[str]


def take_apart(notebook: Notebook, path: object = "the notebook", *, flat: bool = False) -> Program:
    """Return a notebook as a program.

    Raises NotebookError, naming cell and line, for what has no counterpart in a module: magics that only a notebook
    has, code that is executed from text, names that no cell above defines. With `flat` the cells are one function,
    which lets a function use names that cells below define, `from x import *`, and `eval`.
    """
    if (language := language_of(notebook)) != "python":
        raise NotebookError(path, f"its language is {language}; only Python becomes a module")
    return _Analysis(notebook, path, flat).run()


class _Analysis:
    def __init__(self, notebook: Notebook, path: object, flat: bool) -> None:
        self._notebook, self._path, self._flat = notebook, path, flat
        self._imports: dict[str, None] = {}
        self._left_out: list[str] = []
        self._doc = ""
        self._cells = self._read_cells()
        self._declared = {one.name: one for one in find_parameters(notebook, path)}
        self._hoisted: set[str] = set()
        self._definitions: list[str] = []
        self._stars = False

    def run(self) -> Program:
        for cell in self._cells:
            self._check(cell)
        self._hoist_imports()
        arguments = self._arguments()
        self._hoist_definitions({argument.name for argument in arguments})
        for cell in self._cells:
            cell.code = without_passes(cell.code)
            self._renew(cell)
        self._cells = [cell for cell in self._cells if cell.code.strip()]
        steps, results = self._steps([argument.name for argument in arguments])
        return Program(
            self._doc, arguments, list(self._imports), self._definitions, steps, results, self._flat, self._stars,
            self._left_out,
        )  # fmt: skip

    # Reading

    def _read_cells(self) -> list[Cell]:
        cells: list[Cell] = []
        title = ""
        for position, cell in enumerate(self._notebook["cells"], start=1):
            source = source_of(cell)
            if cell["cell_type"] == "markdown":
                title = _heading(source) or title
                if not cells:
                    self._doc = self._doc or source.strip()
            if cell["cell_type"] != "code" or not source.strip() or _SKIPPED & set(tags_of(cell)):
                continue
            plain = plain_cell(source, self._path, position)
            code = rename_dunder_name(plain.code)
            if _RAISING & set(tags_of(cell)):
                # The notebook goes on after an error in it; so does the module.
                code = f"try:\n{indent(code)}\nexcept Exception as expected:\n    print(repr(expected))"
            self._imports |= {f"import {module}": None for module in sorted(plain.imports)}
            self._left_out += [f"cell {position}: {line}" for line in plain.left_out]
            is_parameters = PARAMETERS in tags_of(cell) and not any(one.is_parameters for one in cells)
            own = Cell(position, title, code, ast.parse(code), names_in(code), is_parameters)
            cells.append(own)
            title = "" if is_parameters else title
        return cells

    def _renew(self, cell: Cell) -> None:
        cell.tree = ast.parse(cell.code)
        cell.names = names_in(cell.code)

    # Refusing

    def _check(self, cell: Cell) -> None:
        if awaits(cell.tree.body):
            raise self._refusal(cell, "it awaits outside of a function, which only a notebook can")
        read = {node.id for node in ast.walk(cell.tree) if isinstance(node, ast.Name)} - set(cell.names.bound)
        if used := sorted(_OF_IPYTHON & (read | set(cell.names.read)) - stored(cell.tree)):
            raise self._refusal(cell, f"it uses {used[0]}, which is IPython's own")
        if name := calls_of(cell.tree, _EXECUTING):
            raise self._refusal(cell, f"it calls {name}(), and nobody can tell which names that makes")
        if self._flat:
            return
        if name := calls_of(cell.tree, _LOOKING):
            opaque = name != "vars" or cell.names.opaque
            if opaque:
                raise self._refusal(cell, f"it calls {name}(), which may look at any name", flat=True)
        if names := global_statements(cell.tree):
            raise self._refusal(cell, f"a function in it changes the global {min(names)}", flat=True)
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                told = f"`from {node.module} import *` makes names that can't be told"
                raise self._refusal(cell, told, node.lineno, flat=True)

    def _refusal(
        self, cell: Cell, reason: str, line: int | None = None, *, flat: bool = False
    ) -> NotebookError:
        hint = "; --flat writes all cells as one function, which allows it" if flat else ""
        where = f", line {line}" if line else ""
        return NotebookError(self._path, f"cell {cell.position}{where}: {reason}{hint}")

    # The top of the module

    def _arguments(self) -> list[Argument]:
        cell = next((cell for cell in self._cells if cell.is_parameters), None)
        if cell is None:
            return []
        body = cell.tree.body
        known = self._hoisted
        found: dict[str, Argument] = {}
        taken: list[ast.stmt] = []
        for statement in body:
            pair = _assignment(statement)
            if pair is None or pair[0] not in self._declared or not stands_alone(cell.code, statement, body):
                continue
            name, annotation, value = pair
            needed = set(names_in(ast.unparse(value)).read) | (
                set(names_in(ast.unparse(annotation)).read) if annotation is not None else set()
            )
            if needed - BUILTINS - known:
                continue  # worked out from others: it is a result of the cell
            kind = ast.unparse(annotation) if annotation is not None else _type_of(value)
            mutable = not isinstance(value, (ast.Constant, ast.UnaryOp, ast.Name, ast.Attribute))
            help_text = " ".join(str(self._declared[name].help).split())
            found[name] = Argument(name, kind, ast.unparse(value), mutable, help_text)
            taken.append(statement)
        cell.code = remove_statements(cell.code, taken)
        cell.code = cell.code if ast.parse(cell.code).body else ""
        self._renew(cell)
        return list(found.values())

    def _hoist_imports(self) -> None:
        bindings = self._bindings()
        for cell in self._cells:
            taken: list[ast.stmt] = []
            body = cell.tree.body
            for statement in body:
                if _is_for_types(statement) and stands_alone(cell.code, statement, body):
                    self._definitions.append(text_of(cell.code, statement))
                    self._hoisted |= set(names_in(ast.unparse(statement)).bound)
                    taken.append(statement)
                if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                    continue
                is_star = isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*"
                text = ast.unparse(statement)
                alone = stands_alone(cell.code, statement, body)
                if not alone or any(bindings[name] != {text} for name in _imported(statement)):
                    continue
                self._stars = self._stars or is_star
                self._imports[f"{text}  # noqa: F403" if is_star else text] = None
                self._hoisted |= set(_imported(statement))
                taken.append(statement)
            cell.code = remove_statements(cell.code, taken)
            self._renew(cell)
            if _PATHS.search(cell.code):
                break  # what is imported below may depend on it

    def _bindings(self) -> dict[str, set[str]]:
        """Return the statements that bind each name at the top level of cells."""
        found: dict[str, set[str]] = {}
        for cell in self._cells:
            for statement in cell.tree.body:
                text = ast.unparse(statement)
                for name in {**names_in(text).bound, **dict.fromkeys(deleted([statement]))}:
                    found.setdefault(name, set()).add(text)
        return found

    def _hoist_definitions(self, parameters: set[str]) -> None:
        """Move functions and classes to the top that need nothing but what is there already."""
        bindings = self._bindings()
        again = True
        while again:
            again = False
            for cell in self._cells:
                body = cell.tree.body
                for statement in body:
                    if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                        continue
                    name = statement.name
                    needed = (set(names_in(ast.unparse(statement)).read) | annotated_with(statement)) - {name}
                    alone = stands_alone(cell.code, statement, body) and len(bindings.get(name, ())) == 1
                    if not alone or name in parameters or needed - self._hoisted - self._modules() - BUILTINS:
                        continue
                    if global_statements(statement) or self._binds_in(cell, name) > 1:
                        continue
                    self._definitions.append(text_of(cell.code, statement))
                    self._hoisted.add(name)
                    cell.code = remove_statements(cell.code, [statement])
                    self._renew(cell)
                    again = True
                    break

    def _modules(self) -> set[str]:
        return {
            text.rpartition(" ")[2].partition(".")[0] for text in self._imports if text.startswith("import ")
        }

    def _binds_in(self, cell: Cell, name: str) -> int:
        return sum(name in names_in(ast.unparse(statement)).bound for statement in cell.tree.body)

    # The steps

    def _steps(self, parameters: Sequence[str]) -> tuple[list[Step], list[str]]:
        top = self._hoisted | self._modules()
        available: dict[str, None] = dict.fromkeys(parameters)
        results: dict[str, None] = {}
        taking: list[list[str]] = []
        below = [set(cell.names.bound) for cell in self._cells]
        for number, cell in enumerate(self._cells):
            later: set[str] = set().union(*below[number + 1 :])
            sure = surely_bound(cell.tree.body)
            needed = dict(cell.names.read)
            needed |= dict.fromkeys(sorted(annotated_with(cell.tree) - set(cell.names.bound)))
            needed |= {name: None for name in cell.names.bound if name not in sure and name in available}
            late = taken_late(cell.tree)
            self._check_names(cell, needed, {*available, *top}, later, late)
            taking.append([name for name in needed if name in available])
            available |= dict.fromkeys(cell.names.bound)
            results |= {
                name: None
                for name in (*cell.names.constants, *cell.names.made)
                if not name.startswith("_") and name in cell.names.bound
            }
            for name in deleted(cell.tree.body):
                if name not in cell.names.bound:
                    available.pop(name, None)
        left = [name for name in results if name in available]
        return self._with_gifts(taking, left, parameters), left

    def _check_names(
        self, cell: Cell, needed: dict[str, None], known: set[str], later: set[str], late: set[str]
    ) -> None:
        for name in needed:
            if name in known or name == "display" or (name in BUILTINS and name not in later):
                continue
            if name in late and name in cell.names.bound:
                continue  # it is there when the function is called
            if self._flat and (self._stars or (name in late and name in later)):
                continue
            if name in late and name in later:
                told = f"a function in it uses {name}, which only a cell below defines"
                raise self._refusal(cell, told, flat=True)
            told = "is defined only below" if name in later else "no cell above defines"
            reason = (
                f"it uses {name}, which {told}" if name not in later else f"it uses {name}, which {told} it"
            )
            raise self._refusal(cell, f"{reason}; the notebook can't run from top to bottom")
        if self._flat:
            return
        if rebound := sorted(late & later & (known | set(cell.names.bound)) - self._hoisted):
            told = f"a function in it uses {rebound[0]}, which a cell below defines anew"
            raise self._refusal(cell, told, flat=True)

    def _with_gifts(self, taking: list[list[str]], left: list[str], parameters: Sequence[str]) -> list[Step]:
        taken = {"run", "Results", "main", *parameters, *self._hoisted, *self._modules()}
        taken |= {name for cell in self._cells for name in cell.names.bound}
        steps: list[Step] = []
        earlier: set[str] = set(parameters)
        for number, cell in enumerate(self._cells):
            wanted = {name for takes in taking[number + 1 :] for name in takes} | set(left)
            gives = [name for name in cell.names.bound if name in wanted]
            sure = surely_bound(cell.tree.body)
            unset = [name for name in gives if name not in sure and name not in taking[number]]
            name = _step_name(cell, taken)
            taken.add(name)
            steps.append(Step(name, cell.position, cell.title, cell.code, taking[number], gives, unset))
            earlier |= set(gives)
        return steps


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr | None, ast.expr] | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return statement.target.id, statement.annotation, statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id, None, statement.value
    return None


def _is_for_types(statement: ast.stmt) -> bool:
    """Whether it is an `if TYPE_CHECKING:` with nothing but imports, which annotations need at the top."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    is_asked = ast.unparse(statement.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    return is_asked and all(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in statement.body)


def _imported(statement: ast.Import | ast.ImportFrom) -> list[str]:
    names = [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    return [name for name in names if name != "*"]


def _type_of(value: ast.expr) -> str:
    try:
        constant = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError):
        return "Any"
    kinds = {bool: "bool", int: "int", float: "float", str: "str", list: "list[Any]", dict: "dict[str, Any]"}
    return kinds.get(type(constant), "Any")


def _heading(markdown: str) -> str:
    found = ""
    for line in markdown.splitlines():
        if match := re.match(r"#{1,6}\s+(.+?)\s*#*\Z", line):
            found = match[1]
    return found


def _step_name(cell: Cell, taken: set[str]) -> str:
    words = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", lambda match: match[1] or " ", cell.title)
    words = unicodedata.normalize("NFKC", words).casefold()
    base = re.sub(r"\W+", "_", words).strip("_")[:40].strip("_")
    if not base.isidentifier() or keyword.iskeyword(base) or keyword.issoftkeyword(base) or base in BUILTINS:
        base = f"step_{base}" if f"step_{base}".isidentifier() and base else f"cell_{cell.position}"
    name, number = base, 2
    while name in taken:
        name = f"{base}_{number}"
        number += 1
    return name
