"""The kernels that are registered, found without importing IPython: a worker runs no code itself."""

import contextlib
import os
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_path

from trackbook.config import Settings
from trackbook.errors import UsageError


def kernel_specs() -> KernelSpecManager:
    """Return who knows the kernels that jobs may ask for: all that Jupyter knows, and those of rebuilt environments.

    The latter are for jobs alone, and in nobody's menu.
    """
    folders = kernel_folders()
    with contextlib.suppress(UsageError):  # settings that can't be read stop no kernel
        folders.append(str(Settings.load().environments_folder / "kernels"))
    return KernelSpecManager(kernel_dirs=folders)


def kernel_folders() -> list[str]:
    """Return where jupyter_client looks for kernels, the first one first."""
    return [*jupyter_path("kernels"), str(_ipython_folder() / "kernels")]


def _ipython_folder() -> Path:
    # As IPython finds it, where nobody has moved it by hand.
    return Path(os.path.expandvars(os.environ.get("IPYTHONDIR") or "~/.ipython")).expanduser()
