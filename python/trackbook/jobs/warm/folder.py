"""The templates of one owner: found by what a kernel needs, started by the first who needs it, few at a time."""

import atexit
import contextlib
import json
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.config import TEMPLATES, Settings
from trackbook.errors import TrackbookError
from trackbook.jobs.forking.request import retire_server
from trackbook.jobs.socketfolders import make_sockets_folder, sockets_base
from trackbook.jobs.warm import refusals
from trackbook.jobs.warm.command import KernelCommand
from trackbook.jobs.warm.key import (
    MODULES,
    base_key,
    files_digest,
    has_ended,
    home_of,
    is_edited,
    packages_digest,
    template_environment,
    values_digest,
)
from trackbook.services.processes import look_after
from trackbook.store.locks import ProcessLock, process_started

IDLE = 600.0  # seconds without a kernel after which a template ends
MOST = 4  # templates of an owner at a time
# Templates that differ only in what their imports read of the environment: more of them would never fit again.
_MOST_ALIKE = 2
_TRIES = 8
_FAILED_FOR = 300.0
# Seconds after which jobs look again whether a module was edited: it takes some milliseconds for thousands of files.
_LOOK_AGAIN = 5.0
_PREFIX = "tb-warm-"
_START = "from trackbook.jobs.warm.template import main; main()"


class NotWarm(Exception):
    """A kernel can't be forked from a template; the text says why, and is for people."""


class Need(NamedTuple):
    """What a kernel needs of a template."""

    command: KernelCommand
    modules: Sequence[str]
    environment: Mapping[str, str]
    folder: str


class Template(NamedTuple):
    """A template that takes requests at `path`, and what it says of itself."""

    path: str
    said: dict[str, Any]


class TemplateFolder:
    """A folder whose templates live as long as the process `owner`, and serve it and its descendants."""

    def __init__(self, path: Path) -> None:
        self.path = path
        said = json.loads((path / "owner").read_text(encoding="utf-8"))
        self.owner, self._since = int(said["pid"]), said["since"]

    @classmethod
    def make(cls) -> "TemplateFolder":
        """Make one that this process owns. Raises OSError."""
        _take_remains_away(sockets_base())
        return cls.claim(make_sockets_folder(_PREFIX))

    @classmethod
    def claim(cls, path: Path) -> "TemplateFolder":
        """Make a folder that is there, and empty, one that this process owns. Raises OSError."""
        said = {"pid": os.getpid(), "since": process_started(os.getpid())}
        (path / "owner").write_text(json.dumps(said), encoding="utf-8")
        return cls(path)

    @property
    def is_owned(self) -> bool:
        """Whether the owner lives."""
        return bool(process_started(self.owner) == self._since) and not has_ended(self.owner)

    def find(self, need: Need) -> Template | None:
        """Return a template that fits, if there is one; such as no longer fit any kernel are retired."""
        base = base_key(need.command, need.modules, need.environment, need.folder)
        for path, said in self._alike(base):
            if not _is_fresh(said) or _has_edited_modules(path, said, at_once=not need.command.runs):
                self._retire(path)
            elif said["read"] == values_digest(need.environment, said["read"]):
                with contextlib.suppress(OSError):
                    os.utime(path)
                return Template(str(path.with_suffix(".sock")), said)
        return None

    def provide(self, need: Need, timeout: float) -> Template:
        """Return a template that fits, started if need be. Raises NotWarm if there is none in `timeout` seconds."""
        base = base_key(need.command, need.modules, need.environment, need.folder)
        deadline = time.monotonic() + timeout
        lock = ProcessLock(self.path / f"{base}.lock")
        if not lock.acquire(timeout):
            raise NotWarm("another process takes too long to prepare its template")
        try:
            if (found := self.find(need)) is not None:
                return found
            self._check_failed(base)
            alike = self._alike(base)
            if len(alike) >= _MOST_ALIKE:
                raise NotWarm(
                    f"its imports read variables that differ from kernel to kernel: {_differing(alike)}"
                )
            self._make_room()
            try:
                return self._start(base, need, deadline)
            except NotWarm as reason:
                (self.path / f"{base}.failed").write_text(str(reason), encoding="utf-8")
                raise
        finally:
            lock.release()

    def forget(self, template: Template) -> None:
        """Take note that a template does not answer: it is found no more."""
        for suffix in (".json", ".sock", MODULES):
            Path(template.path).with_suffix(suffix).unlink(missing_ok=True)

    def templates(self) -> list[dict[str, Any]]:
        """Return what the templates that there are say of themselves, the one that was used last first."""
        return [said for _, said in self._all()]

    def close(self) -> None:
        """Have all templates end with their last kernel, and take the folder away."""
        for path, _ in self._all():
            self._retire(path)
        shutil.rmtree(self.path, ignore_errors=True)

    def _start(self, base: str, need: Need, deadline: float) -> Template:
        name = f"{base}-{os.getpid()}-{time.monotonic_ns():x}"
        path = self.path / name
        refused = refusals.read(need.command.interpreter)
        for _ in range(_TRIES):
            spec = {
                "path": f"{path}.sock",
                "owner": self.owner,
                "idle": IDLE,
                "modules": list(need.modules),
                "refused": refused,
                "debugger": need.command.debugger,
                "runs": need.command.runs,
            }
            said = _launch(need, spec, self.path / f"{base}.log", deadline)
            if "refused" not in said:
                # Whole or not at all: others look while it is written.
                draft = path.with_suffix(".draft")
                draft.write_text(json.dumps(said), encoding="utf-8")
                draft.replace(path.with_suffix(".json"))
                return Template(f"{path}.sock", said)
            refused = refused | said["refused"]
            refusals.note(need.command.interpreter, said, refused)
        raise NotWarm("too many of its imports can't be done beforehand")

    def _alike(self, base: str) -> list[tuple[Path, dict[str, Any]]]:
        return [(path, said) for path, said in self._all() if path.name.startswith(f"{base}-")]

    def _all(self) -> list[tuple[Path, dict[str, Any]]]:
        found: list[tuple[float, Path, dict[str, Any]]] = []
        for path in self.path.glob("*.json"):
            try:
                used, said = path.stat().st_mtime, json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):  # it is being retired
                continue
            if not isinstance(said, dict) or "packages" not in said:  # another one's file
                continue
            if path.with_suffix(".sock").exists():
                found.append((used, path, said))
            else:  # it has ended
                path.unlink(missing_ok=True)
        return [(path, said) for _, path, said in sorted(found, key=lambda one: one[0], reverse=True)]

    def _make_room(self) -> None:
        for path, _ in self._all()[MOST - 1 :]:
            self._retire(path)

    def _retire(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        path.with_suffix(MODULES).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it has ended by itself
            retire_server(str(path.with_suffix(".sock")))

    def _check_failed(self, base: str) -> None:
        path = self.path / f"{base}.failed"
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < _FAILED_FOR:
                raise NotWarm(path.read_text(encoding="utf-8"))


def _take_remains_away(base: Path) -> None:
    """Take folders away whose owners were killed after their templates had ended: nobody was left to do it."""
    for path in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            if path.stat().st_uid == os.getuid() and not TemplateFolder(path).is_owned:
                shutil.rmtree(path, ignore_errors=True)


_lock = threading.Lock()
_present: TemplateFolder | None = None


def present_folder() -> TemplateFolder:
    """Return the folder of templates of this process: one that it was told of and whose owner lives, or its own.

    A process that was forked has that of its parent. Raises OSError if none can be made.
    """
    global _present
    with _lock:
        if _present is None:
            _present = _told_folder()
        if _present is None or not _present.is_owned:
            _present = TemplateFolder.make()
            atexit.register(_take_away, _present)
        return _present


def use_folder(path: Path | None) -> None:
    """Use the templates in a folder, which another process owns; with None, none or this process's own, from now on.

    Raises OSError or ValueError for what is no such folder.
    """
    global _present
    with _lock:
        _present = None if path is None else TemplateFolder(path)


def _told_folder() -> TemplateFolder | None:
    # A kernel, and what it starts, is another matter: the variable ends here.
    told = os.environ.pop(TEMPLATES, None)
    if not told:
        return None
    try:
        return TemplateFolder(Path(told))
    except (OSError, ValueError, KeyError):
        return None


def _take_away(folder: TemplateFolder) -> None:
    if folder.owner == os.getpid():
        shutil.rmtree(folder.path, ignore_errors=True)


def _is_fresh(said: Mapping[str, Any]) -> bool:
    return bool(
        said["packages"] == packages_digest(said["folders"])
        and said["files_digest"] == files_digest(said["files"])
    )


def _has_edited_modules(path: Path, said: Mapping[str, Any], *, at_once: bool) -> bool:
    """Tell whether a file that a template has imported was edited where it lies, of which packages' dates tell nothing.

    Where it need not be known `at_once`, a look that was taken just now will do.
    """
    listed = path.with_suffix(MODULES)
    try:
        if not at_once and time.time() - listed.stat().st_mtime < _LOOK_AGAIN:
            return False
        files = json.loads(listed.read_text(encoding="utf-8"))
        os.utime(listed)
    except (OSError, ValueError):  # it is being written
        return False
    return is_edited(files, said["since"])


def _differing(alike: Sequence[tuple[Path, dict[str, Any]]]) -> str:
    first, second = alike[0][1]["read"], alike[1][1]["read"]
    names = [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]
    return ", ".join(names[:5])


def _launch(need: Need, spec: dict[str, Any], log: Path, deadline: float) -> dict[str, Any]:
    """Start a template, and return what it says. Raises NotWarm."""
    command = [need.command.interpreter, *need.command.options, "-c", _START, json.dumps(spec)]
    home = home_of(need.folder) or str(log.parent)
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=home,
                env=template_environment(need.environment),
                start_new_session=True,
            )
    except OSError as error:
        raise NotWarm(f"its template could not be started ({error})") from error
    look_after(process)
    assert process.stdout is not None
    with process.stdout as answers:
        said = _read_line(answers.fileno(), deadline)
    try:
        return dict(json.loads(said))
    except ValueError:
        ended = process.poll() is not None or said != b""
        process.kill()
        with contextlib.suppress(OSError):
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            why = f": {lines[-1]}" if ended and lines else ""
            raise NotWarm(
                f"its template {'ended' if ended else 'took too long'} while it imported{why}"
            ) from None
        raise NotWarm("its template did not start") from None


def _read_line(descriptor: int, deadline: float) -> bytes:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    data = b""
    while not data.endswith(b"\n"):
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return b""
        piece = os.read(descriptor, 65536)
        if not piece:
            return data or b"-"  # it has ended, and says no more
        data += piece
    return data


def is_switched_on() -> bool:
    """Tell whether kernels of this process may start warm at all."""
    try:
        return Settings.load().warm
    except TrackbookError:
        return True
