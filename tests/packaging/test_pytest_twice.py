"""What `make test-python` makes of tests that fail: scripts/pytest_twice.py over small suites of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "pytest_twice.py"
# Fails where it runs for the first time.
DISTURBED = (
    "import pathlib\ndef test_it():\n"
    "    p = pathlib.Path('seen'); seen = p.exists(); p.touch(); assert seen\n"
)
SOUND = "def test_sound(): pass\n"

Done = subprocess.CompletedProcess[str]
Twice = Callable[..., Done]


@pytest.fixture
def twice(tmp_path: Path) -> Twice:
    """Run the script over files with these contents."""

    def run_twice(*options: str, **files: str) -> Done:
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        for name, content in files.items():
            (tmp_path / f"test_{name}.py").write_text(content)
        command = [sys.executable, str(SCRIPT), "-p", "xdist", *options]
        # Other plugins take longer to load than all of this.
        variables = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        # Else the suites' pytest takes others their right to pass through the folder of this one's temporary files.
        variables["PYTEST_DEBUG_TEMPROOT"] = str(tmp_path)
        return subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )

    return run_twice


def test_what_passes_is_run_once(twice: Twice) -> None:
    done = twice(sound=SOUND)
    assert done.returncode == 0
    assert "Once more" not in done.stdout


def test_a_test_that_passes_the_second_time_passes_and_is_named(twice: Twice) -> None:
    done = twice("-n2", "--dist=loadfile", disturbed=DISTURBED, sound=SOUND)
    assert done.returncode == 0, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    _, _, end = done.stdout.partition("Passed only the second time")
    assert "test_disturbed::test_it" in end
    assert "test_sound" not in end


def test_a_test_that_always_fails_fails_the_command(twice: Twice) -> None:
    done = twice(disturbed=DISTURBED, faulty="def test_faulty(): assert 0\n")
    assert done.returncode == 1
    assert done.stdout.count("FAILED test_faulty.py::test_faulty") == 2
    assert "Passed only" not in done.stdout


def test_a_test_that_is_skipped_the_second_time_has_not_passed(twice: Twice) -> None:
    skipping = DISTURBED.replace("assert seen", "\n    if seen: pytest.skip()\n    assert 0")
    assert twice(skipping="import pytest\n" + skipping).returncode == 1


def test_many_failures_are_no_busy_machine(twice: Twice) -> None:
    each = "import pathlib, pytest\n@pytest.mark.parametrize('n', range(11))\ndef test_it(n):\n"
    done = twice(many=each + "    p = pathlib.Path(str(n)); seen = p.exists(); p.touch(); assert seen\n")
    assert done.returncode == 1
    assert "Once more" not in done.stdout


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        ("import nothing_of_this_name", [], 2),
        ("import nothing_of_this_name", ["-n2"], 1),  # what pytest-xdist makes of it
        (
            "import os\ndef test_it(): os._exit(1)\ndef test_after(): pass",
            ["-n1", "--max-worker-restart=0"],
            None,
        ),
        ("def test_it(): raise KeyboardInterrupt", [], 2),
        (SOUND, ["--no-such-option"], 4),
        ("", [], 5),
    ],
)
def test_a_run_that_was_broken_off_fails(
    twice: Twice, content: str, options: list[str], code: int | None
) -> None:
    done = twice(*options, broken=content, disturbed=DISTURBED if content else "")
    assert done.returncode == code if code is not None else done.returncode != 0, done.stdout
    assert "Once more" not in done.stdout
