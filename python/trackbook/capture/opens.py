"""Files that this process opens, as Python's audit events tell, and as wrapped readers say that it can't see.

The hook is put in place once in a process and can't be taken out: while nobody watches it returns at once.
"""

import os
import stat
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from trackbook.capture.datafile import FileState, state_of
from trackbook.capture.places import ProjectFolder

# Code that is imported or run, not read as data.
_CODE = (".py", ".pyc", ".pyi", ".pyx", ".so", ".pyd", ".dll", ".dylib", ".ipynb")
# Opened by these for their own ends.
_OWN = frozenset(
    ("trackbook", "IPython", "ipykernel", "pip", "setuptools", "pkg_resources", "importlib_metadata")
)
# IPython gives cells an `open` of its own, behind which the code that matters calls.
_OPEN_OF_CELLS = "_modified_open"
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_WRITING = os.O_WRONLY | os.O_RDWR
_MAKING = os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAX_FRAMES = 100


class OpenedFile(NamedTuple):
    """A file, folder or database that was opened to be read, by its absolute path, in the state it then had.

    `reader` is the library that opened it, "open" where the user's own code did. A folder has no state.
    """

    path: str
    state: FileState | None
    reader: str
    is_database: bool = False


class OpenWatch:
    """Hears of each version of a project's file once, unless it was written through this process before.

    `on_opened` is called in the middle of the user's call: it has to return at once. What goes wrong ends all watching
    and is told to `on_failed`. `on_written` is called alike with the path of each file when it is first written.
    """

    def __init__(
        self,
        project: ProjectFolder,
        on_opened: Callable[[OpenedFile], None],
        on_failed: Callable[[Exception], None],
        on_written: Callable[[str], None] | None = None,
    ) -> None:
        self.project = project
        self.on_opened = on_opened
        self.on_failed = on_failed
        self.on_written = on_written
        self.seen: dict[str, FileState | None] = {}
        self.written: set[str] = set()

    def start(self) -> None:
        """Begin to watch."""
        global _watches
        _watches = (*(watch for watch in _watches if watch is not self), self)
        _renew()
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_audit)

    def write(self, path: str) -> None:
        """Take note of a file that this process writes."""
        if path not in self.written:
            self.written.add(path)
            if self.on_written is not None:
                self.on_written(path)

    def stop(self) -> None:
        """Hear nothing more."""
        global _watches
        _watches = tuple(watch for watch in _watches if watch is not self)
        _renew()


def is_watching() -> bool:
    """Tell whether anybody hears of files in this thread."""
    return bool(_watches) and not getattr(_local, "is_quiet", False)


def keep_quiet() -> None:
    """Count nothing that this thread opens from now on."""
    _local.is_quiet = True


def report(path: str, library: str, *, is_database: bool = False) -> None:
    """Tell of a file or folder that `library` is about to read, where it was called by the user's code or by another
    library, whose name then counts.
    """
    reader = _find_reader()
    if reader is not None:
        _heed(path, 0, library if reader == "open" else reader, is_database)


def report_written(path: str) -> None:
    """Tell of a file or folder that is about to be written."""
    _heed(path, os.O_WRONLY)


def fail(error: Exception) -> None:
    """End all watching in this process: what failed once would fail at each file."""
    global _watches
    ended, _watches = _watches, ()
    _renew()
    for watch in ended:
        watch.on_failed(error)


# Kept when the module is loaded anew: a second hook would tell of each file twice.
_watches: tuple[OpenWatch, ...] = globals().get("_watches", ())
_prefixes: tuple[str, ...] = globals().get("_prefixes", ())
_hooked: list[bool] = globals().get("_hooked", [])
_local: threading.local = globals().get("_local") or threading.local()


def _renew() -> None:
    global _prefixes
    _prefixes = tuple(dict.fromkeys(prefix for watch in _watches for prefix in watch.project.prefixes))


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # Called for everything that the process does: what does not matter has to be over in a fraction of a microsecond.
    if event == "open":
        if _prefixes:
            path = arguments[0]
            if type(path) is str and path[:1] == "/" and not path.startswith(_prefixes):
                return
            try:
                _heed(path, arguments[2])
            except Exception as error:
                fail(error)
    elif event in _OTHER_EVENTS and _prefixes:
        try:
            _OTHER_EVENTS[event](arguments)
        except Exception as error:
            fail(error)


def _heed(path: Any, flags: int, reader: str | None = None, is_database: bool = False) -> None:
    if type(path) is not str:
        if isinstance(path, int) or not isinstance(path, (str, bytes, os.PathLike)):
            return
        path = os.fsdecode(path)
    if path.endswith(_CODE):
        return
    path = os.path.abspath(path)
    if not path.startswith(_prefixes) or getattr(_local, "is_quiet", False):
        return
    watches = [watch for watch in _watches if path.startswith(watch.project.prefixes)]
    writes = flags & _WRITING
    if writes and (writes != os.O_RDWR or flags & _MAKING):
        for watch in watches:
            watch.write(path)
        return
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # not there, or no path at all
        return
    if stat.S_ISREG(status.st_mode):
        state = state_of(status)
    elif stat.S_ISDIR(status.st_mode) and reader is not None:
        state = None
    else:
        return
    # A database that the run writes to would be another version whenever it is connected to.
    watches = [
        watch
        for watch in watches
        if path not in watch.written
        and watch.seen.get(path, _UNSEEN) != state
        and not (is_database and path in watch.seen)
    ]
    if not watches:
        return
    if reader is None and (reader := _find_reader()) is None:
        return
    for watch in watches:
        watch.seen[path] = state
        if writes:  # what is read from it later may be the run's own
            watch.write(path)
        watch.on_opened(OpenedFile(path, state, reader, is_database))


_UNSEEN = FileState(-1, -1, -1, -1)


def _connected(arguments: tuple[Any, ...]) -> None:
    database = arguments[0]
    path = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
    if path.startswith("file:"):
        from urllib.parse import unquote

        path = unquote(path[5:].partition("?")[0])
        path = path[2:] if path.startswith("///") else path
    if path and not path.startswith(":"):
        report_database(path, "sqlite3")


def report_database(path: str, library: str) -> None:
    """Tell of a database that is about to be opened; one that is not there yet will be the run's own."""
    if os.path.exists(path):
        report(path, library, is_database=True)
    else:
        report_written(path)


def _renamed(arguments: tuple[Any, ...]) -> None:
    source, target = (os.path.abspath(os.fsdecode(path)) for path in arguments[:2])
    for watch in _watches:
        if source in watch.written:
            watch.write(target)


_OTHER_EVENTS: dict[str, Callable[[tuple[Any, ...]], None]] = {
    "sqlite3.connect": _connected,
    "os.rename": _renamed,
}


def _find_reader() -> str | None:
    # The nearest code that is not of the standard library knows why a file is opened.
    frame = sys._getframe(1)
    for _ in range(_MAX_FRAMES):
        name = frame.f_globals.get("__name__")
        package = name.partition(".")[0] if isinstance(name, str) else ""
        if name not in _HERE and package not in sys.stdlib_module_names:
            if package in _OWN and frame.f_code.co_name == _OPEN_OF_CELLS:
                frame = frame.f_back or frame
                continue
            if package in _OWN:
                return None
            file = frame.f_code.co_filename
            return package if any(folder in file for folder in _INSTALLED) else "open"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "open"


_HERE = frozenset((__name__, "trackbook.capture.readers"))


def _after_fork_in_child() -> None:
    # A worker process reads what the run's own process gave it to read; only that one writes down what it saw.
    global _watches
    _watches = ()
    _renew()


if hasattr(os, "register_at_fork") and not globals().get("_registered"):
    _registered = True
    os.register_at_fork(after_in_child=_after_fork_in_child)
