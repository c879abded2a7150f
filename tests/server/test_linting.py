"""Linting over REST: an open document, or the saved file; nothing is made or changed."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]


def cell(source: str, **fields: Any) -> dict[str, Any]:
    base = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
    return base | fields


def notebook(*sources: str) -> dict[str, Any]:
    cells = [cell(source, id=f"c{number}") for number, source in enumerate(sources, start=1)]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def codes(answer: Any) -> list[tuple[int, str]]:
    return [(found["cell"], found["code"]) for found in answer.json["diagnostics"]]


@pytest.fixture
def root(jp_root_dir: Path) -> Path:
    (jp_root_dir / "plain").mkdir()
    return jp_root_dir


async def test_an_open_document(ask: Ask, root: Path, conforms: Callable[..., Any]) -> None:
    document = notebook("import os\nprint(total)", "total = 1", "from math import *", "who_knows")
    answer = await ask("/lint", "POST", {"path": "plain/new.ipynb", "notebook": document})
    assert answer.status == 200
    conforms(answer.json, "LintReport")
    assert codes(answer) == [(1, "F401"), (1, "TB101")]
    found = answer.json["diagnostics"][1]
    assert (found["cell_id"], found["line"], found["column"], found["end_column"]) == ("c1", 2, 7, 12)
    assert (found["names"], found["severity"]) == (["total"], "error")
    assert answer.json["counts"] == {"error": 1, "warning": 1, "info": 0}
    assert answer.json["unseen"] == [
        "Cell 3: `from math import *` may define any name; names used from there on are not checked."
    ]
    assert [path.name for path in root.rglob("*") if path.name != "plain"] == []


async def test_the_saved_file(ask: Ask, root: Path) -> None:
    path = root / "plain" / "saved.ipynb"
    path.write_text(json.dumps(notebook("print(nothing)")))
    before = path.stat()
    answer = await ask("/lint", "POST", {"path": "plain/saved.ipynb", "notebook": None})
    assert codes(answer) == [(1, "TB102")]
    answer = await ask("/lint", "POST", {"path": "plain/saved.ipynb"})
    assert codes(answer) == [(1, "TB102")]
    assert path.stat() == before
    assert not (root / "plain" / ".trackbook").exists()


async def test_the_project_configures_it(ask: Ask, root: Path) -> None:
    pyproject = root / "plain" / "pyproject.toml"
    pyproject.write_text('[tool.trackbook.lint]\nignore = ["TB102"]\nruff = false\n')
    body = {"path": "plain/x.ipynb", "notebook": notebook("import os\nprint(nothing, later)", "later = 1")}
    assert codes(await ask("/lint", "POST", body)) == [(1, "TB101")]
    pyproject.write_text('[tool.trackbook.lint]\nselct = ["TB102"]\n')
    answer = await ask("/lint", "POST", body)
    assert (answer.status, answer.json["code"]) == (400, "usage")
    assert "(did you mean 'select'?)" in answer.json["message"]


async def test_what_the_last_run_says(ask: Ask, sample: Any, jp_root_dir: Path) -> None:
    path = jp_root_dir / "work" / "churn" / "train.ipynb"
    document = json.loads(path.read_text())
    answer = await ask("/lint", "POST", {"path": "work/churn/train.ipynb", "notebook": document})
    assert answer.status == 200
    assert [(cell, code) for cell, code in codes(answer) if code.startswith("TB11")] == [(3, "TB112")]
    found = next(found for found in answer.json["diagnostics"] if found["code"] == "TB112")
    assert found["message"].startswith("Its text has changed since it ran (run #")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"path": "../out.ipynb", "notebook": notebook("x")}, 400),
        ({"path": "nowhere/x.ipynb", "notebook": notebook("x")}, 404),
        ({"path": "plain/none.ipynb"}, 404),
        ({"path": "plain/x.ipynb", "notebook": {"cells": 1}}, 400),
        ({"path": "plain/x.ipynb", "notebook": {"cells": [{"source": 1}], "nbformat": 4}}, 400),
        ({"path": "plain/x.ipynb", "notebook": "text"}, 400),
        ({"notebook": notebook("x")}, 400),
        ({"path": "plain/x.ipynb", "more": 1}, 400),
    ],
)
@pytest.mark.usefixtures("root")
async def test_what_is_refused(ask: Ask, body: Any, status: int) -> None:
    answer = await ask("/lint", "POST", body)
    assert answer.status == status
    assert answer.json["message"]


async def test_the_servers_loop_goes_on_meanwhile(ask: Ask, root: Path) -> None:
    import asyncio

    document = notebook("import os", *(f"x{n} = [{n}] * 3\nprint(x{n})" for n in range(200)))
    longest, last, ends = 0.0, time.perf_counter(), asyncio.Event()

    async def beat() -> None:
        nonlocal longest, last
        while not ends.is_set():
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    beating = asyncio.create_task(beat())
    answer = await ask("/lint", "POST", {"path": "plain/x.ipynb", "notebook": document})
    ends.set()
    await beating
    assert codes(answer) == [(1, "F401")]
    assert longest < 1.0
