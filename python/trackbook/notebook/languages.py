"""Parameters as source of other languages than Python, and what their parameters cells declare.

papermill's translators know these languages, but leave some texts alive (`$(...)` in Julia and PowerShell) and take any
text for a name. Here every character of a text that could mean something is written as its number, and a name is one or
is refused: whatever the value, the source is one assignment and never more.
"""

import math
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from trackbook.domain.parameter import Parameter
from trackbook.errors import NotebookError, ParameterError

_DEEPEST = 50
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_R_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
# What means nothing in the text literals of any of these languages.
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;/+=@\-]*")
_DECLARED = re.compile(r"(?:(?:val|var|let|const|my)\s+)?\$?([A-Za-z_][A-Za-z0-9_.]*)\s*(?:<-|=)(?![=>])")
_INT64 = 2**63


class _Language(NamedTuple):
    comment: str
    assign: str  # with {name} and {value}
    text: Callable[[str], str]
    constants: tuple[str | None, str, str]  # none, true, false
    floats: tuple[str | None, str | None, str | None]  # not a number, plus and minus infinity
    sequence: str | None  # with {}
    pairs: str | None
    pair: str = ""
    between: str = ", "
    between_pairs: str = ""
    name: re.Pattern[str] = _NAME
    whole: Callable[[int], str] = str
    comment_end: str = ""
    nests: bool = True  # whether a sequence may hold others


def foreign_assignments(language: str, values: Mapping[str, Any]) -> str:
    """Return the source of a cell that gives parameters their `values` in a language, by its name in lower case.

    Raises NotebookError for a language that is not known, ParameterError for a name or a value that it does not have.
    """
    known = _LANGUAGES.get(language)
    if known is None:
        raise NotebookError(
            "the notebook", f"parameters can be given in Python, {', '.join(_NAMES)}, not in {language}"
        )
    lines = [f"{known.comment} Parameters{known.comment_end}"]
    for name, value in values.items():
        if not known.name.fullmatch(name):
            raise ParameterError(name, f"it is no name in {language}")
        lines.append(known.assign.format(name=name, value=_write(known, language, name, value, 0)))
    return "\n".join(lines)


def knows_language(language: str) -> bool:
    """Tell whether parameters can be written in a language other than Python."""
    return language in _LANGUAGES


def foreign_parameters(source: str) -> list[Parameter]:
    """Return the names that a parameters cell of another language assigns; their types and values are not known."""
    found: dict[str, Parameter] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if (match := _DECLARED.match(line.strip())) is not None:
            found.setdefault(match[1], Parameter(match[1], "any", None, "", line=number))
    return list(found.values())


def _write(known: _Language, language: str, name: str, value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        raise ParameterError(name, f"its value is nested deeper than {_DEEPEST} levels")
    written: str | None = None
    if value is None or value is True or value is False:
        none, true, false = known.constants
        written = none if value is None else true if value else false
    elif isinstance(value, str):
        written = _text(known, language, name, value)
    elif isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise ParameterError(name, f"{language} has whole numbers of at most 64 bits")
        written = known.whole(int(value))
    elif isinstance(value, float):
        written = _float(known, float(value))
    elif isinstance(value, (list, tuple)) and known.sequence is not None and (known.nests or not depth):
        items = [_write(known, language, name, item, depth + 1) for item in value]
        written = known.sequence.format(known.between.join(items))
    elif isinstance(value, Mapping) and known.pairs is not None:
        pairs = [
            known.pair.format(
                _text(known, language, name, str(key)), _write(known, language, name, item, depth + 1)
            )
            for key, item in value.items()
        ]
        written = known.pairs.format((known.between_pairs or known.between).join(pairs))
    if written is None:
        raise ParameterError(name, f"{value!r:.60} can't be written in {language}")
    return written


def _text(known: _Language, language: str, name: str, value: str) -> str:
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ParameterError(name, f"its text holds a character that can't be written in {language}")
    return known.text(value)


def _float(known: _Language, value: float) -> str | None:
    if math.isnan(value):
        return known.floats[0]
    if math.isinf(value):
        return known.floats[1 if value > 0 else 2]
    return repr(value)


def _escaped(short: str, long: str) -> Callable[[str], str]:
    """Return a writer of text in double quotes, every character that is not plain as an escape with its number."""

    def write(value: str) -> str:
        return '"' + "".join(map(_letter, value)) + '"'

    def _letter(letter: str) -> str:
        if _PLAIN.fullmatch(letter):
            return letter
        return (short if ord(letter) < 0x10000 else long).format(ord(letter))

    return write


def _code_units(value: str) -> list[str]:
    units = value.encode("utf-16-be")
    return [str(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)]


def _scala_text(value: str) -> str:
    # Scala reads \uXXXX before it looks for the end of a text: quotes and backslashes must not be written so.
    if _PLAIN.fullmatch(value):
        return f'"{value}"'
    return f"new String(Array({', '.join(_code_units(value))}).map(_.toChar))"


def _matlab_text(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f'"{value}"'
    return f"string(char([{' '.join(_code_units(value))}]))"


def _powershell_text(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"'{value}'"
    return f"(-join [char[]]({','.join(_code_units(value))}))"


def _long(value: int) -> str:
    return f"{value}L" if not -(2**31) <= value < 2**31 else str(value)


_R = _Language(
    "#", "{name} = {value}", _escaped("\\u{{{:04x}}}", "\\U{{{:08x}}}"), ("NULL", "TRUE", "FALSE"),
    ("NaN", "Inf", "-Inf"), "list({})", "list({})", "{} = {}", name=_R_NAME,
)  # fmt: skip
_JULIA = _Language(
    "#", "{name} = {value}", _escaped("\\u{:04x}", "\\U{:08x}"), ("nothing", "true", "false"),
    ("NaN", "Inf", "-Inf"), "[{}]", "Dict({})", "{} => {}",
)  # fmt: skip
_SCALA = _Language(
    "//", "val {name} = {value}", _scala_text, ("None", "true", "false"),
    ("Double.NaN", "Double.PositiveInfinity", "Double.NegativeInfinity"), "Seq({})", "Map({})", "{} -> {}",
    whole=_long,
)  # fmt: skip
_MATLAB = _Language(
    "%", "{name} = {value};", _matlab_text, ("NaN", "true", "false"), ("NaN", "Inf", "-Inf"), "{{{}}}", None
)
_CSHARP = _Language(
    "//", "var {name} = {value};", _escaped("\\u{:04x}", "\\U{:08x}"), (None, "true", "false"),
    ("double.NaN", "double.PositiveInfinity", "double.NegativeInfinity"), "new [] {{ {} }}",
    "new Dictionary<string,Object> {{ {} }}", "{{ {} , {} }}", whole=_long,
)  # fmt: skip
_FSHARP = _Language(
    "(*", "let {name} = {value}", _escaped("\\u{:04x}", "\\U{:08x}"), ("None", "true", "false"),
    ("nan", "infinity", "-infinity"), "[ {} ]", "[ {} ] |> Map.ofList", "({}, {} :> IComparable)", "; ",
    whole=_long, comment_end=" *)",
)  # fmt: skip
_POWERSHELL = _Language(
    "#", "${name} = {value}", _powershell_text, ("$Null", "$True", "$False"),
    ("[double]::NaN", "[double]::PositiveInfinity", "[double]::NegativeInfinity"), "@({})", "@{{{}}}",
    "{} = {}", between_pairs="; ",
)  # fmt: skip
_BASH = _Language(
    "#",
    "{name}={value}",
    shlex.quote,
    ("", "true", "false"),
    ("nan", "inf", "-inf"),
    "({})",
    None,
    between=" ",
    nests=False,
)

_NAMES = ("R", "Julia", "Scala", "MATLAB", "C#", "F#", "PowerShell", "bash")
_LANGUAGES: dict[str, _Language] = {
    "r": _R, "julia": _JULIA, "scala": _SCALA, "matlab": _MATLAB, "octave": _MATLAB, "c#": _CSHARP,
    "csharp": _CSHARP, "f#": _FSHARP, "fsharp": _FSHARP, "powershell": _POWERSHELL, "pwsh": _POWERSHELL,
    "bash": _BASH,
}  # fmt: skip
