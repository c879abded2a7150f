"""What names mean in a notebook as far as its parameters need it: imports, enums, names of types. Nothing is run."""

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.notebook.constants import NO_CONSTANT, evaluate
from trackbook.notebook.dataflow import plain_python

_ENUMS = frozenset(("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"))


class EnumMembers(NamedTuple):
    """The members of an enum in their order, with their values; None where a value can't be told without running."""

    members: dict[str, Any]


class Definitions:
    """What the code above a place defines; a later definition of a name takes the place of an earlier one."""

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self._imports: dict[str, str] = {}
        self._classes: dict[str, ast.ClassDef] = {}
        self._assigned: dict[str, ast.expr] = {}
        for source in sources:
            for statement in _statements(source):
                self._define(statement)
        # Names of enums made by a call, which are no parameters though they are assigned.
        self.type_names = frozenset(
            name for name, value in self._assigned.items() if self._read_functional(value) is not None
        )

    def qualified(self, node: ast.expr) -> str:
        """Return the dotted name of an expression, with what its first part was imported from; "" if it is none."""
        name = dotted_name(node)
        first, dot, rest = name.partition(".")
        return f"{self._imports.get(first, first)}{dot}{rest}"

    def last_name(self, node: ast.expr) -> str:
        """Return the last part of the qualified name; "" for a class of the notebook's own, whatever it is called."""
        if isinstance(node, ast.Name) and node.id in self._classes:
            return ""
        return self.qualified(node).rpartition(".")[2]

    def alias(self, node: ast.expr) -> ast.expr | None:
        """Return the expression that a name was assigned, as in `Rate = Annotated[float, Gt(0)]`."""
        return self._assigned.get(node.id) if isinstance(node, ast.Name) else None

    def enum(self, node: ast.expr) -> EnumMembers | None:
        """Return the members of the enum that an expression names; None if it names none that can be read."""
        if isinstance(node, ast.Name):
            if (found := self._classes.get(node.id)) is not None:
                return self._read_class(found)
            if (value := self._assigned.get(node.id)) is not None:
                return self._read_functional(value)
        module, _, name = self.qualified(node).rpartition(".")
        return _library_enum(module, name) if module else None

    def _define(self, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                name = alias.asname or alias.name
                if isinstance(statement, ast.Import):
                    self._imports[name.partition(".")[0]] = name if alias.asname is None else alias.name
                    if alias.asname is None:
                        self._imports[name.partition(".")[0]] = name.partition(".")[0]
                elif not statement.level and statement.module:
                    self._imports[name] = f"{statement.module}.{alias.name}"
                self._classes.pop(name, None)
        elif isinstance(statement, ast.ClassDef):
            self._classes[statement.name] = statement
            self._imports.pop(statement.name, None)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    self._assigned[target.id] = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if statement.value is not None and "TypeAlias" in ast.unparse(statement.annotation):
                self._assigned[statement.target.id] = statement.value
        elif sys.version_info >= (3, 12) and isinstance(statement, ast.TypeAlias):
            self._assigned[statement.name.id] = statement.value

    def _read_class(self, node: ast.ClassDef, depth: int = 0) -> EnumMembers | None:
        # The standard library's own modules write some of theirs as @_simple_enum(StrEnum).
        simple = [call.args[0] for call in node.decorator_list if isinstance(call, ast.Call) and call.args]
        bases = [*node.bases, *(base for base in simple if self.last_name(base) in _ENUMS)]
        if depth > 10 or not any(self._is_enum_base(base, depth) for base in bases):
            return None
        kinds = {self.last_name(base) for base in bases}
        return EnumMembers(dict(_read_members(node, kinds)))

    def _is_enum_base(self, base: ast.expr, depth: int) -> bool:
        if isinstance(base, ast.Name) and base.id in self._classes:
            return self._read_class(self._classes[base.id], depth + 1) is not None
        return self.last_name(base) in _ENUMS

    def _read_functional(self, node: ast.expr) -> EnumMembers | None:
        # Color = Enum("Color", "RED GREEN")
        if not isinstance(node, ast.Call) or self.last_name(node.func) not in _ENUMS or len(node.args) != 2:
            return None
        names = evaluate(node.args[1])
        if isinstance(names, str):
            names = names.replace(",", " ").split()
        if isinstance(names, dict):
            return EnumMembers(names)
        if not isinstance(names, list):
            return None
        if all(isinstance(name, str) for name in names):
            return EnumMembers(dict.fromkeys(names))
        pairs = [
            pair for pair in names if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        ]
        return EnumMembers(dict(pairs)) if len(pairs) == len(names) else None


def dotted_name(node: ast.expr) -> str:
    """Return `a.b.c` for an expression that is a dotted name; "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _statements(source: str) -> Iterator[ast.stmt]:
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in tree.body:
        yield statement
        # try: from enum import StrEnum; except ImportError: ...
        for part in ("body", "orelse", "handlers") if isinstance(statement, (ast.Try, ast.If)) else ():
            for inner in getattr(statement, part, []):
                yield from (
                    getattr(inner, "body", [inner]) if isinstance(inner, ast.excepthandler) else [inner]
                )


def _read_members(node: ast.ClassDef, kinds: set[str]) -> Iterator[tuple[str, Any]]:
    last: Any = 0
    for statement in node.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            if not isinstance(target, ast.Name) or target.id.startswith("_"):
                continue
            value = evaluate(statement.value)
            if value is NO_CONSTANT:
                value = None
                if isinstance(statement.value, ast.Call) and dotted_name(statement.value.func).endswith(
                    "auto"
                ):
                    value = _auto(target.id, last, kinds)
            last = value
            yield target.id, value


def _auto(name: str, last: Any, kinds: set[str]) -> Any:
    if "StrEnum" in kinds:
        return name.lower()
    if kinds & {"Flag", "IntFlag"}:
        return None
    # What an enum of the notebook's own inherits may number its members otherwise.
    return last + 1 if type(last) is int and "" not in kinds else None


@lru_cache(maxsize=64)
def _library_enum(module: str, name: str) -> EnumMembers | None:
    # The standard library is read as text, too; other packages are not looked for: they would be another environment's.
    if module.partition(".")[0] not in sys.stdlib_module_names:
        return None
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            return None
        path, rest = Path(spec.origin), module.split(".")[1:]
        for part in rest:
            folder = path.parent / part
            path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        definitions = Definitions([path.read_text(encoding="utf-8")])
    except (OSError, ValueError, ImportError):
        return None
    return definitions.enum(ast.Name(name))
