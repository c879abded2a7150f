"""Processes that are forked from a command."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


def forked(tmp_path: Path, work: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program in tmp_path that forks a process, which does `work` in the folder `place`, and prints its end."""
    (tmp_path / "place").mkdir(exist_ok=True)
    code = (
        "import sys, threading, time\nfrom pathlib import Path\n"
        "from trackbook.services.forked import fork_module, may_fork\n"
        f"def main():\n    {work}\n"
        f"{before}\n"
        "log = Path('log.txt').absolute()\n"
        "process = fork_module('some.module', 'argument', main=main, folder=Path('place'), log=log)\n"
        "print(process.wait(), process.poll())"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )


def test_it_does_what_it_is_to_do_and_tells_how_it_ended(tmp_path: Path) -> None:
    assert forked(tmp_path, "Path('done').touch(); return 7").stdout == "7 7\n"
    assert (tmp_path / "place" / "done").exists()
    assert forked(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)").stdout == "-15 -15\n"
    assert forked(tmp_path, "return").stdout == "0 0\n"


def test_what_it_prints_and_how_it_fails_is_in_its_log(tmp_path: Path) -> None:
    done = forked(tmp_path, "print('some words'); 1 / 0", before="print('before')")
    assert (done.stdout, done.stderr) == ("before\n1 1\n", "")
    log = (tmp_path / "log.txt").read_text()
    assert "some words" in log
    assert "ZeroDivisionError" in log
    assert "before" not in log


def test_what_it_imports_is_not_taken_from_where_it_was_forked(tmp_path: Path) -> None:
    (tmp_path / "fractions.py").write_text("raise SystemExit(9)")
    work = "import fractions; return 0 if fractions.Fraction else 1"
    # As Python sets it for `python -m`.
    assert forked(tmp_path, work, before="sys.path[0] = str(Path.cwd())").stdout == "0 0\n"


def test_a_process_with_threads_must_not_go_on_as_two(tmp_path: Path) -> None:
    said = forked(
        tmp_path,
        "pass",
        before="print(may_fork())\nthreading.Thread(target=time.sleep, args=(1,)).start()\nprint(may_fork())",
    )
    assert said.stdout.splitlines()[:2] == ["True", "False"]
