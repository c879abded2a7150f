"""Exporting: the runs of a store as a folder that needs no Trackbook to be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.exchange import ExportReport
from trackbook.domain.job import JOB_ENDED, Job
from trackbook.domain.records import ArtifactStored, Record, SnapshotTaken, WriterOpened
from trackbook.domain.run import RunDetail
from trackbook.domain.snapshot import encode_part
from trackbook.errors import MissingExtra, NotFound, StoreError, UsageError
from trackbook.services.exchange import layout
from trackbook.services.exchange.blobfiles import BlobFiles, draft_folder
from trackbook.services.exchange.recordtext import record_to_json
from trackbook.services.exchange.references import named_digests, parts_of_snapshot
from trackbook.services.jobs import Jobs
from trackbook.services.runs import Runs
from trackbook.services.snapshots import Snapshots
from trackbook.store.place import Place
from trackbook.store.subjects import list_parts, read_part, without_marks
from trackbook.version import version

if TYPE_CHECKING:
    from trackbook.services.exchange.pointfile import PointFile
    from trackbook.services.exchange.tablefile import TableFiles


class Exports:
    """Writes runs of one store to folders."""

    def __init__(self, place: Place, runs: Runs, jobs: Jobs, snapshots: Snapshots) -> None:
        self._place = place
        self._runs, self._jobs, self._snapshots = runs, jobs, snapshots

    def write(self, folder: Path, query: str | None = None, *, artifacts: bool = True) -> ExportReport:
        """Write runs to `folder`, which appears whole at the end; returns what was written.

        Without a `query` these are all runs, those in the trash too, and all jobs that ended; with one, the runs
        that a search finds, those from which they were forked, and their jobs. Without
        `artifacts` the content of artifacts stays behind.
        Raises UsageError if the folder exists and is not empty, QueryError for a search that can't be read,
        MissingExtra in the light install, StoreError or CorruptRecord for a store that can't be read.
        """
        try:
            import pyarrow  # noqa: F401  # asked for before anything is written
        except ModuleNotFoundError:
            raise MissingExtra("An export") from None
        folder = folder.absolute()
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise UsageError(f"{folder} exists; name a new or an empty folder to export to.")
        wanted = query.strip() if query else ""
        run_ids = self._runs.ids(wanted)
        run_ids = [*run_ids, *self._origins(run_ids)] if wanted else run_ids + self._runs.ids(trashed=True)
        with draft_folder(folder) as draft:
            writing = _Writing(draft, self._place, self._snapshots, artifacts)
            writing.write(self._details(run_ids), self._ended_jobs(None if not wanted else set(run_ids)))
            return writing.finish(folder, wanted or None)

    def _origins(self, run_ids: list[str]) -> list[str]:
        """Return the further runs without which forks among these would lack the history that they share."""
        origins: list[str] = []
        known = set(run_ids)
        for run_id in run_ids:
            origin = self._runs.get(run_id).forked_from
            while origin is not None and origin not in known:
                known.add(origin)
                origins.append(origin)
                origin = self._runs.get(origin).forked_from
        return origins

    def _details(self, run_ids: list[str]) -> Iterator[RunDetail]:
        for run_id in sorted(run_ids):
            try:
                detail = self._runs.detail(run_id)
            except NotFound:  # deleted meanwhile
                continue
            yield detail

    def _ended_jobs(self, run_ids: set[str] | None) -> list[Job]:
        # A job that waits or runs belongs to the workers of this store; elsewhere it would be run once more.
        ended = [job for job in self._jobs.list(limit=None) if job.status in JOB_ENDED]
        return sorted(
            (job for job in ended if run_ids is None or job.spec.run_id in run_ids), key=lambda job: job.id
        )


class _Writing:
    """One export, being written into a draft of its folder."""

    def __init__(self, folder: Path, place: Place, snapshots: Snapshots, artifacts: bool) -> None:
        self._folder, self._place, self._snapshots, self._artifacts = folder, place, snapshots, artifacts
        self._blobs = BlobFiles(place.blobs, folder / layout.BLOBS)
        self._counts = {"runs": 0, "jobs": 0, "points": 0}
        self._unread = 0
        (folder / layout.NOTEBOOKS).mkdir()

    def write(self, details: Iterator[RunDetail], jobs: list[Job]) -> None:
        from trackbook.services.exchange.pointfile import PointFile
        from trackbook.services.exchange.tablefile import TableFiles
        from trackbook.services.exchange.tables import JOBS

        with (
            (self._folder / layout.RECORDS).open("wb") as records,
            PointFile(self._folder / layout.POINTS) as points,
            TableFiles(self._folder) as tables,
        ):
            for detail in details:
                self._write_run(detail, records, points, tables)
            for job in jobs:
                _write_line(records, {"job": job.id})
                self._write_subject("job", job.id, records, points)
                tables.add(JOBS, [job])
            self._counts |= {"jobs": len(jobs), "points": points.count}

    def finish(self, folder: Path, query: str | None) -> ExportReport:
        """Write the list of blobs and, last of all, the description."""
        self._write_blob_list()
        files = {
            path.name: layout.describe_file(path) for path in sorted(self._folder.iterdir()) if path.is_file()
        }
        counts = layout.Counts(blobs=len(self._blobs.sizes), **self._counts)
        missing = sorted(self._blobs.missing)
        description = layout.Description(
            format=layout.FORMAT,
            trackbook=version(),
            project=layout.Project(self._place.paths.id, self._place.paths.name),
            exported=to_datetime(now()),
            query=query,
            artifacts=self._artifacts,
            counts=counts,
            files=files,
            missing=missing,
            unread=self._unread,
        )
        layout.write_description(self._folder, description)
        size = sum(file.size for file in files.values()) + sum(self._blobs.sizes.values())
        return ExportReport(
            str(folder), counts.runs, counts.jobs, counts.points, counts.blobs, size, missing, self._unread
        )

    def _write_run(
        self, detail: RunDetail, lines: IO[bytes], points: "PointFile", tables: "TableFiles"
    ) -> None:
        from trackbook.services.exchange.tables import rows_of

        run_id = detail.run.id
        _write_line(lines, {"run": run_id, "number": detail.run.number})
        records = self._write_subject("run", run_id, lines, points)
        sources, notebooks = self._snapshots.sources(run_id), self._write_notebooks(detail)
        for table, rows in rows_of(detail, records, sources, notebooks):
            tables.add(table, rows)
        self._counts["runs"] += 1

    def _write_subject(self, kind: str, subject: str, lines: IO[bytes], points: "PointFile") -> list[Record]:
        """Write all that happened to a run or a job, writer by writer; returns it without the points."""
        from trackbook.services.exchange.pointfile import Piece

        kept: list[Record] = []
        opened: set[str] = set()
        with self._place.database.read() as connection:
            names = list_parts(connection, subject)
        for name in names:
            content = read_part(self._place.parts, name)
            self._unread += len(content.unread)
            records = without_marks(content.records, name.writer in opened)
            if any(isinstance(record, WriterOpened) for record in records):
                opened.add(name.writer)
            for record in records:
                line = {kind: subject, "writer": name.writer, "record": record_to_json(record)}
                _write_line(lines, line)
                self._take_blobs(record)
            kept += records
            for (key, context), columns in sorted(content.points.items(), key=lambda item: item[0]):
                points.add(Piece(subject, name.writer, key, context, columns))
        return kept

    def _take_blobs(self, record: Record) -> None:
        if isinstance(record, ArtifactStored) and not self._artifacts:
            return
        self._blobs.add(named_digests(record))
        if isinstance(record, SnapshotTaken):
            self._blobs.add(parts_of_snapshot(record.digest, self._place.blobs.get))

    def _write_notebooks(self, detail: RunDetail) -> dict[str, str]:
        written: dict[str, str] = {}
        for info in detail.snapshots:
            try:
                notebook = self._snapshots.notebook(detail.run.id, info.moment)
            except (NotFound, StoreError):  # a part of it is gone, which the list of missing content says
                continue
            name = f"{layout.NOTEBOOKS}/{detail.run.id}-{info.moment}.ipynb"
            (self._folder / name).write_bytes(encode_part(notebook))
            written[info.moment] = name
        return written

    def _write_blob_list(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sizes = sorted(self._blobs.sizes.items())
        columns = [[digest for digest, _ in sizes], [size for _, size in sizes]]
        schema = layout.blobs_schema()
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        pq.write_table(
            pa.Table.from_arrays(arrays, schema=schema), self._folder / layout.BLOB_LIST, compression="zstd"
        )


def _write_line(file: IO[bytes], value: dict[str, Any]) -> None:
    file.write(msgspec.json.encode(value) + b"\n")
