"""Packages that are installed from a folder of sources, whose version says little about what they are."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from trackbook.capture.git import read_git
from trackbook.capture.installed import Pairs, kept
from trackbook.capture.packages import normal_name
from trackbook.domain.environment import Editable

# Each folder asks git, which takes a few milliseconds.
MOST_FOLDERS = 30


def read_editable(path: list[str] | None = None, *, git: bool = True) -> dict[str, Editable]:
    """Return the packages on `path` (by default sys.path) that pip or uv installed as editable, by normalised name.

    With `git` each has the commit of its folder, and whether it has changes that are not committed.
    """
    folders: dict[str, str] = {}
    for entry in sys.path if path is None else path:
        for name, folder in _in_folder(Path(entry)):
            folders.setdefault(name, folder)
    return {
        name: _editable(folder, git and position < MOST_FOLDERS)
        for position, (name, folder) in enumerate(sorted(folders.items()))
    }


def _editable(folder: str, git: bool) -> Editable:
    state = read_git(Path(folder)) if git else None
    return Editable(folder) if state is None else Editable(folder, state.commit, state.dirty)


@kept
def _in_folder(folder: Path) -> Pairs:
    return tuple(_list(folder))


def _list(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".dist-info")]
    except OSError:  # a zip file, or an entry of sys.path that is gone
        return
    for entry in entries:
        try:
            told = json.loads((Path(entry.path) / "direct_url.json").read_bytes())
        except (OSError, ValueError):
            continue
        if source := _source_of(told):
            yield normal_name(entry.name.removesuffix(".dist-info").rpartition("-")[0]), source


def _source_of(told: object) -> str | None:
    # PEP 610: {"url": "file:///home/me/project", "dir_info": {"editable": true}}
    if not isinstance(told, dict) or not isinstance(info := told.get("dir_info"), dict):
        return None
    url = told.get("url")
    if not info.get("editable") or not isinstance(url, str) or not url.startswith("file:"):
        return None
    from urllib.parse import unquote, urlsplit

    path = unquote(urlsplit(url).path)
    # file:///C:/Users/me; `url2pathname` would do it, and brings all of HTTP along.
    return path.lstrip("/").replace("/", "\\") if os.name == "nt" else path
