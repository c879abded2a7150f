"""The grammar of searches: text to syntax tree. What its names mean is no concern here."""

from functools import cache
from typing import Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from trackbook.errors import QueryError

Node = Tree[Token] | Token

MAX_LENGTH: Final = 10_000
# SQLite refuses expressions deeper than 1,000, and Python's own stack ends sooner.
MAX_DEPTH: Final = 50
MAX_NODES: Final = 1_000

# Keywords are told from names by where they stand: `contains` is a word to search for until a value precedes it.
_GRAMMAR = r"""
query: [any] [order]
order: _ORDER_BY key ("," key)*
ordering: _ORDER_BY? key ("," key)*
key: sum [DIRECTION]
column: sum

?any: all (_OR all)*
?all: negation (_AND? negation)*
?negation: _NOT negation -> not
    | predicate
?predicate: sum
    | sum (COMPARATOR sum)+ -> comparison
    | sum MEMBERSHIP "(" sum ("," sum)* ","? ")" -> membership
    | sum MATCHER sum -> match
    | sum PRESENCE -> presence

?sum: product
    | sum (PLUS | MINUS) product -> arithmetic
?product: value
    | product (STAR | SLASH) value -> arithmetic
?value: MINUS value -> negative
    | NAME
    | NUMBER
    | STRING
    | HASH
    | FUNCTION NAME ")" -> summary
    | "(" any ")"

_ORDER_BY.3: /order\s+by\b/i
_AND.2: /and\b|&&/i
_OR.2: /or\b|\|\|/i
_NOT.2: /not\b/i
DIRECTION.2: /(?:asc|desc)(?:ending)?\b/i
MEMBERSHIP.3: /(?:not\s+)?in\b/i
MATCHER.3: /(?:not\s+)?(?:like|ilike|contains)\b|!?~/i
PRESENCE.3: /is\s+(?:not\s+)?(?:null|none|nan)\b/i
COMPARATOR: /==|=|!=|<>|<=|>=|<|>|≤|≥|≠/
NUMBER.2: /(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:e[+-]?[0-9]+)?(?![\w.])/i
NAME: /\w+(?:\.\w+)*(?:\.(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"))?(?:\{[^{}]*\})?/
STRING: /'(?:[^']|'')*'|"(?:[^"]|"")*"/
HASH: /\#[0-9]+\b/
FUNCTION.4: /(?:last|min|max)\(\s*(?=metrics?\.)/i
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/"

%ignore /\s+/
"""

_VALUES = {"NAME", "NUMBER", "STRING"}


def read_query(text: str) -> Tree[Token]:
    """Return the tree of a whole search. Raises QueryError with the position of what can't be read."""
    return _read(text, "query")


def read_ordering(text: str) -> Tree[Token]:
    """Return the tree of keys to sort by. Raises QueryError with the position of what can't be read."""
    return _read(text, "ordering")


def read_column(text: str) -> Tree[Token]:
    """Return the tree of a value, such as a table shows. Raises QueryError with the position of what can't be read."""
    return _read(text, "column")


def span(node: Node) -> tuple[int, int]:
    """Return where a node stands in the text: its first character, and the one behind its last."""
    if isinstance(node, Token):
        return node.start_pos or 0, node.end_pos or 0
    return node.meta.start_pos, node.meta.end_pos


@cache
def _parser() -> Lark:
    return Lark(
        _GRAMMAR,
        parser="lalr",
        start=["query", "ordering", "column"],
        propagate_positions=True,
        maybe_placeholders=True,
    )


def _read(text: str, start: str) -> Tree[Token]:
    _check_characters(text)
    try:
        tree = _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise QueryError(text, *_explain(text, error)) from None
    _check_size(text, tree)
    return tree


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"{text[:60]}…", 60, f"The search has {len(text):,} characters, at most {MAX_LENGTH:,} are read"
        )
    for position, character in enumerate(text):
        if "\ud800" <= character <= "\udfff":
            raise QueryError(text.encode(errors="replace").decode(), position, "This is no character")


def _check_size(text: str, tree: Tree[Token]) -> None:
    count = 0
    waiting: list[tuple[Tree[Token], int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        count += len(node.children)
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise QueryError(text, span(node)[0], "The search is too large; ask for less at once")
        waiting += [(child, depth + 1) for child in node.children if isinstance(child, Tree)]


def _explain(text: str, error: UnexpectedInput) -> tuple[int, str, int]:
    """Return the first character of what is wrong, why, and the character behind it."""
    if isinstance(error, UnexpectedToken):
        wanted = _wanted(error.accepts or error.expected)
        if error.token.type == "$END":
            length = len(text.rstrip())
            return length, f"The search ends too soon: {wanted}", length
        position = error.token.start_pos or 0
        end = error.token.end_pos or position + 1
        if error.token.type == "RPAR":
            return position, "There is no parenthesis to close here, or nothing in it", end
        return position, f"{str(error.token)!r} can't stand here: {wanted}", end
    position = error.pos_in_stream or 0  # type: ignore[redundant-expr]  # declared None, set to a number
    return position, _explain_character(text[position]), position + 1


def _explain_character(character: str) -> str:
    if character in "'\"":
        return "The text that begins here has no closing quote"
    if character == "`":
        return "Back quotes stand around a key, as in metrics.`train/loss`"
    if character == "{":
        return "Braces stand around a context, as in metrics.loss{subset=val}"
    return f"{character!r} can't stand here; put text that is meant as text into quotes"


def _wanted(expected: set[str]) -> str:
    if expected & _VALUES:
        return "a value should follow, such as metrics.acc or 0.9 or 'text'"
    if "LPAR" in expected:
        return "a list in parentheses should follow, such as ('a', 'b')"
    if "RPAR" in expected:
        return "a closing parenthesis is missing"
    return "`and`, `or` or `order by` could follow"
