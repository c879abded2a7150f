import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain.job import JOB_ENDED
from trackbook.server import working
from trackbook.server.working import WorkerKeeper
from trackbook.services.context import Services, open_services
from trackbook.services.job_records import attempt_of
from trackbook.services.queue import JobQueue
from trackbook.store.paths import create_store

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "cells": [
        {
            "cell_type": "code",
            "id": "one",
            "metadata": {},
            "source": "1 + 1",
            "execution_count": None,
            "outputs": [],
        }
    ],
}


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(working, "SECONDS_BETWEEN_LOOKS", 0.0)
    (tmp_path / "nb.ipynb").write_text(json.dumps(NOTEBOOK))
    services = open_services(create_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def workers(services: Services) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [
        line
        for line in listed.splitlines()
        if "trackbook.jobs.worker" in line and str(services.store.root) in line
    ]


def wait_until(condition: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="lists processes with ps")
def test_a_queue_that_stands_still_is_taken_up(services: Services) -> None:
    (job,) = services.jobs.submit(services.store.project / "nb.ipynb")
    keeper = WorkerKeeper(services)
    keeper.look()
    assert workers(services) == []  # whoever submitted it may be about to start
    keeper.look()
    wait_until(lambda: services.jobs.get(job.id).status in JOB_ENDED)
    assert services.jobs.get(job.id).status == "finished"


@pytest.mark.skipif(os.name == "nt", reason="lists processes with ps")
def test_a_queue_that_moves_is_left_alone(services: Services) -> None:
    path = services.store.project / "nb.ipynb"
    services.jobs.submit(path)
    services.jobs.submit(path)
    queue = JobQueue(services.place)
    claimed = queue.claim()
    assert claimed is not None
    keeper = WorkerKeeper(services)
    for _ in range(3):
        keeper.look()
    assert workers(services) == []
    queue.finish(claimed, attempt_of(claimed, "finished"))
