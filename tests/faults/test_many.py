"""Many at once: processes in one store, threads in one run."""

import threading

from crowd import Writer, check_points, ingest, rows, start, stop_ingester, wait_until

from trackbook.services.catchup import catch_up
from trackbook.services.recorder import RunRecorder
from trackbook.services.series import SeriesReader
from trackbook.store import schema as t


def test_sixteen_processes_write_into_one_store(store, place, tmp_path):
    start(ingest, store.root)
    writers = [Writer(store, tmp_path, rest=0.005).begin() for _ in range(16)]
    wait_until(lambda: all(writer.acknowledged > 100 for writer in writers))
    for writer in writers:
        writer.kill()
    stop_ingester(store)
    assert catch_up(place, timeout=60)
    assert all(check_points(place, writer) > 100 for writer in writers)
    numbers = [number for (number,) in rows(place, t.runs, t.runs.c.number)]
    assert numbers == list(range(1, 17))


def test_sixty_four_threads_log_into_one_run(store, place):
    run = RunRecorder.start(store, experiment="threads")
    run._writer.rotate_at = 50_000  # in several files, too
    barrier = threading.Barrier(64)

    def work(number):
        barrier.wait()
        for step in range(100):
            run.log({f"own-{number}": step, "shared": number}, step=step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.end()
    assert catch_up(place)
    reader = SeriesReader(place)
    for number in range(64):
        assert reader.read(run.run_id, f"own-{number}").steps == list(range(100))
    assert sorted(reader.read(run.run_id, "shared").steps) == sorted(list(range(100)) * 64)
