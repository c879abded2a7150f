"""What a value may be: its type in JSON, its format in Python, its bounds; for parameters and for what lists hold."""

from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.formats import Format

ParameterType = Literal["int", "float", "bool", "str", "list", "dict", "none", "any"]


class ValueRules(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of values beside their type.

    A date, a path or a decimal is a text, a duration a number of seconds, a member of an enum its name (`choices` are
    all names, `members` their values where these are known), a set or a tuple a list. `items` is the type of a list's
    items or a dict's values, `positions` the types of a tuple's places. Bounds of dates and decimals are texts.
    `class_name` is what the notebook calls an enum or the class of a path.
    """

    format: Format | None = None
    class_name: str | None = None
    members: dict[str, Any] | None = None
    items: "ValueType | None" = None
    positions: "list[ValueType] | None" = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    exclusive_minimum: int | float | str | None = None
    exclusive_maximum: int | float | str | None = None
    multiple_of: int | float | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None


class ValueType(ValueRules, frozen=True, omit_defaults=True):
    """What an item may be. `optional` allows None beside `type`."""

    type: ParameterType = "any"
    optional: bool = False
    choices: list[Any] | None = None


class Parameter(ValueRules, frozen=True, omit_defaults=False):
    """One parameter: its name, and what its values may be. `default` is None where the source is no literal ("any").

    `help` is "" without a comment. `optional` allows None beside `type`. `line` counts the lines of the
    parameters cell from 1.
    """

    name: str
    type: ParameterType
    default: Any
    help: str
    choices: list[Any] | None = None
    optional: bool = False
    line: int = 1


Kind = ValueType | Parameter
