"""An index that another process keeps locked: nothing is lost, and all is there once afterwards."""

import contextlib
import sqlite3

import pytest
from crowd import Writer, check_points, rows, start, stop_ingester, wait_until

from trackbook.errors import StoreError
from trackbook.services.catchup import catch_up
from trackbook.services.ingest import serve
from trackbook.services.opening import open_place
from trackbook.services.runs import Runs
from trackbook.store import database as module
from trackbook.store import schema as t
from trackbook.store.locks import is_held
from trackbook.store.paths import StorePaths

# What is a minute in real life.
PATIENCE = 0.2


def ingest_impatiently(root, failures):
    """Be an ingester whose statements wait for a moment only; note each pass that failed."""
    from pathlib import Path

    module.BUSY_SECONDS = PATIENCE
    errors_of = module._clear_errors

    @contextlib.contextmanager
    def noted(store):
        try:
            with errors_of(store):
                yield
        except StoreError:
            with Path(failures).open("a") as file:
                file.write(".")
            raise

    module._clear_errors = noted
    serve(StorePaths(Path(root)), 60.0)


@pytest.mark.parametrize("how", ["BEGIN EXCLUSIVE", "PRAGMA locking_mode = EXCLUSIVE"])
def test_a_lock_that_outlasts_the_patience_costs_nothing(store, tmp_path, monkeypatch, how):
    monkeypatch.setattr(module, "BUSY_SECONDS", PATIENCE)
    open_place(store).close()
    failures = tmp_path / "failures"
    with contextlib.closing(sqlite3.connect(store.index, isolation_level=None)) as holder:
        holder.execute(how)
        if "PRAGMA" in how:  # the whole file, for readers too
            holder.execute("BEGIN EXCLUSIVE")
            holder.execute("INSERT INTO revisions VALUES (1, 1)")
            holder.execute("COMMIT")
        start(ingest_impatiently, store.root, failures)
        writers = [Writer(store, tmp_path, rest=0.02).begin() for _ in range(2)]
        wait_until(lambda: all(writer.acknowledged > 100 for writer in writers))
        wait_until(lambda: failures.exists() and failures.stat().st_size > 2)
        before = [writer.acknowledged for writer in writers]
        wait_until(lambda: all(w.acknowledged > n + 100 for w, n in zip(writers, before, strict=True)))
        if "PRAGMA" in how:
            with pytest.raises(StoreError, match="locked"):
                open_place(store)
        else:
            reader = open_place(store)  # readers are not held up, and see what was there
            assert rows(reader, t.runs) == []
            with pytest.raises(StoreError, match="locked"), reader.database.write():
                pass
            reader.close()
        assert is_held(store.ingester_lock)  # it waits
        if holder.in_transaction:
            holder.execute("ROLLBACK")
    for writer in writers:
        writer.kill()
    place = open_place(store)

    def is_read():
        return [status for (status,) in rows(place, t.runs, t.runs.c.status)] == ["killed", "killed"]

    wait_until(is_read)  # the same ingester has gone on
    stop_ingester(store)
    assert catch_up(place)
    for writer in writers:
        assert check_points(place, writer) > 200
    assert {run.number for run in Runs(place).search().runs} == {1, 2}
    place.close()
