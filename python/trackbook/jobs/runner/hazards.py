"""What stands against forking this process, as sentences for people. Linux alone has what is looked at here."""

import contextlib
import os
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_OPEN_FOR_WRITING = os.O_WRONLY | os.O_RDWR
_HARMLESS = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/tty", "/dev/shm/")
# Trackbook's own, which a copy of the process gives up by itself, and takes up anew when it writes.
_OWN_THREADS = frozenset(("trackbook-data", "trackbook-system", "trackbook-syncing"))
_OWN_FILE = re.compile(
    r"/journals/[0-9a-f-]{36}/[^/]+\.(?:lock|journal)$|/trackbook-system-[0-9a-f-]{36}\.lock$"
)
_ACCELERATORS = ("/dev/nvidia", "/dev/kfd", "/dev/dri/")


def hazards(*, own: frozenset[int] = frozenset(), tasks: int = 0) -> list[str]:
    """Return what would make a fork of this process unsafe; nothing if it is safe.

    `own` are descriptors of the runner itself, `tasks` how many tasks of asyncio wait.
    """
    return [*_threads(), *_accelerators(), *_children(), *_tasks(tasks), *_descriptors(own)]


def _threads() -> list[str]:
    me = threading.current_thread()
    names = sorted(
        thread.name
        for thread in threading.enumerate()
        if thread is not me and thread.name not in _OWN_THREADS
    )
    if not names:
        return []
    return [f"{_count(len(names), 'thread')} of Python would not be there any more: {', '.join(names[:5])}."]


def _tasks(count: int) -> list[str]:
    return [f"{_count(count, 'asyncio task')} would go on in each copy."] if count else []


def _accelerators() -> list[str]:
    torch = sys.modules.get("torch")
    with contextlib.suppress(Exception):  # a torch of another make
        if torch is not None and torch.cuda.is_initialized():
            return ["CUDA is in use (torch), which no copy of the process could go on using."]
    used = sorted({target for _, target in _open_files() if target.startswith(_ACCELERATORS)})
    return [f"A GPU is in use ({used[0]}), which no copy of the process could go on using."] if used else []


def _children() -> list[str]:
    tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
    harmless = {getattr(tracker, "_pid", None)}
    children: set[int] = set()
    for task in _listed("/proc/self/task"):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/self/task/{task}/children").read_text(encoding="ascii")
            children.update(int(pid) for pid in text.split())
    names = sorted(_name_of(pid) for pid in children - harmless if not _has_ended(pid))
    if not names:
        return []
    return [
        f"{_count(len(names), 'process', 'processes')} that it has started would serve several: {names[0]}."
    ]


def _descriptors(own: frozenset[int]) -> list[str]:
    sockets, written = 0, []
    for descriptor, target in _open_files():
        if descriptor in own or descriptor <= 2:
            continue
        if target.startswith("socket:"):
            sockets += 1
        elif _is_file(target) and not _OWN_FILE.search(target) and _is_written(descriptor):
            written.append(target.removesuffix(" (deleted)"))
    found = []
    if sockets:
        found.append(f"{_count(sockets, 'open socket')} would be used by several processes at once.")
    if written:
        more = f" and {len(written) - 1} more" if len(written) > 1 else ""
        found.append(f"A file is open for writing, into which all copies would write: {written[0]}{more}.")
    return found


def openmp_threads() -> int:
    """Return how many threads below Python no known library accounts for: those that OpenMP leaves waiting, mostly.

    A child in which OpenMP was at work before hangs when it goes on with several threads.
    """
    below = len(_listed("/proc/self/task")) - threading.active_count()
    return max(0, below - _blas_threads()) if below > 0 and openmp_libraries() else 0


def limit_openmp(threads: int, libraries: Sequence[str]) -> None:
    """Have the OpenMP `libraries` of this process use so many threads from now on."""
    import ctypes

    for path in libraries:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(path).omp_set_num_threads(threads)
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        with contextlib.suppress(Exception):  # a torch of another make
            torch.set_num_threads(threads)


def _blas_threads() -> int:
    # OpenBLAS ends its threads before a fork, and starts them anew in both; no others are safe in that way.
    controller = sys.modules.get("threadpoolctl")
    if controller is None:
        try:
            import threadpoolctl as controller  # type: ignore[import-untyped,no-redef]
        except ImportError:
            return 0
    with contextlib.suppress(Exception):  # it looks into libraries of all makes
        return sum(
            found["num_threads"] - 1
            for found in controller.threadpool_info()  # type: ignore[union-attr]
            if found.get("internal_api") == "openblas" and found.get("threading_layer") != "openmp"
        )
    return 0


def openmp_libraries() -> list[str]:
    """Return the files of the OpenMP libraries that this process has loaded; to find them takes milliseconds."""
    names: dict[str, None] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            path = line.partition("/")[2].strip()
            if path.rpartition("/")[2].startswith(("libgomp", "libiomp5", "libomp")):
                names[f"/{path}"] = None
    return list(names)


def _open_files() -> list[tuple[int, str]]:
    found = []
    for name in _listed("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append((int(name), str(Path(f"/proc/self/fd/{name}").readlink())))
    return found


def _is_file(target: str) -> bool:
    return target.startswith("/") and not target.startswith((*_HARMLESS, *_ACCELERATORS))


def _is_written(descriptor: int) -> bool:
    import fcntl

    try:
        return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & _OPEN_FOR_WRITING)
    except OSError:
        return False


def _listed(folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        return [path.name for path in Path(folder).iterdir()]
    return []


def _name_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return " ".join(word.decode(errors="replace") for word in words[:3]).strip() or f"process {pid}"
    return f"process {pid}"


def _has_ended(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return (
            Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")[2].startswith(("Z", "X"))
        )
    return True


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
