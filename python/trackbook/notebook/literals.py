"""Values become source here and nowhere else. Whatever the value, the text is one literal and never more.

What JSON has no type for is a call of its class with one literal: `_trackbook_decimal.Decimal('0.10')`.
The modules of these classes are imported by `Modules.imports`, under names that the notebook does not use.
"""

import keyword
import math
from collections.abc import Iterable, Mapping
from typing import Any

from trackbook.domain.formats import Format
from trackbook.domain.valuecheck import ValueRefused, take_value
from trackbook.domain.valuetype import Kind, ValueType
from trackbook.errors import ParameterError

_DEEPEST = 50
_LONGEST_DECIMAL = 10_000  # bits; Python refuses to write or read much longer integers in decimal
_CLASSES: dict[Format, tuple[str, str]] = {
    "date": ("datetime", "date.fromisoformat"),
    "date-time": ("datetime", "datetime.fromisoformat"),
    "time": ("datetime", "time.fromisoformat"),
    "duration": ("datetime", "timedelta"),
    "decimal": ("decimal", "Decimal"),
    "path": ("pathlib", "Path"),
}
_PATHS = frozenset(("Path", "PurePath", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"))


class Modules:
    """The modules that written values need, each under a name that is none of `taken`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = frozenset(taken)
        self._names: dict[str, str] = {}

    def name(self, module: str) -> str:
        """Return the name that a module has where the values are."""
        name = f"_trackbook_{module}"
        while name in self._taken:
            name += "_"
        return self._names.setdefault(module, name)

    @property
    def imports(self) -> list[str]:
        """The lines that import them."""
        return [f"import {module} as {name}" for module, name in sorted(self._names.items())]


def assignment(name: str, value: Any, kind: Kind | None = None, modules: Modules | None = None) -> str:
    """Return one line of Python that gives `name` the `value`, which is one of `kind` as JSON has it.

    Without a `kind` it is the JSON value itself. Raises ParameterError if `name` is no identifier, or `value` no JSON
    value (None, bool, int, float, text, list, dict with text keys), or none of its kind.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ParameterError(name, "it is no Python name")
    return f"{name} = {literal(name, value, kind, modules)}"


def literal(name: str, value: Any, kind: Kind | None = None, modules: Modules | None = None) -> str:
    """Return `value` as Python source on one line; `name` is for errors, which are those of `assignment`."""
    return _Writer(name, modules or Modules()).write(value, kind or _ANY, 0)


_ANY = ValueType()


class _Writer:
    def __init__(self, name: str, modules: Modules) -> None:
        self._name, self._modules = name, modules

    def write(self, value: Any, kind: Kind, depth: int) -> str:
        if depth > _DEEPEST:
            raise ParameterError(self._name, f"its value is nested deeper than {_DEEPEST} levels")
        if value is None or value is True or value is False:
            return repr(value)
        if kind.format == "enum":
            return self._member(value, kind)
        if kind.format in _CLASSES:
            return self._call(value, kind)
        # Subclasses (numpy's float64, an enum) may write themselves in their own way: the base type writes them here.
        if isinstance(value, str):
            return str.__repr__(value)
        if isinstance(value, int):
            return int.__repr__(value) if value.bit_length() < _LONGEST_DECIMAL else hex(value)
        if isinstance(value, float):
            return _write_float(value)
        if isinstance(value, (list, tuple)):
            return self._list(value, kind, depth)
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            part = kind.items or _ANY
            pairs = (
                f"{str.__repr__(key)}: {self.write(item, part, depth + 1)}" for key, item in value.items()
            )
            return f"{{{', '.join(pairs)}}}"
        raise ParameterError(self._name, f"{type(value).__name__} is no JSON value")

    def _list(self, value: Any, kind: Kind, depth: int) -> str:
        places = kind.positions if kind.positions is not None and len(kind.positions) == len(value) else None
        kinds = places or [kind.items or _ANY] * len(value)
        items = [self.write(item, part, depth + 1) for part, item in zip(kinds, value, strict=True)]
        inside = ", ".join(items)
        if kind.format == "tuple":
            return f"({inside},)" if len(items) == 1 else f"({inside})"
        if kind.format == "set":
            return f"{{{inside}}}" if items else "set()"
        if kind.format == "frozenset":
            return f"frozenset([{inside}])"
        return f"[{inside}]"

    def _member(self, value: Any, kind: Kind) -> str:
        name, enum = str(value), kind.class_name or ""
        if not isinstance(value, str) or not all(map(_is_name, enum.split("."))):
            raise ParameterError(self._name, "the name of its enum is no Python name")
        if kind.choices is not None and name not in kind.choices:
            raise ParameterError(self._name, f"{enum} has no member {name!r}")
        # By subscription a member is found whatever its name: `Color.name` would be something else.
        return f"{enum}[{str.__repr__(name)}]"

    def _call(self, value: Any, kind: Kind) -> str:
        try:
            plain = take_value(ValueType(type=kind.type, format=kind.format), value)
        except ValueRefused as error:
            raise ParameterError(self._name, error.reason) from None
        assert kind.format is not None
        module, call = _CLASSES[kind.format]
        if kind.format == "path" and kind.class_name in _PATHS:
            call = kind.class_name
        argument = _write_float(plain) if kind.format == "duration" else str.__repr__(plain)
        argument = f"seconds={argument}" if kind.format == "duration" else argument
        return f"{self._modules.name(module)}.{call}({argument})"


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _write_float(value: float) -> str:
    return float.__repr__(value) if math.isfinite(value) else f'float("{float.__repr__(value)}")'
