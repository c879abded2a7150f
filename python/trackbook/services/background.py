"""One thread of this process for what takes long and nobody waits for: digests of data."""

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

Task = Callable[[], None]


class Background:
    """Carries out tasks one after the other. Messages go first, and in between the steps of a task that rests.

    Tasks must not raise. In a forked child there is no such thread until something is put.
    """

    def __init__(self) -> None:
        self._messages: SimpleQueue[Task] = SimpleQueue()
        self._tasks: deque[Task] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            # A daemon: a disk that hangs must not keep the process alive.
            thread = threading.Thread(target=self._work, name="trackbook-data", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending, or may have no more threads
                thread.start()
                self._thread = thread

    def tell(self, message: Task) -> None:
        """Have something small done soon. Safe anywhere: in signal handlers, too."""
        self._messages.put(message)

    def put(self, task: Task) -> None:
        """Have a task done after the others."""
        if self._thread is threading.current_thread():  # at once: who waits already waits for this, too
            self._tasks.append(task)
            return
        self.tell(lambda: self._tasks.append(task))
        self.start()

    def rest(self) -> None:
        """Do what is urgent; called by tasks between their steps."""
        with contextlib.suppress(Empty):
            while True:
                self._messages.get_nowait()()

    def pause(self, seconds: float) -> None:
        """Let the user's work go on for a while; called by tasks that many others like them follow.

        Whoever waits for the tasks ends it.
        """
        self._hurry.wait(seconds)

    def wait(self, timeout: float) -> bool:
        """Wait until all that was put is done, for at most `timeout` seconds; tell whether it is."""
        if self._thread is None or not self._thread.is_alive() or self._thread is threading.current_thread():
            return True
        done = threading.Event()
        self._hurry.set()
        # Behind the tasks that the messages before it will put.
        self.tell(lambda: self._tasks.append(done.set))
        return done.wait(timeout)

    def _work(self) -> None:
        _be_considerate()
        messages, tasks = self._messages, self._tasks
        while True:
            if not tasks:
                self._hurry.clear()
                messages.get()()
            self.rest()
            if tasks:
                tasks.popleft()()

    def after_fork_in_child(self) -> None:
        """Leave the thread, and what it had to do, to the parent."""
        Background.__init__(self)


background = Background()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=background.after_fork_in_child)


def _be_considerate() -> None:
    if hasattr(
        signal, "pthread_sigmask"
    ):  # an interrupt is meant for the thread in which the user's cell runs
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with contextlib.suppress(Exception):
        _lower_disk_priority()


def _lower_disk_priority() -> None:
    # Linux alone knows a thread's own priority for the disk: the lowest of the ordinary class. The processor's is left
    # as it is: a thread that waits long for it may hold the interpreter meanwhile.
    import ctypes
    import platform

    number = {"x86_64": 251, "aarch64": 30}.get(platform.machine()) if os.name == "posix" else None
    if number is not None and platform.system() == "Linux":
        ctypes.CDLL(None).syscall(number, 1, 0, 2 << 13 | 7)
