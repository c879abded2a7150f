"""The command that starts a kernel, as far as a warm start can take its place."""

import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

# ipykernel_launcher without the debugger, whose import is a sixth of a kernel's start. User code may still import it.
LAUNCHER = """\
import sys
if sys.path[0] == "":
    del sys.path[0]
sys.modules["debugpy"] = None
try:
    import ipykernel.debugger
except ImportError:
    pass
del sys.modules["debugpy"]
from ipykernel import kernelapp
kernelapp.launch_new_instance()
"""
_MODULE = "ipykernel_launcher"
# Options of the interpreter that a template can be started with, too.
_OPTIONS = frozenset(("-Xfrozen_modules=off",))


class KernelCommand(NamedTuple):
    """What starts a Python kernel: its interpreter, that one's options, and what the kernel itself is told.

    `program` is what it finds in sys.argv[0]; None stands for ipykernel's launcher. Without `debugger` the kernel has
    none. With `runs` it is no kernel that is wanted but a runner, which is forked with its shell.
    """

    interpreter: str
    options: list[str]
    program: str | None
    arguments: list[str]
    debugger: bool
    runs: bool = False


def read_command(command: Sequence[str]) -> KernelCommand | None:
    """Return what a command says; None for one that starts anything but an ordinary Python kernel."""
    interpreter = _full_path(command[0]) if command else None
    if interpreter is None:
        return None
    position = 1
    while position < len(command) and command[position] in _OPTIONS:
        position += 1
    start, rest = list(command[position : position + 2]), list(command[position + 2 :])
    options = list(command[1:position])
    if start == ["-m", _MODULE]:
        return KernelCommand(interpreter, options, None, rest, True)
    if start == ["-c", LAUNCHER]:
        return KernelCommand(interpreter, options, "-c", rest, False)
    return None


def _full_path(program: str) -> str | None:
    found = shutil.which(os.path.expanduser(program))  # noqa: PTH111  # as jupyter_client does with each word
    return None if found is None else os.path.abspath(found)  # noqa: PTH100  # links stay: they say which environment
