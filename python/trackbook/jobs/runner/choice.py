"""Whether a notebook's cells can run in a runner, which is this interpreter, in the place of its kernel."""

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# What was found out of the kernels of sweeps, whose trials ask again and again.
_known: dict[tuple[str, int], str | None] = {}


def why_no_runner(kernel: str | None) -> str | None:
    """Return why the kernel named `kernel` can't be replaced by a runner; None if it can."""
    from jupyter_client.kernelspec import NoSuchKernel

    from trackbook.jobs.kernelfolders import kernel_specs

    specs = kernel_specs()
    place = _place(specs.kernel_dirs, kernel or "python3")
    if place is not None and place in _known:
        return _known[place]
    try:
        spec = specs.get_kernel_spec(kernel or "python3")
    except NoSuchKernel:
        return f"there is no kernel {kernel!r}."
    reason = _why_not(kernel, spec)
    if place is not None:
        _known[place] = reason
    return reason


def _place(folders: Sequence[str], kernel: str) -> tuple[str, int] | None:
    """Return the file that describes a kernel, and when it was written; None where it is not to be found so easily."""
    for folder in folders:
        path = os.path.join(folder, kernel, "kernel.json")  # noqa: PTH118
        with contextlib.suppress(OSError):
            return path, os.stat(path).st_mtime_ns  # noqa: PTH116
    return None


def _why_not(kernel: str | None, spec: Any) -> str | None:
    if not any("ipykernel" in part for part in spec.argv):
        return f"the kernel {kernel!r} is not IPython's."
    if not _is_this(spec.argv[0]):
        return f"the kernel {kernel!r} belongs to another Python ({spec.argv[0]})."
    if spec.env or (spec.metadata or {}).get("kernel_provisioner"):
        return f"the kernel {kernel!r} is started in a way of its own."
    return None


def _is_this(command: str) -> bool:
    # jupyter_client itself takes these names for the interpreter that it runs in.
    version = sys.version_info
    if command in ("python", f"python{version[0]}", f"python{version[0]}.{version[1]}"):
        return True
    found = shutil.which(command) or command
    # Not resolved: environments share one binary, and differ in the path by which it is called.
    return os.path.normpath(Path(found).parent) == os.path.normpath(Path(sys.executable).parent)
