"""A cell's source as linting reads it: IPython's own lines taken out, and all other code where it stands.

Lines stay lines, and `column` gives back where something stood, so that what is found in the Python can be shown in
the cell.
"""

import ast
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

# Cell magics whose body is Python of this notebook.
_PYTHON_CELLS = frozenset(("time", "timeit", "prun", "capture", "track", "memit", "mprun", "lprun"))
# Cell magics whose body is something else, and that leave no names behind but those that they are told.
_FOREIGN_CELLS = frozenset(
    (
        "bash", "sh", "script", "html", "javascript", "js", "latex", "markdown", "svg", "writefile", "file", "perl",
        "ruby", "cmd", "system", "sx", "!", "python", "python2", "python3", "pypy", "mermaid", "tikz", "css",
        "configure", "logstart",
    )
)  # fmt: skip
_PYTHON_LINES = frozenset(("time", "timeit", "prun", "memit", "mprun", "lprun"))
_OPAQUE_LINES = frozenset(
    (
        "run", "pylab", "load", "loadpy", "macro", "rerun", "recall", "reset", "reset_selective", "R", "Rget", "Rpull",
        "px", "autopx", "sql", "bigquery", "spark", "cython",
    )
)  # fmt: skip
# What tells that there may be lines that are no Python; far faster than to look at each.
_SUSPECT = re.compile(r"^[ \t]*[%!?/,;]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<sign>%(?![\s=\d])|!!?)(?P<rest>.*)\Z")
_ASSIGNED = re.compile(
    r"(?P<before>[ \t]*[^=#]*[^=!<>:#%&|^*/+@-][ \t]*=[ \t]*)(?P<sign>%|!!?)(?P<rest>\w.*|\S.*)\Z"
)
_HELP = re.compile(r"[ \t]*(?:\?.*|[^'\"#]*\?)[ \t]*(?:#.*)?\Z")
_AUTOCALL = re.compile(r"[ \t]*[/,;][^\W\d]")
_OPTION = re.compile(r"(?:-[a-zA-Z]+(?:[ \t]*[\d.]+)?|--[\w-]+)[ \t]*")
_FILLED = re.compile(r"\{([^{}]*)\}|\$\{?([^\W\d]\w*)")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_OUTPUT = re.compile(r"--(?:out|err|proc)[ =]([^\W\d]\w*)")


# Threads that leave what catches warnings in another order than they entered it would leave all ignored.
_PARSING = threading.Lock()


class Magic(NamedTuple):
    """A magic or a shell command: its name ("!" for a shell), what stands behind it, and where it stands."""

    name: str
    words: str
    line: int
    column: int
    body: str = ""
    is_cell: bool = False


class Fault(NamedTuple):
    """Why a cell is no Python."""

    message: str
    line: int
    column: int


@dataclass(slots=True)
class Source:
    """What linting reads of a source.

    `tree` is None for what is no Python: because of its `fault`, or since its cell magic says so (`is_python`).
    `mentioned` are the names that magics and shell commands may take, `left` those that cell magics leave behind,
    `opaque` says on which line which magic may leave any. `is_local`: its assignments stay within (`%%timeit`).
    `python` are the lines that Python sees, and `shifts` say how much of a line's beginning is missing there.
    """

    lines: list[str]
    tree: ast.Module | None = None
    fault: Fault | None = None
    magics: list[Magic] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)
    left: dict[str, int] = field(default_factory=dict)
    opaque: list[tuple[int, str]] = field(default_factory=list)
    is_local: bool = False
    is_python: bool = True
    python: list[str] = field(default_factory=list)
    shifts: dict[int, int] = field(default_factory=dict)

    def column(self, line: int, offset: int) -> int:
        """Return the column, from 1 in characters, of what Python says stands at `offset` bytes of a line."""
        text = self.python[line - 1] if 0 < line <= len(self.python) else ""
        if not text.isascii():
            offset = len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))
        return offset + self.shifts.get(line, 0) + 1


@lru_cache(maxsize=1024)
def read_source(text: str) -> Source:
    """Return a cell's source as linting reads it; the answer is shared, and not to be changed."""
    source = Source(_lines_of(text))
    lines = _without_prefix(source)
    source.python = lines if _SUSPECT.search("\n".join(lines)) is None else _take_out(source, lines)
    if source.is_python:
        _parse(source, "\n".join(source.python))
    return source


def _without_prefix(source: Source) -> list[str]:
    """Return the lines without what IPython takes from their beginnings: the first one's indentation, or prompts."""
    first = next((line for line in source.lines if line.strip()), "")
    if first.startswith(">>> "):
        prefixes: tuple[str, ...] = (">>> ", "... ")
    elif first[:1] in (" ", "\t"):
        prefixes = (first[: len(first) - len(first.lstrip(" \t"))],)
    else:
        return source.lines
    lines = list(source.lines)
    for number, line in enumerate(lines):
        if line.startswith(prefixes):
            length = len(prefixes[0])
            source.shifts[number + 1] = length
            lines[number] = line[length:]
    return lines


def _lines_of(text: str) -> list[str]:
    # As Python counts lines; str.splitlines knows more ends than it.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _parse(source: Source, python: str) -> None:
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source.tree = ast.parse(python)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(source.lines))
        column = max(error.offset or 1, 1) + source.shifts.get(line, 0)
        source.fault = Fault(error.msg, line, min(column, len(source.lines[line - 1]) + 1))
    except ValueError as error:
        source.fault = Fault(str(error), 1, 1)
    except (RecursionError, MemoryError):
        source.fault = Fault("it is nested too deep", 1, 1)


def _take_out(source: Source, whole: list[str]) -> list[str]:
    """Return the lines' Python; what is taken out is noted."""
    lines = list(whole)
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.strip() and not line.startswith("%%"):
            break
        if line.strip():
            if not _take_cell_magic(source, lines, number):
                source.is_python = False
                return lines
            lines[number] = ""
        number += 1
    _take_lines(source, lines, number)
    return lines


def _take_cell_magic(source: Source, lines: list[str], at: int) -> bool:
    name, _, words = lines[at][2:].strip().partition(" ")
    body = "\n".join(lines[at + 1 :])
    source.magics.append(Magic(name or "!", words, at + 1, 1, body, is_cell=True))
    source.mentioned.update(_WORD.findall(words))
    if name in _PYTHON_CELLS:
        if name == "capture" and (output := re.match(r"[^\W\d]\w*", words.strip())):
            source.left[output[0]] = at + 1
        source.is_local = source.is_local or name in ("timeit", "prun")
        return True
    source.mentioned.update(_filled(body))
    for output in _OUTPUT.finditer(words):
        source.left[output[1]] = at + 1
    if name not in _FOREIGN_CELLS:
        source.mentioned.update(_WORD.findall(body))
        source.opaque.append((at + 1, f"`%%{name}` may define names"))
    return False


def _take_lines(source: Source, lines: list[str], first: int) -> None:
    state = _Reading()
    number = first
    while number < len(lines):
        line = lines[number]
        if not state.is_inside:
            taken = _plain(source, line, number + 1)
            if taken is not None:
                lines[number] = taken
                # A shell's command goes on behind a backslash.
                while line.endswith("\\") and number + 1 < len(lines):
                    number += 1
                    line = lines[number]
                    source.mentioned.update(_filled(line))
                    lines[number] = ""
                number += 1
                continue
        state.read(line)
        number += 1


def _plain(source: Source, line: str, number: int) -> str | None:
    """Return what stands for a line of IPython's own; None for Python."""
    if match := _LINE.match(line):
        indent = match["indent"]
        return indent + _take_magic(source, match["sign"], match["rest"], number, len(indent) + 1, line)
    if match := _ASSIGNED.match(line):
        _take_magic(source, match["sign"], match["rest"], number, match.start("sign") + 1, "")
        return match["before"] + "..."
    if _HELP.match(line) and line.strip() not in ("", "?"):
        source.mentioned.update(_WORD.findall(line))
        return line[: len(line) - len(line.lstrip())] + "..."
    if _AUTOCALL.match(line):
        source.mentioned.update(_WORD.findall(line))
        return line[: len(line) - len(line.lstrip())] + "..."
    return None


def _take_magic(source: Source, sign: str, rest: str, number: int, column: int, line: str) -> str:
    if sign != "%":
        source.magics.append(Magic("!", rest, number, column))
        source.mentioned.update(_filled(rest))
        return "..."
    name, _, words = rest.partition(" ")
    if name.endswith("?"):
        return "..."
    source.magics.append(Magic(name, words, number, column))
    if name in _PYTHON_LINES and line:
        code = _without_options(words)
        if code.strip():
            source.shifts[number] = source.shifts.get(number, 0) + len(line) - len(code) - (column - 1)
            return code
        return "..."
    source.mentioned.update(_WORD.findall(words))
    if name in _OPAQUE_LINES or (name == "store" and "-r" in words.split()):
        source.opaque.append((number, f"`%{name}` may define names"))
    return "..."


def _filled(text: str) -> Iterator[str]:
    for inside, named in _FILLED.findall(text):
        yield from _WORD.findall(inside) if inside else [named]


def _without_options(line: str) -> str:
    text = line.lstrip()
    while text.startswith("-") and (match := _OPTION.match(text)):
        text = text[match.end() :]
    return text


class _Reading:
    """Whether the next line begins within brackets or a text, as far as lines tell."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._goes_on = False

    @property
    def is_inside(self) -> bool:
        return bool(self._quote) or self._depth > 0 or self._goes_on

    def read(self, line: str) -> None:
        at = 0
        while at < len(line):
            character = line[at]
            if self._quote:
                if character == "\\":
                    at += 2
                    continue
                if line.startswith(self._quote, at):
                    at += len(self._quote)
                    self._quote = ""
                    continue
            elif character in "'\"":
                self._quote = line[at : at + 3] if line.startswith(character * 3, at) else character
                at += len(self._quote)
                continue
            elif character == "#":
                break
            elif character in "([{":
                self._depth += 1
            elif character in ")]}":
                self._depth = max(0, self._depth - 1)
            at += 1
        self._goes_on = line.endswith("\\") and not self._quote
        if len(self._quote) == 1 and not line.endswith("\\"):  # it ends with its line
            self._quote = ""
