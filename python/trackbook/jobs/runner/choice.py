"""Whether a notebook's cells can run in a runner, which is this interpreter, in the place of its kernel."""

import os
import shutil
import sys
from pathlib import Path


def why_no_runner(kernel: str | None) -> str | None:
    """Return why the kernel named `kernel` can't be replaced by a runner; None if it can."""
    from jupyter_client.kernelspec import NoSuchKernel

    from trackbook.jobs.kernelfolders import kernel_specs

    try:
        spec = kernel_specs().get_kernel_spec(kernel or "python3")
    except NoSuchKernel:
        return f"there is no kernel {kernel!r}."
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
