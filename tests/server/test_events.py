"""A change in the store reaches whoever listens on Jupyter's event bus."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_events.logger import EventLogger
from jupyter_events.schema import EventSchema

from trackbook.server.events import SCHEMA, SCHEMA_ID
from trackbook.server.ingesting import IngesterKeeper
from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store

# Another process: it opens a run and logs one value for each line that it is given.
WRITER = """
import sys
from pathlib import Path
from trackbook.domain.run import Source
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

source = Source("notebook", "train.ipynb", "kernel-9", None, "message-9")
run = RunRecorder.start(StorePaths(Path(sys.argv[1])), experiment="live", source=source)
print(run.run_id, flush=True)
for line in sys.stdin:
    run.log({"loss": float(line)})
run.end(message_id="message-10")
"""


async def next_event(socket: Any) -> dict[str, Any]:
    """Return the next of Trackbook's events."""
    while True:
        event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.read_message(), 60.0))
        if event["schema_id"] == SCHEMA_ID:
            return event


async def test_what_another_process_logs_reaches_a_listener(
    ask: Callable[..., Any],
    sample: Any,
    jp_ws_fetch: Callable[..., Any],
    conforms: Callable[..., Any],
) -> None:
    assert (await ask(f"/projects/{sample.project}/runs")).status == 200  # opens the project
    socket = await jp_ws_fetch("api", "events", "subscribe")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(sample.store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    with writer:
        run_id = writer.stdout.readline().strip()

        async def next_of_run(status: str, value: float | None, *, kept: bool = False) -> dict[str, Any]:
            while True:
                event = conforms(await next_event(socket), "Changed")
                assert event["project"] == sample.project
                for run in event["runs"]:
                    if (run["id"], run["status"], run["has_document"]["start"]) != (run_id, status, kept):
                        continue
                    if await last_loss() == value:
                        return dict(run)

        async def last_loss() -> float | None:
            run = (await ask(f"/projects/{sample.project}/runs/{run_id}")).json["run"]
            loss: float | None = run["metrics"].get("loss")
            return loss

        started = await next_of_run("running", None)
        assert (started["kernel_id"], started["message_id"], started["end_message_id"]) == (
            "kernel-9",
            "message-9",
            None,
        )
        assert started["has_document"] == {"start": False, "end": False}
        for value in (3.0, 1.5):
            writer.stdin.write(f"{value}\n")
            writer.stdin.flush()
            await next_of_run("running", value)
        document = {"notebook": {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}}
        await ask(f"/projects/{sample.project}/runs/{run_id}/snapshots/start", "PUT", document)
        kept = await next_of_run("running", 1.5, kept=True)
        assert kept["has_document"] == {"start": True, "end": False}
        writer.stdin.close()
        ended = await next_of_run("finished", 1.5, kept=True)
        assert ended["end_message_id"] == "message-10"
    socket.close()


async def test_a_changed_job_is_announced(
    ask: Callable[..., Any], sample: Any, jp_ws_fetch: Callable[..., Any], conforms: Callable[..., Any]
) -> None:
    await ask(f"/projects/{sample.project}/jobs")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    await ask(f"/projects/{sample.project}/jobs/{sample.job}/cancel", "POST")
    while sample.job not in conforms(await next_event(socket), "Changed")["jobs"]:
        pass
    socket.close()


async def test_a_deleted_run_is_announced(
    ask: Callable[..., Any], sample: Any, jp_ws_fetch: Callable[..., Any], conforms: Callable[..., Any]
) -> None:
    path = f"/projects/{sample.project}/runs/{sample.failed}"
    await ask(f"{path}/trash", "POST")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    await ask(path, "DELETE")
    gone = (sample.failed, "deleted")
    while gone not in [
        (run["id"], run["status"]) for run in conforms(await next_event(socket), "Changed")["runs"]
    ]:
        pass
    socket.close()


def test_the_schema_fits_the_sample() -> None:
    event = json.loads((Path(__file__).parents[1] / "contract" / "event.json").read_text(encoding="utf-8"))
    schema = EventSchema(SCHEMA)
    assert schema.id == event.pop("schema_id") == SCHEMA_ID
    schema.validate(event)
    EventLogger().register_event_schema(SCHEMA)


def test_journals_that_nobody_reads_start_an_ingester(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    IngesterKeeper(store).look()
    services = open_services(store)
    assert services.runs.revision() == 0
    run = RunRecorder.start(store, experiment="light")
    run.end()
    IngesterKeeper(store).look()
    deadline = time.monotonic() + 60.0
    while services.runs.revision() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert services.runs.refresh(timeout=60, allow_inline=False)
    assert services.runs.get(run.run_id).status == "finished"
    services.database.close()
