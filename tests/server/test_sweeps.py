"""Sweeps over REST, worked off by processes of their own."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

NOTEBOOK = """\
rate: float = 0.5  # [0, 1]
waits: bool = False
"""
WORK = """\
import pathlib, time
import trackbook as tb
tb.start_run("swept").log({"score": rate})
while waits and not pathlib.Path("go").exists():
    time.sleep(0.05)
"""


@pytest.fixture
def notebook(sample: Any) -> str:
    def cell(source: str, *tags: str) -> dict[str, Any]:
        metadata = {"tags": list(tags)}
        return {
            "cell_type": "code",
            "source": source,
            "metadata": metadata,
            "outputs": [],
            "execution_count": None,
        }

    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = {"cells": [cell(NOTEBOOK, "parameters"), cell(WORK)], "metadata": kernel}
    path = sample.store.project / "swept.ipynb"
    path.write_text(json.dumps(content | {"nbformat": 4, "nbformat_minor": 4}))
    return "work/churn/swept.ipynb"


async def reach(ask: Callable[..., Any], path: str, holds: Callable[[Any], bool]) -> Any:
    """Ask until what is answered is as wanted."""
    deadline = time.monotonic() + 120
    while not holds(found := (await ask(path)).json):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    return found


async def test_a_sweep_is_begun_ended_and_resumed(
    ask: Callable[..., Any], sample: Any, notebook: str, conforms: Callable[..., Any]
) -> None:
    sweeps = f"/projects/{sample.project}/sweeps"
    assert (await ask(sweeps)).json == {"sweeps": []}
    wanted = {
        "notebook": notebook,
        "params": {"waits": True},
        "space": {"rate": {"low": 0.1, "high": 0.9}},
        "sampler": "random",
        "trials": 3,
        "objectives": [{"metric": "score", "direction": "max"}],
        "pruner": "none",
        "jobs": 1,
    }
    answer = await ask(sweeps, "POST", wanted)
    assert answer.status == 201, answer.json
    sweep = conforms(answer.json, "SweepDetail")
    assert (sweep["status"], sweep["trials"]["total"], sweep["runs"]) == ("queued", 3, [])
    path = f"{sweeps}/{sweep['id']}"
    running = await reach(
        ask, path, lambda found: found["trials"]["running"] == 1 and found["number"] is not None
    )
    conforms(running, "SweepDetail")
    assert (await ask(f"{path}/resume", "POST", {})).status == 409
    assert (await ask(f"{path}/cancel", "POST")).status == 200
    ended = await reach(ask, path, lambda found: found["status"] == "aborted")
    assert ended["trials"]["cancelled"] >= 1
    (sample.store.project / "go").touch()

    async def resumed() -> bool:
        # The one that ends holds the sweep a moment longer than its run says.
        return (await ask(f"{path}/resume", "POST", {"trials": 2 + len(ended["runs"])})).status == 200

    deadline = time.monotonic() + 60
    while not await resumed():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)
    total = 2 + len(ended["runs"])
    done = await reach(ask, path, lambda found: found["status"] == "finished")
    conforms(done, "SweepDetail")
    assert (done["trials"]["finished"], done["trials"]["total"]) == (total, total)
    assert done["runs"][0]["params"] == ended["runs"][0]["params"]
    assert all(row["sparks"] == [[row["values"][0]]] for row in done["runs"])
    best = max(done["runs"], key=lambda row: row["values"][0])
    assert (best["best"], done["best"]["run"]) == (True, best["run"])
    assert done["importance"] in (None, {"rate": 1.0})
    (listed,) = conforms((await ask(sweeps)).json, "Sweeps")["sweeps"]
    assert {key: listed[key] for key in ("id", "status", "best", "trials")} == {
        key: done[key] for key in ("id", "status", "best", "trials")
    }


async def test_the_cells_that_trials_would_share_are_told_before(
    ask: Callable[..., Any], sample: Any, notebook: str, conforms: Callable[..., Any]
) -> None:
    path = f"/projects/{sample.project}/sharing"
    asked = {"notebook": notebook, "space": {"rate": [0.1, 0.2]}}
    answer = await ask(path, "POST", asked)
    assert answer.status == 200, answer.json
    sharing = conforms(answer.json, "Sharing")
    assert [(one["cell"], one["source"]) for one in sharing["cells"]] == [(1, "rate: float = 0.5 # [0, 1]")]
    assert "cell 2 tracks something" in sharing["summary"]

    file = sample.store.project / "swept.ipynb"
    content = json.loads(file.read_text())
    cell = content["cells"][1]
    content["cells"][1:] = [cell | {"source": "import numpy as np\nnp.random.rand()"}, cell]
    file.write_text(json.dumps(content))
    drawn = (await ask(path, "POST", asked)).json
    assert "cell 2 draws random numbers of numpy that nothing has seeded" in drawn["summary"]
    for changes, code in (
        ({"space": {}}, "usage"),
        ({"space": {"rat": [1]}}, "parameter"),
        ({"space": {"rate": [2]}}, "parameter"),
        ({"params": {"rate": 0.5}}, "parameter"),
        ({"trials": 2}, "usage"),
    ):
        refused = await ask(path, "POST", asked | changes)
        assert (refused.status, refused.json["code"]) == (400, code), changes
    assert (await ask(path, "POST", asked | {"notebook": "work/churn/none.ipynb"})).status in (400, 404)


async def test_what_can_not_be_swept_is_refused(ask: Callable[..., Any], sample: Any, notebook: str) -> None:
    sweeps = f"/projects/{sample.project}/sweeps"
    for changes, code in (
        ({"space": {"rat": [1]}}, "parameter"),
        ({"space": {"rate": [2]}}, "parameter"),
        ({"space": {}}, "usage"),
        ({"sampler": "grid"}, "usage"),
        ({"pruner": "mean"}, "usage"),
        ({"objectives": ["a:maximal"]}, "usage"),
        ({"trials": 0}, "usage"),
        ({"spaces": {}}, "usage"),
    ):
        answer = await ask(sweeps, "POST", {"notebook": notebook, "space": {"rate": "0..1"}} | changes)
        assert (answer.status, answer.json["code"]) == (400, code), changes
    assert (await ask(sweeps)).json == {"sweeps": []}
    unknown = f"{sweeps}/{sample.finished}"
    for path, method in ((unknown, "GET"), (f"{unknown}/cancel", "POST"), (f"{unknown}/resume", "POST")):
        assert (await ask(path, method)).status == 404
