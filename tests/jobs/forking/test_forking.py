"""Forking servers with real children: what they are given, how they end, and who outlives whom."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.jobs.conftest import wait_for

from trackbook.jobs.forking.request import UNKNOWN_END, ForkedProcess, request_fork, retire_server
from trackbook.jobs.forking.wire import Incoming, can_fork, send

pytestmark = pytest.mark.skipif(not can_fork(), reason="forking servers need Linux")

SERVER = """
import os, sys
from trackbook.jobs.forking.server import serve_forks
def handle(request):
    names = {"request": request, "values": request.values}
    exec(request.values["code"], names)
    return names.get("code")
os.environ["SERVER"] = str(os.getpid())
options = {"owner": int(sys.argv[2]) or None, "idle": float(sys.argv[3]) or None}
serve_forks(sys.argv[1], handle, **options)
"""


@dataclass
class Server:
    """A forking server whose children execute the code that they are sent."""

    path: str
    process: "subprocess.Popen[bytes]"

    def fork(self, code: str, **options: object) -> ForkedProcess:
        return request_fork(self.path, {"code": code}, **options)  # type: ignore[arg-type]

    def says(self, code: str) -> str:
        """What a child prints."""
        read, write = os.pipe()
        try:
            child = self.fork(code, stdout=write)
        finally:
            os.close(write)
        with os.fdopen(read, encoding="utf-8") as output:
            said = output.read()
        assert child.wait(60) == 0
        return said

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def is_idle(self) -> bool:
        """Whether it holds nothing of any request: its listener is the only socket, and it watches no process."""
        targets = []
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed just now
                targets.append(str(link.readlink()))
        sockets = [target for target in targets if target.startswith("socket:")]
        return len(sockets) == 1 and "anon_inode:[pidfd]" not in targets

    def children(self) -> list[str]:
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()


def start(folder: Path, owner: int = 0, idle: float = 0.0, name: str = "s") -> Server:
    path = folder / name
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(path), str(owner), str(idle)])
    wait_for(path.exists)
    return Server(str(path), process)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("f")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One for tests that leave it alive."""
    started = start(folder)
    yield started
    assert started.process.poll() is None
    started.process.kill()
    started.process.wait()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """One that may be killed."""
    started = start(tmp_path)
    yield started
    started.process.kill()
    started.process.wait()


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("pass", 0),
        ("code = 7", 7),
        ("import sys; sys.exit(3)", 3),
        ("import os; os._exit(9)", 9),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import os; os.abort()", -signal.SIGABRT),
    ],
)
def test_how_a_child_ends_is_told_as_it_was(server: Server, code: str, exit_code: int) -> None:
    with Path(os.devnull).open("w") as nothing:
        child = server.fork(code, stderr=nothing)
    assert child.wait(60) == exit_code
    assert child.poll() == child.returncode == exit_code


def test_a_request_may_be_answered_before_its_sender_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    send_fds = socket.send_fds

    def deliver(connection: socket.socket, buffers: list[bytes], files: list[int]) -> int:
        sent = send_fds(connection, buffers, files)
        heard = Incoming()
        assert heard.receive(other)
        heard.close()
        other.close()
        return sent

    monkeypatch.setattr(socket, "send_fds", deliver)
    with one:
        send(one, {"do": "fork"}, [1])


def test_a_child_is_signalled_and_waited_for(server: Server) -> None:
    child = server.fork("import time; time.sleep(600)")
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)
    child.send_signal(signal.SIGUSR1)
    assert child.wait(60) == -signal.SIGUSR1
    child.send_signal(signal.SIGKILL)  # it has ended: nobody else is hit
    other = server.fork("import time; time.sleep(600)")
    threading.Timer(0.1, other.kill).start()
    assert other.wait() == -signal.SIGKILL


def test_an_end_is_heard_in_a_loop(own: Server) -> None:
    child, other = own.fork("import time; time.sleep(600)"), own.fork("import time; time.sleep(600)")

    async def hear() -> None:
        await child.until_change(0.05)
        assert child.poll() is None
        asyncio.get_running_loop().call_later(0.1, child.kill)
        await child.until_change(60)
        assert child.poll() == -signal.SIGKILL
        await child.until_change(60)
        own.process.kill()
        await other.until_change(60)

    asyncio.run(hear())
    other.kill()
    assert other.wait(60) == UNKNOWN_END


def test_a_child_has_its_own_session_and_the_files_that_it_was_given(server: Server, tmp_path: Path) -> None:
    out, err, extra = (tmp_path / name for name in ("out", "err", "extra"))
    code = (
        "import os, sys\nassert os.getsid(0) == os.getpid() == os.getpgid(0) != int(os.environ['SERVER'])\n"
        "assert os.getppid() == int(os.environ['SERVER'])\nassert sys.stdin.read() == ''\n"
        "print('to out'); print('to err', file=sys.stderr); os.write(request.descriptors[0], b'more')\n"
        "print(request.requester)\n"
        "def link(n):\n    try: return os.readlink(f'/proc/self/fd/{n}')\n    except OSError: return ''\n"
        "names = [link(n) for n in os.listdir('/proc/self/fd') if n not in '012']\n"
        "print([name for name in names if name and 'extra' not in name and '/proc/' not in name])"
    )
    with out.open("wb") as one, err.open("wb") as two, extra.open("wb") as three:
        child = server.fork(code, stdout=one, stderr=two, descriptors=[three.fileno()])
    assert child.wait(60) == 0
    # Nothing of the server's own is open in the child.
    assert out.read_text().splitlines() == ["to out", str(os.getpid()), "[]"]
    assert (err.read_text(), extra.read_text()) == ("to err\n", "more")


def test_a_child_comes_to_its_end_as_a_program_does(server: Server) -> None:
    code = (
        "import atexit, threading, time\natexit.register(print, 'exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()"
    )
    assert server.says(code) == "thread\nexit\n"


def test_children_share_nothing_with_each_other(server: Server) -> None:
    code = "import builtins, os, sys\nprint(hasattr(builtins, 'kept'))\nbuiltins.kept = 1; os.environ['KEPT'] = '1'"
    assert [server.says(code) for _ in range(3)] == ["False\n"] * 3


def test_two_hundred_children_leave_nothing_behind(server: Server) -> None:
    server.says("print()")
    wait_for(server.is_idle)
    before, own_before = server.descriptors(), _own_descriptors()
    memory = []
    for _ in range(4):
        children = [server.fork("pass") for _ in range(50)]
        assert [child.wait(60) for child in children] == [0] * 50
        wait_for(lambda: not server.children())
        memory.append(_own_memory(server.process.pid))
    wait_for(server.is_idle)
    assert server.descriptors() == before
    assert _own_descriptors() == own_before
    assert memory[-1] - memory[0] < 1_000_000


def _own_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _own_memory(pid: int) -> int:
    # Without files, such as libraries, which are its own or shared as other processes come and go.
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


def test_large_requests_and_many_at_once(server: Server) -> None:
    text = "x" * 3_000_000
    with contextlib.ExitStack() as stack:
        slow = stack.enter_context(socket.socket(socket.AF_UNIX))
        slow.connect(server.path)
        slow.send(b"\x00\x00")  # one that never says the rest holds up nobody
        children = [
            request_fork(server.path, {"code": f"code = len(values['text']) % {n}", "text": text})
            for n in (7, 11, 13)
        ]
        assert [child.wait(60) for child in children] == [3_000_000 % n for n in (7, 11, 13)]


def test_what_is_no_request_is_dropped(server: Server) -> None:
    for data in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x03abc"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(server.path)
            connection.send(data)
            assert connection.recv(1) == b""
    assert server.fork("pass").wait(60) == 0


def test_a_child_whose_requester_gave_up_is_ended(server: Server) -> None:
    import array
    import json

    body = json.dumps({"do": "fork", "values": {"code": "import time; time.sleep(600)"}}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server.path)
        socket.send_fds(connection, [len(body).to_bytes(4) + body], [1, 2])
        wait_for(server.children)
        assert array.array("i").itemsize == 4
    wait_for(lambda: not server.children())


def test_a_child_that_was_let_go_lives_on(server: Server) -> None:
    child = server.fork("import time; time.sleep(600)")
    child.close()
    assert child.poll() == UNKNOWN_END
    assert lives(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    wait_for(lambda: not server.children())


def test_a_killed_server_takes_no_child_with_it_and_its_end_is_told_as_unknown(own: Server) -> None:
    child, ended = own.fork("import time; time.sleep(600)"), own.fork("code = 5")
    assert ended.wait(60) == 5
    own.process.kill()
    own.process.wait()
    assert child.poll() is None
    assert lives(child.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)
    child.terminate()
    assert child.wait(60) == UNKNOWN_END
    with pytest.raises(OSError, match="refused"):
        own.fork("pass")


def test_without_its_owner_it_takes_no_more_requests_and_ends_with_its_last_child(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    served = start(tmp_path, owner=owner.pid)
    child = served.fork("import time; time.sleep(600)")
    owner.kill()
    owner.wait()
    wait_for(lambda: not Path(served.path).exists())
    assert lives(child.pid)
    # Who asked for the child may be another than the owner, and hears how it ended.
    child.kill()
    assert child.wait(60) == -signal.SIGKILL
    assert served.process.wait(60) == 0
    # One whose owner is gone already does not begin.
    late = subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path / "l"), str(owner.pid), "0"])
    assert late.wait(60) == 0


def test_it_ends_when_it_is_idle_but_not_before_its_children(tmp_path: Path) -> None:
    served = start(tmp_path, idle=0.5)
    child = served.fork("import time; time.sleep(1.5)")
    assert child.wait(60) == 0
    assert served.process.wait(60) == 0
    assert not Path(served.path).exists()


def test_one_that_retires_takes_no_more_requests_and_ends_with_its_last_child(tmp_path: Path) -> None:
    served = start(tmp_path)
    child = served.fork("import time; time.sleep(600)")
    retire_server(served.path)
    wait_for(lambda: not Path(served.path).exists())
    follower = start(tmp_path)  # at the same path
    assert served.process.poll() is None
    child.kill()
    assert child.wait(60) == -signal.SIGKILL
    assert served.process.wait(60) == 0
    assert follower.fork("pass").wait(60) == 0
    follower.process.kill()
    follower.process.wait()


def test_a_process_with_threads_forks_nobody(tmp_path: Path) -> None:
    from trackbook.jobs.forking.server import serve_forks

    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="one thread"):
            serve_forks(str(tmp_path / "s"), lambda request: None)
    finally:
        ended.set()
        thread.join()


def test_elsewhere_it_is_said_that_nothing_can_be_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_fork()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not can_fork()
    monkeypatch.setattr(sys, "platform", "linux")

    def refuse(pid: int) -> int:
        raise PermissionError(1, "not in this sandbox")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert not can_fork()
