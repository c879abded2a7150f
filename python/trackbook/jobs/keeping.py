"""A job that goes on where another run failed: what of that run is put in its place before it begins."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook.config import Settings
from trackbook.domain.cell import CellStatus
from trackbook.domain.execution import Observer
from trackbook.domain.job import JobSpec
from trackbook.domain.resumption import KeptCell
from trackbook.errors import TrackbookError
from trackbook.notebook.read import Notebook
from trackbook.services.recorder import RunRecorder
from trackbook.services.sleepers import Sleepers
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

if TYPE_CHECKING:
    from trackbook.services.context import Services

_OUTPUTS = "outputs/"


class Keeping:
    """What a job keeps of the run that it resumes. `copy` is the socket of the snapshot that it goes on from."""

    def __init__(self, store: StorePaths, spec: JobSpec, outputs: Path, blobs: Blobs) -> None:
        self._store, self._spec, self._outputs, self._blobs = store, spec, outputs, blobs
        self.copy: str | None = None
        if spec.resumes is not None and spec.snapshot is not None:
            sleeper = Sleepers(store).find(spec.resumes, spec.snapshot)
            self.copy = sleeper.path if sleeper is not None else None

    @property
    def has_lost_its_copy(self) -> bool:
        """Whether the snapshot is gone that the job was to go on from."""
        return self._spec.snapshot is not None and self.copy is None

    def cells(self, notebook: Notebook) -> list[KeptCell]:
        """Return the cells that are not executed: with a copy all before its border, else those that none needs."""
        if self.copy is None:
            return [cell for cell in self._spec.kept if not cell.again]
        before: list[str] = []
        for cell in notebook["cells"]:
            if cell.get("id") == self._spec.snapshot:
                break
            before.append(cell.get("id"))
        return [cell for cell in self._spec.kept if cell.cell_id in before]

    def fill(self, notebook: Notebook) -> Notebook:
        """Return the notebook with the outputs of what is kept, and restore the files that the run had left."""
        filled = copy.deepcopy(notebook)
        kept = {cell.cell_id: cell for cell in self.cells(notebook)}
        services = self._open()
        try:
            shown = _carrying(services).outputs(list(kept.values()))
            _restore_files(services, self._blobs, self._spec.resumes or "", self._outputs)
        finally:
            services.close()
        for cell in filled["cells"]:
            if (one := kept.get(cell.get("id", ""))) is not None:
                cell["outputs"], cell["execution_count"] = shown[one.cell_id]
                _mark(cell, one)
        return filled

    def carry(self, notebook: Notebook, recorder: RunRecorder) -> None:
        """Record in the job's own run what the kept cells had recorded."""
        services = self._open()
        try:
            _carrying(services).carry(self.cells(notebook), recorder)
        finally:
            services.close()

    def _open(self) -> "Services":
        from trackbook.services.context import open_services

        services = open_services(self._store, Settings.load().token)
        services.runs.refresh(timeout=60.0)
        return services


class CarryingObserver:
    """Tells another observer what it hears; what is kept is carried over once there is a kernel to go on in."""

    def __init__(
        self, keeping: Keeping, notebook: Notebook, recorder: RunRecorder, observer: Observer
    ) -> None:
        self._keeping, self._notebook, self._recorder = keeping, notebook, recorder
        self._observer = observer

    def kernel_ready(self, tracks: bool) -> None:
        """Hear that the kernel answers."""
        self._keeping.carry(self._notebook, self._recorder)
        self._observer.kernel_ready(tracks)

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        """Hear that a cell begins."""
        self._observer.cell_started(position, total, cell)

    def cell_finished(self, cell: dict[str, Any], status: CellStatus, duration: float) -> None:
        """Hear that a cell has ended."""
        self._observer.cell_finished(cell, status, duration)

    def cell_shown(self, cell: dict[str, Any]) -> None:
        """Hear what the cell that runs has shown."""
        self._observer.cell_shown(cell)


def _carrying(services: "Services") -> Any:
    from trackbook.services.carrying import Carrying

    return Carrying(services.runs, services.series, services.snapshots)


def _mark(cell: Notebook, kept: KeptCell) -> None:
    metadata = cell.setdefault("metadata", {})
    own = metadata.get("trackbook")
    mark = {"kept": {"run": kept.run_id, "execution": kept.order}}
    metadata["trackbook"] = (own if isinstance(own, dict) else {}) | mark


def _restore_files(services: "Services", blobs: Blobs, run_id: str, outputs: Path) -> None:
    try:
        artifacts = services.runs.detail(run_id).artifacts
    except TrackbookError:  # deleted since
        return
    for artifact in artifacts:
        if artifact.kind == "output" and artifact.path.startswith(_OUTPUTS):
            target = outputs / artifact.path.removeprefix(_OUTPUTS)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.write_bytes(blobs.get(artifact.digest))
            except TrackbookError:  # its bytes are gone; whoever reads the file will say so
                continue


def ids_of(cells: Sequence[KeptCell]) -> list[str]:
    """Return the ids of cells."""
    return [cell.cell_id for cell in cells]
