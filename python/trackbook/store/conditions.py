"""Which runs a search's condition holds for, worked out column by column.

A comparison with a missing value is false. Text is looked at once for each distinct one, and of costly questions only
where the answer can still matter.
"""

import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from trackbook.domain.query import (
    And,
    Attribute,
    Comparator,
    Comparison,
    Condition,
    Match,
    Membership,
    Not,
    Operand,
    Or,
    Presence,
    Text,
    Words,
    kind_of,
)
from trackbook.errors import QueryError
from trackbook.store import fields
from trackbook.store.column_cache import Columns
from trackbook.store.columns import Floats
from trackbook.store.searched_columns import Texts
from trackbook.store.text_matching import REGEX_SECONDS, Test, TimeLimit, TooSlow, contains, like, matches
from trackbook.store.values import is_nan, is_there, is_usable, number_of, texts_of
from trackbook.store.vocabulary import Mask

_RELATIONS: Final[dict[Comparator, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Conditions:
    """Works out conditions of one search over columns of one revision."""

    def __init__(self, columns: Columns, text: str) -> None:
        self._columns, self._text = columns, text
        self._limit = TimeLimit()

    def holds(self, node: Condition, among: Mask) -> Mask:
        """Return for which of `among` the runs a condition holds; what it says of others means nothing.

        Raises QueryError for regular expressions that take too long.
        """
        columns = self._columns
        match node:
            case And(parts):
                for part in sorted(parts, key=_cost):
                    among = among & self.holds(part, among)
                return among
            case Or(parts):
                found = np.zeros_like(among)
                for part in sorted(parts, key=_cost):
                    found |= among & self.holds(part, among & ~found)
                return found
            case Not(part):
                return ~self.holds(part, among)
            case Comparison(left, comparator, right):
                return self._compare(left, comparator, right, among)
            case Membership(operand, choices, negated):
                found = self._is_one_of(operand, choices, among)
                return is_usable(columns, operand) & ~found if negated else found
            case Match(operand, _, _, negated):
                found = self._match(node, among)
                return _any_text(texts_of(columns, operand), among) & ~found if negated else found
            case Presence(operand, "null", negated):
                there = np.broadcast_to(is_there(columns, operand), among.shape)
                return there if negated else ~there
            case Presence(operand, _, negated):
                return is_usable(columns, operand) if negated else is_nan(columns, operand)
            case Words(text):
                return self._words(text, among)

    # Comparing

    def _compare(self, left: Operand, comparator: Comparator, right: Operand, among: Mask) -> Mask:
        kinds = {kind_of(left), kind_of(right)}
        if kinds == {"any"}:
            return self._compare_params(left, comparator, right, among)
        if "text" in kinds:
            return self._compare_texts(left, comparator, right, among)
        columns = self._columns
        numbers = number_of(columns, left), number_of(columns, right)
        found = _relate(numbers[0], comparator, numbers[1])
        if comparator == "!=" and "any" in kinds:
            # A parameter that is text differs from every number.
            param, other = (left, numbers[1]) if kind_of(left) == "any" else (right, numbers[0])
            (words,) = texts_of(columns, param, with_numbers=False)
            found = found | ((words.codes >= 0) & ~np.isnan(other))
        return np.broadcast_to(found, among.shape)

    def _compare_params(self, left: Operand, comparator: Comparator, right: Operand, among: Mask) -> Mask:
        columns = self._columns
        if comparator == "!=":
            same = self._compare_params(left, "=", right, among)
            return is_usable(columns, left) & is_usable(columns, right) & ~same
        numbers = _relate(number_of(columns, left), comparator, number_of(columns, right))
        words = [texts_of(columns, operand, with_numbers=False) for operand in (left, right)]
        return numbers | _relate_texts(words[0], words[1], comparator, among)

    def _compare_texts(self, left: Operand, comparator: Comparator, right: Operand, among: Mask) -> Mask:
        if isinstance(left, Text):
            if isinstance(right, Text):
                return np.full(among.shape, _RELATIONS[comparator](left.value, right.value))
            return self._compare_texts(right, _TURNED[comparator], left, among)
        found = texts_of(self._columns, left)
        if not isinstance(right, Text):
            return _relate_texts(found, texts_of(self._columns, right), comparator, among)
        value, relation = right.value, _RELATIONS[comparator]
        if comparator == "=":
            return _has_text(found, value, among)
        if comparator == "!=":
            return _any_text(found, among) & ~_has_text(found, value, among)
        return _ask(
            found, (comparator, value), lambda texts: [relation(text, value) for text in texts], among
        )

    def _is_one_of(self, operand: Operand, choices: tuple[Operand, ...], among: Mask) -> Mask:
        found = np.zeros_like(among)
        texts = texts_of(self._columns, operand)
        numbers = number_of(self._columns, operand)
        for choice in choices:
            if isinstance(choice, Text):
                found |= _has_text(texts, choice.value, among)
            else:
                found |= numbers == number_of(self._columns, choice)
        return found

    # Matching

    def _match(self, node: Match, among: Mask) -> Mask:
        texts = texts_of(self._columns, node.operand)
        question = node.matcher, node.pattern
        match node.matcher:
            case "contains":
                return _ask(texts, question, contains(node.pattern), among, folded=True)
            case "like":
                return _ask(texts, question, like(node.pattern), among)
            case "ilike":
                return _ask(texts, question, like(node.pattern.casefold()), among, folded=True)
            case "~":
                try:
                    return _ask(texts, question, matches(node.pattern, self._limit), among)
                except TooSlow:
                    reason = (
                        f"The regular expression took longer than {REGEX_SECONDS:g} seconds; make it simpler"
                    )
                    raise QueryError(self._text, node.position, reason) from None

    def _words(self, text: str, among: Mask) -> Mask:
        columns = self._columns
        question, test = ("contains", text), contains(text)
        found = np.zeros_like(among)
        for name in ("experiment", "name", "notes"):
            texts = texts_of(columns, Attribute(name))
            found |= among & _ask(texts, question, test, among & ~found, folded=True)
        tags = columns[fields.Tags()]
        for part in (tags.keys, tags.values):
            everywhere = np.ones(len(part.codes), np.bool_)
            found[tags.serials[_ask([part], question, test, everywhere, folded=True)]] = True
        serial = columns.table.serials.get(text, -1)
        if 0 <= serial < columns.table.count:
            found[serial] = True
        return found


_TURNED: Final[dict[Comparator, Comparator]] = {
    "=": "=",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}


def _cost(node: Condition) -> int:
    """Return how much a condition costs, roughly: the cheap ones are worked out first."""
    match node:
        case And(parts) | Or(parts):
            return max(_cost(part) for part in parts)
        case Not(part):
            return _cost(part)
        case Words():
            return 2
        case Match(_, matcher):
            return 3 if matcher == "~" else 1
        case _:
            return 0


def _relate(left: Floats, comparator: Comparator, right: Floats) -> Mask:
    found: Mask = np.asarray(_RELATIONS[comparator](left, right))
    # NaN differs from everything, here it is missing.
    return found & ~(np.isnan(left) | np.isnan(right)) if comparator == "!=" else found


def _relate_texts(left: list[Texts], right: list[Texts], comparator: Comparator, among: Mask) -> Mask:
    """Compare texts of two fields run by run."""
    found = np.zeros_like(among)
    relation = _RELATIONS[comparator]
    for one in left:
        for other in right:
            both = np.flatnonzero(among & (one.codes >= 0) & (other.codes >= 0))
            pairs = zip(
                one.vocabulary.decode(one.codes[both]),
                other.vocabulary.decode(other.codes[both]),
                strict=True,
            )
            found[both] |= np.fromiter((relation(*pair) for pair in pairs), np.bool_, len(both))
    return found


def _has_text(fields_texts: list[Texts], value: str, among: Mask) -> Mask:
    found = np.zeros_like(among)
    for texts in fields_texts:
        code = texts.vocabulary.code(value)
        if code is not None:
            found |= texts.codes == code
    return found


def _any_text(fields_texts: list[Texts], among: Mask) -> Mask:
    found = np.zeros_like(among)
    for texts in fields_texts:
        found |= texts.codes >= 0
    return found


def _ask(
    fields_texts: list[Texts], question: tuple[str, str], test: Test, among: Mask, folded: bool = False
) -> Mask:
    """Put a question about texts to those of `among`."""
    found = np.zeros_like(among)
    for texts in fields_texts:
        asked = among & (texts.codes >= 0)
        found[asked] = texts.vocabulary.answer(question, test, texts.codes[asked], folded) | found[asked]
    return found
