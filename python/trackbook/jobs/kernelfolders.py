"""The folders in which kernels are registered, found without importing IPython: a worker runs no code itself."""

import os
from pathlib import Path

from jupyter_core.paths import jupyter_path


def kernel_folders() -> list[str]:
    """Return where jupyter_client looks for kernels, the first one first."""
    return [*jupyter_path("kernels"), str(_ipython_folder() / "kernels")]


def _ipython_folder() -> Path:
    # As IPython finds it, where nobody has moved it by hand.
    return Path(os.path.expandvars(os.environ.get("IPYTHONDIR") or "~/.ipython")).expanduser()
