"""The folder in which a job's notebook runs: its own, or, on a machine that has not got that, one made for the job."""

import shutil
from pathlib import Path, PurePosixPath

from trackbook.domain.job import JobSpec
from trackbook.errors import NotebookError
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

WORK = "work"


def working_folder(store: StorePaths, spec: JobSpec, job_folder: Path, blobs: Blobs) -> Path:
    """Return the folder in which a job runs.

    A job of a store elsewhere may run on a machine on which its notebook's folder is not. There it gets an empty one,
    with the files in it that came with the job. Raises NotebookError where the folder is gone, or such a file can't
    lie there.
    """
    own = Path(spec.folder)
    if store.remote is None or (own / PurePosixPath(spec.path).name).is_file():
        if not own.is_dir():
            raise NotebookError(spec.path, f"its folder {spec.folder} is gone")
        return own
    work = job_folder / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name, digest in spec.files.items():
        target = work.joinpath(*_parts(spec, name))
        target.parent.mkdir(parents=True, exist_ok=True)
        blobs.copy_to(digest, target)
    return work


def describe_workplace(spec: JobSpec, folder: Path, host: str) -> str | None:
    """Return a sentence for the run's notes about a folder that was made for a job; None where it has its own."""
    if folder == Path(spec.folder):
        return None
    files = f"with {len(spec.files)} files that came with the job" if spec.files else "which was empty"
    return (
        f"Ran on {host}, where {spec.folder} is not, in a folder of its own, {files}. "
        "Files beside the notebook come along with --files PATTERN."
    )


def _parts(spec: JobSpec, name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if (
        not parts
        or name.startswith("/")
        or any(part in ("..", "") or ":" in part or "\\" in part for part in parts)
    ):
        raise NotebookError(spec.path, f"a file {name!r} can't lie beside it")
    return parts
