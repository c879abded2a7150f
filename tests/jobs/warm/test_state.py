"""Kernels of one template have nothing of each other, and nothing that an ordinary kernel would not have."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.jobs.conftest import wait_for
from tests.jobs.warm.conftest import Warm

from trackbook.jobs.forking.request import UNKNOWN_END, ForkedProcess
from trackbook.jobs.forking.wire import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="warm kernels need Linux")

MODULES = (
    "pandas",
    "matplotlib.pyplot",
    "sklearn.linear_model:LinearRegression",
    "logging.handlers",
    "multiprocessing",
)

LOOK = """
def look():
    import atexit, builtins, logging, os, random, signal, sys, threading, warnings
    import numpy, pandas, matplotlib, matplotlib.pyplot
    def link(number):
        try:
            target = os.readlink(f'/proc/self/fd/{number}')
        except OSError:
            return None
        return target.split(':')[0] if ':[' in target else os.path.basename(target)
    mask = os.umask(0)
    os.umask(mask)
    shell = get_ipython()
    from comm import get_comm_manager
    return {
        'environment': dict(os.environ),
        'folder': os.getcwd(),
        'path': list(sys.path),
        'program': sys.argv[0],
        'builtins': sorted(dir(builtins)),
        'names': sorted(name for name in shell.user_ns if name != 'look'),
        'modules': sorted(name for name in sys.modules if not name.startswith('trackbook.')),
        'mask': mask,
        'signals': [str(signal.getsignal(number)).split(' at ')[0] for number in range(1, 32) if number not in (9, 19)],
        'threads': len(threading.enumerate()),
        'children': open(f'/proc/self/task/{os.getpid()}/children').read().split(),
        'filters': [str(entry) for entry in warnings.filters],
        'handlers': [type(ref()).__name__ for ref in logging._handlerList if ref()],
        'loggers': sorted(
            name for name, one in logging.Logger.manager.loggerDict.items() if getattr(one, 'handlers', None)
        ),
        'streams': [type(stream).__name__ for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)],
        'backend': matplotlib.rcParams._get('backend'),
        'styles': matplotlib.rcParams['lines.linewidth'],
        'figures': matplotlib.pyplot.get_fignums(),
        'columns': pandas.get_option('display.max_columns'),
        'rows': pandas.get_option('display.max_rows'),
        'errors': numpy.geterr(),
        'targets': sorted(get_comm_manager().targets),
        'hooks': sorted(callback.__name__ for callback in shell.events.callbacks['post_execute']),
        'history': shell.history_manager.hist_file,
        'leader': os.getsid(0) == os.getpid() == os.getpgid(0),
        'opened': sorted(filter(None, map(link, os.listdir('/proc/self/fd')))),
        'limit': sys.getrecursionlimit(),
        'exits': atexit._ncallbacks(),
    }
"""
SPOIL = """
import atexit, builtins, logging, os, random, signal, sys, threading, warnings
import numpy, pandas, matplotlib, matplotlib.pyplot
builtins.spoilt = numpy.spoilt = kept = 1
os.environ['SPOILT'] = '1'; os.environ.pop('HOME', None)
os.chdir('/'); os.umask(0o007)
sys.path.insert(0, '/spoilt'); sys.modules['spoilt'] = sys; sys.setrecursionlimit(5000)
signal.signal(signal.SIGUSR1, lambda *_: None)
warnings.simplefilter('error'); logging.basicConfig(level=0)
pandas.set_option('display.max_columns', 3); numpy.seterr(all='raise')
matplotlib.rcParams['lines.linewidth'] = 9; matplotlib.pyplot.figure()
kept_open = open('/proc/self/status'); atexit.register(print, 'spoilt')
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
DRAW = """
import random, numpy, uuid, multiprocessing
draws = [str(random.random()), str(numpy.random.rand()), uuid.uuid4().hex]
draws += [multiprocessing.current_process().authkey.hex()]
"""


ASKER = """
import time
from pathlib import Path
from tests.jobs.warm.conftest import Warm
from trackbook.jobs.warm.folder import TemplateFolder
warm = Warm(TemplateFolder(Path({templates!r})), Path({folder!r}))
process = warm.fork(warm.need("json", folder=Path({home!r})), "pass", "k", warm.folder / "out")
print(process.pid, flush=True)
time.sleep(600)
"""


def test_two_hundred_kernels_of_one_template_are_alike(warm: Warm) -> None:
    need = warm.need(*MODULES)
    template = warm.provide(need)
    pid = template.said["pid"]
    code = LOOK + "answer = look()\n" + DRAW + "answer = [answer, draws]\n" + SPOIL
    first, draws = warm.probe(need, code, "k0")
    wait_for(lambda: not _children(pid))
    opened, memory = len(list(Path(f"/proc/{pid}/fd").iterdir())), _own_memory(pid)
    seen = [set() for _ in draws]  # type: list[set[str]]
    # Several at a time: they are started side by side, too.
    brief = DRAW + SPOIL + "answer = [None, draws]"

    def probe(number: int) -> tuple[dict[str, object] | None, list[str]]:
        # Every fifth is looked at in all that it is; all of them spoil what they can.
        return tuple(warm.probe(need, code if number % 5 == 0 else brief, f"k{number}"))

    with ThreadPoolExecutor(3) as pool:
        for look, drawn in pool.map(probe, range(1, 201)):
            if look is not None:
                assert _without_names(look) == _without_names(first)
            for values, value in zip(seen, drawn, strict=True):
                values.add(value)
    assert [len(values) for values in seen] == [200] * 4
    wait_for(lambda: not _children(pid))
    # The connection of the first one may have been open yet when they were counted.
    wait_for(lambda: len(list(Path(f"/proc/{pid}/fd").iterdir())) <= opened)
    assert _own_memory(pid) - memory < 5_000_000
    assert warm.provide(need).said["pid"] == pid


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _without_names(look: dict[str, object]) -> dict[str, object]:
    # The kernels' own files are called after them.
    opened = sorted(name for name in look["opened"] if not name.startswith("k"))  # type: ignore[attr-defined]
    return look | {"opened": opened}


def _own_memory(pid: int) -> int:
    # Without files, such as libraries, which are its own or shared as other processes come and go.
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


def test_it_is_as_an_ordinary_kernel_that_has_imported_the_same(warm: Warm, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    need = warm.need(*MODULES, folder=tmp_path / "x", OWN="1", TRACKBOOK_AUTO="0")
    code = LOOK + "answer = look()\n"
    ordinary, fork = warm.probe_ordinary(need, code), warm.probe(need, code)
    # The one thread more that neither has: ipykernel watches its parent, a warm kernel the one that asked for it.
    for look in (ordinary, fork):
        look["opened"] = [name for name in look["opened"] if not name.startswith(("o", "p", "python3"))]
        # Handed to a kernel by whoever starts it.
        look["environment"].pop("JPY_PARENT_PID", None)
        look["environment"].pop("PYTHONPATH", None)
    assert fork.keys() == ordinary.keys()
    different = {name: (fork[name], ordinary[name]) for name in ordinary if fork[name] != ordinary[name]}
    assert different == {}


def test_the_environment_is_the_kernels_own(warm: Warm, tmp_path: Path) -> None:
    code = "import os, sys, time\nanswer = [dict(os.environ), os.getcwd(), sys.path[0], time.tzname[0]]\n"
    code += "import subprocess; answer.append(subprocess.check_output(['env'], text=True))"
    plain = warm.need("sklearn.utils", OWN="first")
    environment, folder, _, _, shown = warm.probe(plain, code)
    assert environment["OWN"] == "first"
    assert folder == str(warm.folder)
    # What an import has set is there, as in a kernel that has done the import itself.
    assert environment["KMP_INIT_AT_FORK"] == "FALSE"
    assert "OWN=first\n" in shown
    other = warm.need("sklearn.utils", folder=tmp_path, OTHER="ü\n2")
    environment, folder, _, _, shown = warm.probe(other, code)
    assert (environment["OTHER"], folder) == ("ü\n2", str(tmp_path))
    assert "OWN" not in environment
    assert "OWN=" not in shown


def test_a_logger_made_by_an_import_writes_where_the_notebook_looks(warm: Warm) -> None:
    code = (
        "import distributed, logging, sys\n"
        "streams = [h.stream for h in logging.getLogger('distributed').handlers if hasattr(h, 'stream')]\n"
        "answer = [len(streams), all(stream is sys.stderr for stream in streams)]"
    )
    assert warm.probe(warm.need("distributed"), code) == [1, True]


def test_a_kernel_ends_with_who_asked_for_it(warm: Warm, tmp_path: Path) -> None:
    need = warm.need("json")
    warm.provide(need)
    script = ASKER.format(templates=str(warm.templates.path), folder=str(tmp_path), home=need.folder)
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)])}
    asker = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert asker.stdout is not None
    pid = int(asker.stdout.readline())
    wait_for(lambda: any(tmp_path.glob("k-*")))
    asker.kill()
    asker.wait()
    asker.stdout.close()
    wait_for(lambda: _has_ended(pid))


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_killed_template_takes_no_kernel_with_it(warm: Warm, tmp_path: Path) -> None:
    need = warm.need("colorsys")
    process: ForkedProcess = warm.fork(need, "pass", "alive", tmp_path / "out")
    wait_for(lambda: any(warm.folder.glob("alive-*")))
    template = warm.provide(need).said["pid"]
    os.kill(template, signal.SIGKILL)
    wait_for(lambda: _has_ended(template))
    assert process.poll() is None
    process.kill()
    assert process.wait(60) == UNKNOWN_END
