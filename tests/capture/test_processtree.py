"""How much memory a process and those that it started use together."""

import subprocess
import sys
from pathlib import Path

import pytest

from trackbook.capture import processtree
from trackbook.capture.processtree import watch_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")

HOLD = "held = bytearray(200_000_000)\n"
OTHER = HOLD + "import subprocess; child = subprocess.Popen(['sleep', '600'])\n"
FORK = HOLD + "import os, time\nif not os.fork():\n    time.sleep(600)\n"
WAIT = "print('ready', flush=True)\ninput()\nimport os, signal\nos.killpg(0, signal.SIGKILL)\n"


@pytest.mark.parametrize(("source", "walks"), [(OTHER, False), (FORK, True)])
def test_page_tables_are_walked_for_forks_alone(
    monkeypatch: pytest.MonkeyPatch, source: str, walks: bool
) -> None:
    read: list[str] = []
    plain = processtree._read
    monkeypatch.setattr(processtree, "_read", lambda path: (read.append(path), plain(path))[1])
    process = subprocess.Popen(
        [sys.executable, "-c", source + WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        used = watch_process(process.pid).sample()
        assert 190_000_000 < used < 300_000_000  # what forks share counts once
        assert any(path.endswith("smaps_rollup") for path in read) is walks
    finally:
        process.communicate(b"\n")
