"""A Trackbook store full of made runs: rows as the projector writes them, without waiting for a recorder."""

import random
import uuid
from pathlib import Path
from typing import Any

import made_runs as made
import numpy as np

from trackbook.config import Settings
from trackbook.domain import records as r
from trackbook.domain.run import Source
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.batch import Reading
from trackbook.store.paths import PartName, create_store
from trackbook.store.projector import project
from trackbook.store.segments import Columns, PartContent

BATCH = 2_000
BEGAN = 1_760_000_000_000_000
_ONE = np.zeros(1, np.int64)


def open_filled(folder: Path, count: int) -> tuple[Services, str]:
    """Return the services over a store of `count` runs, and the id of one more that has a long series.

    The store is that in the folder, or the database that TRACKBOOK_STORE names.
    """
    services = open_services(create_store(folder / ".trackbook", Settings.load().remote))
    done = folder / "filled"
    if not done.exists():
        for start in range(0, count, BATCH):
            readings = _batch(range(start, min(count, start + BATCH)))
            with services.database.write() as connection:
                project(connection, readings)
        done.write_text(_record_history(services))
    return services, done.read_text()


def change_a_run(services: Services, run_id: str, value: float) -> None:
    """Let a run have logged one more value, as the ingester tells it."""
    at = np.array([BEGAN * 2], np.int64)
    content = PartContent([], {("acc", "{}"): Columns(_ONE, at, np.array([value]))})
    with services.database.write() as connection:
        project(connection, [Reading(PartName(run_id, "change", 0), content, 0)])


def _batch(numbers: range) -> list[Reading]:
    readings, given = [], []
    for number in numbers:
        run_id, content = _run(number)
        readings.append(Reading(PartName(run_id, run_id, 0), content, 0, "owner", True, True))
        given.append(r.RunNumbered(BEGAN, run_id, number + 1))
    numbering = PartName("project", str(numbers.start), 0)
    return [*readings, Reading(numbering, PartContent(given), 0, "editor", True, True)]


def _run(number: int) -> tuple[str, PartContent]:
    source = random.Random(f"run {number}")
    at = BEGAN + number * 60_000_000
    run_id = str(uuid.UUID(int=(at // 1000 << 80) | 7 << 76 | 2 << 62 | source.getrandbits(60)))
    records: list[Any] = [
        r.RunStarted(
            at,
            made.experiment(number),
            made.name(number),
            "ann",
            "host",
            Source("notebook", made.notebook(number)),
        ),
        r.ParamsSet(at, made.params(number)),
        r.TagsSet(at, made.tags(number)),
        r.RunEnded(at + source.randrange(10**9), made.status(number)),
    ]
    if (note := made.note(number)) is not None:
        records.append(r.NoteWritten(at, note))
    times = np.array([at], np.int64)
    points = {
        (key, "{}"): Columns(_ONE, times, np.array([value])) for key, value in made.metrics(number).items()
    }
    return run_id, PartContent(records, points)


def _record_history(services: Services) -> str:
    run = RunRecorder.start(services.store, experiment="history", name="long")
    for step, value in enumerate(made.history()):
        run.log({"hist": value}, step=step)
    run.end()
    assert services.runs.refresh(timeout=600)
    return run.run_id
