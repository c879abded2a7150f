"""Defaults of parameters: the value that an expression has, as JSON carries it, and what kind of value it is.

Beside what `constants` knows it reads sets and tuples, members of enums, and calls such as `date(2026, 1, 31)`,
`Path("data") / "raw"`, `Decimal("0.10")`, `dict(x=1)` and `list((1, 2))`. Nothing is run that the notebook wrote.
"""

import ast
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import msgspec

from trackbook.domain.formats import Format
from trackbook.domain.valuecheck import ValueRefused, take_value
from trackbook.domain.valuetype import ParameterType, ValueType
from trackbook.notebook.constants import NO_CONSTANT, evaluate
from trackbook.notebook.definitions import Definitions, dotted_name

PATHS = frozenset(("Path", "PurePath", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"))
_MODULES = {
    "date": "datetime",
    "datetime": "datetime",
    "time": "datetime",
    "timedelta": "datetime",
    "Decimal": "decimal",
} | dict.fromkeys(PATHS, "pathlib")
_PLAIN: dict[type, ParameterType] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "list",
    dict: "dict",
    type(None): "none",
}


class Default(NamedTuple):
    """A value as JSON carries it, and what it is."""

    value: Any
    kind: ValueType


def read_default(node: ast.expr, definitions: Definitions) -> Default | None:
    """Return what an expression is worth; None if that can't be told before it runs."""
    try:
        return _Reader(definitions).read(node)
    except (_Computed, ArithmeticError, ValueError, TypeError, RecursionError):
        return None


class _Computed(Exception):
    pass


class _Reader:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def read(self, node: ast.expr) -> Default:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            kind: Format | None = (
                "tuple" if isinstance(node, ast.Tuple) else "set" if isinstance(node, ast.Set) else None
            )
            return _container(list(map(self.read, node.elts)), kind)
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if (member := self._member(node)) is not None:
            return member
        if isinstance(node, ast.Call) and (found := self._call(node)) is not None:
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            joined = self._joined_path(node)
            if joined is not None:
                return joined
        value = evaluate(node)
        if value is NO_CONSTANT:
            raise _Computed
        return Default(value, ValueType(type=_PLAIN[type(value)]))

    def _dict(self, node: ast.Dict) -> Default:
        names = [evaluate(key) if key is not None else None for key in node.keys]
        if not all(isinstance(name, str) for name in names):
            raise _Computed
        return _mapping([str(name) for name in names], list(map(self.read, node.values)))

    def _member(self, node: ast.expr) -> Default | None:
        """Color.RED, Color["RED"], Color("red")"""
        if isinstance(node, ast.Attribute):
            owner, given = node.value, node.attr
        elif isinstance(node, ast.Subscript):
            owner, given = node.value, evaluate(node.slice)
        elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            owner, given = node.func, None
        else:
            return None
        if not dotted_name(owner) or (found := self._definitions.enum(owner)) is None:
            return None
        kind = enum_type(owner, found.members)
        if given is None and isinstance(node, ast.Call):
            given = evaluate(node.args[0])
            if given is NO_CONSTANT:
                raise _Computed
            close = [name for name, value in found.members.items() if value is not None and value == given]
            given = close[0] if close else None
        if given not in found.members:
            raise _Computed
        return Default(given, kind)

    def _call(self, node: ast.Call) -> Default | None:
        name = self._constructor(node.func)
        if name in ("list", "tuple", "set", "frozenset"):
            return self._collection(node, name)
        if name == "dict":
            return self._dict_call(node)
        if name in PATHS:
            return self._path(node, name)
        if name in ("date", "datetime", "time", "timedelta", "Decimal"):
            return _scalar(name, self._arguments(node), self._keywords(node))
        if name.endswith(".fromisoformat") and len(node.args) == 1:
            kinds: dict[str, Any] = {"date": date, "datetime": datetime, "time": time}
            if (kind := kinds.get(name.partition(".")[0])) is not None:
                return _scalar_of(kind.fromisoformat(evaluate(node.args[0])))
        return None

    def _constructor(self, node: ast.expr) -> str:
        """The class that is called, without its module; "" for what is no class of those known here."""
        if isinstance(node, ast.Attribute) and node.attr == "fromisoformat":
            owner = self._constructor(node.value)
            return f"{owner}.fromisoformat" if owner else ""
        qualified, last = self._definitions.qualified(node), self._definitions.last_name(node)
        if last in ("list", "tuple", "set", "frozenset", "dict") and qualified == last:
            return last
        module = _MODULES.get(last)
        if module is None:
            return ""
        if qualified == f"{module}.{last}":
            return last
        # Without its import in sight the name alone has to do, but time() is more often another module's.
        return last if qualified == last and last != "time" else ""

    def _collection(self, node: ast.Call, name: str) -> Default:
        kind: Format | None = None if name == "list" else name  # type: ignore[assignment]  # one of three formats
        if not node.args and not node.keywords:
            return _container([], kind)
        if len(node.args) != 1 or node.keywords:
            raise _Computed
        argument = node.args[0]
        if not isinstance(argument, (ast.List, ast.Tuple, ast.Set)):
            raise _Computed
        return _container(list(map(self.read, argument.elts)), kind)

    def _dict_call(self, node: ast.Call) -> Default:
        names: list[str] = []
        values: list[Default] = []
        for argument in node.args:
            inner = self.read(argument)
            if inner.kind.type != "dict" or inner.kind.items is not None:
                raise _Computed
            names += inner.value
            values += [Default(value, ValueType(type=_PLAIN[type(value)])) for value in inner.value.values()]
        for keyword in node.keywords:
            if keyword.arg is None:
                raise _Computed
            names.append(keyword.arg)
            values.append(self.read(keyword.value))
        return _mapping(names, values)

    def _path(self, node: ast.Call, name: str) -> Default:
        parts = list(self._arguments(node))
        if node.keywords or not all(isinstance(part, str) for part in parts):
            raise _Computed
        return Default(str(PurePosixPath(*parts)) if len(parts) != 1 else parts[0], path_type(name))

    def _joined_path(self, node: ast.BinOp) -> Default | None:
        try:
            left, right = self.read(node.left), self.read(node.right)
        except _Computed:
            return None
        if left.kind.format == "path" and isinstance(right.value, str):
            return Default(str(PurePosixPath(left.value, right.value)), left.kind)
        return None

    def _arguments(self, node: ast.Call) -> Sequence[Any]:
        return [self._argument(argument) for argument in node.args]

    def _keywords(self, node: ast.Call) -> dict[str, Any]:
        if any(keyword.arg is None for keyword in node.keywords):
            raise _Computed
        return {str(keyword.arg): self._argument(keyword.value) for keyword in node.keywords}

    def _argument(self, node: ast.expr) -> Any:
        if self._definitions.qualified(node) in (
            "datetime.timezone.utc",
            "datetime.UTC",
            "timezone.utc",
            "UTC",
        ):
            return UTC
        if isinstance(node, ast.Call) and self._definitions.last_name(node.func) == "timezone":
            inner = self.read(node.args[0])
            if inner.kind.format == "duration":
                return timezone(timedelta(seconds=inner.value))
        value = evaluate(node)
        if value is NO_CONSTANT:
            raise _Computed
        return value


def enum_type(node: ast.expr, members: dict[str, Any]) -> ValueType:
    """Return what a member of an enum is; `node` names the enum in the notebook."""
    return ValueType(
        type="str", format="enum", class_name=dotted_name(node), choices=list(members), members=members
    )


def path_type(name: str) -> ValueType:
    """Return what a path of a class is."""
    return ValueType(type="str", format="path", class_name=name)


def _scalar(name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> Default:
    kinds: dict[str, Any] = {
        "date": date,
        "datetime": datetime,
        "time": time,
        "timedelta": timedelta,
        "Decimal": Decimal,
    }
    if name == "Decimal" and arguments and isinstance(arguments[0], float):
        raise _Computed  # Decimal(0.1) has 55 digits; whoever wrote that did not mean to show them
    return _scalar_of(kinds[name](*arguments, **keywords))


def _scalar_of(value: Any) -> Default:
    formats: dict[type, tuple[ParameterType, Format]] = {
        date: ("str", "date"),
        datetime: ("str", "date-time"),
        time: ("str", "time"),
        timedelta: ("float", "duration"),
        Decimal: ("str", "decimal"),
    }
    json_type, kind = formats[type(value)]
    declared = ValueType(type=json_type, format=kind)
    try:
        return Default(take_value(declared, value), declared)
    except ValueRefused:
        raise _Computed from None


def _container(items: list[Default], kind: Format | None) -> Default:
    values = [item.value for item in items]
    if kind == "tuple" and any(map(_is_special, items)):
        positions = [item.kind for item in items]
        return Default(values, ValueType(type="list", format="tuple", positions=positions))
    declared = ValueType(type="list", format=kind, items=_common(items))
    if kind in ("set", "frozenset"):
        try:
            values = take_value(declared, values)
        except ValueRefused:
            raise _Computed from None
    return Default(values, declared)


def _mapping(names: list[str], values: list[Default]) -> Default:
    plain = {name: value.value for name, value in zip(names, values, strict=True)}
    return Default(plain, ValueType(type="dict", items=_common(values)))


def _common(items: list[Default]) -> ValueType | None:
    """The one kind of all items, where JSON alone would not tell it; _Computed if items of several have to be told."""
    kinds = [item.kind for item in items]
    if kinds and all(kind == kinds[0] for kind in kinds) and kinds[0].format is not None:
        return kinds[0]
    if any(map(_is_special, items)):
        raise _Computed
    return None


def _is_special(item: Default) -> bool:
    # A tuple among other things may as well become a list; a date that became a text would be something else.
    inner = item.kind.items
    return item.kind.format not in (None, "tuple") or (
        inner is not None and inner.format not in (None, "tuple")
    )


def without_rules(kind: ValueType) -> ValueType:
    """Return a type without its bounds, for a default that breaks them: it is shown as it is."""
    return msgspec.structs.replace(
        kind,
        minimum=None,
        maximum=None,
        exclusive_minimum=None,
        exclusive_maximum=None,
        multiple_of=None,
        pattern=None,
        min_length=None,
        max_length=None,
        choices=kind.choices if kind.format == "enum" else None,
    )
