"""The environment of this process, as it is stored on a run."""

import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from trackbook.capture.editable import read_editable
from trackbook.capture.git import Diff, read_diff, read_git, read_remote
from trackbook.capture.hardware import read_hardware
from trackbook.capture.lockfile import FoundLock, read_lock
from trackbook.capture.packages import installed_packages
from trackbook.capture.variables import read_variables
from trackbook.domain.environment import Environment, Git

ALL = frozenset(("environment", "git", "variables"))


class FoundEnvironment(Struct, frozen=True):
    """An environment, and the two files that belong to it: what was not committed, and the lock file."""

    environment: Environment
    diff: Diff | None = None
    lock: FoundLock | None = None


def capture_environment(folder: Path) -> Environment:
    """Return Python, platform, packages, hardware, and the git state around `folder`; no environment variable."""
    return look_around(folder, {}, (), ALL).environment


def look_around(
    folder: Path, environ: Mapping[str, str], variables: Sequence[str], wanted: frozenset[str]
) -> FoundEnvironment:
    """Return what is `wanted` ("environment", "git", "variables") of the project in `folder`; the rest is left empty.

    Of `environ` the variables of a built-in list are taken, and those that `variables` names. Asks git and nvidia-smi,
    which may take seconds: call it from a thread of its own.
    """
    git, diff = _look_at_git(folder) if "git" in wanted else (None, None)
    chosen = read_variables(environ, variables) if "variables" in wanted else {}
    if "environment" not in wanted:
        return FoundEnvironment(Environment("", "", "", {}, {}, git=git, variables=chosen), diff)
    environment = Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        executable=sys.executable,
        packages=installed_packages(),
        hardware=read_hardware(),
        git=git,
        editable=read_editable(git="git" in wanted),
        variables=chosen,
    )
    return FoundEnvironment(environment, diff, read_lock(folder))


def look_ahead() -> None:
    """List what is installed, quickly, for all kernels that are forked from this process, so that none has to."""
    platform.platform()  # starts a process the first time
    installed_packages()
    read_editable(git=False)


def _look_at_git(folder: Path) -> tuple[Git | None, Diff | None]:
    git = read_git(folder)
    if git is None:
        return None, None
    git = msgspec.structs.replace(git, remote=read_remote(folder))
    return git, read_diff(folder) if git.dirty else None
