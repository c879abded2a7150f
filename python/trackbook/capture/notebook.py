"""Which notebook this kernel belongs to, from what Jupyter, VS Code and the connection file say."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackbook.errors import NotebookError

_CONNECTION = re.compile(r"kernel-(?P<id>.+)\.json\Z")

_VS_CODE = "__vsc_ipynb_file__"


def is_vs_code(user_namespace: Mapping[str, Any]) -> bool:
    """Tell whether VS Code is the kernel's front end: it leaves the notebook's path in `user_namespace`."""
    return _VS_CODE in user_namespace


def find_notebook(named: Path | None, user_namespace: Mapping[str, Any], folder: Path) -> Path | None:
    """Return the absolute path of the notebook, or None when nothing says which it is.

    `named` is what Jupyter gave the kernel at start (stale after a rename, relative to the server's root in some
    versions); VS Code leaves `__vsc_ipynb_file__` in `user_namespace`. `folder` is the kernel's working directory
    at its start.
    """
    told = user_namespace.get(_VS_CODE)
    candidates = [Path(told)] if isinstance(told, str) and told else []
    if named is not None:
        # A path relative to the server's root: the kernel starts in the notebook's own folder.
        candidates += [named] if named.is_absolute() else [folder / named, folder / named.name]
    for candidate in candidates:
        if candidate.suffix == ".ipynb" and candidate.is_file():
            return candidate.absolute()
    return None


def kernel_id_of(connection_file: str | None) -> str | None:
    """Return the kernel's id, which Jupyter's servers put into the name of its connection file."""
    match = _CONNECTION.search(connection_file or "")
    return match["id"] if match else None


def relative_path(path: Path, project: Path) -> str:
    """Return `path` relative to the project, with forward slashes; the absolute path if it lies outside."""
    resolved, root = path.resolve(), project.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else str(resolved)


def parse_notebook(path: Path, saved: bytes) -> dict[str, Any]:
    """Return the bytes of a saved notebook as plain JSON values; raises NotebookError if they are none."""
    try:
        content = json.loads(saved)
    except ValueError as error:
        raise NotebookError(path, f"it is not JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise NotebookError(path, "it is not a notebook of format 4")
    return content
