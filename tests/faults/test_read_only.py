"""A folder that can't be written, from the beginning or from some moment on."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from trackbook.config import Settings
from trackbook.services.catchup import catch_up
from trackbook.services.checkup import examine_store
from trackbook.services.opening import open_place
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.services.shelter import bring_home, shelter_of
from trackbook.store.paths import create_store

NOBODY = 65534

# Root may write everywhere: the program first becomes somebody who may not.
HEAD = """
import os, sys, warnings
from pathlib import Path
# Samples of the machine would begin, and import, only where it is so busy that this takes a second.
os.environ["TRACKBOOK_CAPTURE"] = "-system"
import trackbook as tb
import trackbook.services.ingester
trackbook.services.ingester.can_ingest = lambda: False
# What is imported late lies where only root may read: all of it is used once before.
import tempfile
from trackbook.services.surroundings import wait_for_captures
with tempfile.TemporaryDirectory() as warm:
    with tb.start_run("warm", folder=warm):
        tb.log({"loss": 0})
        tb.artifact(b"", "warm.bin")
    wait_for_captures(60)
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
warned = []
warnings.showwarning = lambda message, *rest: warned.append(str(message))
folder = sys.argv[1]
"""


@pytest.fixture
def tmp_path():
    """A folder outside pytest's own: each pytest that starts takes others their right to pass through that."""
    with tempfile.TemporaryDirectory(prefix="trackbook-read-only-") as folder:
        yield Path(folder)


@pytest.fixture
def project(tmp_path):
    """A project whose store somebody else made; the test's own folders can be passed by everybody."""
    for folder in [tmp_path, *tmp_path.parents]:
        if not os.access(folder, os.X_OK) or not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    (tmp_path / "project").mkdir()
    create_store(tmp_path / "project" / ".trackbook")
    with _unwritable(tmp_path / "project"):
        yield tmp_path / "project"


@contextlib.contextmanager
def _unwritable(folder):
    changed = [path for path in (folder, *folder.rglob("*")) if path.is_dir()]
    modes = [path.stat().st_mode for path in changed]
    for path in changed:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path, mode in zip(changed, modes, strict=True):
            path.chmod(mode)


@pytest.fixture
def spool(tmp_path):
    (tmp_path / "spool").mkdir()
    if os.getuid() == 0:
        os.chown(tmp_path / "spool", NOBODY, NOBODY)
    return tmp_path / "spool"


def python(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code, str(folder)], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split("\n"), done.stderr


WORK = """
with tb.start_run("churn", params={"lr": 0.1}, folder=folder) as run:
    for step in range(100):
        run.log({"loss": step}, step=step)
    tb.artifact(b"weights", "model.bin")
    with tb.start_run("churn", nested=True) as inner:
        inner.log({"loss": 0})
print(run.id)
print(len(warned))
print(warned[0])
"""


def test_a_run_is_kept_elsewhere_and_comes_home(project, spool):
    (run_id, warned, said), _ = python(WORK, project)
    assert warned == "1"
    shelter = shelter_of(Settings.load().spool_folder, project / ".trackbook")
    assert "can't be written" in said
    assert str(shelter.root) in said
    home = create_store(project / ".trackbook")
    # What is only read is still there, and the doctor knows what is not.
    with _writable(home):
        checkup = examine_store(home, shelter)
        assert (checkup.runs, checkup.kept_elsewhere) == (2, 0)
        assert checkup.healthy
        place = open_place(home)
        runs = Runs(place)
        assert (runs.get(run_id).status, runs.get(run_id).params) == ("finished", {"lr": 0.1})
        assert runs.get(run_id).experiment == "churn"
        assert SeriesReader(place).read(run_id, "loss").steps == list(range(100))
        assert [artifact.path for artifact in runs.detail(run_id).artifacts] == ["model.bin"]
        place.close()
    assert list(shelter.list_journals()) == []
    assert [path for path in shelter.blobs.rglob("*") if path.is_file()] == []


@contextlib.contextmanager
def _writable(store):
    folders = [path for path in (store.root, *store.root.rglob("*")) if path.is_dir()]
    for path in folders:
        path.chmod(0o755)
    yield
    for path in folders:
        if path.exists():
            path.chmod(0o555)


def test_a_move_that_is_cut_off_anywhere_is_made_again(project, spool, monkeypatch):
    (run_id, *_), _ = python(WORK, project)
    shelter = shelter_of(Settings.load().spool_folder, project / ".trackbook")
    home = create_store(project / ".trackbook")
    names = ["unlink", "replace", "fsync", "mkdir", "rmdir", "open"]
    with _writable(home):
        done, number = False, 0
        while not done:
            number += 1
            calls = iter(range(1, number + 1))

            def count(function, calls=calls):
                def counted(*arguments, **options):
                    if next(calls, None) is None:
                        raise OSError(28, "cut off")
                    return function(*arguments, **options)

                return counted

            with monkeypatch.context() as patch, contextlib.suppress(OSError):
                for name in names:
                    patch.setattr(os, name, count(getattr(os, name)))
                bring_home(shelter, home)
                done = True
        assert number > 5
        place = open_place(home)
        assert catch_up(place)
        assert SeriesReader(place).read(run_id, "loss").steps == list(range(100))
        assert Runs(place).get(run_id).status == "finished"
        place.close()


def test_a_run_that_is_going_on_waits_in_the_shelter_until_it_ends(project, spool):
    code = """
run = tb.start_run("churn", folder=folder)
run.log({"loss": 1})
print(run.id, flush=True)
sys.stdin.readline()
run.end()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + code, str(project)], cwd="/", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    run_id = process.stdout.readline().strip()
    shelter = shelter_of(Settings.load().spool_folder, project / ".trackbook")
    home = create_store(project / ".trackbook")
    with _writable(home):
        checkup = examine_store(home, shelter)
        assert (checkup.runs, checkup.kept_elsewhere, checkup.shelter) == (0, 1, str(shelter.root))
        assert not checkup.healthy
        process.communicate("\n")
        assert examine_store(home, shelter).healthy
        place = open_place(home)
        assert Runs(place).get(run_id).status == "finished"
        place.close()


def test_where_nothing_can_be_written_the_work_goes_on(project, tmp_path):
    code = WORK.replace("print(warned[0])", "")
    (tmp_path / "spool").write_text("in the way")
    (_, warned), _ = python(code, project)
    assert warned == "4"  # for each of the two runs: at the beginning, and at the end how much there was
    code = WORK.replace("print(warned[0])", "print(warned[-1])")
    (_, _, last), _ = python(code, project)
    (lost,) = re.findall(r"(\d+) records or files could not be stored", last)
    assert int(lost) >= 103  # the start, the parameters, 100 points, the artifact


def test_bad_names_still_raise(project, spool):
    code = """
try:
    tb.start_run("a\\nb", folder=folder)
except tb.TrackbookError as error:
    print(type(error).__name__)
"""
    (said,), _ = python(code, project)
    assert said == "InvalidName"


def test_a_store_that_can_be_written_again_gets_what_comes_then(project, tmp_path):
    code = """
run = tb.start_run("churn", params={"lr": 0.1}, folder=folder)
run.surroundings.finish()
for step in range(50):
    run.log({"loss": step}, step=step)
print(run.id, flush=True)
sys.stdin.readline()
run.recorder._writer._next_try = 0  # it would try at most once a second
run.log({"loss": 50}, step=50)
run.end()
print(len(warned))
"""
    (tmp_path / "spool").write_text("in the way")
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + code, str(project)], cwd="/", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    run_id = process.stdout.readline().strip()
    home = create_store(project / ".trackbook")
    for path in (home.journals, home.blobs):
        path.chmod(0o777)
    (warned, _) = process.communicate("\n")
    assert (warned.strip(), process.returncode) == ("1", 0)
    place = open_place(home)
    assert catch_up(place)
    runs = Runs(place)
    assert (runs.get(run_id).status, runs.get(run_id).params) == ("finished", {"lr": 0.1})
    assert SeriesReader(place).read(run_id, "loss").steps == [50]
    (loss,) = runs.detail(run_id).losses
    assert loss.count >= 50
    place.close()
