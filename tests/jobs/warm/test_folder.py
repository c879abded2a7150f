"""Templates: which one fits, when another is needed, what they refuse, and how they end."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from tests.jobs.conftest import wait_for
from tests.jobs.warm.conftest import KERNEL, Warm, python_path

from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.warm import folder as folders
from trackbook.jobs.warm import key as keys
from trackbook.jobs.warm import refusals
from trackbook.jobs.warm.command import LAUNCHER, read_command
from trackbook.jobs.warm.folder import NotWarm, TemplateFolder
from trackbook.jobs.warm.key import files_digest, packages_digest

pytestmark = pytest.mark.skipif(not can_fork(), reason="warm kernels need Linux")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_equal_needs_share_a_template(warm: Warm, tmp_path: Path) -> None:
    first = warm.provide(warm.need("json", "csv"))
    assert warm.provide(warm.need("json", "csv", folder=tmp_path, ANYTHING="1")) == first
    assert warm.provide(warm.need("csv")).path != first.path
    # What libraries of C read, and what the interpreter does, is another template's.
    assert warm.templates.find(warm.need("json", "csv", OMP_NUM_THREADS="1")) is None
    assert warm.templates.find(warm.need("json", "csv", PYTHONHASHSEED="3")) is None
    # So is a folder with settings that an import would read there.
    (tmp_path / "matplotlibrc").write_text("")
    assert warm.templates.find(warm.need("json", "csv", folder=tmp_path)) is None


def test_what_an_import_read_of_the_environment_tells_templates_apart(warm: Warm) -> None:
    first = warm.provide(warm.need("numpy", NPY_PROMOTION_STATE="weak"))
    assert "NPY_PROMOTION_STATE" in first.said["read"] or "NUMPY_MADVISE_HUGEPAGE" in first.said["read"]
    assert warm.templates.find(warm.need("numpy", NPY_PROMOTION_STATE="weak", UNREAD="1")) == first
    (name,) = [name for name in first.said["read"] if name == "NUMPY_MADVISE_HUGEPAGE"]
    assert warm.templates.find(warm.need("numpy", NPY_PROMOTION_STATE="weak", **{name: "0"})) is None
    second = warm.provide(warm.need("numpy", NPY_PROMOTION_STATE="weak", **{name: "0"}))
    assert second.path != first.path
    # A third value: it would go on like that.
    with pytest.raises(NotWarm, match=f"differ from kernel to kernel: {name}"):
        warm.provide(warm.need("numpy", NPY_PROMOTION_STATE="weak", **{name: "1"}))
    # The values themselves lie nowhere.
    assert "weak" not in json.dumps(first.said)


def test_another_template_follows_when_packages_change(warm: Warm) -> None:
    need = warm.need("wave")
    first = warm.provide(need)
    (path,) = [
        path for path in warm.templates.path.glob("*.json") if path.with_suffix(".sock") == Path(first.path)
    ]
    output = warm.folder / "out"
    kernel = warm.fork(need, "pass", "old", output)
    wait_for(lambda: any(warm.folder.glob("old-*")))
    path.write_text(json.dumps(first.said | {"packages": "those of yesterday"}))
    second = warm.provide(need)
    assert second.path != first.path
    assert second.said["pid"] != first.said["pid"]
    # The old one takes nobody in any more, and ends with its last kernel.
    wait_for(lambda: not Path(first.path).exists())
    assert _lives(first.said["pid"])
    kernel.kill()
    assert kernel.wait(60) == -signal.SIGKILL
    wait_for(lambda: not _lives(first.said["pid"]))


@pytest.mark.parametrize("runs", [False, True])
def test_another_template_follows_when_an_installed_file_is_edited(
    warm: Warm, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    """As one does who looks for a fault in somebody else's package, and then restarts the kernel."""
    need = warm.need("wave", "json")
    need = need._replace(command=need.command._replace(runs=runs))
    first = warm.provide(need)
    listed = Path(first.path).with_suffix(".modules")
    wait_for(lambda: listed.exists() and listed.read_text().endswith("]"))
    import wave

    files = json.loads(listed.read_text())
    assert wave.__file__ in files
    # A file of this test takes the place of an installed one, which is not to be touched.
    edited = warm.folder / "installed.py"
    edited.write_text("x = 1")
    os.utime(edited, (1, 1))
    listed.write_text(json.dumps([*files, "/some/archive.zip/module.py", str(edited)]))
    monkeypatch.setattr(folders, "_LOOK_AGAIN", 0.0)
    assert warm.provide(need) == first
    future = time.time() + 86400
    os.utime(edited, (future, future))  # an installer's clock was wrong: no reason to begin anew each time
    assert warm.provide(need) == first
    edited.write_text("x = 2")
    second = warm.provide(need)
    assert second.path != first.path
    assert not listed.exists()
    wait_for(lambda: not _lives(first.said["pid"]))


@pytest.mark.parametrize("settled", [0, 10**15])
def test_the_digest_of_packages_sees_what_an_installer_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: int
) -> None:
    monkeypatch.setattr(keys, "_SETTLED", settled)
    folders = [str(tmp_path), str(tmp_path / "none")]

    def digest() -> str:
        time.sleep(0.02)  # the clock of a file system may tick a hundred times a second
        return packages_digest(folders)

    seen = {digest()}
    (tmp_path / "a-1.dist-info").mkdir()
    seen.add(digest())
    pth = tmp_path / "__editable__.b.pth"
    pth.write_text("x")
    seen.add(digest())
    os.utime(pth, (1, 1))
    seen.add(digest())
    # The same version once more.
    (tmp_path / "a-1.dist-info").rmdir()
    (tmp_path / "a-1.dist-info").mkdir()
    os.utime(tmp_path / "a-1.dist-info", (1, 1))
    seen.add(digest())
    (tmp_path / "a-1.dist-info").rmdir()
    seen.add(digest())
    assert len(seen) == 6
    (tmp_path / "module.py").write_text("x")
    assert packages_digest(folders) in seen
    rc = tmp_path / "matplotlibrc"
    before = files_digest([str(rc)])
    rc.write_text("lines.linewidth: 3")
    assert files_digest([str(rc)]) != before


def test_the_one_that_was_not_used_for_longest_makes_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(folders, "MOST", 2)
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path / "cache"))
    warm = Warm(TemplateFolder.make(), tmp_path)
    try:
        first, second = warm.provide(warm.need("json")), warm.provide(warm.need("csv"))
        for path in warm.templates.path.glob("*.json"):
            os.utime(path, (1, 1) if path.with_suffix(".sock") == Path(first.path) else (2, 2))
        assert warm.provide(warm.need("json")) == first
        warm.provide(warm.need("wave"))
        assert warm.templates.find(warm.need("csv")) is None
        assert warm.templates.find(warm.need("json")) == first
        wait_for(lambda: not _lives(second.said["pid"]))
        assert len(warm.templates.templates()) == 2
    finally:
        warm.templates.close()
    wait_for(lambda: not _lives(first.said["pid"]))
    assert not warm.templates.path.exists()


def test_an_idle_template_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folders, "IDLE", 0.5)
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path / "cache"))
    warm = Warm(TemplateFolder.make(), tmp_path)
    template = warm.provide(warm.need("json"))
    wait_for(lambda: not _lives(template.said["pid"]))
    assert warm.templates.find(warm.need("json")) is None
    assert warm.provide(warm.need("json")).path != template.path
    warm.templates.close()


OWNER = """
import sys, time
from pathlib import Path
from tests.jobs.warm.conftest import Warm
from trackbook.jobs.warm.folder import TemplateFolder
warm = Warm(TemplateFolder.make(), Path(sys.argv[1]))
print(warm.templates.path, warm.provide(warm.need("json")).said["pid"], flush=True)
time.sleep(600)
"""


def test_templates_die_with_an_owner_that_is_killed(warm: Warm, tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)])}
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert owner.stdout is not None
    path, pid = owner.stdout.readline().split()
    # A kernel of another process than the owner.
    other = Warm(TemplateFolder(Path(path)), tmp_path)
    need = other.need("json")._replace(environment=environment)
    kernel = other.fork(need, "pass", "other", tmp_path / "out")
    wait_for(lambda: any(tmp_path.glob("other-*")))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_for(lambda: other.templates.find(need) is None)
    assert kernel.poll() is None
    assert not other.templates.is_owned
    # Its template stays to tell how it ends, and no longer.
    kernel.kill()
    assert kernel.wait(60) == -signal.SIGKILL
    wait_for(lambda: not _lives(int(pid)))
    wait_for(lambda: not Path(path).exists())


def test_what_killed_owners_left_is_taken_away(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path = short_path
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, strange = TemplateFolder.make(), tmp_path / "tb-warm-strange"
    strange.mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    said = json.loads((left.path / "owner").read_text())
    (left.path / "owner").write_text(json.dumps(said | {"pid": ended.pid}))
    present = TemplateFolder.make()
    assert {path.name for path in tmp_path.iterdir()} == {"tb-warm-strange", present.path.name}
    TemplateFolder.make()
    assert present.path.exists()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages beside the interpreter's own, for modules that misbehave."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
            "starts threads",
        ),
        ("import socket; kept = socket.socket()", "opens a connection"),
        ("import subprocess; kept = subprocess.Popen(['sleep', '5'])", "starts a process"),
        ("kept = open(__file__ + '.kept', 'w')", "odd_one.py.kept for writing"),
        ("print('Hello from me')", "prints"),
        ("import os; os.write(1, b'hello')", "prints"),
        (
            "from IPython import get_ipython; get_ipython().events.register('pre_run_cell', print)",
            "notebook's shell",
        ),
        ("shell = get_ipython()", "notebook's shell"),
        (
            "import sys\nclass Kept:\n    __slots__ = ['s']\nkept = Kept(); kept.s = sys.stdout",
            "keeps the output",
        ),
        ("import os; os.chdir('/')", "changes the working directory"),
    ],
)
def test_an_import_that_leaves_more_than_modules_is_left_to_the_notebook(
    packages: Path, source: str, reason: str
) -> None:
    (packages / "odd_one.py").write_text(source)
    said, log = packages / "said", packages / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-c", REFUSE, str(packages), str(said)]
        subprocess.run(command, stdout=output, stderr=output, check=False)
    assert said.read_text().startswith("odd_one "), log.read_text()
    assert reason in said.read_text()


REFUSE = """
import sys
from trackbook.jobs.warm.imports import ModuleRefused, WatchedImports
import ipykernel.zmqshell
sys.path.append(sys.argv[1])
imports = WatchedImports()
imports._roots.append(sys.argv[1] + "/")
try:
    imports.perform((), ["odd_one"], {})
except ModuleRefused as refusal:
    open(sys.argv[2], "w").write(str(refusal))
"""


def test_a_connection_that_nobody_holds_any_more_is_no_hazard(packages: Path) -> None:
    (packages / "odd_one.py").write_text(
        "import gc, socket\ngc.disable()\nheld = [socket.socket()]\nheld.append(held)\ndel held"
    )
    said = packages / "said"
    subprocess.run([sys.executable, "-c", REFUSE, str(packages), str(said)], check=True)
    assert not said.exists()


def test_a_file_that_is_deleted_or_moved_meanwhile_is_no_hazard(packages: Path) -> None:
    (packages / "odd_one.py").write_text(
        "import os, sys\nhere = sys.argv[1]\nos.unlink(here + '/log')\nos.rename(here + '/own', here + '/moved')"
    )
    said, log = packages / "said", packages / "log"
    with log.open("wb") as output, (packages / "own").open("wb") as own:
        command = [sys.executable, "-c", REFUSE, str(packages), str(said)]
        subprocess.run(command, stdout=output, stderr=output, pass_fds=[own.fileno()], check=True)
    assert not log.exists()
    assert (packages / "moved").exists()
    assert not said.exists()


def test_a_refused_module_is_left_out_and_remembered(
    warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path))
    # Polars keeps a thread from its import on.
    need = warm.need("json", "polars")
    template = warm.provide(need)
    assert template.said["left_out"] == {"polars": "starts threads when it is imported"}
    assert refusals.read(sys.executable) == {"polars": "starts threads when it is imported"}
    assert warm.probe(
        need, "import sys\nanswer = ['polars' in sys.modules, __import__('polars').__name__]"
    ) == [
        False,
        "polars",
    ]


def test_modules_of_a_project_are_never_imported_beforehand(warm: Warm, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1")
    need = warm.need("mine", "json", "no_such_module", PYTHONPATH=python_path(tmp_path))
    template = warm.provide(need)
    assert template.said["left_out"] == {
        "mine": "is no installed package, and may change",
        "no_such_module": "can't be imported",
    }
    (tmp_path / "mine.py").write_text("x = 2")
    assert warm.probe(need, "import mine; answer = mine.x") == 2


def test_a_template_that_can_not_start_says_why_and_is_not_tried_again_at_once(
    warm: Warm, tmp_path: Path
) -> None:
    (tmp_path / "ipykernel").mkdir()
    (tmp_path / "ipykernel" / "__init__.py").write_text("raise RuntimeError('broken on purpose')")
    need = warm.need("json", PYTHONPATH=python_path(tmp_path))
    with pytest.raises(NotWarm, match=r"its template ended while it imported: .*broken on purpose"):
        warm.provide(need)
    started = time.monotonic()
    with pytest.raises(NotWarm, match="broken on purpose"):
        warm.provide(need)
    assert time.monotonic() - started < 30


def test_commands_that_start_plain_kernels() -> None:
    found = read_command([*KERNEL, "-f", "x"])
    assert found is not None
    assert (found.program, found.arguments, found.debugger) == ("-c", ["-f", "x"], False)
    found = read_command([sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "x"])
    assert found is not None
    assert (found.options, found.program, found.debugger) == (["-Xfrozen_modules=off"], None, True)
    for other in (
        [],
        [sys.executable, "-O", "-m", "ipykernel_launcher"],
        [sys.executable, "-m", "xeus"],
        [sys.executable, "-c", LAUNCHER + "\n"],
        ["no-such-python", "-m", "ipykernel_launcher"],
    ):
        assert read_command(other) is None
