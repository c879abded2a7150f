"""The environment of this process, as it is stored on a run. Environment variables are left out: they hold secrets."""

import platform
import sys
from pathlib import Path

from trackbook.capture.git import read_git
from trackbook.capture.hardware import read_hardware
from trackbook.capture.packages import installed_packages
from trackbook.domain.environment import Environment


def capture_environment(folder: Path) -> Environment:
    """Return Python, platform, packages, hardware, and the git state around `folder`.

    Asks git and nvidia-smi, which may take seconds: call it from a thread of its own.
    """
    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        executable=sys.executable,
        packages=installed_packages(),
        hardware=read_hardware(),
        git=read_git(folder),
    )
