"""Which files beside a notebook go along with its job."""

from pathlib import Path, PurePosixPath

from trackbook.errors import UsageError

MOST_FILES = 10_000


def find_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files in `folder` that fit a pattern such as `data/*.csv` or `data/**`; a folder stands for all in it.

    Raises UsageError for a pattern that leaves the folder, fits no file, or very many.
    """
    plain = PurePosixPath(pattern)
    if not pattern or plain.is_absolute() or Path(pattern).is_absolute() or ".." in plain.parts:
        raise UsageError(
            f"--files {pattern!r}: name files below the notebook's folder, relative to it, such as data/*.csv."
        )
    found: set[Path] = set()
    for match in folder.glob(pattern):
        inside = match.rglob("*") if match.is_dir() else [match]
        found |= {
            file for file in inside if file.is_file() and file.resolve().is_relative_to(folder.resolve())
        }
    if not found:
        raise UsageError(f"--files {pattern!r} fits no file in {folder}.")
    if len(found) > MOST_FILES:
        raise UsageError(f"--files {pattern!r} fits {len(found):,} files; at most {MOST_FILES:,} go along.")
    return sorted(found)
