"""Switching Trackbook on for every IPython session: a file of its own among IPython's startup files.

A configuration that names the extension would complain in each environment that lacks Trackbook, and would have to be
mixed with what users wrote there; this file is ours alone, and says nothing where there is no Trackbook.
"""

import sys
from pathlib import Path
from typing import NamedTuple

from trackbook.config import AUTO, Settings
from trackbook.errors import StoreError, UsageError

# IPython runs startup files in the order of their names.
FILE = "05-trackbook.py"
_MARK = "# `trackbook enable` made this file, and `trackbook disable` takes it away.\n"
# Nothing of it may stay in the user's namespace.
_LOAD = """try:
    get_ipython().extension_manager.load_extension("trackbook")
except ModuleNotFoundError:  # this environment has no Trackbook
    pass
except Exception as error:
    __import__("sys").stderr.write(f"Trackbook is not switched on in this session: {error}\\n")
"""
# What the environment says already wins.
_AUTO = f'__import__("os").environ.setdefault("{AUTO}", "1")\n'


class Startup(NamedTuple):
    """A startup file: where it lies or would lie, and whether it is there."""

    path: Path
    is_on: bool


def startup_state(
    profile: str = "default", *, environment: bool = False, settings: Settings | None = None
) -> Startup:
    """Say whether Trackbook is switched on for a profile of this user's IPython, or for this Python environment."""
    path = _path(profile, environment, settings or Settings.load())
    return Startup(path, _is_ours(path))


def enable(
    profile: str = "default",
    *,
    environment: bool = False,
    auto: bool = False,
    settings: Settings | None = None,
) -> Startup:
    """Switch Trackbook on in each IPython session and kernel that begins from now on; again changes nothing.

    By default for all environments of this user; with `environment` for this one alone, for all its users. With `auto`
    a notebook with a cell tagged `parameters` is recorded from there on, as with `%track auto`. Raises
    UsageError where another file has the name, StoreError where the folder can't be written.
    """
    path = _path(profile, environment, settings or Settings.load())
    if path.exists() and not _is_ours(path):
        raise UsageError(f"{path} is there already and is not Trackbook's; move it away first.")
    text = _MARK + (_AUTO if auto else "") + _LOAD
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(path.parent, f"it can't be written ({error.strerror or error})") from error
    return Startup(path, True)


def disable(
    profile: str = "default", *, environment: bool = False, settings: Settings | None = None
) -> Startup:
    """Take back what `enable` did; returns the file, and whether it was there. No other file is touched.

    Raises StoreError where it can't be removed.
    """
    path = _path(profile, environment, settings or Settings.load())
    was_on = _is_ours(path)
    if was_on:
        try:
            path.unlink()
        except OSError as error:
            raise StoreError(path.parent, f"it can't be written ({error.strerror or error})") from error
    return Startup(path, was_on)


def _path(profile: str, environment: bool, settings: Settings) -> Path:
    if environment:
        return Path(sys.prefix) / "etc" / "ipython" / "startup" / FILE
    if not profile or Path(profile).name != profile:
        raise UsageError(f"{profile!r} is no name of an IPython profile.")
    return settings.ipython_folder / f"profile_{profile}" / "startup" / FILE


def _is_ours(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8", errors="replace").startswith(_MARK)
    except OSError:
        return False
