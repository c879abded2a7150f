"""Snapshots of notebooks: taken into a run, parts first, and given back as they were."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from trackbook.config import captures_in
from trackbook.domain.cell import CellContent, CellExecution
from trackbook.domain.clock import now, to_datetime
from trackbook.domain.ids import is_id
from trackbook.domain.records import SnapshotTaken
from trackbook.domain.run import SnapshotInfo
from trackbook.domain.snapshot import digest_of, join_notebook, split_notebook
from trackbook.errors import NotFound, UsageError
from trackbook.services.recorder import RunRecorder
from trackbook.store.details import read_cells, read_snapshots
from trackbook.store.live_cells import read_live_cell
from trackbook.store.place import Blobs, Place
from trackbook.store.runs import check_run

Moment = Literal["start", "end"]
Origin = Literal["document", "file", "job"]


class Snapshots:
    """Stores and reads the notebooks of runs, and what their cells were when they ran."""

    def __init__(self, place: Place) -> None:
        self._store, self._database = place.paths, place.database
        self._blobs = place.blobs

    def take(self, run_id: str, moment: Moment, origin: Origin, notebook: Mapping[str, Any]) -> SnapshotInfo:
        """Store a notebook as a run's snapshot; a later one of the same moment and origin replaces it.

        Raises NotFound if there is no such run.
        """
        if not self._is_being_written(run_id):
            self._check_run(run_id)
        return self._record(run_id, moment, origin, notebook)

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return those of the parts that the store lacks, each once. Raises UsageError for what is no digest."""
        return [digest for digest in dict.fromkeys(digests) if not self._has(digest)]

    def store_parts(self, parts: Mapping[str, bytes]) -> None:
        """Store parts by their digests; raises UsageError if one's bytes have another digest, and stores none then."""
        for digest, data in parts.items():
            if digest_of(data) != digest:
                raise UsageError(f"The part {digest[:12]}… has other bytes than its digest says.")
        for data in parts.values():
            self._blobs.put_bytes(data)

    def infos(self, run_id: str) -> list[SnapshotInfo]:
        """Return which snapshots a run has, the better origin of a moment first. Raises NotFound without such a run."""
        self._check_run(run_id)
        with self._database.read() as connection:
            return read_snapshots(connection, run_id)

    def info(self, run_id: str, moment: Moment) -> SnapshotInfo:
        """Return a run's snapshot of a moment, of the best origin there is; raises NotFound without one."""
        found = next((info for info in self.infos(run_id) if info.moment == moment), None)
        if found is None:
            raise NotFound("snapshot", f"{run_id}/{moment}")
        return found

    def notebook(self, run_id: str, moment: Moment) -> dict[str, Any]:
        """Return the notebook of a run at a moment, equal to what was taken.

        Raises NotFound without one, CorruptRecord if it can't be put together.
        """
        return join_notebook(self._blobs.get(self.info(run_id, moment).digest), self._blobs.get)

    def cell(self, run_id: str, order: int) -> CellContent:
        """Return an execution of a run with its source and its outputs; raises NotFound if there is none.

        Of a job's cell that still runs these are the outputs so far.
        """
        self._check_run(run_id)
        with self._database.read() as connection:
            cells = read_cells(connection, run_id)
        execution = next((cell for cell in cells if cell.order == order), None)
        if execution is None:
            raise NotFound("cell", f"{run_id}/{order}")
        if execution.status == "running":
            with self._database.read() as connection:
                shown, truncated = read_live_cell(connection, run_id, execution.cell_id)
            execution = msgspec.structs.replace(execution, truncated=truncated)
            return CellContent(execution, self._source(execution), shown)
        # A disk that refused leaves an empty digest behind.
        outputs = [msgspec.json.decode(self._blobs.get(digest)) for digest in execution.outputs if digest]
        return CellContent(execution, self._source(execution), outputs)

    def sources(self, run_id: str) -> dict[int, str]:
        """Return the source of each execution of a run by its order, without those whose text is gone."""
        with self._database.read() as connection:
            cells = read_cells(connection, run_id)
        stored = [cell for cell in cells if cell.source_digest and self._blobs.has(cell.source_digest)]
        return {cell.order: self._source(cell) for cell in stored}

    def _source(self, execution: CellExecution) -> str:
        return self._blobs.get(execution.source_digest).decode("utf-8", "surrogatepass")

    def _check_run(self, run_id: str) -> None:
        with self._database.read() as connection:
            check_run(connection, run_id)

    def _is_being_written(self, run_id: str) -> bool:
        # A run that began just now is perhaps not in the index yet.
        return is_id(run_id) and (self._store.journals / run_id).is_dir()

    def _has(self, digest: str) -> bool:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise UsageError(f"{digest[:80]!r} is no SHA-256 digest in hex.")
        return self._blobs.keep(digest)

    def _record(
        self, run_id: str, moment: Moment, origin: Origin, notebook: Mapping[str, Any]
    ) -> SnapshotInfo:
        at = now()
        capture = captures_in(self._store.project)
        writer = RunRecorder.join(self._store, run_id, role="editor", capture=capture)
        writer.told_of_secrets = True  # the user's own process tells the user
        try:
            with writer.masking() as mask:
                digest = store_notebook(self._blobs, mask.notebook(notebook))
                writer.append(SnapshotTaken(at, moment, origin, digest))
        finally:
            writer.close()
        return SnapshotInfo(moment, origin, digest, to_datetime(at))


def store_notebook(blobs: Blobs, notebook: Mapping[str, Any]) -> str:
    """Store a notebook's parts and its manifest; returns the manifest's digest."""
    split = split_notebook(notebook)
    for data in (*split.parts.values(), split.manifest):
        blobs.put_bytes(data)
    return split.digest
