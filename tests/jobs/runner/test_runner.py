"""A runner's process: limits, interrupts and deaths, copies of its state, and what stands against one."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.conftest import Bench, wait_for

from trackbook.errors import KernelError
from trackbook.jobs.executor import PapermillExecutor
from trackbook.jobs.runner.client import RunnerClient, RunnerDialogue
from trackbook.jobs.runner.manager import RunnerManager

LONG = 60.0


@pytest.fixture
def runs(bench: Bench) -> Bench:
    bench.executor = PapermillExecutor(lambda _: RunnerManager())
    return bench


class Talk:
    """A runner, and short words to speak with it."""

    def __init__(self, manager: RunnerManager, client: RunnerClient, dialogue: RunnerDialogue) -> None:
        self.manager, self.client, self.dialogue = manager, client, dialogue
        self.is_over = False

    @classmethod
    async def begin(cls, manager: RunnerManager, folder: Path, environment: dict[str, str]) -> "Talk":
        with (folder / "log.txt").open("ab") as log:
            await manager.launch(str(folder), environment, log, LONG)
            client = await manager.connect(LONG)
        return cls(manager, client, manager.converse(client))

    async def say(self, code: str) -> str:
        """What a cell prints, results and errors in short."""
        shown: list[str] = []

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    shown.append(content["text"])
                case "execute_result":
                    shown.append(content["data"]["text/plain"])
                case "error":
                    shown.append(f"{content['ename']}: {content['evalue']}")

        exchange = self.dialogue.ask(code, {}, take)
        await asyncio.wait_for(asyncio.gather(exchange.reply, exchange.idle), LONG)
        return "".join(shown)

    async def end(self) -> None:
        if not self.is_over:
            self.is_over = True
            await self.dialogue.close()
            await self.manager.stop(self.client, 10.0)


def in_runner(folder: Path, work: Callable[[Talk], Awaitable[None]], **environment: str) -> None:
    async def run() -> None:
        talk = await Talk.begin(RunnerManager(), folder, environment)
        try:
            await work(talk)
        finally:
            await talk.end()

    asyncio.run(run())


def has_ended(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def test_time_limit_of_a_cell_interrupts_it(runs: Bench) -> None:
    outcome = runs.run("import time\ntime.sleep(600)", cell_timeout=1.0)
    assert outcome.status == "timed_out"
    assert "KeyboardInterrupt" in str(runs.output().cells[0].outputs)


def test_time_limit_interrupts_an_await(runs: Bench) -> None:
    assert runs.run("import asyncio\nawait asyncio.sleep(600)", timeout=3.0).status == "timed_out"


def test_a_cell_that_ignores_the_interrupt_is_killed(runs: Bench) -> None:
    source = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(600)"
    assert runs.run(source, cell_timeout=1.0).status == "timed_out"


def test_memory_limit(runs: Bench) -> None:
    outcome = runs.run("x = bytearray(600_000_000)\nimport time\ntime.sleep(600)", memory=400_000_000)
    assert outcome.status == "memory"


def test_death_is_told_with_its_cause_and_what_was_shown_stays(runs: Bench) -> None:
    outcome = runs.run("1", "print('so far')\nimport os\nos.kill(os.getpid(), 9)", "2")
    assert outcome.status == "died"
    assert outcome.error is not None
    assert "SIGKILL" in outcome.error.evalue
    assert runs.texts()[1] == "so far\n"
    assert outcome.not_run == ["c3"]


def test_quit_ends_the_notebook_well_and_exit_handlers_run(runs: Bench) -> None:
    mark = runs.folder / "left"
    source = f"import atexit, pathlib\natexit.register(pathlib.Path({str(mark)!r}).touch)"
    outcome = runs.run(source, "quit()", "print('never')")
    assert outcome.status == "finished"
    assert mark.exists()


def test_what_cells_started_is_asked_to_end_with_them_unless_it_has_a_session_of_its_own(runs: Bench) -> None:
    script = 'trap "touch \\"$0\\"; exit" TERM; echo; while :; do sleep 0.1; done'
    start = "Popen(['sh', '-c', {!r}, {!r}], stdout=PIPE, start_new_session={})"
    stays, ends = (start.format(script, str(runs.folder / name), name == "own") for name in ("own", "same"))
    source = f"from subprocess import *\np, q = {stays}, {ends}\np.stdout.readline(), q.stdout.readline()"
    outcome = runs.run(source, "print(p.pid)")
    pid = int(runs.texts()[1])
    try:
        assert outcome.status == "finished"
        assert (runs.folder / "same").exists()
        assert not has_ended(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
    assert not (runs.folder / "own").exists()


def test_cancel(runs: Bench) -> None:
    runs.cancel_when(lambda: len(runs.seen.started) == 2)
    assert runs.run("1", "import time\ntime.sleep(600)").status == "aborted"


def test_descriptors_of_a_cell_are_read_as_they_fill(runs: Bench) -> None:
    # More than a pipe holds, while the cell waits for who writes it.
    outcome = runs.run(
        "import subprocess\nsubprocess.run(['head', '-c', '1000000', '/dev/zero'], check=True)"
    )
    assert outcome.status == "finished"
    assert len(runs.texts()[0]) == 1_000_000


def test_order_of_python_and_below_is_kept(runs: Bench) -> None:
    source = "import os\nfor i in range(50):\n    print('p', i)\n    os.write(1, f'w {i}\\n'.encode())"
    runs.run(source)
    assert runs.texts()[0] == "".join(f"p {i}\nw {i}\n" for i in range(50))


def test_what_can_not_be_encoded_is_shown_as_a_question_mark(runs: Bench) -> None:
    assert runs.run("print('\\ud800')").status == "finished"
    assert runs.texts()[0] == "?\n"


def test_what_a_forked_process_prints_is_shown(runs: Bench) -> None:
    source = (
        "import multiprocessing\np = multiprocessing.get_context('fork').Process(target=print, args=('child',))\n"
        "p.start()\np.join()\nprint('parent')"
    )
    runs.run(source)
    assert sorted(runs.texts()[0].split()) == ["child", "parent"]


def test_a_module_of_the_notebooks_folder_does_not_get_into_the_runner(runs: Bench) -> None:
    (runs.folder / "socket.py").write_text("raise RuntimeError('mine')")
    (runs.folder / "own.py").write_text("value = 5")
    outcome = runs.run("from own import value\nvalue")
    assert outcome.status == "finished"


def test_a_runner_that_can_not_start_says_why(tmp_path: Path) -> None:
    async def run() -> None:
        manager = RunnerManager()
        with (tmp_path / "log.txt").open("ab") as log:
            await manager.launch(str(tmp_path), {"PYTHONHOME": "/nowhere"}, log, LONG)
            try:
                await manager.connect(LONG)
            finally:
                await manager.stop(None, 0.0)

    with pytest.raises(KernelError, match="did not start"):
        asyncio.run(run())
    assert (tmp_path / "log.txt").read_text()


def test_a_runner_ends_when_its_client_is_gone_in_the_middle_of_a_cell(tmp_path: Path) -> None:
    pids: list[int] = []

    async def work(talk: Talk) -> None:
        pids.append(int(await talk.say("import os\nos.getpid()")))
        talk.dialogue.ask("while True: pass")
        await asyncio.sleep(0.2)
        await talk.dialogue.close()
        talk.client.connection.close()
        for _ in range(2000):
            if talk.manager._process is not None and talk.manager._process.poll() is not None:
                return
            await asyncio.sleep(0.01)

    in_runner(tmp_path, work)
    assert has_ended(pids[0])


async def copy_of(talk: Talk, path: Path) -> dict[str, Any]:
    return await talk.dialogue.ask_control("snapshot", {"path": str(path), "owner": os.getpid()}, LONG)


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Path]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tb-") as folder:  # a socket's path must be short
        yield Path(folder)


SEEDED = (
    "import random, numpy as np\nrandom.seed(1); np.random.seed(2)\nfirst = random.random(), np.random.rand()"
)
DRAWN = "random.random(), np.random.rand()"


def test_a_copy_goes_on_from_the_state_each_time_anew(tmp_path: Path, sockets: Path) -> None:
    async def work(talk: Talk) -> None:
        await talk.say(SEEDED)
        await talk.say("items = [1]\nimport os\nos.environ['SET'] = 'by a cell'\nos.chdir('..')")
        await talk.say("40 + 2")
        answer = await copy_of(talk, sockets / "s")
        assert answer["status"] == "ok"
        # The one that was copied goes on, too, and ends; the copy stays.
        drawn = await talk.say(DRAWN)
        assert "alone" in await talk.say("items.append('alone')\nitems")
        await talk.end()
        pids = set()
        for number in range(3):
            fork = await Talk.begin(
                RunnerManager(str(sockets / "s"), {"keep_random": False}), tmp_path, {"OWN": str(number)}
            )
            assert await fork.say("_, Out[3], len(In), get_ipython().execution_count") == "(42, 42, 5, 5)"
            assert await fork.say("items.append(os.getpid())\nlen(items)") == "2"
            assert await fork.say("os.environ['OWN'], os.environ['SET'], os.environ.get('ONCE')") == (
                f"('{number}', 'by a cell', None)"
            )
            assert await fork.say("os.getcwd()") == repr(str(tmp_path.parent))
            assert await fork.say(DRAWN) == drawn
            assert (
                await fork.say("os.system('echo below')\nawait __import__('asyncio').sleep(0)") == "below\n"
            )
            assert await fork.say("1 / 0") == "ZeroDivisionError: division by zero"
            pids.add(fork.manager.pid)
            await fork.end()
            assert fork.manager.exit_reason() == "its process ended with exit code 0"
        assert len(pids) == 3
        os.kill(answer["pid"], signal.SIGKILL)
        wait_for(lambda: has_ended(answer["pid"]))

    in_runner(tmp_path, work, ONCE="only here")


def test_generators_that_nobody_seeded_differ_in_each_fork(tmp_path: Path, sockets: Path) -> None:
    async def work(talk: Talk) -> None:
        # In the place of torch, which is large, what is asked of it.
        await talk.say(
            "import random, sys, types, numpy as np\nnp.random.rand()\nfresh = []\n"
            "sys.modules['torch'] = types.SimpleNamespace(initial_seed=lambda: 2**50, seed=lambda: fresh.append(1))"
        )
        answer = await copy_of(talk, sockets / "s")
        drawn = []
        for keep in (False, False, True, True):
            fork = await Talk.begin(RunnerManager(str(sockets / "s"), {"keep_random": keep}), tmp_path, {})
            drawn.append(await fork.say(DRAWN))
            assert await fork.say("len(fresh)") == str(int(not keep))
            await fork.end()
        assert len(set(drawn)) == 3
        assert drawn[2] == drawn[3]
        os.kill(answer["pid"], signal.SIGKILL)

    in_runner(tmp_path, work)


def test_a_copy_of_a_copy(tmp_path: Path, sockets: Path) -> None:
    async def work(talk: Talk) -> None:
        await talk.say("x = 1")
        pids = [(await copy_of(talk, sockets / "1"))["pid"]]
        second = await Talk.begin(RunnerManager(str(sockets / "1")), tmp_path, {})
        await second.say("x += 1")
        pids.append((await copy_of(second, sockets / "2"))["pid"])
        await second.end()
        third = await Talk.begin(RunnerManager(str(sockets / "2")), tmp_path, {})
        assert await third.say("x") == "2"
        await third.end()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    in_runner(tmp_path, work)


def test_a_copy_ends_with_its_owner(tmp_path: Path, sockets: Path) -> None:
    async def work(talk: Talk) -> None:
        owner = int(await talk.say("import subprocess\np = subprocess.Popen(['sleep', '600'])\np.pid"))
        await talk.say("del p\nimport gc")
        answer = await talk.dialogue.ask_control(
            "snapshot", {"path": str(sockets / "s"), "owner": owner}, LONG
        )
        assert answer["status"] == "refused"  # it has a process that would serve several
        os.kill(owner, signal.SIGKILL)
        await talk.say("import os\nos.wait()")
        helper = await asyncio.create_subprocess_exec("sleep", "600")
        answer = await talk.dialogue.ask_control(
            "snapshot", {"path": str(sockets / "s"), "owner": helper.pid}, LONG
        )
        assert answer["status"] == "ok"
        helper.kill()
        await helper.wait()
        wait_for(lambda: has_ended(answer["pid"]))
        assert not (sockets / "s").exists()

    in_runner(tmp_path, work)


HAZARDS = {
    "thread": (
        "import threading, time\nt = threading.Thread(target=time.sleep, args=(600,), daemon=True)\nt.start()",
        "thread",
    ),
    "socket": ("import socket\ns = socket.socket()", "open socket"),
    "file": ("f = open('written.txt', 'w')", "written.txt"),
    "process": ("import subprocess\np = subprocess.Popen(['sleep', '600'])", "sleep"),
    "task": ("import asyncio\nt = asyncio.ensure_future(asyncio.sleep(600))", "asyncio task"),
}
SAFE = {
    "read file": "open('in.txt', 'w').write('x')\nf = open('in.txt')",
    "libraries": "import numpy as np, pandas as pd\na = np.random.rand(300, 300) @ np.random.rand(300, 300)",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1])",
    "ended": (
        "import threading, subprocess\nt = threading.Thread(target=print)\nt.start(); t.join()\n"
        "subprocess.run(['true'])"
    ),
}


def test_hazards_are_found_and_told_in_words(tmp_path: Path) -> None:
    async def work(talk: Talk) -> None:
        undo = {
            "thread": "None",
            "socket": "s.close()",
            "file": "f.close()",
            "process": "p.kill(); p.wait()",
            "task": "t.cancel()\nawait asyncio.sleep(0)",
        }
        for name, source in SAFE.items():
            await talk.say(source)
            assert await said(talk) == [], name
        for name in ("socket", "file", "process", "task", "thread"):
            source, word = HAZARDS[name]
            await talk.say(source)
            found = await said(talk)
            assert len(found) == 1, (name, found)
            assert word in found[0]
            assert found[0].endswith(".")
            await talk.say(undo[name])

    in_runner(tmp_path, work)


async def said(talk: Talk) -> list[str]:
    return list((await talk.dialogue.ask_control("hazards", {}, LONG))["hazards"])


def test_openmp_before_and_after_the_fork_does_not_hang(tmp_path: Path, sockets: Path) -> None:
    fit = (
        "import numpy as np\nfrom sklearn.ensemble import HistGradientBoostingClassifier as H\n"
        "X = np.random.RandomState(0).rand(3000, 10); y = (X[:, 0] > .5) * 1\nH(max_iter=5).fit(X, y).score(X, y)"
    )

    async def work(talk: Talk) -> None:
        before = await talk.say(fit)
        answer = await copy_of(talk, sockets / "s")
        assert answer["status"] == "ok", answer
        fork = await Talk.begin(RunnerManager(str(sockets / "s")), tmp_path, {})
        assert await fork.say(fit) == before
        await fork.end()
        os.kill(answer["pid"], signal.SIGKILL)

    in_runner(tmp_path, work, OMP_NUM_THREADS="2")
