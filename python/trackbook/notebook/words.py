"""How a magic line is read: words, with quotes and brackets kept together, and options with their values."""

import ast
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from trackbook.errors import UsageError

Arity = Literal["none", "one", "many"]

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PREFIX = re.compile(r"(?:^|[=(\[{,:\s])(?:[rbuf]|rb|br|fr|rf)\Z", re.IGNORECASE)
_SPACED_OPERATOR = re.compile(r"\s+(?:\*\*|//|<<|>>|[<>=!]=|[-+*/%@&|^<>])\s+")
_SPACED_EQUALS = re.compile(r"\s*(?<![=!<>:])=(?!=)\s*")


@dataclass(slots=True)
class Words:
    """A line taken apart: what stands by itself, and the values of each option that was given."""

    plain: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)

    def has(self, option: str) -> bool:
        """Tell whether an option was given."""
        return option in self.options

    def one(self, option: str) -> str | None:
        """Return the value of an option that takes one, None if it was not given."""
        values = self.options.get(option)
        return values[0] if values else None

    def many(self, option: str) -> list[str]:
        """Return the values of an option that takes several."""
        return self.options.get(option, [])


def read_words(line: str, options: Mapping[str, Arity]) -> Words:
    """Take a line apart. `options` maps names such as `--name` to how many values they take.

    Raises UsageError for an unknown option, one without its value, and quotes or brackets that are not closed.
    """
    words = Words()
    waiting: str | None = None
    for word in split_words(line):
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if word.startswith("--"):
            waiting = _open_option(words, name, options)
            if equals and waiting is None:
                raise UsageError(f"{name} takes no value.")
            if not equals:
                continue
            word = value
        if waiting is None:
            words.plain.append(word)
            continue
        words.options[waiting].append(word)
        if options[waiting] == "one":
            waiting = None
    for name, values in words.options.items():
        if not values and options[name] != "none":
            raise UsageError(f"{name} needs a value.")
    return words


def split_words(line: str) -> list[str]:
    """Split at white space outside quotes and brackets; `a = b + 1` is one word.

    Raises UsageError for quotes or brackets that are not closed.
    """
    words: list[str] = []
    word = ""
    position = 0
    line = line.strip()
    while position < len(line):
        char = line[position]
        if char in "'\"" and _opens_quote(word):
            end = _end_of_quote(line, position)
        elif char in _CLOSING:
            end = _end_of_bracket(line, position)
        elif match := _SPACED_EQUALS.match(line, position):
            word += "="
            position = match.end()
            continue
        elif match := _SPACED_OPERATOR.match(line, position):
            end = match.end()
        elif char.isspace():
            if word:
                words.append(word)
            word = ""
            position += 1
            continue
        else:
            end = position + 1
        word += line[position:end]
        position = end
    return [*words, word] if word else words


def split_assignment(word: str) -> tuple[str, str] | None:
    """Return key and value of `key=value`; None for a word without an assignment."""
    if match := re.match(r"""\s*("[^"]*"|'[^']*'|[^=!<>'"()\[\]]+)=(?!=)(.*)\Z""", word, re.DOTALL):
        return unquote(match[1].strip()), match[2].strip()
    return None


def unquote(text: str) -> str:
    """Return the text inside a pair of quotes; anything else as it is."""
    if len(text) >= 2 and text[0] in "'\"" and text[-1] == text[0]:
        try:
            value = ast.literal_eval(text)
        except (SyntaxError, ValueError):
            return text[1:-1]
        return value if isinstance(value, str) else text
    return text


def did_you_mean(name: str, candidates: Iterable[str], shown: str = "{}") -> str:
    """Return ` Did you mean ...?` with the nearest candidate, or nothing."""
    near = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f" Did you mean {shown.format(near[0])}?" if near else ""


def _open_option(words: Words, name: str, options: Mapping[str, Arity]) -> str | None:
    if name not in options:
        known = f" It takes {', '.join(options)}." if options else " It takes none."
        raise UsageError(f"There is no option {name} here.{did_you_mean(name, options) or known}")
    words.options.setdefault(name, [])
    return None if options[name] == "none" else name


def _opens_quote(word: str) -> bool:
    # The apostrophe of "it's" opens nothing; the prefix of f"..." does not close the word.
    return not (word and (word[-1].isalnum() or word[-1] == "_")) or bool(_PREFIX.search(word))


def _end_of_quote(line: str, start: int) -> int:
    quote = line[start]
    position = start + 1
    while position < len(line):
        if line[position] == "\\":
            position += 1
        elif line[position] == quote:
            return position + 1
        position += 1
    raise UsageError(f"A quote is not closed in {line[start:]!r}.")


def _end_of_bracket(line: str, start: int) -> int:
    closing = _CLOSING[line[start]]
    position = start + 1
    while position < len(line):
        char = line[position]
        if char == closing:
            return position + 1
        if char in "'\"" and _opens_quote(line[start:position]):
            position = _end_of_quote(line, position)
        elif char in _CLOSING:
            position = _end_of_bracket(line, position)
        else:
            position += 1
    raise UsageError(f"A bracket is not closed in {line[start:]!r}.")
