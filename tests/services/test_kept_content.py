"""A little content stays in the journal of who writes it, and is a blob as soon as anybody can know of it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackbook.domain import records as r
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.ingestion import Ingester
from trackbook.services.recorder import RunRecorder, StorageWarning
from trackbook.services.runwriter import MOST_IN_JOURNAL
from trackbook.services.syncing import Syncing
from trackbook.store.blobs import BlobStore, digest_of
from trackbook.store.journal import JournalWriter, read_records
from trackbook.store.paths import StorePaths, create_store
from trackbook.store.segments import read_segment

SOURCE = "print('a little')"
PRINTED = {"output_type": "stream", "name": "stdout", "text": "a little\n"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(create_store(tmp_path / ".trackbook"))
    yield opened
    opened.database.close()


@pytest.fixture
def run(services: Services) -> Iterator[RunRecorder]:
    recorder = RunRecorder.start(services.store, experiment="e")
    yield recorder
    recorder.end()


def execute(run: RunRecorder, source: str = SOURCE) -> int:
    order = run.cell_started("a", 1, source)
    run.cell_finished(order, "ok", 0.1, [PRINTED])
    return order


def kept(store: StorePaths) -> list[bytes]:
    found = [record for _, path in store.list_journals() for record in read_records(path)]
    return [record.data for record in found if isinstance(record, r.ContentKept)]


def blobs(store: StorePaths) -> set[str]:
    return {path.name for path in store.blobs.rglob("*") if path.is_file()}


def test_a_cell_writes_no_file_and_is_read_as_ever(services: Services, run: RunRecorder) -> None:
    order = execute(run)
    assert blobs(services.store) == set()
    services.runs.refresh()
    cell = services.snapshots.cell(run.run_id, order)
    assert (cell.source, cell.outputs) == (SOURCE, [PRINTED])
    assert digest_of(SOURCE.encode()) in blobs(services.store)


def test_what_is_said_again_is_kept_once(services: Services, run: RunRecorder) -> None:
    for _ in range(3):
        execute(run)
    assert len(kept(services.store)) == 2


def test_much_content_is_a_file_at_once(services: Services, run: RunRecorder) -> None:
    long = "#" * (MOST_IN_JOURNAL + 1)
    run.cell_started("a", 1, long)
    assert (kept(services.store), blobs(services.store)) == ([], {digest_of(long.encode())})
    run.cell_started("a", 2, long[:-1])
    assert kept(services.store) == [long[:-1].encode()]


def test_a_segment_has_only_the_names_and_an_index_made_anew_the_cells(
    services: Services, run: RunRecorder
) -> None:
    order = execute(run)
    run.end()
    services.runs.refresh()
    (path,) = (path for name, path in services.store.list_segments() if name.subject == run.run_id)
    kinds = {type(record) for record in read_segment(path).records}
    assert r.CellFinished in kinds
    assert r.ContentKept not in kinds
    rebuild(services.store).close()
    assert services.snapshots.cell(run.run_id, order).source == SOURCE


def test_an_index_made_anew_from_a_journal_has_what_its_blobs_have_lost(
    services: Services, run: RunRecorder
) -> None:
    order = execute(run)
    services.runs.refresh()
    for path in services.store.blobs.glob("??/*"):
        path.unlink()
    rebuild(services.store).close()
    assert services.snapshots.cell(run.run_id, order).source == SOURCE


def test_the_index_names_nothing_that_could_not_be_written(
    services: Services, run: RunRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk that has no room for a blob gets no row that names it either: the next pass does both."""
    order = execute(run)
    with monkeypatch.context() as patch:
        patch.setattr(BlobStore, "put_bytes", _full)
        ingester = Ingester(services.place)
        with pytest.raises(OSError, match="full"):
            ingester.run_pass()
        ingester.close()
    services.runs.refresh()
    assert services.snapshots.cell(run.run_id, order).outputs == [PRINTED]


def test_content_that_the_journal_refuses_has_no_digest(
    services: Services, run: RunRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(JournalWriter, "append", _full)
        with pytest.warns(StorageWarning):
            assert run.keep_content(b"lost") is None
    assert run.keep_content(b"lost") == digest_of(b"lost")
    assert kept(services.store) == [b"lost"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_keeps_what_it_names_itself(services: Services, run: RunRecorder) -> None:
    """Its journal may be read, and sent on, before its parent's."""
    execute(run)
    if (child := os.fork()) == 0:
        execute(run)
        run.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(kept(services.store)) == sorted(2 * kept(services.store)[:2])


def test_what_is_on_its_way_elsewhere_is_a_file(tmp_path: Path) -> None:
    spool = create_store(tmp_path / "spool", remote="https://runs.example.org/p/demo")
    run = RunRecorder.start(spool, experiment="e")
    run.cell_started("a", 1, SOURCE)
    run.end()
    assert (kept(spool), blobs(spool)) == ([], {digest_of(SOURCE.encode())})


def test_what_is_brought_to_the_disk_is_a_file(services: Services, run: RunRecorder) -> None:
    syncing = Syncing(run, seconds=600)
    execute(run)
    syncing.finish()
    assert kept(services.store) == []
    assert len(blobs(services.store)) == 2


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "the disk is full")
