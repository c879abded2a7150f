"""What makes a template fit a kernel: all that its interpreter, and its imports, took from where it was started."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.jobs.warm.command import KernelCommand

# Told to a kernel alone, and of no meaning to imports.
OWN_VARIABLES = frozenset(("JPY_PARENT_PID", "JPY_INTERRUPT_EVENT", "IPY_INTERRUPT_EVENT"))
BACKEND = "MPLBACKEND"
# The ending of a template's list of the files that it has imported.
MODULES = ".modules"
# What ipykernel says where nobody else does.
DEFAULT_BACKEND = "module://matplotlib_inline.backend_inline"
# Read by the interpreter and by libraries of C, where nobody sees it; what Python code reads is noted as it does.
_EARLY = (
    "PYTHON", "LD_", "OMP_", "KMP_", "GOMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_", "NUMEXPR_", "MALLOC_",
    "GLIBC_", "CUDA_", "NVIDIA_", "LC_", "CONDA_",
)  # fmt: skip
_EARLY_NAMES = frozenset(("LANG", "LANGUAGE", "TZ", "HOME", "PATH", "VIRTUAL_ENV", "DISPLAY"))
# Files of the working directory that libraries read when they are imported.
_FOLDER_FILES = ("matplotlibrc",)
_STATUS = ("Umask:", "SigBlk:", "SigIgn:", "Cpus_allowed:", "Uid:", "Gid:", "Groups:")
_PACKAGES = (".dist-info", ".egg-info", ".egg-link", ".pth")
# Folders as they were listed last, by when they were changed: each trial of a sweep asks.
_listed: dict[str, "_Listed"] = {}
_LISTED_FOR = 5.0
_SETTLED = 2_000_000_000  # nanoseconds


class _Listed(NamedTuple):
    changed: int
    until: float
    packages: list[tuple[str, int]]
    files: list[str]


def base_key(
    command: KernelCommand, modules: Sequence[str], environment: Mapping[str, str], folder: str
) -> str:
    """Return the name of templates that may fit a kernel, but for what their imports read of the environment."""
    early = {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith(_EARLY) or name in _EARLY_NAMES
    }
    return _digest(
        [
            command.interpreter,
            command.options,
            command.debugger,
            command.runs,
            list(modules),
            early,
            home_of(folder),
            _place(),
        ]
    )[:16]


def home_of(folder: str) -> str | None:
    """Return the folder in which a template for kernels in `folder` has to import; None where any will do."""
    found = any(os.path.exists(os.path.join(folder, name)) for name in _FOLDER_FILES)  # noqa: PTH110, PTH118
    return folder if found else None


def template_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which a template for kernels with `environment` imports."""
    own = {name: value for name, value in environment.items() if name not in OWN_VARIABLES}
    return own if own.get(BACKEND) else own | {BACKEND: DEFAULT_BACKEND}


def values_digest(environment: Mapping[str, str], names: Iterable[str]) -> dict[str, str | None]:
    """Return what an environment says for `names`, in such a way that it can be compared and not read."""
    seen = template_environment(environment)
    return {name: None if name not in seen else _digest(seen[name])[:16] for name in names}


def packages_digest(folders: Iterable[str]) -> str:
    """Return a digest that changes when a package in one of the folders is installed, changed or taken away."""
    found: list[tuple[str, int]] = []
    for folder in folders:
        with contextlib.suppress(OSError):
            packages, files = _packages_in(folder)
            found += packages
            found += [(path, _changed(path)) for path in files]
    return _digest_of_packages(tuple(found))


def _packages_in(folder: str) -> tuple[list[tuple[str, int]], list[str]]:
    """Return the folders in a folder that stand for packages, with their dates, and the files. Raises OSError.

    Whoever installs something makes such a folder anew, which changes the date of the one in which it lies.
    """
    changed = os.stat(folder).st_mtime_ns  # noqa: PTH116
    known = _listed.get(folder)
    if known is not None and known.changed == changed and time.monotonic() < known.until:
        return known.packages, known.files
    packages, files = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(_PACKAGES) and not entry.name.startswith("__editable__"):
                continue
            if entry.is_dir():
                packages.append((entry.path, _changed(entry.path)))
            else:
                files.append(entry.path)
    packages.sort()
    files.sort()
    # What changes within the same tick of the clock would not be seen.
    if time.time_ns() - max([changed, *(date for _, date in packages)]) > _SETTLED:
        _listed[folder] = _Listed(changed, time.monotonic() + _LISTED_FOR, packages, files)
    return packages, files


def _changed(path: str) -> int:
    """Return the date of a file in nanoseconds; 0 if there is none."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


@lru_cache(4)
def _digest_of_packages(found: tuple[tuple[str, int], ...]) -> str:
    return _digest(found)


def files_digest(paths: Iterable[str]) -> str:
    """Return a digest that changes when one of the files does, comes or goes."""
    found = []
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116
            found.append((path, status.st_mtime_ns, status.st_size))
        except OSError:
            found.append((path, 0, 0))
    return _digest(found)


def is_edited(paths: Iterable[str], since: float) -> bool:
    """Tell whether one of the files was written after a moment; one that is not there, as in an archive, was not."""
    now = time.time()
    for path in paths:
        with contextlib.suppress(OSError):
            # What is dated in the future would be found edited again and again.
            if since < os.stat(path).st_mtime <= now:  # noqa: PTH116
                return True
    return False


def has_ended(pid: int) -> bool:
    """Tell whether a process has ended, though its parent may not have taken note of it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _place() -> list[str]:
    """Return what a process inherits from the one that starts it, beside the environment."""
    place = []
    for name in ("limits", "cgroup", "oom_score_adj"):
        try:
            place.append(Path(f"/proc/self/{name}").read_text())
        except OSError:
            place.append("")
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        place += [line for line in lines if line.startswith(_STATUS)]
    except OSError:
        pass
    return [*place, str(os.getpriority(os.PRIO_PROCESS, 0))]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
