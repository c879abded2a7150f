"""Annotations of parameters, read as source: what type they mean, and which values they allow."""

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from trackbook.domain.formats import Format
from trackbook.domain.valuetype import ParameterType, ValueType
from trackbook.notebook.constants import NO_CONSTANT, evaluate
from trackbook.notebook.constraints import BOUNDS, LENGTHS, call_rules, metadata_rules
from trackbook.notebook.defaults import PATHS, enum_type, path_type
from trackbook.notebook.definitions import Definitions, dotted_name

_DEEPEST = 20


class Annotation(NamedTuple):
    """What an annotation says. `kind` is None where it says nothing that is known here."""

    kind: ValueType | None = None
    optional: bool = False
    help: str = ""


def _plain(name: ParameterType, kind: Format | None = None, **rules: Any) -> ValueType:
    return ValueType(type=name, format=kind, **rules)


_TYPES: dict[str, ValueType] = {
    "int": _plain("int"),
    "float": _plain("float"),
    "bool": _plain("bool"),
    "str": _plain("str"),
    **dict.fromkeys(
        ("list", "List", "Sequence", "MutableSequence", "Iterable", "Collection"), _plain("list")
    ),
    **dict.fromkeys(("tuple", "Tuple"), _plain("list", "tuple")),
    **dict.fromkeys(("set", "Set", "MutableSet", "AbstractSet"), _plain("list", "set")),
    **dict.fromkeys(("frozenset", "FrozenSet"), _plain("list", "frozenset")),
    **dict.fromkeys(("dict", "Dict", "Mapping", "MutableMapping"), _plain("dict")),
    **dict.fromkeys(("Any", "object"), _plain("any")),
    "date": _plain("str", "date"),
    "datetime": _plain("str", "date-time"),
    "time": _plain("str", "time"),
    "timedelta": _plain("float", "duration"),
    "Decimal": _plain("str", "decimal"),
    **{name: path_type(name) for name in PATHS},
    # pydantic
    **dict.fromkeys(("FilePath", "DirectoryPath", "NewPath"), path_type("Path")),
    **dict.fromkeys(("SecretStr", "SecretBytes"), _plain("str", "secret")),
    "StrictInt": _plain("int"),
    "StrictFloat": _plain("float"),
    "StrictBool": _plain("bool"),
    "StrictStr": _plain("str"),
    "PositiveInt": _plain("int", exclusive_minimum=0),
    "NegativeInt": _plain("int", exclusive_maximum=0),
    "NonNegativeInt": _plain("int", minimum=0),
    "NonPositiveInt": _plain("int", maximum=0),
    "PositiveFloat": _plain("float", exclusive_minimum=0),
    "NegativeFloat": _plain("float", exclusive_maximum=0),
    "NonNegativeFloat": _plain("float", minimum=0),
    "NonPositiveFloat": _plain("float", maximum=0),
    "PastDate": _plain("str", "date"),
    "FutureDate": _plain("str", "date"),
}
_CONSTRAINED = {
    "conint": _TYPES["int"],
    "confloat": _TYPES["float"],
    "constr": _TYPES["str"],
    "condecimal": _TYPES["Decimal"],
    "condate": _TYPES["date"],
    "conlist": _TYPES["list"],
    "conset": _TYPES["set"],
    "confrozenset": _TYPES["frozenset"],
}
_SEQUENCES = frozenset(("list", "set", "frozenset", "tuple"))


def read_annotation(node: ast.expr, definitions: Definitions | None = None) -> Annotation:
    """Return what an annotation means: `int | None`, `list[str]`, `Literal["a", "b"]`, `Annotated[int, Ge(1)]` ..."""
    try:
        return _Reader(definitions or Definitions()).read(node, 0)
    except RecursionError:
        return Annotation()


class _Reader:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def read(self, node: ast.expr, depth: int) -> Annotation:
        if depth > _DEEPEST:
            return Annotation()
        depth += 1
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.read(ast.parse(node.value.strip(), mode="eval").body, depth)
            except (SyntaxError, ValueError, MemoryError):
                return Annotation()
        if isinstance(node, ast.Constant) and node.value is None:
            return Annotation(optional=True)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return _union([self.read(node.left, depth), self.read(node.right, depth)])
        if isinstance(node, ast.Subscript):
            return self._subscript(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return self._name(node, depth)

    def _name(self, node: ast.expr, depth: int) -> Annotation:
        if dotted_name(node) and (found := self._definitions.enum(node)) is not None:
            return Annotation(enum_type(node, found.members)) if found.members else Annotation()
        if (alias := self._definitions.alias(node)) is not None:
            return self.read(alias, depth)
        return Annotation(_TYPES.get(self._definitions.last_name(node)))

    def _subscript(self, node: ast.Subscript, depth: int) -> Annotation:
        name = self._definitions.last_name(node.value)
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Literal":
            return _literal(arguments)
        if name == "Union":
            return _union([self.read(argument, depth) for argument in arguments])
        if name == "Optional":
            return _union([self.read(node.slice, depth), Annotation(optional=True)])
        if name in ("Final", "ClassVar", "Required") and arguments:
            return self.read(arguments[0], depth)
        if name == "Annotated" and arguments:
            return self._annotated(arguments, depth)
        declared = _TYPES.get(name)
        return Annotation(self._filled(declared, arguments, depth)) if declared is not None else Annotation()

    def _annotated(self, arguments: list[ast.expr], depth: int) -> Annotation:
        kind, optional, told = self.read(arguments[0], depth)
        rules, about = metadata_rules(arguments[1:], self._definitions)
        return Annotation(_ruled(kind, rules), optional, about or told)

    def _filled(self, kind: ValueType, arguments: list[ast.expr], depth: int) -> ValueType | None:
        """list[int], dict[str, float], tuple[int, str], tuple[int, ...]"""
        if kind.type == "dict":
            if len(arguments) != 2:
                return kind
            keys = self.read(arguments[0], depth).kind
            if keys is not None and (keys.type not in ("str", "any") or keys.format is not None):
                return None  # JSON's keys are texts: {1: 2} can't be given
            return replace(kind, items=self._item(arguments[1], depth))
        if kind.type != "list" or not arguments:
            return kind
        if kind.format == "tuple":
            if len(arguments) == 2 and isinstance(arguments[1], ast.Constant) and arguments[1].value is ...:
                return replace(kind, items=self._item(arguments[0], depth))
            return replace(kind, positions=[self._item(part, depth) or ValueType() for part in arguments])
        return replace(kind, items=self._item(arguments[0], depth))

    def _item(self, node: ast.expr, depth: int) -> ValueType | None:
        kind, optional, _ = self.read(node, depth)
        if kind is None:
            return None
        return replace(kind, optional=True) if optional else kind

    def _call(self, node: ast.Call, depth: int) -> Annotation:
        """conint(ge=1), constr(pattern="..."), conlist(int, min_length=1)"""
        kind = _CONSTRAINED.get(self._definitions.last_name(node.func))
        if kind is None:
            return Annotation()
        if kind.type == "list":
            inner = [*node.args, *(word.value for word in node.keywords if word.arg == "item_type")]
            if inner:
                kind = replace(kind, items=self._item(inner[0], depth))
        rules, about = call_rules(node, self._definitions)
        return Annotation(_ruled(kind, rules), help=about)


def _ruled(kind: ValueType | None, rules: Mapping[str, Any]) -> ValueType | None:
    if kind is None or not rules:
        return kind
    wanted = dict(rules)
    if kind.type not in ("int", "float") and kind.format not in ("date", "date-time", "time", "decimal"):
        wanted = {name: rule for name, rule in wanted.items() if name not in BOUNDS}
    if kind.type not in ("str", "list", "dict"):
        wanted = {name: rule for name, rule in wanted.items() if name not in LENGTHS}
    if kind.format in (None, "duration") and any(isinstance(wanted.get(name), str) for name in BOUNDS):
        wanted = {
            name: rule for name, rule in wanted.items() if not isinstance(rule, str) or name == "pattern"
        }
    return replace(kind, **wanted)


def _union(members: list[Annotation]) -> Annotation:
    optional = any(member.optional for member in members)
    told = next((member.help for member in members if member.help), "")
    kinds = [member.kind for member in members if member.kind is not None]
    if len(kinds) < len([member for member in members if member != Annotation(optional=True)]) or not kinds:
        return Annotation(
            ValueType() if optional and not kinds and len(members) < 2 else None, optional, told
        )
    if all(kind == kinds[0] for kind in kinds):
        return Annotation(kinds[0], optional, told)
    types = {(kind.type, kind.format) for kind in kinds}
    if len(types) == 1 and all(kind.choices is not None and kind.format is None for kind in kinds):
        choices = [choice for kind in kinds for choice in kind.choices or ()]
        return Annotation(ValueType(type=kinds[0].type, choices=choices), optional, told)
    if types == {("int", None), ("float", None)}:
        return Annotation(ValueType(type="float"), optional, told)
    if types <= {("str", None), ("str", "path")}:
        return Annotation(ValueType(type="str"), optional, told)  # str | Path: a text does for both
    return Annotation(ValueType(), optional, told)


def _literal(arguments: list[ast.expr]) -> Annotation:
    values = [evaluate(argument) for argument in arguments]
    if NO_CONSTANT in values:
        return Annotation()
    choices = [value for value in values if value is not None]
    names = {type(choice).__name__ for choice in choices}
    kind = _TYPES.get(names.pop(), ValueType()) if len(names) == 1 else ValueType()
    return Annotation(replace(kind, choices=choices) if choices else None, None in values)
