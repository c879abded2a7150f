"""The search language as a tree: what a search asks, free of its text and of any database.

Rules of meaning, which whatever answers a tree must follow:

- A comparison with a missing value is false, `!=`, `not in`, `not like` and `is not nan` too; `not (...)` turns it to
  true. NaN counts as missing, unless the question is about NaN. A parameter that is None counts as missing.
- A parameter compares as a number with numbers and as text with text. Its text is its JSON value, so that
  `params.lr = '0.1'` finds the number 0.1.
- `like` (with % and _) and `~` tell capitals from small letters; `ilike`, `contains` and words alone don't.
- Order: missing values and NaN last, whatever the direction; numbers before text; then the newest run first.
"""

import re
from typing import Final, Literal

from msgspec import Struct

Kind = Literal["number", "text", "time", "any"]
Comparator = Literal["=", "!=", "<", "<=", ">", ">="]
Matcher = Literal["like", "ilike", "contains", "~"]
Sign = Literal["+", "-", "*", "/"]
MetricValue = Literal["last", "min", "max"]

ATTRIBUTES: Final[dict[str, Kind]] = {
    "id": "text",
    "number": "number",
    "name": "text",
    "experiment": "text",
    "status": "text",
    "started": "time",
    "ended": "time",
    "duration": "number",
    "active": "number",
    "notebook": "text",
    "kind": "text",
    "user": "text",
    "host": "text",
    "notes": "text",
    "parent": "text",
    "job": "text",
    "group": "text",
    "attempt": "number",
    "reproduction": "text",
    "forked_from": "text",
    "environment.python": "text",
    "environment.platform": "text",
    "git.commit": "text",
    "git.branch": "text",
    "git.dirty": "text",
}

# Names that other trackers use for the same.
SYNONYMS: Final = {
    "run_id": "id",
    "run_name": "name",
    "start_time": "started",
    "end_time": "ended",
    "user_id": "user",
    "experiment_name": "experiment",
}


_PLAIN_KEY = re.compile(r"\w+(?:\.\w+)*")


class Number(Struct, frozen=True):
    """A number written in the search."""

    value: float


class Text(Struct, frozen=True):
    """A text written in the search."""

    value: str


class Moment(Struct, frozen=True):
    """A time written in the search, in microseconds since the epoch."""

    value: int


class Attribute(Struct, frozen=True):
    """A field that every run has; `name` is one of ATTRIBUTES."""

    name: str


class Param(Struct, frozen=True):
    """The present value of a parameter."""

    key: str


class Metric(Struct, frozen=True):
    """The last value of a series, or its lowest or highest, by its one-line name: `loss`, `loss{subset=val}`."""

    name: str
    value: MetricValue = "last"


class Tag(Struct, frozen=True):
    """The value of a tag."""

    key: str


class Data(Struct, frozen=True):
    """The version (SHA-256) of some data that the run used, by its name or place; the last where it used several."""

    name: str


class Arithmetic(Struct, frozen=True):
    """Two numbers put together. What is divided by zero is missing."""

    sign: Sign
    left: "Operand"
    right: "Operand"


class Negative(Struct, frozen=True):
    """A number with its sign turned."""

    operand: "Operand"


Field = Attribute | Param | Metric | Tag | Data
Operand = Number | Text | Moment | Field | Arithmetic | Negative


class Comparison(Struct, frozen=True):
    """Two values compared; their kinds go together."""

    left: Operand
    comparator: Comparator
    right: Operand


class Membership(Struct, frozen=True):
    """Whether a value is one of some."""

    operand: Operand
    choices: tuple[Operand, ...]
    negated: bool = False


class Match(Struct, frozen=True):
    """Whether a text fits a pattern. `position` is where the pattern begins in the search."""

    operand: Field
    matcher: Matcher
    pattern: str
    negated: bool
    position: int


class Presence(Struct, frozen=True):
    """Whether a value is missing ("null") or not a number ("nan")."""

    operand: Operand
    test: Literal["null", "nan"]
    negated: bool = False


class Words(Struct, frozen=True):
    """Whether name, experiment, notes, a tag's key or a tag's value has this inside; or whether it is the run's id."""

    text: str


class And(Struct, frozen=True):
    """All of the parts hold."""

    parts: tuple["Condition", ...]


class Or(Struct, frozen=True):
    """One of the parts holds at least."""

    parts: tuple["Condition", ...]


class Not(Struct, frozen=True):
    """The part does not hold."""

    part: "Condition"


Condition = Comparison | Membership | Match | Presence | Words | And | Or | Not


class Order(Struct, frozen=True):
    """A key to sort by."""

    operand: Operand
    descending: bool = False


class Query(Struct, frozen=True):
    """A search: which runs (all without a condition), and in which order (the newest first without any)."""

    condition: Condition | None = None
    order: tuple[Order, ...] = ()


def kind_of(operand: Operand) -> Kind:
    """Return what kind of value an operand gives; "any" is a parameter, which may be a number or a text."""
    match operand:
        case Attribute(name):
            return ATTRIBUTES[name]
        case Param():
            return "any"
        case Text() | Tag() | Data():
            return "text"
        case Moment():
            return "time"
        case Number() | Metric() | Arithmetic() | Negative():
            return "number"


def written_field(prefix: str, key: str) -> str:
    """Return a field as a search names it, with back quotes around a key that needs them: metrics.`train/loss`."""
    plain = _PLAIN_KEY.fullmatch(key) is not None
    return f"{prefix}.{key}" if plain else f"{prefix}.`{key.replace('`', '``')}`"


def series_candidates(name: str) -> list[tuple[str, dict[str, str]]]:
    """Return the series (key and context) whose one-line name this can be: `loss{subset=val}` has two readings."""
    candidates: list[tuple[str, dict[str, str]]] = [(name, {})]
    key, brace, inside = name.partition("{")
    if brace and key and inside.endswith("}"):
        context: dict[str, str] = {}
        last = ""
        for piece in inside[:-1].split(","):
            label, equals, value = piece.partition("=")
            if equals and label:
                context[last := label] = value
            elif last:  # a comma within a value
                context[last] += f",{piece}"
        if context:
            candidates.append((key, context))
    return candidates
