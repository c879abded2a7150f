"""The process that has imported what jobs need, and keeps children that run them.

On Linux the children are forked from it, so that none of them imports anything again; elsewhere they are started. It
makes the folder for forking servers, which all children share. It opens no database and starts no thread: a child must
inherit neither.
"""

import contextlib
import gc
import json
import math
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from trackbook.config import TEMPLATES
from trackbook.jobs.quiet import quiet_imports
from trackbook.jobs.warm.folder import TemplateFolder
from trackbook.jobs.warm.offering import offer_templates, offered_templates
from trackbook.jobs.workerchild import ABANDON, DRAIN, STOP, WorkerOptions, work
from trackbook.jobs.workerfolder import make_worker_folder
from trackbook.services.forked import ForkedChild, may_fork
from trackbook.store.paths import StorePaths

_LOOK_EVERY = 0.5  # seconds; ends of children and signals are heard at once
_LOOK_EVERY_DEAF = 0.1
_PATIENCE = 15.0  # seconds for a child that was told to stop
_SHORT_LIFE = 2.0
_MOST_SHORT_LIVES = 10


class Supervisor:
    """Keeps the children of a worker: as many as `options` say, each replaced when it dies before its time.

    With `told` it imports what jobs need and then waits for a line on its standard input, a JSON list of further
    arguments, of which `told` makes the options. `folder` is one that was made for it already.
    """

    def __init__(
        self,
        options: WorkerOptions,
        arguments: Sequence[str],
        *,
        told: Callable[[Sequence[str]], WorkerOptions] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._options, self._arguments = options, list(arguments)
        self._told = told
        self._children: list[_Child] = []
        self._short_lives = 0
        self._order: bytes | None = None
        self._stop_until: float | None = None
        self._ears: tuple[socket.socket, socket.socket] | None = None
        self._folder = folder

    def run(self) -> int:
        """Work until the children have ended; returns the exit code, 1 if they die faster than they can work."""
        self._folder = self._folder or make_worker_folder()
        try:
            with self._listening():
                os.environ[TEMPLATES] = str(self._folder)
                if may_fork():
                    import_all()
                    os.environ[TEMPLATES] = str(self._templates(self._folder))
                if self._told is not None and not self._hear_options(self._told):
                    return 0
                for _ in range(max(1, self._options.jobs)):
                    self._start_child(recovers=False)
                while self._children:
                    self._listen()
                    self._obey()
                    self._reap()
        finally:
            for child in self._children:
                child.kill()
            shutil.rmtree(self._folder, ignore_errors=True)
        return 1 if self._short_lives > _MOST_SHORT_LIVES else 0

    def _templates(self, own: Path) -> Path:
        """Return where all children look for templates of kernels: where others keep some, or in this worker's own."""
        store = StorePaths(Path(self._options.store))
        if (offered := offered_templates(store)) is not None:
            return offered.path
        folder = TemplateFolder.claim(own)
        if self._options.is_standing and self._options.idle == math.inf:
            offer_templates(store, folder)
        return own

    def _hear_options(self, told: Callable[[Sequence[str]], WorkerOptions]) -> bool:
        """Wait to be told what to work on; False if there is nothing, or this process is to end."""
        assert self._ears is not None
        said = b""
        while not said.endswith(b"\n"):
            watched: list[Any] = [0, self._ears[0]]
            ready = select.select(watched, [], [])[0]
            if self._order is not None:
                return False
            if 0 in ready:
                piece = os.read(0, 65536)
                if not piece:  # whoever was to say it has ended, or has changed its mind
                    return False
                said += piece
        own = [argument for argument in self._arguments if argument != "--told"]
        self._arguments = [*own, *json.loads(said)]
        self._options = told(self._arguments)
        return True

    def _start_child(self, *, recovers: bool) -> None:
        others = [child.orders for child in self._children if child.orders is not None]
        if may_fork():
            child: _Child = _Forked(self._options, recovers, self._folder, others)
        else:
            child = _Spawned(self._arguments, recovers, self._options.store)
        self._children.append(child)
        if self._order is not None:
            child.tell(self._order)

    def _reap(self) -> None:
        """Take note of children that have ended, and replace those that died."""
        for child in list(self._children):
            code = child.poll()
            if code is None:
                continue
            self._children.remove(child)
            child.close()
            if code == 0 or self._order is not None:
                continue
            _say(f"A worker's process ended by itself ({_reason(code)}); another one takes its place.")
            is_short = time.monotonic() - child.started < _SHORT_LIFE
            self._short_lives = self._short_lives + 1 if is_short else 0
            if self._short_lives > _MOST_SHORT_LIVES:
                _say("Workers end as soon as they begin; no more are started.")
                # Those that run are no part of it.
                self._give(DRAIN)
                return
            self._start_child(recovers=True)

    def _obey(self) -> None:
        """See to it that the children end when this process is to, or when its parent has."""
        parent = self._options.parent
        if parent is not None and os.getppid() != parent and self._order is None:
            # What nobody waits for is ended, and what was queued by others is left to them.
            self._give(DRAIN if self._options.is_standing else ABANDON)
        if self._stop_until is not None and time.monotonic() > self._stop_until:
            for child in self._children:
                child.kill()

    def _give(self, order: bytes) -> None:
        self._order = order
        if order != DRAIN and self._stop_until is None:
            self._stop_until = time.monotonic() + _PATIENCE
        for child in self._children:
            child.tell(order)

    def _hear(self, number: int, _: FrameType | None) -> None:
        # Ctrl-C once: no more is begun. A second time, or a request to end: what runs is ended, too.
        drains = number == signal.SIGINT and self._order is None
        self._give(DRAIN if drains else STOP)

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        ears = socket.socketpair()
        for end in ears:
            end.setblocking(False)
        self._ears = ears
        numbers = [signal.SIGTERM, signal.SIGINT]
        before: list[tuple[int, Any]] = [(number, signal.signal(number, self._hear)) for number in numbers]
        if hasattr(signal, "SIGCHLD"):
            before.append((signal.SIGCHLD, signal.signal(signal.SIGCHLD, lambda *_: None)))
        signal.set_wakeup_fd(ears[1].fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before:
                signal.signal(number, handler)
            for end in ears:
                end.close()

    def _listen(self) -> None:
        assert self._ears is not None
        timeout = _LOOK_EVERY if hasattr(signal, "SIGCHLD") else _LOOK_EVERY_DEAF
        if select.select([self._ears[0]], [], [], timeout)[0]:
            with contextlib.suppress(BlockingIOError):
                while self._ears[0].recv(4096):
                    pass


class _Child(Protocol):
    """A process that runs jobs."""

    started: float
    orders: int | None

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; None while it runs."""

    def tell(self, order: bytes) -> None:
        """Give it an order."""

    def kill(self) -> None:
        """End it at once."""

    def close(self) -> None:
        """Let go of it once it has ended."""


class _Forked:
    def __init__(
        self, options: WorkerOptions, recovers: bool, folder: Path | None, others: list[int]
    ) -> None:
        reading, writing = os.pipe()
        self.started = time.monotonic()
        self.orders: int | None = writing

        def run_jobs() -> int:
            # A pipe that a sibling holds open, too, would not tell of its supervisor's death.
            for descriptor in (writing, *others):
                os.close(descriptor)
            return work(options, reading, recovers=recovers, folder=folder)

        self._process = ForkedChild(run_jobs)
        os.close(reading)

    def poll(self) -> int | None:
        return self._process.poll()

    def tell(self, order: bytes) -> None:
        if self.orders is not None:
            with contextlib.suppress(OSError):
                os.write(self.orders, order)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        if self.orders is not None:
            os.close(self.orders)
            self.orders = None


class _Spawned:
    def __init__(self, arguments: Sequence[str], recovers: bool, folder: str) -> None:
        self.started = time.monotonic()
        self.orders: int | None = None
        command = [sys.executable, "-m", "trackbook.jobs.worker", *arguments]
        options: dict[str, Any] = {}
        if sys.platform == "win32":
            options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        self._process = subprocess.Popen(
            [*command, "--child", "again" if recovers else "first"],
            stdin=subprocess.PIPE,
            cwd=folder,
            bufsize=0,
            **options,
        )
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()

    def tell(self, order: bytes) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(order)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


def import_all() -> None:
    """Import what jobs need, at once and without what only costs."""
    with quiet_imports():
        import trackbook.jobs.client
        import trackbook.jobs.engine
        import trackbook.jobs.executor
        import trackbook.jobs.injected
        import trackbook.jobs.lease
        import trackbook.jobs.warm.provisioner
        import trackbook.jobs.work  # noqa: F401
        from trackbook.jobs.kernelfolders import kernel_specs

        kernel_specs().find_kernel_specs()
    gc.freeze()  # without a look for garbage, of which imports leave next to none


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
