"""What pyproject.toml says of linting: the table `[tool.trackbook.lint]` of the nearest one that has it."""

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackbook.errors import UsageError
from trackbook.notebook.lint.checks import LARGE_OUTPUT
from trackbook.notebook.lint.selection import DEFAULT, Selection, unknown_codes

_TABLE = "[tool.trackbook.lint]"
_LISTS = ("select", "extend-select", "ignore", "exclude", "builtins")
_FLAGS = ("ruff", "history")
_KEYS = (*_LISTS, *_FLAGS, "per-file-ignores", "large-output")


class LintConfig(Struct, frozen=True):
    """How a project wants its notebooks linted.

    `folder` is that of the pyproject.toml, to which patterns are relative; `builtins` are names that its kernels have;
    `large_output` is in bytes.
    """

    folder: Path | None = None
    select: Sequence[str] = DEFAULT
    ignore: Sequence[str] = ()
    per_file_ignores: Mapping[str, Sequence[str]] = {}
    exclude: Sequence[str] = ()
    builtins: Sequence[str] = ()
    ruff: bool = True
    history: bool = True
    large_output: int = LARGE_OUTPUT

    def selection(self, path: Path, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Selection:
        """Return the codes that are chosen for a notebook; what a command names comes before what the file says."""
        ignored = [
            code
            for pattern, codes in self.per_file_ignores.items()
            if self._fits(path, pattern)
            for code in codes
        ]
        return Selection(tuple(select) or tuple(self.select), (*self.ignore, *ignored, *ignore))

    def excludes(self, path: Path) -> bool:
        """Tell whether a notebook, or a folder above it, is left out."""
        return any(self._fits(path, pattern) for pattern in self.exclude)

    def _fits(self, path: Path, pattern: str) -> bool:
        root = self.folder or Path.cwd()
        try:
            relative = path.absolute().relative_to(root.absolute())
        except ValueError:
            return False
        pattern = pattern.rstrip("/")
        candidates = [relative, *relative.parents][:-1]
        return any(
            fnmatch(candidate.as_posix(), pattern) or fnmatch(candidate.name, pattern)
            for candidate in candidates
        )


def read_config(folder: Path) -> LintConfig:
    """Return what the nearest pyproject.toml from `folder` upwards with such a table says.

    Raises UsageError, with what was probably meant, for one that says what there is not.
    """
    for candidate in (folder, *folder.parents):
        path = candidate / "pyproject.toml"
        try:
            status = path.stat()
        except OSError:
            continue
        found = _read(path, status.st_mtime_ns, status.st_size)
        if found is not None:
            return found
    return LintConfig()


@lru_cache(maxsize=64)
def _read(path: Path, _modified: int, _size: int) -> LintConfig | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if b"trackbook" not in data:
        return None
    try:
        content = tomllib.loads(data.decode())
    except ValueError as error:
        raise UsageError(f"{path} can't be read ({error}); it says how notebooks are linted.") from None
    tool = content.get("tool", {})
    table = tool.get("trackbook", {}).get("lint") if isinstance(tool, dict) else None
    return None if table is None else _parse(table, path)


def _parse(table: Any, path: Path) -> LintConfig:
    where = f"{_TABLE} in {path}"
    if not isinstance(table, dict):
        raise UsageError(f"{where} has to be a table.")
    for key in table:
        if key not in _KEYS:
            raise UsageError(
                f"{where} has no {key!r}{_suggestion(get_close_matches(key, _KEYS, 1))}. There is: {', '.join(_KEYS)}."
            )
    lists = {key: _texts(table[key], f"{key} of {where}") for key in _LISTS if key in table}
    for key in _FLAGS:
        if not isinstance(table.get(key, True), bool):
            raise UsageError(f"{key} of {where} has to be true or false.")
    per_file = table.get("per-file-ignores", {})
    if not isinstance(per_file, dict):
        raise UsageError(
            f'per-file-ignores of {where} has to map patterns to codes: {{"drafts/*" = ["TB3"]}}.'
        )
    ignores = {pattern: _texts(codes, f"per-file-ignores of {where}") for pattern, codes in per_file.items()}
    for key in ("select", "extend-select", "ignore"):
        check_codes(lists.get(key, []), f"{key} of {where}")
    for codes in ignores.values():
        check_codes(codes, f"per-file-ignores of {where}")
    large = table.get("large-output", LARGE_OUTPUT)
    if not isinstance(large, int) or isinstance(large, bool) or large < 0:
        raise UsageError(f"large-output of {where} has to be a number of bytes.")
    return LintConfig(
        path.parent,
        (*lists.get("select", DEFAULT), *lists.get("extend-select", ())),
        lists.get("ignore", []),
        ignores,
        lists.get("exclude", []),
        lists.get("builtins", []),
        table.get("ruff", True),
        table.get("history", True),
        large,
    )


def check_codes(codes: Sequence[str], where: str) -> None:
    """Raise UsageError, with the code that was probably meant, for one that there is not."""
    for code, near in unknown_codes(codes).items():
        raise UsageError(
            f"{where} names {code!r}, which there is not{_suggestion(near)}. "
            "`trackbook lint --explain all` lists the rules."
        )


def _suggestion(near: Sequence[str]) -> str:
    return f" (did you mean {near[0]!r}?)" if near else ""


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f'{where} has to be a list of texts, such as ["TB3", "F401"].')
    return value
