"""What the words of a magic line stand for: variables, expressions, text."""

import ast
import keyword
from collections.abc import Callable, Mapping
from typing import Any

from IPython.utils.text import EvalFormatter

from trackbook.errors import UsageError
from trackbook.notebook.words import did_you_mean, split_assignment, unquote

# What stands among the user's names and is none of them.
_OF_IPYTHON = frozenset(("In", "Out", "exit", "quit", "open", "get_ipython"))


class Namespace:
    """The names that a line can see: those of the function it stands in, if any, and the notebook's."""

    def __init__(self, user: dict[str, Any], local: Mapping[str, Any] | None = None) -> None:
        # One dict, and not a chain of two: a comprehension sees only an expression's globals.
        self._names = user if local is None or local is user else {**user, **local}

    def _visible(self) -> list[str]:
        return [known for known in self._names if not known.startswith("_") and known not in _OF_IPYTHON]

    def variable(self, name: str) -> Any:
        """Return a variable's value; raises UsageError, with a near name, if there is none."""
        if name not in self._names:
            visible = self._visible()
            raise UsageError(f"There is no variable {name!r}.{did_you_mean(name, visible)}")
        return self._names[name]

    def has(self, name: str) -> bool:
        """Tell whether there is a variable of this name."""
        return name in self._names

    def visible(self) -> list[str]:
        """Return the names of all variables that the user made."""
        return [known for known in self._names if not known.startswith("_")]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; raises UsageError when it has none."""
        try:
            code = compile(expression.strip(), "<%track>", "eval")
        except (SyntaxError, ValueError):
            raise UsageError(
                f"{expression!r} can't be read as Python. Text goes in quotes, an expression with spaces in brackets."
            ) from None
        try:
            return eval(code, self._names)
        except NameError as error:
            name = error.name or expression
            visible = self._visible()
            near = did_you_mean(name, visible)
            raise UsageError(f"There is no variable {name!r}.{near} Text goes in quotes.") from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the user's expression may raise anything
            raise UsageError(f"{expression} has no value: {type(error).__name__}: {error}") from None

    def word(self, word: str, text: bool) -> tuple[str, Any]:
        """Return the name and value that `word` stands for: `key=expression`, or a variable or expression.

        With `text` a bare word behind the `=` that is no variable is itself, as text.
        """
        if (pair := split_assignment(word)) is not None:
            key, expression = pair
            if not expression:
                raise UsageError(f"{key}= has no value behind it.")
            if text and _is_bare(expression) and expression not in self._names:
                return key, expression
            return key, self._in_context(key, expression)
        if word.isidentifier() and not keyword.iskeyword(word):
            return word, self.variable(word)
        if _is_literal(word):
            raise UsageError(f"{word} is a value without a name: write NAME={word}, such as acc={word}")
        return word, self.evaluate(word)

    def values(self, words: list[str], text: bool) -> dict[str, Any]:
        """Return what several words stand for."""
        return dict(self.word(word, text) for word in words)

    def fill(self, text: str) -> str:
        """Return `text` without its quotes and with `{expression}` filled in, as IPython does in its magics."""
        unquoted = unquote(text)
        if "{" not in unquoted:
            return unquoted
        try:
            return EvalFormatter().vformat(unquoted, (), dict(self._names))
        except Exception:  # braces that are no expression are text
            return unquoted

    def _in_context(self, key: str, expression: str) -> Any:
        try:
            return self.evaluate(expression)
        except UsageError as error:
            raise UsageError(f"{key}: {error}") from None


def tags_of(words: list[str], fill: Callable[[str], str]) -> dict[str, str]:
    """Return tags from words such as `team=vision` and `baseline`, which has an empty value."""
    tags: dict[str, str] = {}
    for word in words:
        key, value = split_assignment(word) or (unquote(word), "")
        tags[key] = fill(value)
    return tags


def shorten(value: object, limit: int = 60) -> str:
    """Return a value as one short line: numbers with six digits, text in quotes."""
    try:
        shape = getattr(value, "shape", None)
        if shape == () and hasattr(type(value), "item"):  # of numpy and its like, as it is stored
            value = value.item()  # type: ignore[attr-defined]
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(shape, tuple) and (
            len(shape) > 1 or (shape and shape[0] > 8)
        ):  # many lines, or a long one
            return f"{type(value).__name__} {' × '.join(map(str, shape))}"
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def list_values(values: Mapping[str, object], limit: int = 8) -> str:
    """Return values as `lr 0.1, depth 3`, the first of them if there are many."""
    shown = [f"{key} {shorten(value)}" for key, value in list(values.items())[:limit]]
    more = len(values) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _is_literal(word: str) -> bool:
    try:
        return not isinstance(ast.literal_eval(word), dict)  # a dict names its values itself
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False


def _is_bare(expression: str) -> bool:
    constants = ("True", "False", "None")
    return expression.isidentifier() and expression not in constants and not keyword.iskeyword(expression)
