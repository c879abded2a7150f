import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain.ids import new_id
from trackbook.domain.snapshot import encode_part, split_notebook
from trackbook.errors import NotFound, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

FILES = sorted((Path(__file__).parent.parent / "notebook" / "files").glob("*.ipynb"))


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    opened = open_services(new_store(tmp_path / ".trackbook"))
    yield opened
    opened.database.close()


@pytest.fixture
def run(services: Services) -> Iterator[RunRecorder]:
    recorder = RunRecorder.start(services.store, experiment="e")
    yield recorder
    recorder.end()


def notebook(source: str) -> dict[str, Any]:
    return {"cells": [{"cell_type": "raw", "metadata": {}, "source": source}], "metadata": {}, "nbformat": 4}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_notebook_comes_back_equal(services: Services, run: RunRecorder, path: Path) -> None:
    document = json.loads(path.read_bytes())
    info = services.snapshots.take(run.run_id, "start", "document", document)
    services.runs.refresh()
    assert json.dumps(services.snapshots.notebook(run.run_id, "start")) == json.dumps(document)
    assert services.snapshots.info(run.run_id, "start") == info


def test_it_can_be_taken_before_the_run_is_indexed(services: Services, run: RunRecorder) -> None:
    assert services.snapshots.take(run.run_id, "start", "document", notebook("a")).origin == "document"


def test_the_live_document_is_better_than_the_file(services: Services, run: RunRecorder) -> None:
    services.snapshots.take(run.run_id, "start", "document", notebook("live"))
    services.snapshots.take(run.run_id, "start", "file", notebook("saved"))
    services.snapshots.take(run.run_id, "end", "file", notebook("end"))
    services.runs.refresh()
    assert [(i.moment, i.origin) for i in services.snapshots.infos(run.run_id)] == [
        ("start", "document"),
        ("end", "file"),
    ]
    assert services.snapshots.notebook(run.run_id, "start") == notebook("live")
    assert services.snapshots.notebook(run.run_id, "end") == notebook("end")


def test_what_is_not_there(services: Services, run: RunRecorder) -> None:
    services.runs.refresh()
    with pytest.raises(NotFound):
        services.snapshots.notebook(run.run_id, "start")
    for unknown in (new_id(), "../project", ""):
        with pytest.raises(NotFound):
            services.snapshots.take(unknown, "start", "document", notebook("a"))
        with pytest.raises(NotFound):
            services.snapshots.infos(unknown)
    with pytest.raises(NotFound):
        services.snapshots.cell(run.run_id, 1)


def test_parts_are_asked_for_and_stored(services: Services) -> None:
    split = split_notebook(notebook("a"))
    digests = [*split.parts, split.digest]
    assert services.snapshots.missing([*digests, *digests]) == digests
    services.snapshots.store_parts(split.parts)
    assert services.snapshots.missing(digests) == [split.digest]
    services.snapshots.store_parts({split.digest: split.manifest})
    assert services.snapshots.missing(digests) == []


def test_parts_under_a_wrong_digest_are_refused_together(services: Services) -> None:
    good = split_notebook(notebook("a")).parts
    with pytest.raises(UsageError):
        services.snapshots.store_parts({**good, "0" * 64: b"other"})
    assert services.snapshots.missing(good) == list(good)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65])
def test_what_is_no_digest_is_refused(services: Services, digest: str) -> None:
    with pytest.raises(UsageError):
        services.snapshots.missing([digest])


def test_a_cell_with_its_source_and_outputs(services: Services, run: RunRecorder) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "héllo"}
    order = run.cell_started("c", 1, "print('héllo')")
    run.cell_finished(order, "ok", 0.5, [output])
    services.runs.refresh()
    content = services.snapshots.cell(run.run_id, 1)
    assert (content.source, content.outputs) == ("print('héllo')", [output])
    assert (content.execution.cell_id, content.execution.status) == ("c", "ok")


def test_equal_parts_are_stored_once(services: Services, run: RunRecorder) -> None:
    document = notebook("x" * 1000)
    services.snapshots.take(run.run_id, "start", "document", document)
    count = sum(1 for p in services.store.blobs.rglob("*") if p.is_file())
    changed = {
        **document,
        "cells": [*document["cells"], {"cell_type": "raw", "metadata": {}, "source": "new"}],
    }
    services.snapshots.take(run.run_id, "end", "document", changed)
    assert sum(1 for p in services.store.blobs.rglob("*") if p.is_file()) == count + 2
    assert encode_part(changed["cells"][1]) in {
        p.read_bytes() for p in services.store.blobs.rglob("*") if p.is_file()
    }
