"""IPython's own syntax in a cell as plain Python: magics and shell commands become calls, or a comment."""

import ast
import re
from dataclasses import dataclass, field

from trackbook.errors import NotebookError, UsageError
from trackbook.notebook.export.track import track_call

_INDENT = re.compile(r"[ \t]*")
_ASSIGNED = re.compile(r"(?P<before>\s*[\w.,\[\]'\" ]+=\s*)(?P<sign>[%!])(?P<rest>.+)\Z")
_MAGIC = re.compile(r"(?P<before>\s*)(?P<sign>%|!!?)(?P<rest>[^=\s%].*)\Z")
_HELP = re.compile(r"\s*(?:\?.+|[^'\"]*\?{1,2}\s*)\Z")
_FILLED = re.compile(r"\{([^{}]+)\}|\$\{?([^\W\d]\w*)\}?")
# They set up the notebook, or show something of it.
_SILENT = frozenset(
    (
        "matplotlib", "config", "load_ext", "reload_ext", "unload_ext", "autoreload", "aimport", "precision", "xmode",
        "who", "whos", "who_ls", "lsmagic", "magic", "pdb", "debug", "pprint", "colors", "history", "hist",
        "doctest_mode", "autosave", "notebook", "pinfo", "pinfo2", "psource", "pdoc", "pfile", "ls", "pwd", "logstart",
        "logstop", "watermark", "automagic", "autocall", "connect_info", "qtconsole", "page", "cat", "less", "more",
        "memit", "mprun", "lprun", "prun", "timeit", "tb", "alias", "unalias",
    )
)  # fmt: skip
_INSTALLING = frozenset(("pip", "conda", "mamba", "micromamba", "uv"))
_MARKUP_CELLS = frozenset(("html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "css"))
_SHELLS = frozenset(("bash", "sh", "zsh"))
_INSTALLS = re.compile(
    r"(?:python3?\s+-m\s+)?(?:pip3?|conda|mamba|uv)\s+(?:pip\s+)?(?:install|uninstall|update|upgrade)\b"
)


@dataclass(slots=True)
class PlainCell:
    """A cell as plain Python. `imports` are modules that its calls need; `left_out` says what has no counterpart."""

    code: str
    imports: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)


def plain_cell(source: str, path: object, cell: int) -> PlainCell:
    """Return a cell's code as plain Python, line by line.

    Raises NotebookError, naming cell and line, for a magic that has no counterpart and for what is no Python.
    """
    return _Conversion(path, cell).convert(source)


class _Conversion:
    def __init__(self, path: object, cell: int) -> None:
        self._path, self._cell = path, cell
        self._result = PlainCell("")

    def convert(self, source: str) -> PlainCell:
        lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
        if lines and lines[first].startswith("%%"):
            self._result.code = self._cell_magic(lines[first], lines[first + 1 :], first + 1)
        else:
            self._result.code = self._lines(lines, 0)
        return self._result

    def _lines(self, lines: list[str], offset: int) -> str:
        tried: set[int] = set()
        while True:
            text = "\n".join(lines)
            try:
                ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                number = getattr(error, "lineno", None) or 0
                if not 1 <= number <= len(lines) or number in tried:
                    # Python may blame the line after a magic that it could still make sense of.
                    raise self._refusal(number + offset, f"it is no Python: {_reason(error)}") from None
                tried.add(number)
                self._replace(lines, number, offset, error)
            else:
                return text

    def _replace(self, lines: list[str], number: int, offset: int, error: Exception) -> None:
        line = lines[number - 1]
        end = number
        while line.endswith("\\") and end < len(lines) and _is_ipython(line):
            line = line[:-1] + lines[end]
            end += 1
        plain = self._line(line, number + offset)
        if plain is None:
            raise self._refusal(number + offset, f"it is no Python: {_reason(error)}")
        lines[number - 1 : end] = [plain, *[""] * (end - number)]

    def _line(self, line: str, number: int) -> str | None:
        if _HELP.match(line) and not _MAGIC.match(line):
            return self._without(line, "help")
        if match := _ASSIGNED.match(line):
            value = self._value(match["sign"], match["rest"].strip(), number)
            return None if value is None else f"{match['before']}{value}"
        match = _MAGIC.match(line)
        if match is None:
            return None
        rest = match["rest"].strip()
        if match["sign"] == "%":
            return self._line_magic(match["before"], rest, number)
        return self._shell(match["before"], rest)

    def _value(self, sign: str, rest: str, number: int) -> str | None:
        if sign == "!":
            self._result.imports.add("subprocess")
            return (
                f"subprocess.run({_filled(rest)}, shell=True, check=False, stdout=subprocess.PIPE, "
                "stderr=subprocess.STDOUT, text=True).stdout.splitlines()"
            )
        name, _, line = rest.partition(" ")
        if name == "time":
            return line
        if name == "pwd":
            self._result.imports.add("os")
            return "os.getcwd()"
        if name in ("env", "set_env") and line and "=" not in line and " " not in line.strip():
            self._result.imports.add("os")
            return f"os.environ[{line.strip()!r}]"
        raise self._refusal(number, f"the magic %{name} has no value in a module")

    def _line_magic(self, indent: str, rest: str, number: int) -> str:
        name, _, line = rest.partition(" ")
        line = line.strip()
        if name in _INSTALLING:
            return self._without(f"{indent}%{rest}", "install it beforehand")
        if name == "time":
            return f"{indent}{line}" if line else f"{indent}pass"
        if name == "track":
            return f"{indent}{self._track(line, number)}"
        if name == "cd":
            self._result.imports.add("os")
            return f"{indent}os.chdir({_filled(line.removeprefix('-q').strip() or '~')})"
        if name in ("env", "set_env") and ("=" in line or " " in line):
            key, _, value = line.partition("=") if "=" in line else line.partition(" ")
            self._result.imports.add("os")
            return f"{indent}os.environ[{key.strip()!r}] = {_filled(value.strip())}"
        if name in _SILENT or name in ("env", "set_env"):
            return self._without(f"{indent}%{rest}")
        raise self._refusal(number, f"the magic %{name} has no counterpart in a module")

    def _track(self, line: str, number: int) -> str:
        try:
            call = track_call(line)
        except UsageError as error:
            raise self._refusal(number, f"%track {line}: {error}") from None
        if call is None:
            self._result.left_out.append(f"%track {line}")
            return "pass"
        self._result.imports.add("trackbook as tb")
        return call

    def _shell(self, indent: str, command: str) -> str:
        if _INSTALLS.match(command):
            return self._without(f"{indent}!{command}", "install it beforehand")
        self._result.imports.add("subprocess")
        return f"{indent}subprocess.run({_filled(command)}, shell=True, check=False)"

    def _cell_magic(self, line: str, body: list[str], number: int) -> str:
        name, _, rest = line[2:].strip().partition(" ")
        text = "\n".join(body)
        if name == "time" or (name == "capture" and not rest.strip().split("--")[0].strip()):
            return self._lines(body, number)
        if name in _MARKUP_CELLS or name == "timeit":
            self._result.left_out.append(f"%%{name}")
            return f"# left out: %%{name}"
        if name in _SHELLS:
            self._result.imports.add("subprocess")
            return f"subprocess.run([{name!r}, '-c', {text!r}], check=True)"
        if name == "writefile" and rest.strip():
            self._result.imports.add("pathlib")
            append = rest.strip().startswith("-a ")
            target = _filled(rest.strip().removeprefix("-a ").strip().strip("'\""))
            if append:
                opening = f"with pathlib.Path({target}).open('a') as file_to_write:"
                return f"{opening}\n    file_to_write.write({text + chr(10)!r})"
            return f"pathlib.Path({target}).write_text({text + chr(10)!r})"
        if name == "track":
            raise self._refusal(number, "%%track makes its cell a run; open it with %track start instead")
        raise self._refusal(number, f"the magic %%{name} has no counterpart in a module")

    def _without(self, line: str, hint: str = "") -> str:
        self._result.left_out.append(line.strip())
        indent = _INDENT.match(line)
        told = f"{line.strip()}{f' ({hint})' if hint else ''}"
        return f"{indent[0] if indent else ''}pass  # left out: {told}"

    def _refusal(self, line: int, reason: str) -> NotebookError:
        where = f", line {line}" if line else ""
        return NotebookError(self._path, f"cell {self._cell}{where}: {reason}")


def _is_ipython(line: str) -> bool:
    return bool(_MAGIC.match(line) or _ASSIGNED.match(line))


def _filled(text: str) -> str:
    """Return a text as source, in which `{expression}` and `$name` are filled in as IPython does."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in _FILLED.finditer(text):
        inside = match[1] or match[2]
        # Variables of the shell itself are in capitals by custom.
        if (match[1] is None and inside.isupper()) or not _is_expression(inside):
            continue
        pieces += [(text[end : match.start()], False), (inside, True)]
        end = match.end()
    if not pieces:
        return repr(text)
    pieces.append((text[end:], False))
    literal = "".join(f"{{{piece}}}" if filled else _braced(piece) for piece, filled in pieces)
    if _is_expression(f"f{literal!r}"):
        return f"f{literal!r}"
    # Quotes inside of quotes that Python 3.11 can't tell apart.
    return " + ".join(f"str({piece})" if filled else repr(piece) for piece, filled in pieces if piece)


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)
