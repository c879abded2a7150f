"""Cleaning notebook files: read, planned as the project wants it, and written so that nothing is lost."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from trackbook.capture.git import is_held
from trackbook.domain.cleaned import CLEAN_STEPS, SCRATCH_TAGS, Cleaned, CleanOptions, CleanStep
from trackbook.domain.clock import now, to_datetime
from trackbook.errors import NotebookError, UsageError
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.cleaning.write import render_cleaned, render_notebook
from trackbook.notebook.read import NBFORMAT, Notebook, parse_notebook
from trackbook.services.pairing import Pair, find_pair
from trackbook.store.paths import planned_root

BACKUP = "backup"


class NotebookFile(Struct, frozen=True):
    """A notebook's file as it was read; `old_format` is its nbformat where that is older than 4."""

    path: Path
    data: bytes
    notebook: Notebook
    old_format: int | None = None

    def render(self, cleaned: Cleaned) -> bytes:
        """Return the bytes of the cleaned notebook in the style of this file."""
        if self.old_format is not None:
            return render_notebook(cleaned.notebook)
        try:
            return render_cleaned(self.data, cleaned)
        except RecursionError:
            raise NotebookError(self.path, "its JSON is nested too deeply to be written as it is") from None


class Written(Struct, frozen=True):
    """Where a cleaned notebook was written, where the file was copied to before, and what became of its text half."""

    path: Path
    backup: Path | None = None
    synced: list[Path] = []
    unsynced: str | None = None


class _Table(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """`[tool.trackbook.clean]` in pyproject.toml."""

    steps: tuple[CleanStep, ...] = CLEAN_STEPS
    keep_metadata: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    scratch_tags: tuple[str, ...] = SCRATCH_TAGS
    keep_outputs: bool = False
    drop_looks: bool = False


def read_options(folder: Path) -> CleanOptions:
    """Return how notebooks in a folder are cleaned: as the nearest pyproject.toml, from there upwards, says.

    Raises UsageError if its `[tool.trackbook.clean]` can't be used.
    """
    start = folder.absolute()
    path = next(
        (one / "pyproject.toml" for one in (start, *start.parents) if (one / "pyproject.toml").is_file()),
        None,
    )
    if path is None:
        return CleanOptions()
    import tomllib

    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
        table = msgspec.convert(tool.get("trackbook", {}).get("clean", {}), _Table)
    except (ValueError, OSError, AttributeError) as error:
        raise UsageError(f"[tool.trackbook.clean] in {path} can't be used: {error}") from None
    return CleanOptions(
        steps=tuple(step for step in CLEAN_STEPS if step in table.steps),
        keep_metadata=table.keep_metadata,
        keep=table.keep,
        scratch_tags=table.scratch_tags,
        keep_outputs=table.keep_outputs,
        drop_looks=table.drop_looks,
    )


def read_file(path: Path, *, upgrade: bool = False) -> NotebookFile:
    """Return the notebook in a file.

    Raises NotebookError if there is none, or one that is older than nbformat 4, unless `upgrade` converts that.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotebookError(path, "there is no such file") from None
    except OSError as error:
        raise NotebookError(path, f"it can't be read ({error.strerror or error})") from error
    return read_data(data, path, upgrade=upgrade)


def read_data(data: bytes, path: Path, *, upgrade: bool = False) -> NotebookFile:
    """Return the notebook in a file's bytes; `path` names it. Raises NotebookError as `read_file`."""
    notebook = parse_notebook(data, path)
    old = _old_format(data)
    if old is not None and not upgrade:
        raise NotebookError(
            path,
            f"it has nbformat {old}, which can't be cleaned as it is; --upgrade converts it to nbformat {NBFORMAT} "
            "(Jupyter reads both)",
        )
    return NotebookFile(path, data, notebook, old)


def clean_file(
    file: NotebookFile, options: CleanOptions, executions: Mapping[str, int] | None = None
) -> Cleaned:
    """Return a file's notebook cleaned; nothing is written. Raises NotebookError for one that can't be taken apart."""
    return plan_cleaning(file.notebook, options, executions)


def write_file(file: NotebookFile, cleaned: Cleaned, output: Path | None = None) -> Written:
    """Write a cleaned notebook to its file, or to `output`.

    The file appears whole or not at all, with the permissions that it had. If git does not hold the file as it was, it
    is copied into the project's `.trackbook/backup` before; so is what stood at `output`. The text half of a jupytext
    pair follows when code changed; otherwise it is left alone, and the file keeps its time, so that the pair stays in
    step. Raises NotebookError if the file has changed since it was read, or the text half has changes that the notebook
    lacks.
    """
    content = file.render(cleaned)
    if output is not None and not _is_same_file(output, file.path):
        backup = _back_up_other(output.resolve(), content)
        _replace(output, content)
        return Written(output, backup)
    target = file.path.resolve()
    status = target.stat()
    if target.read_bytes() != file.data:
        raise NotebookError(file.path, "it has changed meanwhile; nothing was written, clean it again")
    if content == file.data:
        return Written(file.path)
    pair = find_pair(target, file.notebook)
    if pair is not None and cleaned.changed_code:
        pair.check(file.path, status.st_mtime)
    backup = None if is_held(target, file.data) else _back_up(target, file.data)
    _replace(target, content)
    if pair is None:
        return Written(file.path, backup)
    return _write_pair(file, cleaned, backup, pair, status)


def _write_pair(
    file: NotebookFile, cleaned: Cleaned, backup: Path | None, pair: Pair, status: os.stat_result
) -> Written:
    if not cleaned.changed_code:
        os.utime(file.path, ns=(status.st_atime_ns, status.st_mtime_ns))
        return Written(file.path, backup)
    if (reason := pair.unavailable) is not None:
        return Written(file.path, backup, unsynced=reason)
    return Written(file.path, backup, synced=pair.write(cleaned.notebook))


def _old_format(data: bytes) -> int | None:
    document: Any = json.loads(data.decode("utf-8-sig"))
    found = document["nbformat"]
    return found if found < NBFORMAT else None


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _back_up_other(path: Path, content: bytes) -> Path | None:
    if not path.is_file():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} can't be written ({error.strerror or error}); name another file."
        ) from error
    return None if data == content or is_held(path, data) else _back_up(path, data)


def _back_up(path: Path, data: bytes) -> Path:
    folder = planned_root(path.parent) / BACKUP
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    moment = f"{to_datetime(now()):%Y%m%d-%H%M%S}"
    for number in range(1000):
        name = f"{path.stem}-{moment}{f'-{number}' if number else ''}{path.suffix}"
        with contextlib.suppress(FileExistsError), (folder / name).open("xb") as copy:
            copy.write(data)
            return folder / name
    raise UsageError(f"No copy of {path} can be made in {folder}: it holds too many of this moment.")


def _replace(path: Path, content: bytes) -> None:
    target = path.resolve()
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        else:
            mask = os.umask(0)
            os.umask(mask)
            Path(draft).chmod(0o666 & ~mask)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
