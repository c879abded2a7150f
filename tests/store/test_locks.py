import multiprocessing
import os
import signal
import subprocess
import sys

from trackbook.store.locks import ProcessLock, holder, is_held, os_host, process_started, read_words

HOLD = """
import sys, time
from pathlib import Path
from trackbook.store.locks import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
{then}
time.sleep(600)
"""


def hold(path, then=""):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(then=then), str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def end(process):
    process.kill()
    process.communicate()


def test_one_process_holds_a_lock_until_it_ends(tmp_path):
    path = tmp_path / "x.lock"
    process = hold(path)
    try:
        assert is_held(path)
        assert not ProcessLock(path).acquire()
    finally:
        end(process)
    assert not is_held(path)
    lock = ProcessLock(path)
    assert lock.acquire()
    lock.release(remove=True)
    assert not path.exists()


def test_what_an_earlier_holder_said_is_gone_and_a_new_file_is_not_cut(tmp_path, monkeypatch):
    path = tmp_path / "x.lock"
    path.write_bytes(b'{"pid": 1, "host": "elsewhere", "lost": [7]}'.ljust(3000))
    lock = ProcessLock(path)
    assert lock.acquire()
    assert path.stat().st_size == 1024
    assert holder(path) == (os.getpid(), os_host())
    lock.release()
    assert set(read_words(path)) == {"pid", "host", "boot_id"}

    def cut(fd, size):
        raise AssertionError("a new file was cut")

    monkeypatch.setattr(os, "ftruncate", cut)
    other = ProcessLock(tmp_path / "y.lock")
    assert other.acquire()
    assert other.path.stat().st_size == 1024
    other.release(remove=True)


def test_asking_does_not_drop_a_lock_of_ones_own(tmp_path):
    path = tmp_path / "x.lock"
    lock = ProcessLock(path)
    assert lock.acquire()
    assert is_held(path)
    ask = (
        "import sys, pathlib, trackbook.store.locks as l; sys.exit(not l.is_held(pathlib.Path(sys.argv[1])))"
    )
    asked = subprocess.run([sys.executable, "-c", ask, str(path)], check=False)
    assert asked.returncode == 0
    lock.release()
    assert not is_held(path)


def test_a_forked_child_does_not_hold_its_dead_parents_lock(tmp_path):
    path = tmp_path / "x.lock"
    process = hold(path, then="import os; child = os.fork(); print(child, flush=True) if child else None")
    child = int(process.stdout.readline())
    try:
        process.kill()
        process.wait()  # not its output: the child has that open still
        os.kill(child, 0)  # it lives
        assert not is_held(path)
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()


def test_a_lock_of_another_host_counts_as_held(tmp_path):
    path = tmp_path / "x.lock"
    path.write_text('{"pid": 1, "host": "elsewhere", "boot_id": "b"}')
    assert is_held(path)


def test_no_file_no_lock(tmp_path):
    assert not is_held(tmp_path / "none.lock")


def test_a_process_knows_when_it_started():
    if sys.platform == "linux":
        assert process_started(os.getpid()) >= process_started(1) > 0
    assert process_started(2**30) == 0.0
    assert multiprocessing.current_process().pid == os.getpid()
