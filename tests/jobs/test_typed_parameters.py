"""Parameters of all types, given to real kernels."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from trackbook.domain.parameter import check_values
from trackbook.jobs.work import _recorded_params
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.parameters import find_parameters, read_parameters
from trackbook.notebook.read import source_of

ABOVE = """\
from __future__ import annotations
import enum
import datetime as dt
from datetime import datetime
from decimal import Decimal
from http import HTTPMethod
from pathlib import Path
class Mode(enum.Enum):
    FAST = "fast"
    EXACT = "exact"
"""
DECLARED = """\
day: dt.date = dt.date(2026, 1, 1)
at: datetime = datetime(2026, 1, 1)
alarm: dt.time = dt.time(9)
wait: dt.timedelta = dt.timedelta(hours=1)
price: Decimal = Decimal("1.0")
folder: Path = Path("data")
mode: Mode = Mode.FAST
method = HTTPMethod.GET
size: tuple[int, str] = (1, "a")
one: tuple[int, ...] = (1,)
names: set[str] = set()
frozen: frozenset[int] = frozenset()
days: list[dt.date] = []
modes: dict[str, Mode] = {}
limit: float = 1.0
note: str = ""
maybe: int | None = 3
"""
GIVEN: dict[str, Any] = {
    "day": "2026-02-28",
    "at": "2026-02-28T09:30:00+02:00",
    "alarm": "07:15",
    "wait": "1h 30m",
    "price": "0.10",
    "folder": "out/it's",
    "mode": "exact",
    "method": "POST",
    "size": [2, "b'\"\\\n"],
    "one": [7],
    "names": ["x", "y", "x"],
    "frozen": [1, 2],
    "days": ["2026-02-01"],
    "modes": {"a": "EXACT"},
    "limit": "Infinity",
    "note": "a\0b\u2028c\U0001f600'''",
    "maybe": None,
}

CHECK = """\
import datetime as d, decimal, pathlib
assert day == d.date(2026, 2, 28) and type(day) is d.date
assert at.isoformat() == "2026-02-28T09:30:00+02:00"
assert alarm == d.time(7, 15)
assert wait == d.timedelta(minutes=90)
assert price == decimal.Decimal("0.10") and str(price) == "0.10"
assert folder == pathlib.Path("out/it's") and type(folder) is type(pathlib.Path())
assert mode is Mode.EXACT and method is HTTPMethod.POST
assert size == (2, "b'\\"\\\\\\n") and one == (7,)
assert names == {"x", "y"} and frozen == frozenset({1, 2})
assert days == [d.date(2026, 2, 1)] and modes == {"a": Mode.EXACT}
assert limit == float("inf") and maybe is None
assert note == "a\\0b\\u2028c\\U0001f600'''"
assert datetime.__name__ == "datetime" and Path is pathlib.Path
"""


def make_notebook(*sources: tuple[str, list[str]]) -> Any:
    cells = []
    for source, tags in sources:
        cell = nbformat.v4.new_code_cell(source)
        cell["metadata"]["tags"] = tags
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


def test_each_type_arrives_in_a_kernel(tmp_path: Path) -> None:
    document = json.loads(
        nbformat.writes(make_notebook((ABOVE, []), (DECLARED, ["parameters"]), (CHECK, [])))
    )
    values = check_values(find_parameters(document), GIVEN)
    assert json.loads(json.dumps(values)) == values | {"limit": float("inf")}  # they travel as JSON
    injected = nbformat.reads(json.dumps(inject_parameters(document, values)), 4)
    NotebookClient(injected, kernel_name="python3", timeout=60).execute(cwd=str(tmp_path))


def test_a_date_needs_no_import_of_the_notebook(tmp_path: Path) -> None:
    declared = "from __future__ import annotations\nday: date = None"
    document = json.loads(
        nbformat.writes(
            make_notebook(
                (declared, ["parameters"]),
                ("assert repr(day) == 'datetime.date(2026, 2, 28)'\nassert 'datetime' not in dir()", []),
            )
        )
    )
    values = check_values(find_parameters(document), {"day": "2026-02-28"})
    injected = inject_parameters(document, values)
    script = "\n".join(map(source_of, injected["cells"]))
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)


def test_a_secret_is_not_recorded_with_its_run() -> None:
    declared = read_parameters(
        "key: SecretStr = SecretStr('hunter2')\nrate = 0.5\nday: date = date(2026, 1, 31)"
    )
    assert _recorded_params(declared, {"rate": 0.1}) == {"rate": 0.1, "day": "2026-01-31"}
