"""An index that is deleted, or overwritten, while everything runs: it is made from what was recorded, and made anew."""

import pytest
from crowd import Writer, answers, check_points, ingest, rows, start, stop_ingester, wait_until

from trackbook.errors import StoreError
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.services.runs import Runs
from trackbook.store import schema as t


def delete_index(store):
    for suffix in ("", "-wal", "-shm"):
        store.index.with_name(store.index.name + suffix).unlink(missing_ok=True)


def test_an_index_that_is_deleted_comes_back_by_itself(store, place):
    runs = [RunRecorder.start(store, experiment="e", params={"n": n}) for n in range(3)]
    for run in runs:
        run.log({"loss": 1}, step=0)
        run.end()
    assert catch_up(place)
    before = answers(place)
    delete_index(store)
    # The same process goes on, and so does one that begins now.
    assert catch_up(place)
    assert answers(place) == before
    delete_index(store)
    fresh = open_place(store)
    assert catch_up(fresh)
    assert answers(fresh) == before
    fresh.close()


def test_an_index_that_is_deleted_while_everything_runs(store, place, tmp_path):
    sealed = RunRecorder.start(store, experiment="e")
    sealed.log({"loss": 1}, step=0)
    sealed.end()
    assert catch_up(place)
    start(ingest, store.root)
    writers = [Writer(store, tmp_path, rest=0.01).begin() for _ in range(3)]
    for _ in range(5):
        before = [writer.acknowledged for writer in writers]
        wait_until(
            lambda before=before: all(w.acknowledged > n + 50 for w, n in zip(writers, before, strict=True))
        )
        wait_until(lambda: len(rows(place, t.runs)) == 4)
        delete_index(store)
    wait_until(lambda: len(rows(place, t.runs)) == 4)
    for writer in writers:
        writer.kill()
    stop_ingester(store)
    assert catch_up(place)
    assert all(check_points(place, writer) > 250 for writer in writers)
    assert Runs(place).get(sealed.run_id).metrics == {"loss": 1.0}
    before = answers(place)
    rebuild(store).close()
    assert answers(place) == before


@pytest.mark.parametrize("where", ["the beginning", "the middle"])
def test_an_index_that_is_overwritten_says_what_to_do_and_is_made_anew(store, place, tmp_path, where):
    writer = Writer(store, tmp_path, rest=0.01).begin()
    wait_until(lambda: writer.acknowledged > 50)
    assert catch_up(place)
    before = Runs(place).get(writer.run_id)
    place.close()
    data = bytearray(store.index.read_bytes())
    begin = 0 if where == "the beginning" else 4096
    data[begin : begin + 8 * 4096] = b"rubbish " * 4096
    delete_index(store)
    store.index.write_bytes(data)

    def use():
        broken = open_place(store)
        try:
            catch_up(broken)
            answers(broken)
        finally:
            broken.close()

    with pytest.raises(StoreError, match="trackbook rebuild"):
        use()
    wait_until(lambda count=writer.acknowledged: writer.acknowledged > count + 50)  # the work does not notice
    fresh = rebuild(store)
    found = Runs(fresh).get(writer.run_id)
    assert (found.number, found.status, found.started) == (before.number, "running", before.started)
    writer.kill()
    assert catch_up(fresh)
    assert check_points(fresh, writer) > 100
    fresh.close()
