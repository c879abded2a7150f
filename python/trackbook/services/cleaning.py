"""Cleaning a store up: runs that the retention rules delete, and bytes that nothing names any more.

Whatever any record of a run that stays names, stays: also an artifact's earlier version, and what stands in bytes that
this version can't read. What is younger than the grace time stays, too: its record may be on the way.
"""

import contextlib
import shutil
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from trackbook.domain.cleanup import Cleanup, DoomedRun, Freed, SparedRun
from trackbook.domain.run import Run
from trackbook.errors import NotFound
from trackbook.services.deleting import Deleting
from trackbook.services.retention import doomed_by_rules, read_rules
from trackbook.services.runs import Runs
from trackbook.store.deletion import read_subjects
from trackbook.store.locks import is_held
from trackbook.store.place import Place
from trackbook.store.references import digests_in, read_named, read_part_digests
from trackbook.store.stored import StoredBlob

GRACE = 3600.0
_UNNAMED = "unreferenced"


class Cleaning:
    """Cleans one store up."""

    def __init__(self, place: Place, runs: Runs, deleting: Deleting) -> None:
        self._place, self._runs, self._deleting = place, runs, deleting

    def preview(self, grace: float = GRACE) -> Cleanup:
        """Return what `clean` would take away now. Nothing is changed.

        Raises UsageError for rules that can't be understood, or a store whose blobs lie where they can't be listed;
        CorruptRecord if a segment is damaged, so that what it names can't be told.
        """
        self._runs.refresh()
        doomed, spared = self._doomed()
        before = time.time() - grace
        jobs = {run.id: self._deleting.job_of(run) for run, _ in doomed.values()}
        gone = set(doomed) | {job for job in jobs.values() if job is not None}
        unnamed = self._unnamed(gone, before)
        kinds, owners = self._of_doomed(gone, {blob.digest for blob in unnamed})
        freed: dict[str, list[int]] = defaultdict(list)
        by_run: dict[str, int] = defaultdict(int)
        run_of_job = {job: run_id for run_id, job in jobs.items() if job is not None}
        for blob in unnamed:
            freed[kinds.get(blob.digest, _UNNAMED)].append(blob.size)
            if (owner := owners.get(blob.digest)) is not None:
                by_run[run_of_job.get(owner, owner)] += blob.size
        for subject in sorted(gone):
            folder = self._place.paths.job_folder(subject)
            for kind, size in (
                ("segments", self._place.parts.size(subject)),
                ("job folders", _folder_size(folder)),
            ):
                if size:
                    freed[kind].append(size)
                    by_run[run_of_job.get(subject, subject)] += size
        for _, size in self._stray_folders(before):
            freed["job folders"].append(size)
        for _, size in self._drafts(before):
            freed["drafts"].append(size)
        return Cleanup(
            [_describe(run, rule, by_run[run.id]) for run, rule in doomed.values()],
            spared,
            [Freed(kind, len(sizes), sum(sizes)) for kind, sizes in sorted(freed.items())],
            sum(map(sum, freed.values())),
        )

    def clean(self, grace: float = GRACE) -> Cleanup:
        """Take away what `preview` tells of, and return what that was. Raises like it."""
        plan = self.preview(grace)
        if plan.runs:
            self._deleting.delete([run.id for run in plan.runs], even_untrashed=True)
        before = time.time() - grace
        blobs = self._place.blobs
        # Asked again: between the preview and now a record may have come that names one of them.
        for blob in self._unnamed(set(), before):
            blobs.discard(blob.digest, before)
        for folder, _ in list(self._stray_folders(before)):
            shutil.rmtree(folder, ignore_errors=True)
        for path, _ in list(self._drafts(before)):
            path.unlink(missing_ok=True)
        return Cleanup(plan.runs, plan.spared, plan.freed, plan.bytes, done=True)

    def _doomed(self) -> tuple[dict[str, tuple[Run, str]], list[SparedRun]]:
        doomed = doomed_by_rules(self._runs, read_rules(self._place.paths))
        spared: list[SparedRun] = []
        while True:  # a run that stays may be forked from one that was to go
            together = frozenset(doomed)
            obstacles = {
                run_id: why
                for run_id, (run, _) in doomed.items()
                if (why := self._deleting.obstacle(run, together)) is not None
            }
            if not obstacles:
                return doomed, spared
            spared += [SparedRun(doomed.pop(run_id)[0].number, why) for run_id, why in obstacles.items()]

    def _unnamed(self, gone: Collection[str], before: float) -> list[StoredBlob]:
        """Return the blobs stored before a moment that nothing names except runs and jobs which go."""
        # Listed before asking who names them: one that is stored after this is not among them.
        old = [blob for blob in self._place.blobs.all() if blob.stored < before]
        named = self._named(gone) if old else set()
        return [blob for blob in old if blob.digest not in named]

    def _named(self, gone: Collection[str]) -> set[str]:
        named: set[str] = set()
        manifests: set[str] = set()
        with self._place.database.read() as connection:
            for subject, kind, digest in read_named(connection):
                if subject not in gone:
                    named.add(digest)
                    if kind == "snapshots":
                        manifests.add(digest)
        parts = self._place.parts
        # Journals first: one that is sealed meanwhile is found among the segments.
        for sealed, names in ((False, parts.journals()), (True, parts.segments())):
            for name in names:
                if name.subject not in gone:
                    found = read_part_digests(parts, name, sealed)
                    named |= found.named
                    manifests |= found.manifests
        for digest in manifests:
            named |= self._parts_of_snapshot(digest)
        return named

    def _parts_of_snapshot(self, digest: str) -> set[str]:
        try:
            return digests_in(self._place.blobs.get(digest))
        except NotFound:
            return set()

    def _of_doomed(self, gone: Collection[str], unnamed: set[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return as what, and by which of the runs and jobs that go, blobs were named which go with them."""
        kinds: dict[str, str] = {}
        owners: dict[str, str] = {}
        with self._place.database.read() as connection:
            found = [named for named in read_named(connection) if named.subject in gone]
        for subject, kind, digest in found:
            for part in {digest} | (self._parts_of_snapshot(digest) if kind == "snapshots" else set()):
                if part in unnamed:
                    kinds.setdefault(part, kind)
                    owners.setdefault(part, subject)
        return kinds, owners

    def _stray_folders(self, before: float) -> Iterator[tuple[Path, int]]:
        """Yield folders of jobs and of runs that the index knows no more, if nobody has touched them for a while."""
        with self._place.database.read() as connection:
            known = read_subjects(connection)
        with contextlib.suppress(FileNotFoundError):
            for folder in sorted(self._place.paths.jobs.iterdir()):
                if folder.name in known or not folder.is_dir() or is_held(folder / "worker.lock"):
                    continue
                if _newest(folder) < before:
                    yield folder, _folder_size(folder)

    def _drafts(self, before: float) -> Iterator[tuple[Path, int]]:
        yield from self._place.blobs.drafts(before)
        for path in (
            *self._place.paths.segments.glob("*/*.draft"),
            *self._place.paths.root.glob("store-*.json"),
        ):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime < before:
                    yield path, status.st_size


def _describe(run: Run, rule: str, size: int) -> DoomedRun:
    return DoomedRun(run.id, run.number, run.experiment, run.name, rule, size)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _newest(folder: Path) -> float:
    return max((path.stat().st_mtime for path in (folder, *_files(folder))), default=0.0)
