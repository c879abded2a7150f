"""Readers that open files in code of their own, where no audit event tells: wrapped once their library is imported.

A wrapper says which file is about to be read, and calls the reader with what it was given. It changes no result and no
signature, and what goes wrong in it reaches nobody.
"""

import functools
import glob
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from itertools import islice
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

from trackbook.capture import opens
from trackbook.capture.modulenames import Mark, names_since
from trackbook.capture.splits import note_split

_MAX_FILES = 100_000
# No path is longer: what is given is the data itself, or a query full of it.
_LONGEST_PATH = 4096
_MOST_LITERALS = 100


class _Reader(NamedTuple):
    """Where the path stands among a reader's arguments: its position (without self), and the names it may have.

    A reader that writes, too, has its `mode` as the argument behind it: "r", the default, only reads. `bound` are the
    names of the values of a query's parameters, which stand behind the query. `after` is told what was given and what
    came of it.
    """

    names: str
    take: Callable[[Any], None]
    position: int = 0
    keywords: tuple[str, ...] = ()
    reads_variables: bool = False
    has_mode: bool = False
    bound: tuple[str, ...] = ()
    after: Callable[[tuple[Any, ...], Any], None] | None = None


def _paths(value: Any) -> Iterator[str]:
    # Bytes are content, which these readers take as well.
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if not isinstance(path, str) or len(path) > _LONGEST_PATH or "\0" in path or "\n" in path:
            return
        path = path[7:] if path.startswith("file://") else path
        if "://" not in path:
            yield path
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _paths(item)


def _reads(library: str) -> Callable[[Any], None]:
    def take(value: Any) -> None:
        for path in _paths(value):
            for found in _expand(path):
                opens.report(found, library)

    return take


def _expand(path: str) -> list[str]:
    path = os.path.expanduser(path)
    if not any(sign in path for sign in "*?[") or os.path.exists(path):
        return [path]
    return sorted(glob.glob(path, recursive=True))[:_MAX_FILES]


def _writes(value: Any) -> None:
    for path in _paths(value):
        opens.report_written(path)


def _connects(value: Any) -> None:
    for path in _paths(value):
        if path and not path.startswith((":", "md:", "motherduck:")):
            opens.report_database(path, "duckdb")


# Where a statement names a file: behind these words, and among the arguments of functions that read files. All other
# texts in quotes are values. A table's name may be a file, too, in double quotes.
_QUOTED = r"""(?:'((?:[^']|'')+)'|"((?:[^"]|"")+)")"""
_NAMED_FILE = re.compile(
    rf"""\b(to|from|join|attach(?:\s+database)?(?:\s+if\s+not\s+exists)?)\s+{_QUOTED}""", re.IGNORECASE
)
_READING = re.compile(
    r"""\b(?:read_\w+|\w+_scan|parquet_\w+|sniff_csv|glob)\s*\(((?:[^()'"]|'[^']*'|"[^"]*")*)""",
    re.IGNORECASE,
)
_ARGUMENT = re.compile(_QUOTED)
_PARAMETER = re.compile(r"\?|\$\w")


def _queries(value: Any) -> None:
    if not isinstance(value, str):
        return
    found: list[tuple[bool, str]] = []
    for word, text, name in islice(_matches(_NAMED_FILE, value), _MOST_LITERALS):
        found.append((word.lower() == "to", _unquoted(text, name)))
    for (arguments,) in islice(_matches(_READING, value), _MOST_LITERALS):
        for text, name in islice(_matches(_ARGUMENT, arguments), _MOST_LITERALS):
            found.append((False, _unquoted(text, name)))
    for writes, path in found:
        if writes:
            _writes(path)
        elif "." in path or "/" in path:
            _read_by_duckdb(path)


def _binds(query: Any, values: Any) -> None:
    # `read_parquet(?)`: among the values of a query that reads files with a parameter, texts are their paths.
    if not isinstance(query, str) or not any(
        _PARAMETER.search(match[1]) for match in _READING.finditer(query)
    ):
        return
    items = values.values() if isinstance(values, dict) else values
    for item in islice(items, _MOST_LITERALS) if isinstance(values, (dict, list, tuple)) else ():
        _read_by_duckdb(item)


def _unquoted(text: str | None, name: str | None) -> str:
    return (text or "").replace("''", "'") or (name or "").replace('""', '"')


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    return (match.groups() for match in pattern.finditer(text))


_read_by_pyarrow, _read_by_polars, _read_by_duckdb = _reads("pyarrow"), _reads("polars"), _reads("duckdb")
_read_by_h5py = _reads("h5py")


_POLARS_READS = (
    "read_avro read_csv read_csv_batched read_excel read_ipc read_ipc_stream read_json read_ndjson read_ods "
    "read_parquet scan_csv scan_ipc scan_ndjson scan_parquet"
)
_QUERY = ("query", "query_str", "sql")
_FILE = ("path_or_buffer", "file_glob", "file_globs", "name", "path")
_DUCKDB = (
    _Reader(
        "sql query from_query execute executemany",
        _queries,
        0,
        _QUERY,
        reads_variables=True,
        bound=("parameters", "params"),
    ),
    _Reader("read_csv from_csv_auto read_json read_parquet from_parquet", _read_by_duckdb, 0, _FILE, True),
)
_TARGETS: dict[str, tuple[_Reader, ...]] = {
    # Its readers use `open` or pyarrow; some of its writers do neither.
    "pandas": (_Reader("DataFrame.to_parquet DataFrame.to_feather DataFrame.to_orc", _writes, 0, ("path",)),),
    "pyarrow": (_Reader("memory_map", _read_by_pyarrow, 0, ("path",)),),
    "pyarrow.parquet": (
        _Reader("read_table read_pandas", _read_by_pyarrow, 0, ("source",)),
        _Reader("ParquetFile.__init__", _read_by_pyarrow, 0, ("source",)),
        _Reader("ParquetDataset.__init__", _read_by_pyarrow, 0, ("path_or_paths",)),
        _Reader("ParquetWriter.__init__", _writes, 0, ("where",)),
    ),
    "pyarrow.csv": (
        _Reader("read_csv open_csv", _read_by_pyarrow, 0, ("input_file",)),
        _Reader("write_csv", _writes, 1, ("output_file",)),
    ),
    "pyarrow.json": (_Reader("read_json", _read_by_pyarrow, 0, ("input_file",)),),
    "pyarrow.feather": (
        _Reader("read_table read_feather", _read_by_pyarrow, 0, ("source",)),
        _Reader("write_feather", _writes, 1, ("dest",)),
    ),
    "pyarrow.orc": (
        _Reader("read_table ORCFile.__init__", _read_by_pyarrow, 0, ("source",)),
        _Reader("write_table", _writes, 1, ("where",)),
    ),
    "pyarrow.dataset": (
        _Reader("dataset", _read_by_pyarrow, 0, ("source",)),
        _Reader("write_dataset", _writes, 1, ("base_dir",)),
    ),
    "polars": (
        _Reader(_POLARS_READS, _read_by_polars, 0, ("source", "sources")),
        _Reader(
            " ".join(
                [
                    *(
                        f"DataFrame.write_{kind}"
                        for kind in ("csv", "ipc", "ndjson", "json", "parquet", "avro")
                    ),
                    *(f"LazyFrame.sink_{kind}" for kind in ("csv", "ipc", "ndjson", "parquet")),
                ]
            ),
            _writes,
            0,
            ("file", "path"),
        ),
    ),
    "duckdb": (
        *_DUCKDB,
        *(
            reader._replace(names=" ".join(f"DuckDBPyConnection.{name}" for name in reader.names.split()))
            for reader in _DUCKDB
        ),
        _Reader("connect", _connects, 0, ("database",)),
    ),
    "sklearn.model_selection": (_Reader("train_test_split", lambda _: None, after=note_split),),
    "h5py": (_Reader("File.__init__", _read_by_h5py, 0, ("name",), has_mode=True),),
}


def watch_readers() -> None:
    """Wrap the readers of libraries that are imported already, and of others as soon as they are."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for name in _TARGETS:
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        if isinstance(module, ModuleType) and not getattr(spec, "_initializing", False):
            _wrap_module(module)


def look_ahead() -> None:
    """Find out which modules have which readers, for all processes that are forked from this one; wraps nothing."""
    mark = Mark()
    _Ahead.holders.clear()
    for target in _TARGETS:
        if isinstance(module := sys.modules.get(target), ModuleType):
            names = (name for reader in _TARGETS[target] for name in reader.names.split())
            readers = {name: getattr(module, name, None) for name in names}
            _Ahead.holders[target] = [
                key
                for key, other in _near(module).items()
                if any(other.__dict__.get(name) is reader is not None for name, reader in readers.items())
            ]
    _Ahead.mark = mark


class _Ahead:
    """What `look_ahead` has found: of each target the names of the modules that have one of its functions."""

    mark: Mark | None = None
    holders: ClassVar[dict[str, list[str]]] = {}


class _Finder:
    """Finds nothing by itself: what the other finders find, it wraps once it is imported."""

    def __init__(self) -> None:
        self._asking = threading.local()

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _TARGETS or getattr(self._asking, "name", None) == name:
            return None
        self._asking.name = name
        try:
            spec = find_spec(name) if target is None else None
            if spec is not None and spec.loader is not None:
                _wrap_after(spec.loader)
            return spec
        except Exception:  # the import goes on as if nobody had asked
            return None
        finally:
            self._asking.name = None


def _wrap_after(loader: Any) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        execute(module)
        _wrap_module(module)

    loader.exec_module = exec_module  # on this one loader, whose class others may look at


def _wrap_module(module: ModuleType) -> None:
    if module.__dict__.get("__trackbook_wrapped__"):
        return
    module.__dict__["__trackbook_wrapped__"] = True
    near = list(_near(module).values())
    for reader in _TARGETS[module.__name__]:
        for name in reader.names.split():
            try:
                _wrap(module, name, reader, near)
            except Exception:  # this version of the library has another shape: that reader is not seen
                continue


def _near(module: ModuleType) -> dict[str, ModuleType]:
    """Return the modules that may have a reader of `module`'s under its name, by their own names."""
    # A function is found by its name where it is at home, too: pickle insists on it.
    package = module.__name__.partition(".")[0]
    if (holders := _Ahead.holders.get(module.__name__)) is None:
        names = list(sys.modules)
    else:
        # The notebook's own names, too: `from polars import read_csv` before the run.
        names = ["__main__", *holders, *names_since(_Ahead.mark)]
    near = ((name, sys.modules.get(name)) for name in names if _is_near(name, package))
    return {name: other for name, other in near if isinstance(other, ModuleType)}


def _is_near(name: str, package: str) -> bool:
    return name == "__main__" or name.lstrip("_").partition(".")[0] == package


def _wrap(module: ModuleType, name: str, reader: _Reader, near: list[ModuleType]) -> None:
    holder, _, method = name.rpartition(".")
    if holder:
        kind = getattr(module, holder, None)
        original = getattr(kind, method, None)
        if kind is not None and original is not None:
            setattr(kind, method, _wrapped(original, reader, first=reader.position + 1))
        return
    original = getattr(module, name, None)
    if original is None or isinstance(original, type):
        return
    wrapper = _wrapped(original, reader, first=reader.position)
    for other in near:
        if other.__dict__.get(name) is original:
            setattr(other, name, wrapper)


def _wrapped(original: Any, reader: _Reader, first: int) -> Any:
    call = _call_in_caller if reader.reads_variables else _call

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if opens.is_watching():
            try:
                given = args[first] if len(args) > first else _named(kwargs, reader.keywords)
                mode = args[first + 1] if len(args) > first + 1 else kwargs.get("mode")
                if given is not None:
                    (_writes if reader.has_mode and mode not in (None, "r") else reader.take)(given)
                if reader.bound:
                    bound = args[first + 1] if len(args) > first + 1 else _named(kwargs, reader.bound)
                    _binds(given, bound)
            except Exception as error:
                opens.fail(error)
        result = call(original, args, kwargs)
        if reader.after is not None and opens.is_watching():
            try:
                reader.after(args, result)
            except Exception as error:
                opens.fail(error)
        return result

    return wrapper


def _named(given: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((given[name] for name in names if name in given), None)


def _call(original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return original(*args, **kwargs)


_CALL = compile("__trackbook_call__()", "<trackbook>", "eval")


def _call_in_caller(original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    # DuckDB looks for variables that a query names in the frame that calls it, which is to be the user's.
    frame = sys._getframe(2)
    call = functools.partial(original, *args, **kwargs)
    return eval(_CALL, frame.f_globals, {**frame.f_locals, "__trackbook_call__": call})
