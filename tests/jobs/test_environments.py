"""Environments made from a run's record: what is installed, what can't be had, and a kernel that runs in one."""

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.jobs.conftest import Project

from trackbook.domain.environment import Editable, Environment
from trackbook.domain.reproduction import ReproductionOptions
from trackbook.errors import InfrastructureError, UsageError
from trackbook.jobs import environments as module
from trackbook.jobs.environments import (
    build_environment,
    environment_name,
    find_interpreter,
    install_command,
    kernels_folder,
    make_commands,
    unreachable_in,
)
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.reproduce import recorded_environment, submit_reproduction, wait_for_reproduction
from trackbook.services.recorder import RunRecorder


def record(packages: dict[str, str], python: str = platform.python_version(), **more: object) -> Environment:
    return Environment(python, "Linux", sys.executable, packages, {}, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("TRACKBOOK_CACHE", str(folder))
    return folder


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch):
    """Plays installers: each command is noted, and answered by what `says` has for a word in it."""
    noted: list[list[str]] = []
    says: dict[str, list[tuple[int, str]]] = {}

    def play(command):
        noted.append([*command])
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
        for at, word in enumerate(command):
            if word == "--requirement":
                noted[-1][at + 1] = Path(command[at + 1]).read_text()
        for word, answers in says.items():
            if any(word in part for part in noted[-1]) and answers:
                return subprocess.CompletedProcess(command, *answers.pop(0))
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(module, "_try", play)
    monkeypatch.setattr(module, "_copy_trackbook", lambda python: None)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return noted, says


def test_equal_records_share_an_environment() -> None:
    one = record({"numpy": "1.26.4", "pandas": "2.2.0"})
    assert environment_name(one) == environment_name(record({"pandas": "2.2.0", "numpy": "1.26.4"}))
    assert environment_name(one) != environment_name(record({"numpy": "1.26.4"}))
    assert environment_name(one) != environment_name(record(one.packages, python="3.9.1"))


def test_exactly_the_recorded_versions_are_installed(commands, cache: Path) -> None:
    noted, _ = commands
    environment = record(
        {"numpy": "1.26.4", "trackbook": "0.1.0", "mine": "0.0.1"},
        editable={"mine": Editable("/nowhere"), "trackbook": Editable("/here")},
    )
    built = build_environment(environment)
    pins = next(command for command in noted if "--requirement" in command)
    assert pins[-1] == "numpy==1.26.4\n"
    assert "--no-deps" in pins
    assert built.local == ["mine"]
    assert [command[-2:] for command in noted if "ipykernel" in command] == [["ipykernel", "msgspec"]]
    assert (kernels_folder() / built.kernel / "kernel.json").is_file()
    assert built.folder.startswith(str(cache))


def test_versions_that_no_index_has_are_named(commands) -> None:
    noted, says = commands
    says["gone==9"] = [(1, "ERROR: No matching distribution found for gone==9")]
    heard: list[str] = []
    built = build_environment(record({"gone": "9", "numpy": "1.26.4"}), heard.append)
    assert built.unreachable == ["gone"]
    assert heard[-1] == "No index has gone 9."
    pins = [command[-1] for command in noted if "--requirement" in command]
    assert pins == ["gone==9\nnumpy==1.26.4\n", "numpy==1.26.4\n"]


def test_an_installer_that_fails_is_quoted_and_leaves_nothing(commands, cache: Path) -> None:
    _, says = commands
    says["numpy"] = [(1, "Collecting numpy\nERROR: No space left on device")]
    with pytest.raises(InfrastructureError, match="No space left on device"):
        build_environment(environment := record({"numpy": "1.26.4"}))
    assert not (cache / "environments" / environment_name(environment)).exists()
    with pytest.raises(UsageError, match="--env"):
        build_environment(record({}, python=""))


@pytest.mark.parametrize(
    ("name", "told"),
    [("--index-url=https://x", "1"), ("numpy", "1\n--pre"), ("a b", "1"), ("x @ file:///y", "1")],
)
def test_what_is_no_package_reaches_no_installer(commands, name: str, told: str) -> None:
    ran, _ = commands
    with pytest.raises(UsageError, match="no package"):
        build_environment(record({"numpy": "1.26.4", name: told}))
    assert ran == []


def test_what_installers_say_of_versions_that_are_not_there() -> None:
    pip = (
        "ERROR: Could not find a version that satisfies the requirement Py_Yaml==99 (from versions: 5.1)\n"
        "ERROR: No matching distribution found for Py_Yaml==99"
    )
    uv = "  × No solution found\n  ╰─▶ Because there is no version of py-yaml==99 and you require py-yaml==99"
    for said in (pip, uv, "Because py-yaml was not found in the package registry"):
        assert unreachable_in(said, ["numpy", "py-yaml"]) == ["py-yaml"]


def test_without_a_pip_of_ours_the_new_environment_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    ours = install_command(Path("/x/bin/python"), ["numpy"])
    assert ours[:6] == [sys.executable, "-m", "pip", "--python", "/x/bin/python", "install"]
    assert make_commands(sys.executable, Path("/x")) == [
        [sys.executable, "-m", "venv", "--without-pip", "/x"]
    ]
    monkeypatch.setattr(module, "_has_pip", lambda: False)
    own = install_command(Path("/x/bin/python"), ["numpy"])
    assert own[:4] == ["/x/bin/python", "-m", "pip", "install"]
    assert make_commands(sys.executable, Path("/x")) == [[sys.executable, "-m", "venv", "/x"]]


def test_uv_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}" if name == "uv" else None)
    assert find_interpreter("3.9.1") is None
    assert make_commands(None, Path("/x"), "3.9.1") == [
        ["/bin/uv", "venv", "--quiet", "--python", "3.9", "/x"]
    ]
    assert install_command(Path("/x/bin/python"), ["numpy"])[:3] == ["/bin/uv", "pip", "install"]
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}" if name == "python3.9" else None)
    assert find_interpreter("3.9.1") == "/bin/python3.9"
    assert find_interpreter(platform.python_version()) == sys.executable
    assert find_interpreter("2.7.1") == sys.executable


def _reaches_an_index() -> bool:
    asked = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--no-deps",
        "--ignore-installed",
    ]
    options = ["--disable-pip-version-check", "--no-input", "--timeout", "5", "--retries", "0"]
    done = subprocess.run([*asked, *options, "toolz==0.12.1"], capture_output=True, check=False)
    return done.returncode == 0


def test_a_run_is_repeated_in_its_own_packages(project: Project) -> None:
    if not _reaches_an_index():
        pytest.skip("no package index can be reached")
    source = "import trackbook as tb\ntb.start_run('churn').log({'x': 1})"
    (job,) = project.services.jobs.submit(project.notebook(source))
    run_jobs(project.store, [job])
    run_id = job.spec.run_id
    editor = RunRecorder.join(project.store, run_id, role="editor")
    packages = {"toolz": "0.12.1", "msgspec": version("msgspec")}
    editor.environment_captured(record(packages))
    editor.close()
    assert project.services.runs.refresh(60)
    build_environment(recorded_environment(project.services, run_id))
    job = submit_reproduction(project.services, run_id, ReproductionOptions("", environment=True))
    found = wait_for_reproduction(project.services, job).reproduction
    assert found is not None
    assert (found.verdict, found.environment) == ("reproduced", True)
    environment = project.detail(found.run_id).environment
    assert environment is not None
    assert environment.packages["toolz"] == "0.12.1"
    assert "papermill" not in environment.packages
    assert not [one for one in found.deviations if one.kind == "package"]
