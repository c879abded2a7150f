"""Paths: absolute ones (TB301), and the relative ones that are read, for whoever can look whether they are there."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.network import DOWNLOADS
from trackbook.notebook.lint.syntax import calls_of, dotted, imported_names, literal, place, syntax_of

# Where one machine or one user keeps things; other paths from "/" on may be routes, keys or patterns.
_ABSOLUTE = re.compile(
    r"(?:/(?:home|Users|root|mnt|media|Volumes|content|kaggle|workspace|scratch|srv|data|datasets)/[^\s/]"
    r"|[A-Za-z]:[\\/](?![\\/])[^\s\"*?<>|]|\\\\[\w.$-]+\\\w|~[\w.-]*/\S|file:/)"
)
_ANY_ABSOLUTE = re.compile(r"/[^/\s][^\n]*/[^\n]+\Z")
_SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/")
_READERS = frozenset(
    (
        "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "torch.load", "joblib.load",
        "PIL.Image.open", "cv2.imread", "matplotlib.pyplot.imread", "matplotlib.image.imread", "imageio.imread",
        "soundfile.read", "xarray.open_dataset", "librosa.load", "h5py.File", "pickle.load", "os.listdir", "os.scandir",
    )
)  # fmt: skip
_TABLES = ("pandas.", "polars.", "geopandas.", "pyarrow.", "dask.dataframe.", "cudf.", "modin.pandas.")
_METHODS = frozenset(("read_text", "read_bytes", "open", "iterdir"))
_LONGEST = 1000


class Read(NamedTuple):
    """A relative path that a cell reads, and where it says so."""

    cell: LintCell
    node: ast.expr
    path: str


def find_absolute_paths(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield the absolute paths in texts and magics."""
    names = imported_names(notebook)
    for cell in notebook.code:
        reading = {id(node) for node in _read_nodes(cell, names)}
        for node in syntax_of(cell).texts:
            text = str(node.value)
            if len(text) > _LONGEST or "\n" in text:
                continue
            if _ABSOLUTE.match(text) or (id(node) in reading and _is_absolute(text)):
                yield _absolute(cell, text, **place(cell, node))
        for magic in cell.source.magics:
            words = magic.words.strip().strip("'\"")
            if magic.name in ("cd", "run", "load", "pushd") and _ABSOLUTE.match(words):
                end = len(cell.source.lines[magic.line - 1]) + 1
                yield _absolute(cell, words, line=magic.line, column=magic.column, end_column=end)


def find_reads(notebook: LintNotebook) -> tuple[list[Read], list[str]]:
    """Return the relative paths that are read, and nothing else may make; and why some were left out."""
    names = imported_names(notebook)
    reads: list[Read] = []
    seen: set[str] = set()
    for cell in notebook.code:
        if reason := _hides_files(cell, names):
            return reads, [f"Cell {cell.position}: {reason}; files read from there on are not looked for."]
        for magic in cell.source.magics:
            if magic.name in ("writefile", "file") and magic.words.split():
                seen.add(magic.words.split()[-1])
        reading = {id(node): node for node in _read_nodes(cell, names)}
        # A text that stands anywhere else may be what is written.
        seen.update(str(node.value) for node in syntax_of(cell).texts if id(node) not in reading)
        for read in reading.values():
            path = literal(read)
            if path is not None and path not in seen and _is_relative(path):
                reads.append(Read(cell, read, path))
    return reads, []


def _hides_files(cell: LintCell, names: Mapping[str, str]) -> str:
    """Return why it can't be told which files are there once a cell has run; empty if it can."""
    for magic in cell.source.magics:
        if magic.name in ("cd", "pushd"):
            return f"`%{magic.name}` changes the folder"
        if magic.name == "!" and DOWNLOADS.search(magic.words):
            return "a shell command may bring files"
        if magic.is_cell and magic.name in ("bash", "sh", "script"):
            return f"`%%{magic.name}` may make files"
    for _, function in calls_of(cell, names):
        if function in ("os.chdir", "os.system") or function.startswith("subprocess."):
            return f"`{function}` may change the folder or make files"
    return ""


def _absolute(cell: LintCell, text: str, **where: Any) -> Diagnostic:
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return cell.diagnose("TB301", f"`{shown}` is a path that other machines don't have.", **where)


def _is_absolute(text: str) -> bool:
    return _ANY_ABSOLUTE.match(text) is not None and not text.startswith(_SYSTEM)


def _is_relative(text: str) -> bool:
    return (
        bool(text.strip())
        and len(text) <= _LONGEST
        and not text.startswith(("/", "\\", "~", "$"))
        and "://" not in text
        and not any(character in text for character in "\n\0*?[{<")
        and re.match(r"[A-Za-z]:[\\/]", text) is None
    )


def _read_nodes(cell: LintCell, names: Mapping[str, str]) -> Iterator[ast.expr]:
    """Yield the literals that calls read as paths."""
    for call, name in calls_of(cell, names):
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            # Path("x").read_text(), and its open() when it reads.
            made = function.value
            if (
                isinstance(made, ast.Call)
                and dotted(made.func, names).rpartition(".")[2] == "Path"
                and len(made.args) == 1
                and literal(made.args[0]) is not None
                and (function.attr != "open" or _is_reading(call, 0))
            ):
                yield made.args[0]
                continue
        reads = name in _READERS or (name.startswith(_TABLES) and ".read_" in name)
        reads = reads or (name in ("open", "io.open", "gzip.open", "codecs.open") and _is_reading(call, 1))
        if reads and call.args and literal(call.args[0]) is not None:
            if name in ("h5py.File",) and not _is_reading(call, 1):
                continue
            yield call.args[0]


def _is_reading(call: ast.Call, position: int) -> bool:
    mode = call.args[position] if len(call.args) > position else None
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    if mode is None:
        return True
    text = literal(mode)
    return text is not None and not any(sign in text for sign in "wax+")
