"""Runners forked from a template, shell and all: nothing of one is in the next; who needs a kernel has one."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.jobs.runner.test_runner import Talk
from tests.jobs.warm.conftest import Warm

from trackbook.errors import KernelError
from trackbook.jobs.warm.folder import NotWarm
from trackbook.jobs.warm.runner import WarmRunner, can_run

_SPOIL = """\
import asyncio, atexit, builtins, json, logging, os, random, sys, warnings
left = "behind"
builtins.left = json.left = "behind"
os.environ["LEFT"] = "behind"
os.chdir("/")
sys.path.insert(0, "/left")
random.seed(1)
warnings.simplefilter("ignore")
logging.getLogger().setLevel(5)
get_ipython().set_custom_exc((ValueError,), lambda *_: None)
asyncio.get_running_loop().left = "behind"
get_ipython().user_ns_hidden["left"] = 1
"""
_LOOK = """\
import asyncio, builtins, json, logging, os, random, sys, warnings
shell = get_ipython()
print(json.dumps([
    "left" in globals(), hasattr(builtins, "left"), hasattr(json, "left"), os.environ.get("LEFT"), os.getcwd(),
    "/left" in sys.path, len(warnings.filters), logging.getLogger().level, shell.custom_exceptions,
    hasattr(asyncio.get_running_loop(), "left"), "left" in shell.user_ns_hidden, len(In), os.environ["OWN"],
    os.getsid(0) == os.getpid(), shell.last_execution_result, shell.execution_count, shell.kernel.log.level,
    [str(one) for one in _dh], sys.argv[0],
]))
"""


def in_warm(
    modules: list[str], folder: Path, work: Callable[[Talk], Awaitable[str]], **environment: str
) -> str:
    async def run() -> str:
        talk = await Talk.begin(WarmRunner(modules), folder, environment)
        try:
            return await work(talk)
        finally:
            await talk.end()

    return asyncio.run(run())


def test_nothing_of_one_runner_is_in_the_next(warm: Warm, tmp_path: Path) -> None:
    seen, drawn = set(), set()
    for number in range(12):

        async def look(talk: Talk) -> str:
            told = await talk.say(_LOOK)
            drawn.add(await talk.say("print(random.random(), os.getpid())"))
            await talk.say(_SPOIL)
            return told

        folder = tmp_path / str(number)
        folder.mkdir()
        told = in_warm(["json"], folder, look, OWN=str(number))
        assert f'"{number}", true, null, 2, 30, ["{folder}"], "-c"]' in told
        seen.add(told.replace(str(folder), "FOLDER").replace(f'"{number}"', '"OWN"'))
    assert len(seen) == 1, seen
    assert "behind" not in seen.pop()
    assert len({one.split()[0] for one in drawn}) == 12


def make_startup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> Path:
    """Give IPython a startup file; returns the folder that it lies in."""
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text(source)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return startup


def test_startup_files_are_the_runners_own(
    warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = make_startup(
        tmp_path, monkeypatch, "import os\nfrom_startup = os.getpid(), os.environ['OWN']\n"
    )

    async def look(talk: Talk) -> str:
        return await talk.say("print(from_startup == (os.getpid(), 'x'), get_ipython().cache_size)")

    assert in_warm([], tmp_path, look, OWN="x") == "True 1000\n"
    config = startup.parent / "ipython_config.py"
    config.write_text("c.InteractiveShell.cache_size = 55\n")
    # A template that has read what was there before fits no more.
    assert in_warm([], tmp_path, look, OWN="x") == "True 55\n"


def test_an_aggressive_reset_forgets_what_the_cells_imported_alone(
    warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_startup(tmp_path, monkeypatch, "import tabnanny\n")

    async def look(talk: Talk) -> str:
        await talk.say("import pyclbr\nget_ipython().reset(aggressive=True)")
        return await talk.say(
            "import sys\nprint([name in sys.modules for name in ('wave', 'tabnanny', 'pyclbr')])"
        )

    assert in_warm(["wave"], tmp_path, look) == "[True, True, False]\n"


def test_the_magics_of_each_ipython_are_there(warm: Warm, tmp_path: Path) -> None:
    async def look(talk: Talk) -> str:
        await talk.say("seven = 7\n%store seven\ndel seven\n%store -r seven")
        return await talk.say("print(seven, get_ipython().history_manager.session_number)")

    assert in_warm([], tmp_path, look) == "7 1\n"


def test_what_was_written_is_there_and_exit_handlers_ran(warm: Warm, tmp_path: Path) -> None:
    async def write(talk: Talk) -> str:
        return await talk.say(
            "import atexit, pathlib\nfile = open('kept', 'w')\nfile.write('words')\n"
            "atexit.register(lambda: pathlib.Path('at exit').write_text('ran'))\nprint('done')"
        )

    assert in_warm([], tmp_path, write) == "done\n"
    assert ((tmp_path / "kept").read_text(), (tmp_path / "at exit").read_text()) == ("words", "ran")


def test_what_cells_leave_is_given_up_in_the_end(warm: Warm, tmp_path: Path) -> None:
    async def write(talk: Talk) -> str:
        return await talk.say(
            "class Last:\n    def __init__(self, name):\n        self.name = name\n"
            "    def __del__(self):\n        with open('finalized', 'a') as file:\n"
            "            print(self.name, get_ipython() is not None, file=file)\n"
            "one = Last('one')\nring = [Last('ring')]\nring.append(ring)\nLast('shown')"
        )

    assert in_warm([], tmp_path, write).startswith("<__main__.Last")
    found = sorted((tmp_path / "finalized").read_text().splitlines())
    assert found == ["one True", "ring True", "shown True"]


def test_a_template_that_died_is_followed_by_another(warm: Warm, tmp_path: Path) -> None:
    async def look(talk: Talk) -> str:
        return await talk.say("import os\nprint(os.getppid())")

    first = int(in_warm(["wave"], tmp_path, look))
    os.kill(first, 9)
    assert int(in_warm(["wave"], tmp_path, look)) != first


def test_without_a_template_one_is_started_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_WARM", "0")

    async def start(runner: WarmRunner) -> str:
        talk = await Talk.begin(runner, tmp_path, {})
        try:
            return await talk.say("print(1)")
        finally:
            await talk.end()

    with pytest.raises(NotWarm):
        asyncio.run(start(WarmRunner([])))
    assert asyncio.run(start(WarmRunner([], or_cold=True))) == "1\n"
    with pytest.raises((KernelError, NotWarm)):
        asyncio.run(WarmRunner([]).launch("/no/such", {}, None, 1))


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("import pandas\nkernel = 'rbf'\n%matplotlib inline", True),
        ("%matplotlib", True),
        ("%matplotlib qt", False),
        ("from ipykernel.comm import Comm", False),
        ("%connect_info", False),
        ("import ipyparallel", False),
        ("%gui qt", False),
    ],
)
def test_who_needs_a_kernel_has_one(source: str, fits: bool) -> None:
    assert can_run("python3", [source]) is fits
    assert not can_run("no such kernel", [source])
