"""Bells between processes, and what is left of them where the system has none."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from trackbook.store.bells import Bell, ring_bells

WAIT = """
import sys
from pathlib import Path
from trackbook.store.bells import Bell
bell = Bell(Path(sys.argv[1]))
print("hung", flush=True)
print(bell.wait(120), bell.wait(0), flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="bells ring between processes of POSIX alone")
def test_a_bell_wakes_another_process_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAIT, str(tmp_path / "bells")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hung\n"
        ring_bells(tmp_path / "bells")
        ring_bells(tmp_path / "bells")
        assert process.stdout.readline() in ("True False\n", "True True\n")
    # It did not take its bell down; who rings next does.
    assert len(list((tmp_path / "bells").iterdir())) == 1
    ring_bells(tmp_path / "bells")
    assert list((tmp_path / "bells").iterdir()) == []


@pytest.mark.parametrize("kind", ["fifo", "no fifo here", "no such thing"])
def test_a_bell_rings_within_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if kind == "no fifo here":
        monkeypatch.setattr(os, "mkfifo", _refuse, raising=False)
    elif kind == "no such thing":
        monkeypatch.delattr(os, "mkfifo", raising=False)
    bell = Bell(tmp_path / "bells")
    assert bell.is_heard == (kind == "fifo" and os.name != "nt")
    assert not bell.wait(0)
    bell.ring()
    assert bell.wait(60)
    assert not bell.wait(0)
    threading.Timer(0.05, bell.ring).start()
    started = time.monotonic()
    assert bell.wait(60)
    assert time.monotonic() - started < 50
    for _ in range(10_000):  # nobody waits
        bell.ring()
    ring_bells(tmp_path / "bells")
    bell.close()
    ring_bells(tmp_path / "nowhere")
    assert not list(tmp_path.glob("bells/*"))


def _refuse(path: object) -> None:
    raise OSError("no such files here")
