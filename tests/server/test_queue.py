"""The queue over REST: tried again, logs while a job runs, who runs jobs, and the event when one has ended."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from trackbook.server.events import ENDED_SCHEMA_ID
from trackbook.services.context import open_services

# What goes past IPython reaches the kernel's own log.
NOTEBOOK = """\
import os, pathlib, time
os.write(1, b"password=hunter2-Xy9kQ1\\nloaded\\nhalf")
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


async def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 120
    while not (found := await condition()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    return found


async def test_a_job_from_the_panel_to_its_end_and_once_more(
    ask: Callable[..., Any],
    sample: Any,
    jp_ws_fetch: Callable[..., Any],
    conforms: Callable[..., Any],
) -> None:
    folder: Path = sample.store.project
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(NOTEBOOK)]), folder / "slow.ipynb")
    base = f"/projects/{sample.project}"
    assert (await ask(f"{base}/jobs/{sample.job}/cancel", "POST")).status == 200
    socket = await jp_ws_fetch("api", "events", "subscribe")
    submission = {"notebook": "work/churn/slow.ipynb"}
    answer = await ask(f"{base}/jobs", "POST", submission)
    assert answer.status == 201, answer.json
    (job,) = conforms(answer.json, "Jobs")["jobs"]
    path = f"{base}/jobs/{job['id']}"

    async def printed() -> Any:
        piece = conforms((await ask(f"{path}/log")).json, "JobLog")
        return piece if piece["text"] else None

    piece = await until(printed)
    # Whole lines, and no secrets.
    assert (piece["text"], piece["complete"]) == ("password=•••\nloaded\n", False)
    assert (await ask(f"{path}/log?offset={piece['offset']}")).json["text"] == ""
    assert (await ask(f"{path}/log?offset=-1")).status == 400
    assert (await ask(f"{path}/retry", "POST")).json["code"] == "conflict"

    async def at_work() -> Any:
        workers = conforms((await ask(f"{base}/workers")).json, "Workers")["workers"]
        return [one for one in workers if job["id"] in one["current"]]

    (worker,) = await until(at_work)
    assert (worker["jobs"], worker["capacity"], worker["standing"]) == (0, 1, True)
    running = conforms((await ask(path)).json, "Job")
    assert running["worker"].startswith(f"{worker['id']}/")

    answer = await ask(f"{base}/workers", "POST", {"jobs": 1})  # nothing waits: nobody is started
    assert (answer.status, len(conforms(answer.json, "Workers")["workers"])) == (201, 1)

    # A second one waits for its turn.
    queued = (await ask(f"{base}/jobs", "POST", submission)).json["jobs"][0]["id"]
    waiting = conforms((await ask(f"{base}/jobs?status=queued")).json, "JobPage")["jobs"]
    assert [(one["id"], one["position"], one["waiting"]) for one in waiting] == [(queued, 1, None)]

    (folder / "go").touch()
    ended = await _next_end(socket, job["id"])
    assert conforms(ended, "JobEnded") == {
        "schema_id": ENDED_SCHEMA_ID,
        "project": sample.project,
        "job": job["id"],
        "status": "finished",
        "notebook": "slow.ipynb",
        "run": job["spec"]["run_id"],
    }
    rest = (await ask(f"{path}/log?offset={piece['offset']}")).json
    assert (rest["text"], rest["complete"]) == ("half", True)

    answer = await ask(f"{path}/retry", "POST")
    assert answer.status == 201
    again = conforms(answer.json, "Job")
    assert again["spec"]["retry_of"] == job["id"]
    assert again["spec"]["notebook"] == job["spec"]["notebook"]
    assert again["spec"]["run_id"] != job["spec"]["run_id"]
    await _next_end(socket, again["id"])
    services = open_services(sample.store)
    try:
        assert services.jobs.get(again["id"]).status == "finished"
    finally:
        services.database.close()


async def _next_end(socket: Any, job_id: str) -> dict[str, Any]:
    while True:
        event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.read_message(), 120.0))
        if event["schema_id"] == ENDED_SCHEMA_ID and event["job"] == job_id:
            return event
