"""A job's cells in its run: recorded by who executes them, so that they are there whatever became of the kernel."""

from datetime import datetime
from typing import Any

from trackbook.domain.cell import CellError, CellStatus
from trackbook.domain.execution import Observer
from trackbook.notebook.dataflow import names_in_source
from trackbook.notebook.outputs import OutputCollector, OutputLimits
from trackbook.notebook.read import Notebook, is_executed, language_of, source_of
from trackbook.services.recorder import RunRecorder

# What is told of a cell while it runs: a page of it, again and again.
_LIVE = OutputLimits(text=100_000, data=1_000_000, outputs=200)


class CellRecords:
    """An observer that records each cell in the job's run, and tells another one.

    A kernel whose Trackbook is of an earlier version records its cells itself, and says so.
    """

    def __init__(self, recorder: RunRecorder, observer: Observer, notebook: Notebook) -> None:
        self._recorder, self._observer = recorder, observer
        self._records = self._shows = False
        self._order = 0
        self._is_python = language_of(notebook) == "python"

    def kernel_ready(self, tracks: bool) -> None:
        """Hear whether the kernel records its cells itself."""
        self._records = not tracks and self._recorder.captures("cells")
        self._shows = not tracks and self._recorder.captures("outputs")
        self._observer.kernel_ready(tracks)

    def cell_started(self, position: int, total: int, cell: Notebook) -> None:
        """Record that a cell begins."""
        if self._records and is_executed(cell):
            began = _moment(cell)
            self._order = self._recorder.cell_started(cell.get("id"), None, source_of(cell), began)
        self._observer.cell_started(position, total, cell)

    def cell_shown(self, cell: Notebook) -> None:
        """Tell what the cell that runs has shown so far, masked and at most a page of it."""
        if not self._shows:
            return
        outputs, truncated = bounded(cell.get("outputs", []), _LIVE)
        with self._recorder.masking() as mask:
            masked = mask.outputs(outputs, f"output of cell {self._order}")
        self._observer.cell_shown({"id": cell.get("id"), "outputs": masked, "truncated": truncated})

    def cell_finished(self, cell: Notebook, status: CellStatus, duration: float) -> None:
        """Record how a cell came out."""
        if self._records:
            outputs, truncated = bounded(cell.get("outputs", [])) if self._shows else ([], False)
            names = names_in_source(source_of(cell)) if self._is_python else None
            used = (cell.get("metadata") or {}).get("trackbook") or {}
            self._recorder.cell_finished(
                self._order,
                status,
                duration,
                outputs,
                truncated=truncated,
                error=_cell_error(cell.get("outputs", [])),
                reads=names.reads if names is not None else (),
                writes=names.writes if names is not None else (),
                cpu=used.get("cpu"),
                memory=used.get("memory"),
                count=cell.get("execution_count"),
            )
        self._observer.cell_finished(cell, status, duration)


def bounded(
    outputs: list[dict[str, Any]], limits: OutputLimits | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """Return outputs (nbformat 4 dicts) within limits, and whether something was left out."""
    collector = OutputCollector(limits)
    for output in outputs:
        match output["output_type"]:
            case "stream":
                text = output["text"]
                collector.write(output["name"], text if isinstance(text, str) else "".join(text))
            case "display_data":
                collector.display(output["data"], output.get("metadata"), None, False)
            case "execute_result":
                collector.result(output["data"], output.get("metadata"), output.get("execution_count"))
            case "error":
                collector.error(output["ename"], output["evalue"], list(output.get("traceback", [])))
    return collector.finish()


def _moment(cell: Notebook) -> int | None:
    """Return when papermill's metadata says that a cell began, in microseconds."""
    told = ((cell.get("metadata") or {}).get("papermill") or {}).get("start_time")
    return int(datetime.fromisoformat(told).timestamp() * 1_000_000) if isinstance(told, str) else None


def _cell_error(outputs: list[dict[str, Any]]) -> CellError | None:
    for output in outputs:
        if output.get("output_type") == "error":
            return CellError(output["ename"], output["evalue"], list(output.get("traceback", [])))
    return None
