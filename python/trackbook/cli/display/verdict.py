"""The verdict on a run's cells, as `trackbook show` prints it."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import one_line
from trackbook.domain.run import RunDetail
from trackbook.domain.verdict import Verdict, describe_verdict

_INDENT = 2
_AGAINST = {
    "end": "",
    "file": ", held against the saved notebook",
    None: ", without a notebook to hold them against",
}


def verdict_section(verdict: Verdict, detail: RunDetail) -> Iterator[RenderableType]:
    """Yield what is found about the cells of a run; nothing for a run without cells."""
    if not detail.cells:
        return
    text = f"Cells: {describe_verdict(verdict)}{_AGAINST[verdict.document]}."
    yield Text(f"\n{text}", "bold" if verdict.clean else "bold yellow")
    if verdict.clean:
        return
    rows = [(cell, finding) for cell in verdict.cells for finding in cell.findings]
    table = make_table(
        [
            to_column(
                "#", ["" if cell.order is None else str(cell.order) for cell, _ in rows], justify="right"
            ),
            to_column("Cell", [one_line(cell.cell_id or "", 36) for cell, _ in rows], rank=1),
            to_column("Finding", [finding.code.replace("_", " ") for _, finding in rows]),
            to_column("What", [one_line(finding.message, 200) for _, finding in rows], shrinks=True),
        ],
        margin=_INDENT,
    )
    yield Padding(table, (0, 0, 0, _INDENT), expand=False)
