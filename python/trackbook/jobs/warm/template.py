"""The template of warm kernels: a process that has imported what they import, and forks them.

Run as `python -c "from trackbook.jobs.warm.template import main; main()" SPEC`, with one line of JSON on stdout that
says how it went. Started by `folder`; it ends with its owner, when it is told to, or when it has been idle for a while.
"""

import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook.config import NOTEBOOK
from trackbook.jobs.forking.server import listen, serve_forks
from trackbook.jobs.warm.imports import ModuleRefused, WatchedImports, package_folders
from trackbook.jobs.warm.key import MODULES, files_digest, has_ended, packages_digest, values_digest

if TYPE_CHECKING:
    from trackbook.jobs.runner.process import Runner

START = "from trackbook.jobs.warm.template import main; main()"

# What a kernel imports until its first cell runs, some of it late.
_KERNEL = (
    "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.debugger_backport", "IPython.core.logger",
    "IPython.core.magics.extension", "IPython.core.oinspect", "IPython.extensions.storemagic", "IPython.utils.wildcard",
    "faulthandler", "pdb", "sqlite3", "tornado.platform.asyncio",
)  # fmt: skip

# What Trackbook imports in a kernel until it has begun to record a run.
_OWN = (
    "trackbook.magics", "trackbook.capture.editable", "trackbook.capture.environment", "trackbook.capture.git",
    "trackbook.capture.hardware", "trackbook.capture.lockfile", "trackbook.capture.nvidia", "trackbook.capture.opens",
    "trackbook.capture.packages", "trackbook.capture.system", "trackbook.capture.system_linux",
    "trackbook.capture.variables", "trackbook.services.capturing.data", "trackbook.services.capturing.environment",
    "trackbook.services.capturing.system", "trackbook.services.data", "trackbook.jobs.warm.child",
)  # fmt: skip


def main() -> None:
    """Be the template that the first argument, as JSON, describes."""
    gc.disable()  # imports leave next to no garbage, and each look for some goes through all that is there
    spec = json.loads(sys.argv[1]) | {"since": time.time()}
    del sys.argv[1:]
    if sys.path[0] == "":
        del sys.path[0]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what imports print is no answer
    try:
        imports, runner = _prepare(spec)
    except ModuleRefused as refusal:
        _answer(answers, {"refused": {refusal.module: refusal.reason}} | _packages())
        # Threads that the module has started would keep this process, and its processes would stay.
        os.killpg(os.getpid(), signal.SIGKILL)
        return
    launcher = _launcher()
    listener = listen(spec["path"])
    _answer(answers, _description(spec, imports, runner))
    _list_modules(Path(spec["path"]).with_suffix(MODULES))
    from trackbook.capture import environment, git, modules, readers, secretvalues
    from trackbook.jobs.warm.child import become_kernel, become_runner
    from trackbook.store.locks import boot_id

    with contextlib.suppress(OSError):
        environment.look_ahead()
    readers.look_ahead()
    modules.look_ahead()
    secretvalues.look_ahead()
    boot_id()
    git.share_answers()
    if runner is not None:
        runner.rehearse()
    # Nothing of what is here is looked through again. Collecting first would be one more look, of a tenth of a second.
    gc.freeze()
    gc.enable()
    serve_forks(
        spec["path"],
        lambda request: (
            become_kernel(request, imports, launcher)
            if runner is None
            else become_runner(request, imports, runner)
        ),
        owner=spec["owner"],
        idle=spec["idle"],
        listener=listener,
    )
    _take_folder_away(Path(spec["path"]).parent, spec["owner"])


def _take_folder_away(folder: Path, owner: int) -> None:
    # An owner that was killed could not do it.
    if has_ended(owner):
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(spec: dict[str, Any]) -> "tuple[WatchedImports, Runner | None]":
    imports = WatchedImports()
    with imports.watch_variables():
        _import_kernel(spec["debugger"])
        base = set(sys.modules)
        imports.perform(_OWN, spec["modules"], spec["refused"])
    imports.note_changes()
    spec["names"] = sorted({name.partition(".")[0] for name in set(sys.modules) - base} - {"trackbook"})
    if not spec["runs"]:
        return imports, None
    with imports.watch_variables():
        return imports, _make_blank()


def _make_blank() -> "Runner":
    """Make a runner that has a shell, but no client; all of its configuration is read here."""
    from trackbook.jobs.runner.process import ARGUMENTS, Runner
    from trackbook.jobs.runner.wire import Connection
    from trackbook.version import version

    ours, theirs = socket.socketpair()
    theirs.close()
    sys.argv[:] = ["-c", *ARGUMENTS]
    sys.orig_argv = [sys.executable, *sys.argv]
    os.environ.pop(NOTEBOOK, None)
    runner = Runner(Connection(ours), waits=True)
    runner.app.warm_up()
    version()  # the first record of a job's run tells of it, and it takes long to find
    return runner


def _import_kernel(debugger: bool) -> None:
    """Import what an ordinary kernel has imported before its first cell runs."""
    if not debugger:
        sys.modules["debugpy"] = None  # type: ignore[assignment]  # its import fails
    for name in _KERNEL:
        with contextlib.suppress(ImportError):  # of another version
            import_module(name)
    if not debugger:
        del sys.modules["debugpy"]


def _launcher() -> str:
    spec = find_spec("ipykernel_launcher")
    return str(spec.origin) if spec is not None else "ipykernel_launcher.py"


def _description(spec: dict[str, Any], imports: WatchedImports, runner: "Runner | None") -> dict[str, Any]:
    files = _config_files(runner)
    return {
        "pid": os.getpid(),
        "since": spec["since"],
        "names": spec["names"],
        "left_out": imports.left_out,
        "read": values_digest(imports.started, sorted(imports.read)),
        "files": files,
        "files_digest": files_digest(files),
    } | _packages()


def _list_modules(path: Path) -> None:
    """Write down the files of what is imported here, for who looks whether one was edited since."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    with contextlib.suppress(OSError):
        path.write_text(json.dumps([file for file in files if isinstance(file, str)]), encoding="utf-8")


def _packages() -> dict[str, Any]:
    folders = package_folders()
    return {"folders": folders, "packages": packages_digest(folders)}


def _config_files(runner: "Runner | None") -> list[str]:
    """Return the files beside the modules themselves that settings were taken from, or would be if they were there."""
    found = []
    if (matplotlib := sys.modules.get("matplotlib")) is not None:
        found.append(str(Path(matplotlib.matplotlib_fname())))
    if runner is not None:
        app: Any = runner.app
        names = [Path(name).stem for name in ("ipython_config.py", *app.config_files) if name]
        found += [
            str(Path(folder) / f"{name}{ending}")
            for folder in app.config_file_paths
            for name in dict.fromkeys(names)
            for ending in (".py", ".json")
        ]
    return found


def _answer(answers: Any, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.close()
