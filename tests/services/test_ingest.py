import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from trackbook.domain import records as r
from trackbook.domain.clock import now
from trackbook.services.catchup import catch_up, holding_index, rebuild
from trackbook.services.edits import Edits
from trackbook.services.ingester import ensure_ingester
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.store import schema as t
from trackbook.store.journal import Entry, scan
from trackbook.store.locks import holder, is_held
from trackbook.store.segments import parse_segment, separate


@pytest.fixture
def store(tmp_path, new_store):
    return new_store(tmp_path / ".trackbook")


@pytest.fixture
def place(store):
    place = open_place(store)
    yield place
    place.close()


@pytest.fixture
def database(place):
    return place.database


def rows(database, table, *columns):
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(*(columns or (table,))).order_by(*columns))]


def fill(store, count=3):
    ids = []
    for number in range(count):
        run = RunRecorder.start(
            store, experiment=f"e{number % 2}", params={"lr": number / 10}, tags={"n": str(number)}
        )
        for step in range(100):
            run.log({"loss": 1 / (step + number + 1), "nan": float("nan")}, step=step)
        run.set_params({"lr": 1 + number})
        run.define_metric("loss", goal="min", unit="nat")
        run.add_note("one")
        run.store_artifact(b"abc", "a.txt")
        order = run.cell_started("cell-1", 1, "print('hi')")
        run.cell_finished(order, "ok", 0.5, [{"output_type": "stream", "name": "stdout", "text": "hi\n"}])
        run.end("failed" if number == 1 else "finished")
        ids.append(run.run_id)
    return ids


ANSWERS = {
    t.runs: (t.runs.c.id, t.runs.c.number, t.runs.c.name, t.runs.c.status, t.runs.c.started, t.runs.c.ended,
             t.runs.c.active, t.runs.c.trashed, t.runs.c.error, t.runs.c.reason),
    t.params: (t.params.c.run_id, t.params.c.key, t.params.c.value, t.params.c.number, t.params.c.text),
    t.param_revisions: (t.param_revisions.c.run_id, t.param_revisions.c.key, t.param_revisions.c.value),
    t.tags: (t.tags.c.run_id, t.tags.c.key, t.tags.c.value),
    t.notes: (t.notes.c.run_id, t.notes.c.at, t.notes.c.text, t.notes.c.replaces),
    t.series: (t.series.c.run_id, t.series.c.key, t.series.c.context, t.series.c.count, t.series.c.last,
               t.series.c.last_step, t.series.c.min, t.series.c.max, t.series.c.spark, t.series.c.stride),
    t.metric_definitions: (t.metric_definitions.c.run_id, t.metric_definitions.c.key, t.metric_definitions.c.goal),
    t.artifacts: (t.artifacts.c.run_id, t.artifacts.c.path, t.artifacts.c.digest),
    t.cells: (t.cells.c.run_id, t.cells.c.writer, t.cells.c.order, t.cells.c.status, t.cells.c.outputs),
}  # fmt: skip


def answers(database):
    return {table.name: rows(database, table, *columns) for table, columns in ANSWERS.items()}


def test_what_was_recorded_is_found_in_the_index(store, place, database):
    first, second, third = fill(store)
    assert catch_up(place)
    c = t.runs.c
    assert rows(database, t.runs, c.number, c.id, c.status, c.active) == [
        (1, first, "finished", 0.5), (2, second, "failed", 0.5), (3, third, "finished", 0.5)
    ]  # fmt: skip
    c = t.series.c
    assert rows(database, t.series, c.run_id, c.key, c.count, c.last, c.max)[:2] == [
        (first, "loss", 100, 0.01, 1.0), (first, "nan", 100, None, None)
    ]  # fmt: skip
    assert rows(database, t.params, t.params.c.run_id, t.params.c.value)[0] == (first, "1")
    assert len(rows(database, t.param_revisions)) == 6


def test_closed_journals_are_sealed_into_segments_and_nothing_is_twice(store, place):
    ids = fill(store)
    assert catch_up(place)
    assert list(store.list_journals()) == []
    assert {name.subject for name in place.parts.segments()} == {*ids, *([] if place.shared else ["project"])}
    points = {name.subject: len(segment(place, name).points["loss", "{}"].values)
              for name in place.parts.segments() if name.subject in ids}  # fmt: skip
    assert points == dict.fromkeys(ids, 100)


def test_an_index_made_anew_gives_the_same_answers(store, place, database):
    ids = fill(store, 5)
    edits = Edits(store)
    edits.rename(ids[0], "renamed")
    edits.set_tags(ids[1], {"n": None, "new": "ü"})
    edits.set_notes(ids[2], "replaced")
    edits.trash(ids[3])
    alive = RunRecorder.start(store, experiment="alive")
    alive.log({"loss": 1}, step=0)
    assert catch_up(place)
    before = answers(database)
    assert len(before["runs"]) == 6
    rebuild(store).close()
    assert answers(database) == before
    database.close()
    for suffix in ("", "-wal", "-shm"):
        store.index.with_name(f"index.sqlite{suffix}").unlink(missing_ok=True)
    fresh = rebuild(store)
    assert answers(fresh.database) == before
    alive.log({"loss": 2}, step=1)
    alive.end()
    assert catch_up(fresh)
    c = t.series.c
    assert (alive.run_id, 2, 2.0) in rows(fresh.database, t.series, c.run_id, c.count, c.last)
    fresh.close()


def test_the_latest_edit_wins_whatever_is_read_first(store, place, database):
    run = RunRecorder.start(store, experiment="e", name="old", tags={"k": "old"})
    late, early = (RunRecorder.join(store, run.run_id, role="editor") for _ in range(2))
    moment = now()
    late.append(r.Renamed(moment + 2_000_000, "late"))
    late.append(r.TagsSet(moment + 2_000_000, {"k": "late"}))
    assert catch_up(place)
    early.append(r.Renamed(moment + 1_000_000, "early"))
    early.append(r.TagsSet(moment + 1_000_000, {"k": "early"}))
    assert catch_up(place)
    assert rows(database, t.runs, t.runs.c.name) == [("late",)]
    assert rows(database, t.tags, t.tags.c.value) == [("late",)]
    for writer in (late, early, run):
        writer.close()


def test_a_run_that_failed_does_not_become_finished(store, place, database):
    run = RunRecorder.start(store, experiment="e")
    run.append(r.RunEnded(now(), "failed"))
    run.append(r.RunEnded(now(), "finished"))
    run.close()
    assert catch_up(place)
    assert rows(database, t.runs, t.runs.c.status) == [("failed",)]


def test_damage_is_kept_for_the_doctor(store, place, database):
    run = RunRecorder.start(store, experiment="e")
    run.log({"loss": 1})
    ((_, path),) = store.list_journals()
    garbage = b"\xf7Tgarbage that is no record"
    with path.open("ab") as file:
        file.write(garbage)
    run.log({"loss": 2})
    run.end()
    assert catch_up(place)
    assert rows(database, t.series, t.series.c.count) == [(2,)]
    ((size, reason),) = rows(database, t.damages, t.damages.c.bytes, t.damages.c.reason)
    assert size == len(garbage)
    assert "checksum" in reason or "never finished" in reason
    kept = [segment(place, name).unread for name in place.parts.segments() if name.subject == run.run_id]
    assert [unread.data for (unread,) in kept] == [garbage]
    before = rows(database, t.damages)
    rebuild(store).close()
    assert rows(database, t.damages) == before


def test_the_ingester_process_indexes_and_ends_when_idle(store, database):
    (run_id,) = fill(store, 1)
    briefly = "import sys; from pathlib import Path; from trackbook.services.ingest import serve; "
    briefly += (
        "from trackbook.store.paths import StorePaths; serve(StorePaths(Path(sys.argv[1])), idle_seconds=0.5)"
    )
    process = subprocess.Popen([sys.executable, "-c", briefly, str(store.root)])
    assert process.wait(timeout=60) == 0
    assert rows(database, t.runs, t.runs.c.id, t.runs.c.number) == [(run_id, 1)]
    assert not is_held(store.ingester_lock)


def test_one_ingester_at_a_time(store):
    run = RunRecorder.start(store, experiment="e")  # a living writer keeps it
    assert ensure_ingester(store)
    wait_until(lambda: is_held(store.ingester_lock))
    second = subprocess.run(
        [sys.executable, "-m", "trackbook.services.ingest", str(store.root)], timeout=60, check=False
    )
    assert second.returncode == 0
    assert is_held(store.ingester_lock)
    run.end()
    stop_ingester(store)


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ingester_pid(store):
    wait_until(store.ingester_lock.read_text)  # who takes the lock says so a moment later
    return json.loads(store.ingester_lock.read_text())["pid"]


def stop_ingester(store):
    if is_held(store.ingester_lock):
        os.kill(ingester_pid(store), signal.SIGKILL)
        wait_until(lambda: not is_held(store.ingester_lock))


WRITER = """
import os, sys, time
from pathlib import Path
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store
run = RunRecorder.start(create_store(Path(sys.argv[1])), experiment="kill")
print(run.run_id, flush=True)
acknowledged = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
step = 0
while True:
    run.log({"sequence": step, "half": step / 2}, step=step)
    os.write(acknowledged, b".")
    step += 1
    if step % 10 == 0:
        time.sleep(0.001)
"""


@pytest.mark.parametrize("seed", range(3))
def test_no_acknowledged_point_is_lost_and_none_doubled_when_everybody_is_killed(
    store, place, database, tmp_path, seed
):
    chance = random.Random(seed)
    writers = []
    for number in range(5):
        acknowledged = tmp_path / f"acknowledged-{number}"
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.root), str(acknowledged)],
            stdout=subprocess.PIPE,
            text=True,
        )
        writers.append((process, process.stdout.readline().strip(), acknowledged))
    for process, _, _ in chance.sample(writers, len(writers)):
        ensure_ingester(store)
        time.sleep(chance.uniform(0.05, 0.4))
        if is_held(store.ingester_lock) and chance.random() < 0.8:
            os.kill(ingester_pid(store), signal.SIGKILL)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.wait()
        process.stdout.close()
    stop_ingester(store)

    assert catch_up(place, timeout=120)
    counts = dict(rows_of_series(database))
    assert {status for (status,) in rows(database, t.runs, t.runs.c.status)} == {"killed"}
    for _, run_id, acknowledged in writers:
        promised = acknowledged.stat().st_size
        # One more may have been stored whose acknowledgement was not written any more.
        assert promised <= counts[run_id, "sequence"] <= promised + 1
        assert points_of(place, run_id) == list(range(counts[run_id, "sequence"]))
        assert counts[run_id, "half"] == counts[run_id, "sequence"]
    assert rows(database, t.damages) == []
    numbers = sorted(number for (number,) in rows(database, t.runs, t.runs.c.number))
    assert numbers == [1, 2, 3, 4, 5]
    before = answers(database)
    rebuild(store).close()
    assert answers(database) == before


def rows_of_series(database):
    c = t.series.c
    return [
        ((run_id, key), count) for run_id, key, count in rows(database, t.series, c.run_id, c.key, c.count)
    ]


def segment(place, name):
    return parse_segment(name, place.parts.read_segment(name))


def points_of(place, run_id):
    # An ingester that was started late may seal a journal between the look and the reading.
    while (contents := contents_of(place, run_id)) is None:
        continue
    return sorted(
        step for content in contents if content.points for step in content.points["sequence", "{}"].steps
    )


def contents_of(place, run_id):
    journals = {
        name: place.parts.read_journal(name) for name in place.parts.journals() if name.subject == run_id
    }
    segments = [name for name in place.parts.segments() if name.subject == run_id and name not in journals]
    if None in journals.values() or any(name in journals for name in place.parts.segments()):
        return None
    contents = [segment(place, name) for name in segments]
    for data in journals.values():
        contents.append(separate(entry.record for entry in scan(data) if isinstance(entry, Entry)))
    return contents


FORKED = """
import os, sys, time
from pathlib import Path
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store
run = RunRecorder.start(create_store(Path(sys.argv[1])), experiment="fork")
child = os.fork()
if child == 0:
    run.log({"child": 1}, step=0)
    Path(sys.argv[2]).touch()
    time.sleep(600)
print(child, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_keep_a_dead_run_alive(store, place, database, tmp_path):
    logged = tmp_path / "logged"
    command = [sys.executable, "-c", FORKED, str(store.root), str(logged)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    try:
        wait_until(logged.exists)
        assert catch_up(place)
        assert rows(database, t.runs, t.runs.c.status) == [("running",)]
        process.kill()
        process.wait()
        assert catch_up(place)
        assert rows(database, t.runs, t.runs.c.status, t.runs.c.reason) == [
            ("killed", "The process ended without a word.")
        ]
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()


def test_processes_that_begin_together_start_one_ingester(store):
    code = (
        "import sys\nfrom pathlib import Path\nfrom trackbook.services.ingester import ensure_ingester, _starting\n"
        "from trackbook.store.paths import StorePaths\nsys.stdin.read(1)\n"
        "ensure_ingester(StorePaths(Path(sys.argv[1])))\nprint(len(_starting))"
    )
    command = [sys.executable, "-c", code, str(store.root)]
    first, second = (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    assert first.communicate("x")[0].strip() == "1"
    assert store.ingester_start.exists() or is_held(store.ingester_lock)
    assert second.communicate("x")[0].strip() == "0"


def test_a_start_that_failed_holds_up_no_other(store):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    store.ingester_start.write_text(str(dead.pid))
    assert ensure_ingester(store)
    assert store.ingester_start.read_text() != str(dead.pid)
    store.ingester_start.write_text("no number")
    os.utime(store.ingester_start, (0, 0))
    assert ensure_ingester(store)


FORKING = """\
import sys
from pathlib import Path
import trackbook.services.ingestion
from trackbook.services.ingester import _starting, ensure_ingester
from trackbook.store.paths import StorePaths

store = StorePaths(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read(1)
assert ensure_ingester(store, forks=True)
print(*[process.pid for process in _starting.values()], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def forking(store):
    """Starts processes that fork an ingester for the store once they are told to."""
    command = [sys.executable, "-c", FORKING, str(store.root), "room for a longer command line " * 10]
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with contextlib.ExitStack() as stack:

        def start():
            process = stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=one_thread
                )
            )
            assert process.stdout.readline() == "ready\n"
            return process

        yield start


def told(process):
    process.stdin.write("x")
    process.stdin.flush()
    return process.stdout.readline().split()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_forked_ingester_outlives_its_parent_and_looks_like_any_other(store, database, forking):
    parent = forking()
    (pid,) = map(int, told(parent))
    own = [b"-m", b"trackbook.services.ingest", os.fsencode(store.root)]
    process = Path(f"/proc/{pid}")
    wait_until(lambda: (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")[-3:] == own)
    assert os.getsid(pid) == pid
    assert {str((process / "fd" / number).readlink()) for number in "012"} == {"/dev/null"}
    parent.kill()
    parent.wait()
    run = RunRecorder.start(store, experiment="e")
    run.end("finished")
    wait_until(lambda: rows(database, t.runs, t.runs.c.status) == [("finished",)])
    assert holder(store.ingester_lock)[0] == pid


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_processes_that_fork_at_the_same_moment_start_one_ingester(store, forking):
    processes = [forking() for _ in range(4)]
    for process in processes:
        process.stdin.write("x")
        process.stdin.flush()
    started = [pid for process in processes for pid in process.stdout.readline().split()]
    assert len(started) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_who_makes_a_pass_for_itself_is_taken_for_no_ingester_by_those_who_look_once(store, forking):
    with holding_index(store):
        (pid,) = told(forking())
    wait_until(lambda: is_held(store.ingester_lock) and holder(store.ingester_lock)[0] == int(pid))
    assert told(forking()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no bells on Windows")
def test_who_waits_for_what_was_written_wakes_the_ingester(store, place):
    # It would rest for an hour between two passes.
    code = (
        "import sys\nfrom pathlib import Path\nfrom trackbook.services import ingest\n"
        "from trackbook.store.paths import StorePaths\n"
        "ingest.POLL_SECONDS = 3600.0\ningest.serve(StorePaths(Path(sys.argv[1])))"
    )
    sleeper = subprocess.Popen([sys.executable, "-c", code, str(store.root)])
    try:
        deadline = time.monotonic() + 60
        while not list(store.ingester_bells.glob("*")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for _ in range(2):
            run = RunRecorder.start(store, experiment="e")
            run.end()
            assert catch_up(place, timeout=60.0)
        assert len(rows(place.database, t.runs, t.runs.c.id)) == 2
        assert sleeper.poll() is None
        assert holder(store.ingester_lock)[0] == sleeper.pid
    finally:
        sleeper.kill()
        sleeper.wait()
