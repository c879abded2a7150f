"""A disk that takes nothing more: the work goes on, what can be kept is kept, and what is missing is known."""

import os
import re
import subprocess
import sys

import pytest
from crowd import answers, rows

from trackbook.domain import records as r
from trackbook.domain.ids import new_id
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.checkup import examine_store
from trackbook.services.edits import Edits
from trackbook.services.ingestion import Ingester
from trackbook.services.opening import open_place
from trackbook.services.runs import Runs
from trackbook.store import schema as t
from trackbook.store.journal import Damage, JournalWriter, read_entries, read_records
from trackbook.store.paths import create_store

# A limit on the size of files refuses writes as a full disk does, in the middle of a record, and for one process.
HEAD = """
import os, resource, signal, sys, warnings
from pathlib import Path
import trackbook as tb
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
warned = []
warnings.showwarning = lambda message, *rest: warned.append(message)
run = tb.start_run("full", folder=sys.argv[1])
run.surroundings.finish()
print(run.id)
"""


def python(code, folder, *options, head=HEAD):
    done = subprocess.run(
        [sys.executable, *options, "-c", head + code, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


def kept_steps(store, run_id):
    paths = [path for name, path in store.list_journals() if name.subject == run_id]
    return [
        record.step for path in paths for record in read_records(path) if isinstance(record, r.MetricsLogged)
    ]


@pytest.fixture(autouse=True)
def _no_ingester(monkeypatch, tmp_path):
    # The light install has none: then the journals stay as they were written, to be looked at.
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "sitecustomize.py").write_text(
        "import trackbook.services.ingester as i; i.can_ingest = lambda: False"
    )
    path = os.pathsep.join([str(tmp_path / "light"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


def test_what_was_refused_is_counted_and_told_once_the_disk_takes_records_again(store, place):
    code = """
limit(6000)
for step in range(1000):
    run.log({"loss": step}, step=step)
run.artifact(b"x" * 10000, "big.bin")
run.param("late", 1)
limit(resource.RLIM_INFINITY)
run.log({"loss": -1}, step=1000)
lost = run.recorder.failed_appends
run.end()
print(len(warned), lost)
"""
    (run_id, warned, lost), _ = python(code, store.project)
    assert warned == "1"
    steps = kept_steps(store, run_id)
    kept = len(steps) - 1
    assert steps == [*range(kept), 1000]
    assert kept > 30
    assert catch_up(place)
    runs = Runs(place)
    assert runs.get(run_id).status == "finished"
    # What says what the run is was held back, and came when it could.
    assert runs.get(run_id).params == {"late": 1}
    (loss,) = runs.detail(run_id).losses
    assert loss.count == (1000 - kept) + 1  # the points and the artifact
    assert int(lost) == 1000 - kept + 1  # the points and the parameter
    assert runs.get(run_id).started <= loss.first <= loss.last <= runs.get(run_id).ended
    checkup = examine_store(store)
    assert not checkup.healthy
    assert [(found.run, found.count) for found in checkup.losses] == [(1, loss.count)]
    before = answers(place)
    rebuild(store).close()
    assert answers(place) == before


def test_a_disk_that_stays_full_does_not_hide_how_the_run_ended(store, place):
    code = """
limit(4500)
for step in range(500):
    run.log({"loss": step}, step=step)
run.end("failed", reason="It diverged.")
print(len(warned))
"""
    (run_id, warned), _ = python(code, store.project)
    assert warned == "1"
    kept = len(kept_steps(store, run_id))
    assert catch_up(place)
    run = Runs(place).get(run_id)
    assert (run.status, run.reason) == ("failed", "It diverged. The disk was full when it ended.")
    assert [found.count for found in examine_store(store).losses] == [500 - kept]
    assert list(store.journals.rglob("*.lock")) == []


def test_warnings_that_are_errors_do_not_stop_the_work(store):
    code = """
limit(3000)
for step in range(500):
    run.log({"loss": step}, step=step)
print("done")
limit(resource.RLIM_INFINITY)
"""
    (_, done), said = python(code, store.project, "-W", "error")
    assert done == "done"
    assert said.count("StorageWarning: Trackbook could not store") == 1


def test_a_forked_child_on_a_full_disk_works_on(store, place):
    code = """
limit(0)
child = os.fork()
if child == 0:
    for step in range(10):
        run.log({"child": step}, step=step)
    limit(resource.RLIM_INFINITY)
    run.end()
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
limit(resource.RLIM_INFINITY)
run.end()
"""
    (run_id, code), _ = python(code, store.project)
    assert code == "0"
    assert catch_up(place)
    (loss,) = Runs(place).detail(run_id).losses
    assert loss.count == 10
    roles = rows(place, t.parts, t.parts.c.role, where=t.parts.c.subject == run_id)
    assert {("child",), ("owner",)} <= set(roles)


def test_a_really_full_disk(tmp_path, place, store):
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("only root mounts a disk; the tests above fill one by a limit")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(small)], check=False
    ).returncode:
        pytest.skip("this system mounts nothing; the tests above fill a disk by a limit")
    try:
        code = """
filler = Path(sys.argv[1]) / "filler"
with open(filler, "wb", buffering=0) as file:
    try:
        while file.write(b"x" * 4096): pass
    except OSError: pass
for step in range(2000):
    run.log({"loss": step}, step=step)
run.artifact(b"x" * 10000, "big.bin")
assert tb.artifact(b"y" * 10000, "other.bin") == "other.bin"
print(len(warned))
filler.unlink()
run.log({"loss": -1}, step=2000)
run.end()
"""
        (run_id, warned), _ = python(code, small)
        assert warned == "1"
        full = create_store(small / ".trackbook")
        steps = kept_steps(full, run_id)
        assert steps[-1] == 2000
        assert steps[:-1] == list(range(len(steps) - 1))
        gaps = [record for _, path in full.list_journals() for record in read_records(path)
                if isinstance(record, r.RecordsLost)]  # fmt: skip
        assert [gap.count for gap in gaps] == [2000 - (len(steps) - 1) + 2]
        assert list(full.blobs.rglob("*-*")) == []  # no draft of a blob stays behind
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_index_on_a_full_disk_waits_and_then_has_everything(store, place, monkeypatch):
    (run_id,), _ = python("[run.log({'loss': step}, step=step) for step in range(100)]", store.project)
    code = f"""
import resource, signal, sys, threading, time
from pathlib import Path
from trackbook.services import ingest
from trackbook.services.runs import Runs
from trackbook.services.opening import open_place
from trackbook.store.paths import StorePaths
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
failed = threading.Event()
passed = ingest.Ingester.run_pass
def run_pass(self):
    try:
        return passed(self)
    except Exception:
        failed.set()
        raise
ingest.Ingester.run_pass = run_pass
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
thread = threading.Thread(target=ingest.serve, args=(StorePaths(Path(sys.argv[1])), 2.0))
thread.start()
assert failed.wait(60)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
thread.join()
print(Runs(open_place(StorePaths(Path(sys.argv[1])))).get({run_id!r}).metrics["loss"])
"""
    (last,), _ = python(code, store.root, head="")
    assert last == "99.0"


def points(count):
    return [r.MetricsLogged(1000 + i, i, {"loss": i / 7}) for i in range(count)]


OPENING = r.WriterOpened(0, "owner", 1, 0.0, "host", "", "1")


def test_a_journal_that_can_not_go_on_in_a_further_file_grows_on(store, monkeypatch):
    writer = JournalWriter(store, new_id(), new_id(), rotate_at=500, on_rotate=lambda: [OPENING])
    write = os.write
    # What would not fit is the beginning of the further file alone.
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data if fd == writer._fd else data[:5]))
    written = points(100)
    for record in written:
        writer.append(record)
    ((_, path),) = store.list_journals()
    assert list(read_records(path)) == written
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    monkeypatch.setattr(os, "write", write)
    writer.append(written[0])
    assert writer.part == 1
    assert [list(read_records(path)) for _, path in store.list_journals()] == [
        [*written, written[0]],
        [OPENING],
    ]
    writer.close()


def test_an_interrupt_between_a_write_and_its_count_costs_nothing(store, monkeypatch):
    writer = JournalWriter(store, new_id(), new_id())
    write = os.write
    first, second, third, fourth = points(4)
    writer.append(first)

    def interrupted(fd, data):
        write(fd, data)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.append(second)
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:9]))
    with pytest.raises(OSError, match="full"):
        writer.append(third)
    monkeypatch.setattr(os, "write", write)
    writer.append(fourth)
    writer.close()
    ((_, path),) = store.list_journals()
    assert list(read_records(path)) == [first, second, fourth]


def test_a_torn_record_that_can_not_be_cut_away_costs_only_itself(store, monkeypatch):
    writer = JournalWriter(store, new_id(), new_id())
    write = os.write
    first, second, third = points(3)
    writer.append(first)

    def refuse(fd, size):
        raise OSError(5, "an error of the disk")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, data[:9]))
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(OSError, match="full"):
            writer.append(second)
    writer.append(third)
    writer.close()
    ((_, path),) = store.list_journals()
    found = list(read_entries(path))
    assert [entry.record for entry in found if not isinstance(entry, Damage)] == [first, third]


def test_an_edit_that_can_not_be_stored_says_so(store):
    (run_id,), _ = python("run.end()", store.project)
    code = f"""
from trackbook.services.edits import Edits
from trackbook.store.paths import StorePaths
from trackbook.errors import StoreError
limit(0)
try:
    Edits(StorePaths(Path(sys.argv[1]) / ".trackbook")).rename({run_id!r}, "new")
except StoreError as error:
    print(str(error).replace(" ", "_"))
limit(resource.RLIM_INFINITY)
"""
    (_, said), _ = python(code, store.project)
    assert re.search("it_can't_be_written", said)
    Edits(store).rename(run_id, "new")
    fresh = open_place(store)
    Ingester(fresh).finish()
    assert Runs(fresh).get(run_id).name == "new"
    fresh.close()
