"""The cells of a run: the notebook as its snapshot holds it, and over that what was executed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trackbook.domain.cell import CellExecution, CellStatus
from trackbook.domain.celldifference import CellKind, NotebookSide, SideCell
from trackbook.domain.run import RunDetail
from trackbook.domain.snapshot import Manifest, SnapshotCell, decode_part, digest_of, read_manifest
from trackbook.errors import CorruptRecord, NotFound, StoreTooNew

# What tools write there at each execution, or what only says how a cell is shown.
_UNTOLD = frozenset(
    ("execution", "ExecuteTime", "papermill", "collapsed", "scrolled", "trusted", "trackbook")
)
_MIMETYPES = {"python": "text/x-python", "r": "text/x-rsrc", "julia": "text/x-julia", "scala": "text/x-scala"}


class RunCell(Struct, frozen=True):
    """A cell of a run. `outputs` are digests: those of the last execution, else those of the snapshot."""

    index: int | None
    order: int | None
    cell_id: str | None
    kind: CellKind
    source: str
    digest: str
    status: CellStatus | None
    executions: int
    sources: int
    outputs: list[str]
    metadata: dict[str, Any]
    edited: bool = False
    deleted: bool = False
    lost: bool = False

    def told(self) -> SideCell:
        """Return what is said of the cell in a comparison."""
        return SideCell(
            self.index,
            self.order,
            self.cell_id,
            self.kind,
            self.source,
            self.status,
            self.executions,
            self.sources,
            len(self.outputs),
            self.edited,
            self.deleted,
            self.lost,
        )


class RunNotebook(Struct, frozen=True):
    """The cells of a run, and where they are known from."""

    side: NotebookSide
    cells: list[RunCell]


def read_run_notebook(detail: RunDetail, get: Callable[[str], bytes]) -> RunNotebook:
    """Return the cells of a run: of its last snapshot with what was executed, or of its executions alone.

    `get` returns the bytes of a blob. What is not in the store any more is no error: the side's `problem` says it.
    """
    reader = _Reader(detail, get)
    cells = reader.cells()
    run = detail.run
    side = NotebookSide(
        run_id=run.id,
        number=run.number,
        notebook=run.source.path,
        moment=reader.moment,
        mimetype=reader.mimetype,
        language=reader.language,
        cells=len(cells),
        running=run.status == "running",
        problem=reader.problem,
    )
    return RunNotebook(side, cells)


class _Reader:
    def __init__(self, detail: RunDetail, get: Callable[[str], bytes]) -> None:
        self._detail, self._get = detail, get
        self.moment: Any = None
        self.problem: str | None = None
        self.language, self.mimetype = "python", "text/x-python"

    def cells(self) -> list[RunCell]:
        groups = _by_cell(self._detail.cells)
        manifest = self._manifest()
        if manifest is None:
            return [self._executed(executions) for executions in groups]
        cells = []
        claimed: dict[int, list[CellExecution]] = {}
        of_id = {run[-1].cell_id: place for place, run in enumerate(groups) if run[-1].cell_id}
        for index, entry in enumerate(manifest.cells):
            cell = self._saved(index, entry)
            place = of_id.get(cell.cell_id) if cell.cell_id else None
            if place is None and cell.kind == "code":
                place = next(
                    (
                        at
                        for at, run in enumerate(groups)
                        if at not in claimed and not run[-1].cell_id and run[-1].source_digest == cell.digest
                    ),
                    None,
                )
            if place is None or place in claimed:
                cells.append(cell)
            else:
                claimed[place] = groups[place]
                cells.append(self._ran(cell, groups[place]))
        return _with_deleted(cells, [run for at, run in enumerate(groups) if at not in claimed], self._gone)

    def _manifest(self) -> Manifest | None:
        infos = sorted(self._detail.snapshots, key=lambda info: info.moment != "end")
        for info in infos:
            try:
                manifest = read_manifest(self._get(info.digest))
            except (NotFound, CorruptRecord, StoreTooNew):
                self.problem = (
                    "The notebook's snapshot is not in the store any more; compared are the executed cells."
                )
                continue
            self.moment, self.problem = info.moment, None
            self._read_language(manifest.skeleton)
            return manifest
        if not infos and self._detail.run.source.kind in ("notebook", "job"):
            self.problem = "The run has no snapshot of its notebook; compared are the executed cells."
        return None

    def _read_language(self, skeleton: Mapping[str, Any]) -> None:
        metadata = skeleton.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        info, spec = metadata.get("language_info"), metadata.get("kernelspec")
        info, spec = info if isinstance(info, dict) else {}, spec if isinstance(spec, dict) else {}
        language = str(info.get("name") or spec.get("language") or self.language).lower()
        self.language = language
        self.mimetype = str(info.get("mimetype") or _MIMETYPES.get(language, f"text/x-{language}"))

    def _saved(self, index: int, entry: SnapshotCell) -> RunCell:
        lost = False
        try:
            part = decode_part(self._get(entry.digest))
        except (NotFound, CorruptRecord):
            part, lost = {}, True
        part = part if isinstance(part, dict) else {}
        source = part.get("source", "")
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        kind = part.get("cell_type")
        metadata = part.get("metadata")
        return RunCell(
            index=index,
            order=None,
            cell_id=entry.id,
            kind=kind if kind in ("markdown", "raw") else "code",
            source=source,
            digest=entry.digest if lost else _digest(source),
            status=None,
            executions=0,
            sources=0,
            outputs=entry.outputs or [],
            metadata={key: value for key, value in metadata.items() if key not in _UNTOLD}
            if isinstance(metadata, dict)
            else {},
            lost=lost,
        )

    def _ran(self, saved: RunCell, executions: Sequence[CellExecution]) -> RunCell:
        ran = self._executed(executions, saved)
        return msgspec.structs.replace(
            ran,
            index=saved.index,
            cell_id=saved.cell_id,
            # What ran and is lost may be what was saved.
            source=saved.source if ran.lost else ran.source,
            metadata=saved.metadata,
            edited=ran.digest != saved.digest,
            lost=ran.lost and ran.digest != saved.digest,
        )

    def _gone(self, executions: Sequence[CellExecution]) -> RunCell:
        return msgspec.structs.replace(self._executed(executions), deleted=True)

    def _executed(self, executions: Sequence[CellExecution], saved: RunCell | None = None) -> RunCell:
        last = executions[-1]
        try:
            if saved is not None and saved.digest == last.source_digest:
                source, lost = saved.source, False
            else:
                source, lost = self._get(last.source_digest).decode("utf-8", "surrogatepass"), False
        except NotFound:
            source, lost = "", True
        return RunCell(
            index=None,
            order=last.order,
            cell_id=last.cell_id,
            kind="code",
            source=source,
            digest=last.source_digest,
            status=last.status,
            executions=len(executions),
            sources=len({execution.source_digest for execution in executions}),
            outputs=[digest for digest in last.outputs if digest],
            metadata={},
            lost=lost,
        )


def _by_cell(executions: Sequence[CellExecution]) -> list[list[CellExecution]]:
    """Return the executions of each cell, in the order in which cells were executed first."""
    groups: dict[tuple[str, str], list[CellExecution]] = {}
    for execution in executions:
        known_as = ("id", execution.cell_id) if execution.cell_id else ("source", execution.source_digest)
        groups.setdefault(known_as, []).append(execution)
    return list(groups.values())


def _with_deleted(
    cells: list[RunCell], left_over: Sequence[Sequence[CellExecution]], make: Any
) -> list[RunCell]:
    """Put cells that ran and are not in the document where they ran: behind the one that was executed before them."""
    for executions in left_over:
        first = executions[0].order
        before = [place for place, cell in enumerate(cells) if cell.order is not None and cell.order < first]
        nearest = max(before, key=lambda place: cells[place].order or 0, default=-1)
        cells.insert(nearest + 1, make(executions))
    return cells


def _digest(source: str) -> str:
    return digest_of(source.encode("utf-8", "surrogatepass"))
