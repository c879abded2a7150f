"""The folder in which a job's notebook runs: its own, or, on a machine that has not got that, one that is made."""

import math
import shutil
from pathlib import Path, PurePosixPath

from trackbook.domain.job import JobSpec
from trackbook.errors import NotebookError
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

WORK = "work"


def working_folder(
    store: StorePaths, spec: JobSpec, job_folder: Path, blobs: Blobs, shared: Path | None = None
) -> Path:
    """Return the folder in which a job runs.

    A job of a store elsewhere may run on a machine on which its notebook's folder is not. There it gets an empty one,
    with the files in it that came with the job. Trials that share cells, which run once in one place, have it in
    common, below the folder `shared`. Raises NotebookError where the folder is gone, or such a file can't lie there.
    """
    own = Path(spec.folder)
    if store.remote is None or (own / PurePosixPath(spec.path).name).is_file():
        if not own.is_dir():
            raise NotebookError(spec.path, f"its folder {spec.folder} is gone")
        return own
    if shared is not None and is_shared(spec):
        work = shared / f"{WORK}-{spec.sweep_id}"
        lock = ProcessLock(work.with_suffix(".lock"))
        lock.acquire(math.inf)  # another trial fills it
        try:
            if not work.exists():
                _fill(work, spec, blobs)
        finally:
            lock.release()
        return work
    work = job_folder / WORK
    _fill(work, spec, blobs)
    return work


def is_shared(spec: JobSpec) -> bool:
    """Tell whether a job has the folder that is made for it in common with the other trials of its sweep."""
    return spec.share_prefix and spec.sweep_id is not None and spec.resumes is None


def describe_workplace(spec: JobSpec, folder: Path, host: str) -> str | None:
    """Return a sentence for the run's notes about a folder that was made for a job; None where it has its own."""
    if folder == Path(spec.folder):
        return None
    files = f"with {len(spec.files)} files that came with the job" if spec.files else "which was empty"
    whose = "that the trials of its sweep have in common" if is_shared(spec) else "of its own"
    return (
        f"Ran on {host}, where {spec.folder} is not, in a folder {whose}, {files}. "
        "Files beside the notebook come along with --files PATTERN."
    )


def _fill(work: Path, spec: JobSpec, blobs: Blobs) -> None:
    draft = work.with_suffix(".draft")
    for leftover in (draft, work):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True)
    modules = spec.frozen.modules if spec.frozen is not None else []
    kept = {one.path: one.digest for one in modules if blobs.has(one.digest)}
    for name, digest in (kept | spec.files).items():
        target = draft.joinpath(*_parts(spec, name))
        target.parent.mkdir(parents=True, exist_ok=True)
        blobs.copy_to(digest, target)
    draft.rename(work)


def _parts(spec: JobSpec, name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if (
        not parts
        or name.startswith("/")
        or any(part in ("..", "") or ":" in part or "\\" in part for part in parts)
    ):
        raise NotebookError(spec.path, f"a file {name!r} can't lie beside it")
    return parts
