"""kill -9 at random moments, of writers and of the ingester."""

import random
import time

from crowd import Writer, answers, check_points, ingest, rows, start, stop_ingester, wait_until

from trackbook.services.catchup import catch_up, rebuild
from trackbook.store import schema as t

ROUNDS = 200
WRITERS = 3


def test_no_acknowledged_point_is_lost_and_none_doubled(store, place, tmp_path):
    chance = random.Random(20)
    writers = []
    ingester = start(ingest, store.root)
    for _ in range(ROUNDS):
        crowd = [Writer(store, tmp_path).begin() for _ in range(WRITERS)]
        writers += crowd
        if chance.random() < 0.9:  # else some die while they open their run
            wait_until(lambda crowd=crowd: any(writer.acknowledged for writer in crowd))
        time.sleep(chance.uniform(0, 0.02))
        for writer in chance.sample(crowd, WRITERS):
            writer.kill()
            if chance.random() < 0.2:
                ingester.kill()
                ingester = start(ingest, store.root)
    ingester.kill()
    stop_ingester(store)

    assert catch_up(place, timeout=120)
    total = sum(check_points(place, writer) for writer in writers)
    assert total > ROUNDS * WRITERS
    assert rows(place, t.damages) == []
    known = {run_id: (number, status) for run_id, number, status in rows(
        place, t.runs, t.runs.c.id, t.runs.c.number, t.runs.c.status)}  # fmt: skip
    assert {writer.run_id for writer in writers if writer.acknowledged} <= set(known)
    assert {status for number, status in known.values() if number} == {"killed"}
    numbers = sorted(number for number, _ in known.values() if number)
    assert numbers == list(range(1, len(numbers) + 1))
    before = answers(place)
    rebuild(store).close()
    assert answers(place) == before
    assert sum(check_points(place, writer) for writer in writers) == total
