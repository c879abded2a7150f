"""Environments made anew from a run's record: virtual ones with the packages of then, kept for the next time."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from trackbook.config import Settings
from trackbook.domain.environment import Environment
from trackbook.errors import InfrastructureError, UsageError
from trackbook.store.locks import ProcessLock

_READY = "trackbook.json"
_LOCKED_EVERY = 0.5
# What a kernel needs beside the packages of then, where it has not been among them.
_NEEDED = ("ipykernel", "msgspec")
# pip and uv say it so when an index has no such version, or none for this Python.
_UNREACHABLE = re.compile(
    r"No matching distribution found for ([A-Za-z0-9._-]+)"
    r"|Because (?:there is no version of|there are no versions of) ([A-Za-z0-9._-]+)"
    r"|Because ([A-Za-z0-9._-]+) was not found"
)
_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.!+_-]*[A-Za-z0-9])?")
_OWN = "trackbook"

Say = Callable[[str], None]


class BuiltEnvironment(Struct, frozen=True):
    """An environment that was built: the kernel that runs in it, and what of the record it could not be given.

    `unreachable` are packages whose version no index has, of which another version was installed or none; `local` those
    that had been installed from a folder.
    """

    kernel: str
    folder: str
    python: str
    unreachable: list[str] = []
    local: list[str] = []


def kernels_folder() -> Path:
    """Return the folder of the kernels of built environments, which only jobs look into."""
    return _root() / "kernels"


def environment_name(environment: Environment) -> str:
    """Return the name of the kernel that runs in an environment's copy; equal records have equal names."""
    lines = [
        environment.python,
        *(f"{name}=={version}" for name, version in sorted(environment.packages.items())),
    ]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"trackbook-{digest[:16]}"


def build_environment(environment: Environment, say: Say = lambda text: None) -> BuiltEnvironment:
    """Return an environment with a record's packages, built unless it is there already; `say` hears what is done.

    Raises UsageError for a record without packages, InfrastructureError if it can't be built.
    """
    if not environment.python:
        raise UsageError(
            "The run's packages are not recorded, so they can't be installed. Repeat it without --env."
        )
    name = environment_name(environment)
    folder = _root() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = ProcessLock(folder.with_name(f"{name}.lock"))
    while not lock.acquire(timeout=_LOCKED_EVERY):  # another one builds it
        pass
    try:
        if (found := _read(folder)) is not None:
            return found
        shutil.rmtree(folder, ignore_errors=True)
        try:
            built = _build(environment, name, folder, say)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return built
    finally:
        lock.release()


def _build(environment: Environment, name: str, folder: Path, say: Say) -> BuiltEnvironment:
    _check_packages(environment.packages)
    interpreter = find_interpreter(environment.python)
    say(
        f"Making an environment with Python {_minor(environment.python)} and {len(environment.packages)} packages …"
    )
    for command in make_commands(interpreter, folder, environment.python):
        _run(command, "The environment could not be made")
    python = python_in(folder)
    local = sorted(name for name in environment.editable if name != _OWN)
    pins = {
        package: version
        for package, version in environment.packages.items()
        if package != _OWN and package not in environment.editable and version
    }
    unreachable = _install_pins(python, pins, say)
    if unreachable:
        say(f"No index has {', '.join(f'{name} {pins[name]}' for name in unreachable)}.")
        _run(
            install_command(python, unreachable),
            f"{', '.join(unreachable)} can't be installed in any version",
        )
    _run(install_command(python, _NEEDED), "The kernel could not be installed")
    for package in local:
        source = environment.editable[package].path
        if Path(source).is_absolute() and Path(source).is_dir():
            _run(
                install_command(python, ["--no-deps", "--editable", source]), f"{package} can't be installed"
            )
    _copy_trackbook(python)
    _write_kernel(name, python)
    built = BuiltEnvironment(name, str(folder), str(python), unreachable, local)
    (folder / _READY).write_text(
        json.dumps({"unreachable": unreachable, "local": local, "python": str(python)}), encoding="utf-8"
    )
    return built


def find_interpreter(version: str) -> str | None:
    """Return the interpreter with which an environment of a Python is made; None where uv finds one itself.

    It is this process's own where no other of that version is found.
    """
    minor = _minor(version)
    if minor == _minor(".".join(map(str, sys.version_info[:3]))):
        return sys.executable
    if shutil.which("uv"):
        return None
    return shutil.which(f"python{minor}") or sys.executable


def make_commands(interpreter: str | None, folder: Path, version: str = "") -> list[list[str]]:
    """Return the commands that make an empty environment."""
    if (uv := shutil.which("uv")) is not None:
        return [[uv, "venv", "--quiet", "--python", interpreter or _minor(version), str(folder)]]
    # Our own pip serves the new environment, too; that is quicker than one of its own.
    bare = ["--without-pip"] if _has_pip() else []
    return [[interpreter or sys.executable, "-m", "venv", *bare, str(folder)]]


def install_command(python: Path, requirements: Iterable[str]) -> list[str]:
    """Return the command that installs into an environment: by uv where there is one, else by pip, ours or its own."""
    if (uv := shutil.which("uv")) is not None:
        return [uv, "pip", "install", "--quiet", "--python", str(python), *requirements]
    asked = [sys.executable, "-m", "pip", "--python"] if _has_pip() else []
    pip = [*asked, str(python), *([] if asked else ["-m", "pip"]), "install", "--quiet"]
    return [*pip, "--disable-pip-version-check", "--no-input", *requirements]


def _has_pip() -> bool:
    from importlib.util import find_spec

    return find_spec("pip") is not None


def python_in(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def unreachable_in(said: str, pins: Iterable[str]) -> list[str]:
    """Return which of some packages an installer said that it can't get."""
    names = {_normal(next(filter(None, found), "")) for found in _UNREACHABLE.findall(said)}
    return [name for name in pins if _normal(name) in names]


def _check_packages(packages: Mapping[str, str]) -> None:
    # A record may come from elsewhere, and an installer takes what it finds in the place of a name for an option.
    for name, version in packages.items():
        if not _PACKAGE.fullmatch(name) or (version and not _VERSION.fullmatch(version)):
            raise UsageError(
                f"The record names {name!r} {version!r}, which is no package; nothing was installed."
            )


def _install_pins(python: Path, pins: dict[str, str], say: Say) -> list[str]:
    """Install exactly these versions; returns those that no index has."""
    left = dict(pins)
    while left:
        with tempfile.TemporaryDirectory(prefix="tb-") as folder:
            path = Path(folder) / "requirements.txt"
            path.write_text(
                "".join(f"{name}=={version}\n" for name, version in left.items()), encoding="utf-8"
            )
            # They were installed together once: to resolve what they need of each other could only add others.
            done = _try([*install_command(python, ["--no-deps", "--requirement", str(path)])])
        if done.returncode == 0:
            break
        gone = unreachable_in(done.stdout, left)
        if not gone:
            raise InfrastructureError(f"The packages could not be installed: {_end(done.stdout)}")
        for name in gone:
            del left[name]
    return [name for name in pins if name not in left]


def _copy_trackbook(python: Path) -> None:
    # This very version records the run again; it is pure Python, so that its folder is all there is to install.
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    target = Path(_run(asked, "The environment does not answer").strip())
    source = Path(__file__).parents[1]
    left_out = shutil.ignore_patterns("__pycache__", "labextension", "*.map")
    shutil.rmtree(target / _OWN, ignore_errors=True)
    shutil.copytree(source, target / _OWN, ignore=left_out)
    from trackbook.version import version

    info = target / f"{_OWN}-{version()}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {_OWN}\nVersion: {version()}\n", encoding="utf-8"
    )


def _write_kernel(name: str, python: Path) -> None:
    folder = kernels_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _read(folder: Path) -> BuiltEnvironment | None:
    try:
        said = json.loads((folder / _READY).read_text(encoding="utf-8"))
        python = Path(said["python"])
        if not python.exists() or not (kernels_folder() / folder.name / "kernel.json").exists():
            return None
        # An upgrade of this package is an upgrade there, too.
        _copy_trackbook(python)
        return BuiltEnvironment(folder.name, str(folder), str(python), said["unreachable"], said["local"])
    except (OSError, ValueError, KeyError, InfrastructureError):
        return None


def _run(command: Sequence[str], trouble: str) -> str:
    done = _try(command)
    if done.returncode != 0:
        raise InfrastructureError(f"{trouble}: {_end(done.stdout)}")
    return done.stdout


def _try(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    # What points this process's Python elsewhere is not for the new one.
    own = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    try:
        return subprocess.run(
            list(command),
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise InfrastructureError(f"{command[0]} could not be started: {error}") from error


def _end(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " ".join(lines[-3:])[-600:] or "it said nothing"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _root() -> Path:
    return Settings.load().environments_folder
