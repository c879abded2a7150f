"""The machine: processors, memory, graphics cards."""

import os
import platform
import shutil
import subprocess
from functools import cache

_TIMEOUT = 5.0


def read_hardware() -> dict[str, str | int]:
    """Return what is known of `cpus` (usable by this process), `memory` (bytes), `machine`, `gpus` and `gpu`.

    `gpu` names the graphics cards as nvidia-smi does; both are absent without one. Asked once a process.
    """
    return dict(_hardware())


def usable_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def total_memory() -> int | None:
    """Return the machine's memory in bytes, None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _windows_memory()


def gpu_names() -> list[str]:
    """Return the names of NVIDIA graphics cards; empty where there is no nvidia-smi, or no answer in time."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run(
            [tool, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # the interrupt of a cell goes to the whole process group
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    if done.returncode != 0:
        return []
    return [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]


def _windows_memory() -> int | None:
    import ctypes

    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return None
    kilobytes = ctypes.c_ulonglong(0)
    if not windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)):
        return None
    return kilobytes.value * 1024


@cache
def _hardware() -> dict[str, str | int]:
    found: dict[str, str | int] = {"machine": platform.machine(), "cpus": usable_cpus()}
    if (memory := total_memory()) is not None:
        found["memory"] = memory
    if names := gpu_names():
        found["gpus"] = len(names)
        found["gpu"] = ", ".join(dict.fromkeys(names))
    return found
