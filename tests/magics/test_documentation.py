"""docs/tracking.md: its cells run, and it leaves no subcommand and no option out."""

import re
from pathlib import Path
from typing import Any

from trackbook.magics.commands import SUBCOMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_cells_of_the_page_run(start_kernel: Any, fresh: Any) -> None:
    kernel = start_kernel()
    for cell in CELLS:
        reply = kernel.run(cell)
        assert reply.status == "ok", reply.traceback
        assert not [line for line in reply.lines if line.startswith("%track: ")], cell
    assert [(run.start.experiment, run.end.status) for run in fresh.runs] == [("churn", "finished")] * 4
    first, cell, code, loop = fresh.runs
    assert first.params == {"depth": 3, "lr": 0.1}
    assert len(first.metrics["loss"]) == 100
    assert cell.params == {"lr": 0.1, "depth": 4}
    assert cell.metrics == {"score": [(0, 0.4)]}
    assert set(code.metrics) == {"loss", "acc"}
    assert len(loop.metrics["loss"]) == 3


def test_every_subcommand_and_option_is_described() -> None:
    for name, subcommand in SUBCOMMANDS.items():
        assert f"`%track {name}" in PAGE
        for option in subcommand.options or ():
            assert option in PAGE
        assert subcommand.usage.replace("|", r"\|") in PAGE
