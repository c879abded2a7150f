"""What the last recorded run of a notebook says of its cells. TB111 to TB115."""

from collections.abc import Iterator
from pathlib import Path

from trackbook.capture.notebook import relative_path
from trackbook.domain.lint import Diagnostic
from trackbook.domain.run import Run
from trackbook.domain.verdict import CellVerdict, FindingCode
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.registry import diagnose
from trackbook.services.context import Services

# So many runs are looked at for one of which cells are known.
_MOST = 10
_CODES: dict[FindingCode, str] = {
    "out_of_order": "TB111",
    "edited": "TB112",
    "deleted_but_used": "TB113",
    "repeated": "TB114",
    "never_run": "TB115",
}


def find_history(notebook: LintNotebook, path: Path, services: Services) -> Iterator[Diagnostic]:
    """Yield what the last run of the notebook at `path` says of its cells as they are now; nothing without a run."""
    named = relative_path(path, services.store.project)
    found = (
        (run, verdict)
        for run in services.runs.search(limit=_MOST, notebook=named).runs
        if (verdict := services.verdicts.against(run.id, notebook.document)) is not None
    )
    run, verdict = next(found, (None, None))
    if run is None or verdict is None:
        return
    by_id = {cell.cell_id: cell for cell in notebook.code if cell.cell_id is not None}
    for judged in verdict.cells:
        for finding in judged.findings:
            yield _diagnostic(
                judged, by_id.get(judged.cell_id or ""), run, finding.code, finding.message, finding.names
            )


def _diagnostic(
    judged: CellVerdict, cell: LintCell | None, run: Run, code: FindingCode, message: str, names: list[str]
) -> Diagnostic:
    text = f"{message.rstrip('.')} (run #{run.number})."
    if cell is None:
        which = f"A cell that ran as execution {judged.order}: " if judged.order is not None else ""
        return diagnose(_CODES[code], f"{which}{text}", cell_id=judged.cell_id, names=names)
    return cell.diagnose(_CODES[code], text, names=names)
