"""What stands against forking this process: threads, connections, devices, files open for writing, children."""

import ctypes
import os
import re
import threading
from pathlib import Path
from typing import NamedTuple

# The numbers of threads that OpenBLAS runs, under the names with which NumPy, SciPy and others build it.
_ASK_OPENBLAS = tuple(
    f"{prefix}openblas_get_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", "")
)
_OPENBLAS = re.compile(r"/\S*openblas\S*\.so\S*")
# Threads of libraries that see to forks themselves, by their names: the memory allocator of pyarrow and polars.
_FORK_SAFE = frozenset(("jemalloc_bg_thd",))
_DEVICES = ("/dev/nvidia", "/dev/dri", "/dev/kfd")
_KINDS = {
    "socket:": "a connection",
    "anon_inode:[eventpoll]": "a queue of events",
    "anon_inode:[eventfd]": "an event",
    "anon_inode:[io_uring]": "a queue of the system",
    "pipe:": "a pipe",
}


class OpenFile(NamedTuple):
    """What is open under a number. `target` is its name, which a file loses when it is moved or deleted."""

    number: int
    identity: str
    writes: bool
    target: str


class ProcessState(NamedTuple):
    """What this process has of the things that a fork does not carry over, or shares when it should not."""

    threads: int
    python_threads: frozenset[str]
    files: list[OpenFile]
    children: frozenset[str]


def process_state() -> ProcessState:
    """Look at this process. Threads of OpenBLAS, which ends them before a fork, don't count, nor others as safe."""
    threads = len(_threads()) - 1
    if threads:
        threads = max(threads - openblas_threads(), len(threading.enumerate()) - 1)
    return ProcessState(
        threads,
        frozenset(thread.name for thread in threading.enumerate()),
        _open_files(),
        frozenset(_children()),
    )


def new_hazards(before: ProcessState, after: ProcessState) -> list[str]:
    """Return what came between two looks, each as the end of a sentence that begins with a module's name."""
    found = []
    started = sorted(after.python_threads - before.python_threads)
    if after.threads > before.threads:
        named = f" ({', '.join(started)})" if started else ""
        found.append(f"starts threads when it is imported{named}")
    known = {file[:3] for file in before.files}
    for file in after.files:
        if file[:3] not in known and (hazard := _hazard(file)) is not None:
            found.append(hazard)
    if after.children - before.children:
        found.append("starts a process when it is imported")
    return found


def openblas_threads() -> int:
    """Return how many threads beside the first the OpenBLAS libraries of this process run."""
    try:
        paths = set(_OPENBLAS.findall(Path("/proc/self/maps").read_text()))
    except OSError:
        return 0
    return sum(max(0, _threads_of(path) - 1) for path in paths)


def _threads_of(path: str) -> int:
    try:
        library = ctypes.CDLL(path)
    except OSError:
        return 0
    for name in _ASK_OPENBLAS:
        function = getattr(library, name, None)
        if function is not None:
            return int(function())
    return 0


def _threads() -> list[str]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
        except OSError:  # it has ended
            continue
        if name not in _FORK_SAFE:
            found.append(name)
    return found


def _open_files() -> list[OpenFile]:
    found = []
    for number in sorted(map(int, os.listdir("/proc/self/fd"))):  # noqa: PTH208
        try:
            target = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
            flags = Path(f"/proc/self/fdinfo/{number}").read_text()
            status = os.fstat(number)
        except OSError:  # the descriptor with which they were listed
            continue
        mode = next((line.split()[1] for line in flags.splitlines() if line.startswith("flags:")), "0")
        writes = int(mode, 8) & os.O_ACCMODE != os.O_RDONLY
        # What is no file has a name that says what it is, and an inode that may be that of many.
        identity = f"{status.st_dev}:{status.st_ino}" if target.startswith("/") else target
        found.append(OpenFile(number, identity, writes, target))
    return found


def _hazard(file: OpenFile) -> str | None:
    path = file.target
    for kind, words in _KINDS.items():
        if path.startswith(kind):
            return f"opens {words} when it is imported"
    if path.startswith(_DEVICES):
        return f"opens the device {path} when it is imported"
    if file.writes and path.startswith("/") and not path.startswith("/dev/"):
        return f"opens {path} for writing when it is imported"
    return None


def _children() -> list[str]:
    found: list[str] = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += (task / "children").read_text().split()
        except OSError:
            continue
    return found
