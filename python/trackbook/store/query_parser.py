"""From a search's text to what it asks: names become fields, values of the same kind are put together."""

import difflib
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, cast, get_args

import regex
from lark import Token, Tree

from trackbook.domain.clock import to_microseconds
from trackbook.domain.query import (
    ATTRIBUTES,
    SYNONYMS,
    And,
    Arithmetic,
    Attribute,
    Comparator,
    Comparison,
    Condition,
    Data,
    Field,
    Kind,
    Match,
    Matcher,
    Membership,
    Metric,
    MetricValue,
    Moment,
    Negative,
    Not,
    Number,
    Operand,
    Or,
    Order,
    Param,
    Presence,
    Query,
    Sign,
    Tag,
    Text,
    Words,
    kind_of,
)
from trackbook.errors import QueryError
from trackbook.store.query_syntax import Node, read_column, read_ordering, read_query, span

_PREFIXES: Final = {
    "metrics": "metrics",
    "metric": "metrics",
    "params": "params",
    "param": "params",
    "parameters": "params",
    "parameter": "params",
    "tags": "tags",
    "tag": "tags",
    "data": "data",
    "attributes": "attributes",
    "attribute": "attributes",
    "attr": "attributes",
    "run": "attributes",
}
_SPELLINGS: Final = {"==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!="}
_NAME = re.compile(
    r"""(?P<head>\w+)(?:\.(?:(?P<plain>\w+(?:\.\w+)*)|`(?P<back>(?:[^`]|``)+)`|"(?P<double>(?:[^"]|"")+)"))?"""
    r"""(?P<context>\{[^{}]*\})?\Z"""
)
_COUNT = re.compile(r"\{(?:\d*,)?(\d+)")
_MOST_REPEATS = 50_000
_KIND_NAMES: Final[dict[Kind, str]] = {
    "number": "a number",
    "text": "text",
    "time": "a time",
    "any": "a value",
}


@lru_cache(maxsize=256)
def parse_query(text: str) -> Query:
    """Return what a search asks. Raises QueryError, which points at the character and says what to write."""
    condition, order = cast("list[Node | None]", read_query(text).children)
    reader = _Reader(text)
    return Query(
        None if condition is None else reader.condition(condition),
        () if order is None else reader.order(cast("Tree[Token]", order)),
    )


@lru_cache(maxsize=256)
def parse_order(text: str) -> tuple[Order, ...]:
    """Return the keys of a list such as `metrics.acc desc, started`. Raises QueryError like `parse_query`."""
    return _Reader(text).order(read_ordering(text)) if text.strip() else ()


@lru_cache(maxsize=1024)
def parse_column(text: str) -> Operand:
    """Return the value that a column shows, such as `params.lr` or `max(metrics.acc) - metrics.acc`.

    Raises QueryError like `parse_query`.
    """
    (value,) = read_column(text).children
    operand = _Reader(text).operand(value)
    if isinstance(operand, (Number, Text)):
        raise _Reader(text).error(value, "A column shows a field, such as metrics.acc or started")
    return operand


class _Reader:
    """Gives the parts of one search their meaning."""

    def __init__(self, text: str) -> None:
        self.text = text

    # Conditions

    def condition(self, node: Node) -> Condition:
        if isinstance(node, Tree):
            match node.data:
                case "any":
                    return Or(tuple(self.condition(child) for child in node.children))
                case "all":
                    return And(tuple(self.condition(child) for child in node.children))
                case "not":
                    return Not(self.condition(node.children[0]))
                case "comparison":
                    return self.comparison(node)
                case "membership":
                    return self.membership(node)
                case "match":
                    return self.match(node)
                case "presence":
                    return self.presence(node)
        return self.words(node)

    def words(self, node: Node) -> Condition:
        """A value where a condition should stand is text to search for, unless it names a field."""
        if isinstance(node, Token) and node.type == "STRING":
            return Words(_unquote(node))
        if isinstance(node, Token) and node.type == "HASH":
            return Comparison(Attribute("number"), "=", Number(float(node[1:])))
        start, end = span(node)
        written = self.text[start:end]
        # A word such as data.csv is looked for.
        if any(self.is_prefixed(leaf) and not leaf.lower().startswith("data.") for leaf in _leaves(node)):
            raise self.error(
                node, f"{written} needs a comparison, such as {written} > 0.9 or {written} is not null"
            )
        if re.search(r"[\s`'\"]", written):
            raise self.error(node, f"{written} is no comparison; put text to search for into quotes")
        return Words(written)

    def comparison(self, node: Tree[Token]) -> Condition:
        parts: list[Condition] = []
        for place in range(0, len(node.children) - 2, 2):
            left, sign, right = node.children[place : place + 3]
            spelling = _SPELLINGS.get(str(sign), str(sign))
            first, second = self.operand(left), self.operand(right, is_value=True)
            first, second = self.same_kind(first, second, left, right)
            parts.append(Comparison(first, cast(Comparator, spelling), second))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def membership(self, node: Tree[Token]) -> Condition:
        first, sign, *others = node.children
        operand = self.operand(first)
        choices = []
        for other in others:
            choice = self.operand(other, is_value=True)
            if isinstance(choice, (*get_args(Field), Arithmetic, Negative)):
                raise self.error(other, "A list holds numbers or texts in quotes")
            choices.append(self.same_kind(operand, choice, first, other)[1])
        return Membership(operand, tuple(choices), str(sign).lower().startswith("not"))

    def match(self, node: Tree[Token]) -> Condition:
        first, sign, second = node.children
        operand = self.operand(first)
        words = str(sign).lower().replace("!", "not ").split()
        matcher, negated = words[-1], words[0] == "not"
        if not isinstance(operand, get_args(Field)) or kind_of(operand) not in ("text", "any"):
            raise self.error(
                first, f"{self.written(first)} is {_KIND_NAMES[kind_of(operand)]}; {matcher} is for text"
            )
        if not isinstance(second, Token) or second.type != "STRING":
            raise self.error(second, f"Text goes in quotes: {matcher} '{self.written(second)}'")
        pattern, position = _unquote(second), span(second)[0]
        if matcher == "~":
            self.check_pattern(pattern, position)
        return Match(cast(Field, operand), cast(Matcher, matcher), pattern, negated, position)

    def presence(self, node: Tree[Token]) -> Condition:
        first, sign = node.children
        operand = self.operand(first)
        words = str(sign).lower().split()
        if words[-1] != "nan":
            return Presence(operand, "null", "not" in words)
        if not isinstance(operand, (Metric, Param)):
            raise self.error(first, "Only metrics and parameters can be NaN")
        return Presence(operand, "nan", "not" in words)

    def order(self, node: Tree[Token]) -> tuple[Order, ...]:
        keys = []
        for key in node.children:
            value, direction = cast("Tree[Token]", key).children
            operand = self.operand(value)
            if isinstance(operand, (Number, Text)):
                raise self.error(value, "Runs are sorted by a field, such as metrics.acc or started")
            keys.append(Order(operand, str(direction or "").lower().startswith("desc")))
        return tuple(keys)

    # Values

    def operand(self, node: Node, is_value: bool = False) -> Operand:
        """Return a value. `is_value`: it stands where plain text without its quotes is the likely mistake."""
        if isinstance(node, Token):
            match node.type:
                case "NUMBER":
                    return Number(float(node))
                case "STRING":
                    return Text(_unquote(node))
                case "HASH":
                    return Number(float(node[1:]))
            return self.name(node, is_value)
        match node.data:
            case "arithmetic":
                left, sign, right = node.children
                self.check_missing_back_quotes(node)
                return Arithmetic(cast(Sign, str(sign)), self.number(left), self.number(right))
            case "negative":
                operand = self.number(node.children[1])
                return Number(-operand.value) if isinstance(operand, Number) else Negative(operand)
            case "summary":
                return self.summary(node)
        raise self.error(node, "A value should stand here, not a condition")

    def summary(self, node: Tree[Token]) -> Operand:
        function, name, *_ = cast("list[Token]", node.children)
        metric = self.name(name, False)
        if not isinstance(metric, Metric):  # as in min(metrics.`a{b}`)
            raise self.error(name, f"{str(function).strip()} is for metrics")
        return Metric(metric.name, cast(MetricValue, function.split("(")[0].lower()))

    def number(self, node: Node) -> Operand:
        operand = self.operand(node)
        if kind_of(operand) not in ("number", "any"):
            raise self.error(
                node,
                f"{self.written(node)} is {_KIND_NAMES[kind_of(operand)]}; only numbers can be reckoned with",
            )
        return operand

    def name(self, token: Token, is_value: bool) -> Operand:
        found = _NAME.match(token)
        if found is None:
            raise self.error(
                token, f"{str(token)!r} is no name of a field; a context stands behind a metric only"
            )
        head, context = found["head"], found["context"] or ""
        key = (
            found["plain"]
            or (found["back"] or "").replace("``", "`")
            or (found["double"] or "").replace('""', '"')
        )
        prefix = _PREFIXES.get(head.lower()) if key else None
        if context and prefix != "metrics":
            raise self.error(token, "Only metrics have a context in braces, as in metrics.loss{subset=val}")
        match prefix:
            case "metrics":
                return Metric(key + context)
            case "params":
                return Param(key)
            case "tags":
                return Tag(key)
            case "data":
                return Data(key)
            case "attributes":
                return self.attribute(token, key, False)
        if f"{head}.{key}".lower() in ATTRIBUTES:
            return Attribute(f"{head}.{key}".lower())
        if key:
            raise self.error(token, self.unknown_prefix(head, str(token), is_value))
        return self.attribute(token, head, is_value)

    def attribute(self, token: Token, name: str, is_value: bool) -> Operand:
        lowered = name.lower()
        lowered = SYNONYMS.get(lowered, lowered)
        if lowered in ATTRIBUTES:
            return Attribute(lowered)
        if is_value and lowered in ("true", "false"):
            return Text(lowered)
        raise self.error(token, _unknown_attribute(name, is_value))

    def unknown_prefix(self, head: str, written: str, is_value: bool) -> str:
        close = difflib.get_close_matches(head.lower(), _PREFIXES, 1)
        if close:
            return (
                f"There is nothing under {head!r}. Did you mean {_PREFIXES[close[0]]}{written[len(head) :]}?"
            )
        if is_value:
            return f"Text goes in quotes: '{written}'"
        return f"There is nothing under {head!r}; fields begin with metrics., params. or tags."

    def same_kind(
        self, left: Operand, right: Operand, left_node: Node, right_node: Node
    ) -> tuple[Operand, Operand]:
        """Return both sides ready to be compared. Raises QueryError where they can't be."""
        kinds = kind_of(left), kind_of(right)
        if "time" in kinds:
            return self.moment(left, left_node), self.moment(right, right_node)
        if "any" in kinds or kinds[0] == kinds[1]:
            # Status names in capitals are what other trackers write.
            if left == Attribute("status") and isinstance(right, Text):
                right = Text(right.value.lower())
            return left, right
        for one, one_node, other_node in ((left, left_node, right_node), (right, right_node, left_node)):
            if isinstance(one, (Number, Text)):
                said, wanted = self.written(one_node), self.written(other_node)
                if isinstance(one, Text):
                    raise self.error(
                        one_node, f"{wanted} is a number; write the value as one, without quotes"
                    )
                raise self.error(one_node, f"{wanted} is text; write the value in quotes: '{said}'")
        names = _KIND_NAMES[kinds[0]], _KIND_NAMES[kinds[1]]
        raise self.error(
            right_node,
            f"{self.written(left_node)} is {names[0]} and {self.written(right_node)} is {names[1]}",
        )

    def moment(self, operand: Operand, node: Node) -> Operand:
        """Return a time: text as ISO 8601 (UTC unless it says otherwise), a number as milliseconds since the epoch."""
        if kind_of(operand) == "time":
            return operand
        if isinstance(operand, Text):
            try:
                moment = datetime.fromisoformat(operand.value.strip())
            except ValueError:
                hint = "write it as '2026-11-21' or '2026-11-21 10:30' (UTC) or '2026-11-21T10:30+01:00'"
                raise self.error(node, f"{self.written(node)} is no time; {hint}") from None
            return Moment(to_microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
        if isinstance(operand, Number) and abs(operand.value) < 1e15:
            return Moment(math.floor(operand.value * 1000))
        raise self.error(node, f"{self.written(node)} can't be compared with a time")

    # Errors

    def check_pattern(self, pattern: str, position: int) -> None:
        try:
            # Counts within counts are multiplied when the pattern is compiled, which nothing can end.
            if math.prod(float(count) for count in _COUNT.findall(pattern)) > _MOST_REPEATS:
                raise OverflowError
            regex.compile(pattern)
        except regex.error as error:
            place: int = getattr(error, "pos", None) or 0
            reason = f"The regular expression can't be read: {getattr(error, 'msg', error)}"
            raise QueryError(self.text, position + 1 + place, reason) from None
        except (OverflowError, RecursionError):
            raise QueryError(self.text, position, "The regular expression is too large") from None

    def check_missing_back_quotes(self, node: Tree[Token]) -> None:
        """`metrics.train/loss` reads as a division; where the rest is no field it was meant as one key."""
        start, end = span(node)
        written = self.text[start:end]
        leaves = list(_leaves(node))
        if (
            not re.search(r"[\s()]", written)
            and self.is_prefixed(leaves[0])
            and any(leaf.type == "NAME" and not self.is_field(leaf) for leaf in leaves[1:])
        ):
            head, _, key = written.partition(".")
            raise self.error(node, f"A key with other signs than letters goes in back quotes: {head}.`{key}`")

    def is_prefixed(self, token: Token) -> bool:
        """Whether a token names a field with a prefix."""
        head, dot, _ = token.partition(".")
        return token.type == "NAME" and bool(dot) and head.lower() in _PREFIXES

    def is_field(self, token: Token) -> bool:
        lowered = token.lower()
        return self.is_prefixed(token) or SYNONYMS.get(lowered, lowered) in ATTRIBUTES

    def written(self, node: Node) -> str:
        start, end = span(node)
        return self.text[start:end]

    def error(self, node: Node, reason: str) -> QueryError:
        start, end = span(node)
        return QueryError(self.text, start, reason, end)


def _leaves(node: Node) -> Iterator[Token]:
    if isinstance(node, Token):
        yield node
    else:
        for child in node.children:
            yield from _leaves(child)


def _unquote(token: Token) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote)


def _unknown_attribute(name: str, is_value: bool) -> str:
    lowered = name.lower()
    if is_value and lowered in ("null", "none", "nan"):
        return f"Ask with `is {lowered}` or `is not {lowered}`"
    close = difflib.get_close_matches(lowered, [*ATTRIBUTES, *SYNONYMS], 1)
    if is_value:
        return f"Text goes in quotes: '{name}'"
    if close:
        return f"There is no attribute {name!r}. Did you mean {SYNONYMS.get(close[0], close[0])}?"
    return f"There is no attribute {name!r}. Did you mean metrics.{name}, params.{name} or tags.{name}?"
