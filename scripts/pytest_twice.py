"""Run pytest, and then once more, alone, what failed: that tells a busy machine's doing apart from a fault.

Takes pytest's arguments. Its exit code is that of the first run; but 0 where that ran all tests, at most MOST of them
failed, and each of these passes in the second run, which is one process with nothing beside it. Such tests are named
at the end: they wait for less than they assert, and are to be mended.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

MOST = 10
_SOME_FAILED = 1  # pytest's exit code; any other than 0 is a run that was broken off, or none at all
# A file that can't be imported, and a process of pytest-xdist that died: neither tells which tests did not run.
_BROKEN_OFF = ("collection failure", "crashed while running")


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments; returns the exit code."""
    with TemporaryDirectory(prefix="pytest-twice-") as folder:
        first, second = Path(folder, "first.xml"), Path(folder, "second.xml")
        # With an empty cache, what failed last is what failed in this run.
        code = _pytest(*arguments, "--cache-clear", f"--junitxml={first}")
        failed = _failed(first) if code == _SOME_FAILED else []
        if not 0 < len(failed) <= MOST:
            return code
        print(f"\nOnce more, alone: {len(failed)} that failed.", flush=True)
        code = _pytest(
            *arguments, "-n0", "--last-failed", "--last-failed-no-failures=none", f"--junitxml={second}"
        )
        if code == 0 and _passed(second) != sorted(failed):
            return _SOME_FAILED  # skipped, or not found again
    if code == 0:
        names = "\n".join(f"    {name}" for name in failed)
        print(f"\nPassed only the second time, and so need mending:\n{names}", flush=True)
    return code


def _pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


def _failed(report: Path) -> list[str]:
    """Return the tests that failed, once each; none where others may not have run at all."""
    failed: dict[str, None] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        troubles = [*case.iter("failure"), *case.iter("error")]
        if any(words in trouble.get("message", "") for trouble in troubles for words in _BROKEN_OFF):
            return []
        if troubles:
            failed[_name(case)] = None
    return list(failed)


def _passed(report: Path) -> list[str]:
    return sorted(_name(case) for case in ElementTree.parse(report).iter("testcase") if not len(case))


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}::{case.get('name')}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
