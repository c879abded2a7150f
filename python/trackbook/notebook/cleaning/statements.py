"""A code cell as statements on lines, so that text can be moved as it is written, and what each may do."""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

from trackbook.notebook.dataflow import CellNames, names_in, names_in_source, plain_python

# Magics that leave alone what later imports and cells depend on.
_HARMLESS_MAGICS = frozenset(
    (
        "time", "timeit", "prun", "capture", "track", "who", "whos", "who_ls", "pwd", "ls", "config", "precision",
        "pinfo", "pinfo2", "psearch", "history", "hist", "lsmagic", "magic", "quickref", "page", "pprint", "html",
        "HTML", "markdown", "latex", "svg", "javascript", "js", "matplotlib",
        "autoreload", "sql", "tensorboard", "watermark", "lprun", "mprun", "memit",
    )
)  # fmt: skip
# Extensions that only bring magics, or watch; others may change what an import gives, as cudf.pandas does.
_HARMLESS_EXTENSIONS = frozenset(
    (
        "autoreload", "google.colab.data_table", "ipytest", "itables", "jupyter_black", "lab_black", "line_profiler",
        "memory_profiler", "nb_black", "nb_mypy", "rpy2.ipython", "sql", "tensorboard", "trackbook", "watermark",
    )
)  # fmt: skip
# What importing may depend on: where modules are looked for, the environment, back ends, files that are written.
_SETTING_UP = re.compile(
    r"\bsys\s*\.\s*(?:path|modules|meta_path|path_hooks)\b|\bsys_path\b|\benviron\b(?!\s*\.\s*get\b)|\bputenv\b|\bchdir\b|"
    r"\baddsitedir\b|\bmatplotlib\s*\.\s*use\b|\bmpl\s*\.\s*use\b|\bimportlib\b|\breload\s*\(|__import__|"
    r"\bfilterwarnings\b|\bsimplefilter\b|\bbasicConfig\b|\bload_dotenv\b|\bsubprocess\b|\bos\s*\.\s*system\b|"
    r"\bwrite_text\b|\bwrite_bytes\b|\bopen\s*\([^)]*['\"][rbt]*(?:[wax]|r\+)[bt+]*['\"]|\bset_start_method\b|\bpatch(?:_\w+|\.\w+)?\s*\(|"
    r"\binstall\w*\s*\(|\bunpack_archive\b|\bextractall\b|\burlretrieve\b|\bclone_from\b|\bdrive\s*\.\s*mount\b"
)
_DIRECTIVE = re.compile(r"^\s*#\s*(?:\||%%)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """Statements that share no line with others: `first` and `last` line, from 0, `last` included."""

    first: int
    last: int
    nodes: tuple[ast.stmt, ...]
    names: CellNames
    sets_up: bool  # later imports may depend on it

    @property
    def is_import(self) -> bool:
        """Whether it does nothing but import."""
        return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in self.nodes)

    @property
    def is_future(self) -> bool:
        """Whether it changes how the code below it is read."""
        return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in self.nodes)

    @property
    def is_constant(self) -> bool:
        """Whether it is a text or a number that stands alone."""
        return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in self.nodes)

    @property
    def is_shell(self) -> bool:
        """Whether it is one of IPython's own lines."""
        return all(_shell_call(node) is not None or isinstance(node, ast.Pass) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class CellCode:
    """What is known of a code cell's text. `statements` is None where it can't be taken apart by lines:
    text that is no Python, and cells that a magic takes as a whole.
    """

    source: str
    lines: tuple[str, ...]
    names: CellNames
    statements: tuple[Statement, ...] | None
    tree: ast.Module | None
    broken: bool  # it can't be parsed at all
    sets_up: bool
    plain: bool  # Python without IPython's own syntax

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it, no comment either."""
        return not self.source.strip()

    @property
    def has_code(self) -> bool:
        """Whether there is anything in it that runs."""
        return self.broken or self.tree is None or bool(self.tree.body)

    @property
    def opaque(self) -> bool:
        """Whether it may read and write names that its text does not tell."""
        return self.broken or self.names.opaque

    @property
    def has_directive(self) -> bool:
        """Whether a comment in it is meant for a tool, as nbdev's `#| export` is."""
        return _DIRECTIVE.search(self.source) is not None


@lru_cache(maxsize=1024)
def read_code(source: str) -> CellCode:
    """Return what is known of a code cell's text."""
    names = names_in_source(source)
    text = plain_python(source)
    tree = _parse(text)
    lines = tuple(source.split("\n"))
    plain = text == source
    if tree is None:
        return CellCode(source, lines, names, None, None, True, True, plain)
    statements = None
    if not _is_whole(source) and _has_plain_lines(source):
        statements = tuple(_statements(tree, text.split("\n")))
    sets_up = bool(_SETTING_UP.search(source)) or _has_setting_magic(tree, text)
    return CellCode(source, lines, names, statements, tree, False, sets_up, plain)


def magics_in(tree: ast.AST) -> list[tuple[str, str]]:
    """Return the magics in parsed code with their first argument; shell commands as `!`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (call := _as_shell(node)) is not None:
            found.append(call)
    return found


def _statements(tree: ast.Module, lines: list[str]) -> list[Statement]:
    groups: list[list[ast.stmt]] = []
    end = -1
    for node in tree.body:
        first = (
            min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]) - 1
        )
        if groups and first <= end:
            groups[-1].append(node)
        else:
            groups.append([node])
        end = max(end, (node.end_lineno or node.lineno) - 1)
    found = []
    for group in groups:
        first = min(
            min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
            for node in group
        )
        last = max(node.end_lineno or node.lineno for node in group)
        text = "\n".join(lines[first - 1 : last])
        part = ast.Module(group, [])
        sets_up = bool(_SETTING_UP.search(text)) or _has_setting_magic(part, text)
        names = names_in(text, plain_python)
        found.append(Statement(first - 1, last - 1, tuple(group), names, sets_up))
    return found


def _has_setting_magic(tree: ast.AST, text: str) -> bool:
    return "get_ipython" in text and any(
        name not in _HARMLESS_MAGICS and not (name == "load_ext" and words.strip() in _HARMLESS_EXTENSIONS)
        for name, words in magics_in(tree)
    )


def _shell_call(node: ast.stmt) -> tuple[str, str] | None:
    return _as_shell(node.value) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None


def _as_shell(node: ast.Call) -> tuple[str, str] | None:
    function = node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Call):
        return None
    inner = function.value.func
    if not isinstance(inner, ast.Name) or inner.id != "get_ipython":
        return None
    texts = [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
    if function.attr in ("run_line_magic", "run_cell_magic") and texts:
        return texts[0], texts[1] if len(texts) > 1 else ""
    return ("!", texts[0] if texts else "")


def _is_whole(source: str) -> bool:
    first = next((line for line in source.split("\n") if line.strip()), "")
    return first.startswith("%%")


def _has_plain_lines(source: str) -> bool:
    # Only where Python's lines are those of the text can text be moved by them.
    return not any(odd in source for odd in "\r\f\v\x1c\x1d\x1e\x85\u2028\u2029")


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
