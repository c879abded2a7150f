"""A job that goes on where another run failed: what of that run is put in its place before it begins."""

from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.domain.job import JobSpec
from trackbook.domain.resumption import KeptCell
from trackbook.errors import TrackbookError
from trackbook.notebook.read import Notebook
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

if TYPE_CHECKING:
    from trackbook.services.context import Services

_OUTPUTS = "outputs/"


def keep_cells(
    store: StorePaths, spec: JobSpec, notebook: Notebook, recorder: RunRecorder, outputs: Path
) -> list[str]:
    """Give a job what it keeps of the run that it resumes; returns the ids of the cells that are not executed.

    What they showed is put into `notebook`, what they logged is recorded in the job's own run, and the files that they
    left in the job's output folder are in `outputs` again.
    """
    from trackbook.services.carrying import Carrying
    from trackbook.services.context import Services
    from trackbook.services.opening import open_place

    kept = [cell for cell in spec.kept if not cell.again]
    services = Services(open_place(store))
    try:
        services.runs.refresh(timeout=60.0)
        carrying = Carrying(services.runs, services.series, services.snapshots)
        carrying.carry(kept, recorder)
        shown = carrying.outputs(kept)
        _restore_files(services, spec.resumes or "", outputs)
    finally:
        services.close()
    by_id = {cell.cell_id: cell for cell in kept}
    for cell in notebook["cells"]:
        if (one := by_id.get(cell.get("id", ""))) is not None:
            cell["outputs"], cell["execution_count"] = shown[one.cell_id]
            _mark(cell, one)
    return list(by_id)


def _mark(cell: Notebook, kept: KeptCell) -> None:
    metadata = cell.setdefault("metadata", {})
    own = metadata.get("trackbook")
    mark = {"kept": {"run": kept.run_id, "execution": kept.order}}
    metadata["trackbook"] = (own if isinstance(own, dict) else {}) | mark


def _restore_files(services: "Services", run_id: str, outputs: Path) -> None:
    try:
        artifacts = services.runs.detail(run_id).artifacts
    except TrackbookError:  # deleted since
        return
    for artifact in artifacts:
        if artifact.kind == "output" and artifact.path.startswith(_OUTPUTS):
            target = outputs / artifact.path.removeprefix(_OUTPUTS)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.write_bytes(services.place.blobs.get(artifact.digest))
            except TrackbookError:  # its bytes are gone; whoever reads the file will say so
                continue
