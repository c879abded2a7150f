"""Folders of data: which files lie in one, and the manifest that says what each holds."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import Struct

from trackbook.capture.datafile import FileState, digest_file, state_of

# Beside the data, and never part of it.
_LEFT_OUT = frozenset((".git", ".trackbook", "__pycache__", ".ipynb_checkpoints", ".DS_Store"))


class FolderEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of a folder: its path inside with forward slashes, its size in bytes, and its SHA-256.

    One whose content is not known says why in `problem`.
    """

    path: str
    size: int | None = None
    digest: str | None = None
    problem: str | None = None


class FolderFacts(Struct, frozen=True):
    """What a folder was found to hold. `digest` is that of the `manifest`, None where a file could not be read."""

    digest: str | None
    manifest: bytes
    files: int
    size: int
    changed: bool
    problem: str | None


class _Found(Struct, frozen=True):
    path: str
    inside: str
    state: FileState | None
    problem: str | None


def digest_folder(folder: str, rest: Callable[[], None] | None = None) -> FolderFacts:
    """Read all files of a folder, in the order of their paths. Raises OSError for one that can't be listed."""
    os.scandir(folder).close()
    return _digest(sorted(_walk(folder, "", ()), key=lambda found: found.inside), rest)


def digest_files(
    folder: str, files: Iterable[tuple[str, FileState]], rest: Callable[[], None] | None = None
) -> FolderFacts:
    """Read some files of a folder, each with the state in which the user read it, as if there were no others."""
    found = [_Found(path, _inside(folder, path), state, None) for path, state in files]
    return _digest(sorted(found, key=lambda item: item.inside), rest)


def _inside(folder: str, path: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _digest(files: list[_Found], rest: Callable[[], None] | None) -> FolderFacts:
    import hashlib

    entries, size, changed, unknown = [], 0, False, 0
    for found in files:
        if found.state is None:
            # What is no file at all has no content that could differ.
            unknown += found.problem is not None and not found.problem.startswith("no regular")
            entries.append(FolderEntry(found.inside, problem=found.problem))
            continue
        try:
            facts = digest_file(found.path, found.state, rest)
        except OSError as error:
            unknown += 1
            entries.append(FolderEntry(found.inside, problem=error.strerror or str(error)))
            continue
        size += facts.size
        changed |= facts.changed
        entries.append(FolderEntry(found.inside, facts.size, facts.digest))
    manifest = msgspec.json.encode(entries)
    digest = None if unknown else hashlib.sha256(manifest).hexdigest()
    problem = f"{unknown:,} of {len(entries):,} files can't be read" if unknown else None
    return FolderFacts(digest, manifest, len(entries), size, changed, problem)


def _walk(folder: str, inside: str, around: tuple[tuple[int, int], ...]) -> Iterator[_Found]:
    try:
        own = os.stat(folder)
        if (own.st_dev, own.st_ino) in around:  # a link that leads back to where it came from
            return
        with os.scandir(folder) as listed:
            entries = list(listed)
    except OSError as error:
        yield _Found(folder, inside.rstrip("/") or ".", None, error.strerror or str(error))
        return
    for entry in entries:
        if entry.name in _LEFT_OUT:
            continue
        path = f"{inside}{entry.name}"
        try:
            status = entry.stat()
        except OSError as error:
            yield _Found(entry.path, path, None, error.strerror or str(error))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(entry.path, f"{path}/", (*around, (own.st_dev, own.st_ino)))
        elif stat.S_ISREG(status.st_mode):
            yield _Found(entry.path, path, state_of(os.stat(entry.path)), None)
        else:
            yield _Found(entry.path, path, None, "no regular file")
