"""Installed packages, read from folder names: a few milliseconds, where opening each metadata file takes hundreds."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from trackbook.capture.installed import Pairs, kept

_NAMED = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*)(?:-py[\d.]+)?\.(?:dist-info|egg-info)\Z")
_SEPARATORS = re.compile(r"[-_.]+")


def installed_packages(path: list[str] | None = None) -> dict[str, str]:
    """Return the distributions on `path` (by default sys.path): normalised names and versions, sorted by name.

    Where two folders have the same distribution the first one counts, as it does for import.
    """
    found: dict[str, str] = {}
    for entry in sys.path if path is None else path:
        for name, version in _in_folder(Path(entry)):
            found.setdefault(normal_name(name), version)
    return dict(sorted(found.items()))


def normal_name(name: str) -> str:
    """Return a distribution's name as packages are compared by: in lower case, with single dashes."""
    return _SEPARATORS.sub("-", name).lower()


@kept
def _in_folder(folder: Path) -> Pairs:
    return tuple(_list(folder))


def _list(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        entries = list(folder.iterdir())
    except OSError:  # no folder: a zip file, or an entry of sys.path that is gone
        return
    for entry in entries:
        if entry.suffix in (".dist-info", ".egg-info"):
            match = _NAMED.match(entry.name)
            yield (match["name"], match["version"]) if match else _from_metadata(entry)


def _from_metadata(entry: Path) -> tuple[str, str]:
    from importlib.metadata import Distribution  # slow to import, and seldom needed

    # A package installed for development may carry no version in its folder's name.
    try:
        metadata = Distribution.at(entry).metadata
        return metadata["Name"] or entry.stem, metadata["Version"] or ""
    except Exception:
        return entry.stem, ""
