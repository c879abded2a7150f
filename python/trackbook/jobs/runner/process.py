"""The runner's process: takes requests, executes cells, forks itself at a border, ends."""

import asyncio
import atexit
import contextlib
import contextvars
import fcntl
import gc
import inspect
import os
import signal
import socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trackbook.jobs.runner.hazards import hazards, limit_openmp, openmp_threads
from trackbook.jobs.runner.kernel import RunnerApp
from trackbook.jobs.runner.loop import ForkableLoop
from trackbook.jobs.runner.randomness import RandomState, drawn_unseeded, watch_seeds
from trackbook.jobs.runner.wire import Connection, Frame
from trackbook.jobs.session import open_session

ARGUMENTS = ["--HistoryManager.hist_file=:memory:"]

# After eight calls of a function the interpreter (3.11) fits its code to what it meets.
_REHEARSALS = 12


class Runner:
    """A kernel in one thread. `serve` answers requests until it is to end, and returns the exit code.

    With `waits` it is a blank: it listens to nobody, and nothing of the user's has run in it. A fork `begin`s.
    """

    def __init__(self, connection: Connection, *, waits: bool = False) -> None:
        self._environment = {} if waits else dict(os.environ)
        self.connection = connection
        self.loop = ForkableLoop()
        asyncio.set_event_loop(self.loop)
        self._context = contextvars.copy_context()
        watch_seeds()
        self.session = open_session()
        self.app = RunnerApp.instance(connection=connection, waits=waits, session=self.session)
        self.app.initialize(ARGUMENTS)  # type: ignore[no-untyped-call]
        self._frames: deque[Frame] = deque()
        self._waits = self._has_ended = self._ends = False
        if waits:
            connection.close()
            return
        self._listen()
        self.app.kernel._publish_status("starting", "shell")

    def rehearse(self) -> None:
        """In a blank: answer requests that change nothing, as its forks will answer theirs.

        What the interpreter finds out of code that runs often, and notes within it, they need not find out each.
        """
        content = {"code": "pass", "silent": True, "store_history": False, "user_expressions": {"one": "1"}}
        frame: Frame = ("shell", self.session.serialize(self.session.msg("execute_request", content)))
        for _ in range(_REHEARSALS):
            task = self.loop.create_task(self.app.kernel.answer(frame), context=contextvars.copy_context())
            self.loop.run_until_complete(task)
        self.app.kernel.shell.last_execution_result = None

    def begin(self, connection: Connection, before: Callable[[], None]) -> int:
        """Serve a client in a fork of a blank; `before` is called before anything of the user's runs."""
        self._environment = dict(os.environ)
        self._attach(connection)
        before()
        self.app.begin()
        self._listen()
        self.app.kernel._publish_status("starting", "shell")
        return self.serve()

    def serve(self) -> int:
        """Answer requests until the client wants no more, or is gone."""
        while not self._ends and (frame := self._next()) is not None:
            if frame[0] == "control":
                self._control(frame)
            else:
                self._complete(self.app.kernel.answer(frame))
                self._ends = self.app.kernel.shell.exit_now
        return 0 if self._ends else 1

    def _complete(self, coroutine: Any) -> None:
        # As with ipykernel, what one cell sets of a context the next one finds.
        task = self.loop.create_task(coroutine, context=self._context)
        while not task.done():
            # An interrupt that hits between two lines of the user's leaves the loop; the request is still answered.
            with contextlib.suppress(KeyboardInterrupt):
                self.loop.run_until_complete(task)
        if not task.cancelled() and isinstance(error := task.exception(), SystemExit):
            raise error

    def _next(self) -> Frame | None:
        while not self._frames and not self._has_ended:
            self._waits = True
            try:
                self.loop.run_forever()  # what the notebook left in the loop goes on meanwhile
            finally:
                self._waits = False
        return self._frames.popleft() if self._frames else None

    def _listen(self) -> None:
        sock = self.connection.socket
        self.loop.add_reader(sock, self._receive)
        # A cell that runs on for nobody has to end, too: the signal comes when the client's end is closed.
        signal.signal(signal.SIGIO, self._look_for_end)
        signal.siginterrupt(signal.SIGIO, False)
        fcntl.fcntl(sock, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(sock, fcntl.F_SETFL, fcntl.fcntl(sock, fcntl.F_GETFL) | os.O_ASYNC)

    def _look_for_end(self, *_: Any) -> None:
        with contextlib.suppress(OSError):
            if self.connection.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                return
            os._exit(1)

    def _receive(self) -> None:
        try:
            frames = self.connection.receive()
        except OSError:
            frames = None
        if frames is None:
            self._has_ended = True
            self.loop.remove_reader(self.connection.socket)
        else:
            self._frames.extend(frames)
        if self._waits:
            self.loop.stop()

    # Requests about the process itself

    def _control(self, frame: Frame) -> None:
        message = self.session.deserialize(self.session.feed_identities(frame[1])[1])
        name = message["msg_type"].removesuffix("_request")
        answers: dict[str, Callable[[Any], dict[str, Any]]] = {
            "shutdown": self._shut_down,
            "hazards": self._say_hazards,
            "snapshot": self._snapshot,
        }
        if name not in answers:
            return
        try:
            content = answers[name](message["content"])
        except OSError as error:
            content = {"status": "error", "evalue": str(error)}
        reply = self.session.msg(f"{name}_reply", content, parent=message)
        with contextlib.suppress(OSError):  # nobody waits for it any more
            self.connection.send("control", self.session.serialize(reply))

    def _shut_down(self, _: Any) -> dict[str, Any]:
        self._ends = True
        self._complete(_shut_down(self.app.kernel))
        return {"status": "ok"}

    def hazards(self) -> list[str]:
        """Return what stands against a fork, as sentences."""
        inner: Any = self.loop
        own = {self.connection.socket.fileno(), inner._ssock.fileno(), inner._csock.fileno()}
        return hazards(own=frozenset(own), tasks=self.loop.open_tasks())

    def _say_hazards(self, _: Any) -> dict[str, Any]:
        return {"status": "ok", "hazards": self.hazards()}

    def _snapshot(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Fork a copy of this state that waits at `path` and is forked for each who asks; it ends with `owner`."""
        found = self.hazards()
        if "drawn" in content:  # what only one process draws may be copied as often as one likes
            found += [
                f"Random numbers of {library} were drawn that nothing has seeded: all trials would get the same."
                for library in drawn_unseeded(content["drawn"])
            ]
        if found:
            return {"status": "refused", "hazards": found}
        from trackbook.jobs.forking.server import listen
        from trackbook.jobs.runner.copies import wait_as_copy

        listener = listen(content["path"])
        if content.get("collects", True):
            gc.collect()
        state = RandomState()
        limited = openmp_threads() > 0
        sys.stdout.flush()
        # A grandchild: what ends this process's children, or adds up their memory, has nothing to do with it.
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.setsid()
                if pid := os.fork():
                    os.write(writing, str(pid).encode())
                    os._exit(0)
            except BaseException:  # this process is none that may go on
                os._exit(1)
            code = 1
            try:
                os.close(reading)
                os.close(writing)
                self._leave_client()
                code = wait_as_copy(self, content, listener, state, limited=limited)
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                leave(code)
        listener.close()
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as told:
            pid_told = told.read()
        if not pid_told:
            return {"status": "refused", "hazards": ["No further process could be started."]}
        return {"status": "ok", "pid": int(pid_told)}

    def _leave_client(self) -> None:
        self.loop.remove_reader(self.connection.socket)
        self.connection.close()
        self._frames.clear()
        self.loop.renew()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)

    def resume(
        self,
        connection: Connection,
        *,
        environment: Mapping[str, str] | None,
        folder: str | None,
        state: RandomState,
        keep_random: bool,
        seeded: list[str],
        inputs: Mapping[str, str],
        threads: int | None,
        openmp: Sequence[str],
    ) -> int:
        """Go on in a forked child: with a client, environment and folder of its own. Returns the exit code."""
        self._attach(connection)
        if environment is not None:
            self._take_environment(environment)
        if folder is not None:
            os.chdir(folder)
        state.restore(keep=keep_random, seeded=seeded)
        if threads is not None:
            limit_openmp(threads, openmp)
        for number, source in inputs.items():
            self._replace_input(int(number), source)
        self._listen()
        self.app.kernel._publish_status("starting", "shell")
        return self.serve()

    def _attach(self, connection: Connection) -> None:
        self.loop.renew()
        self.connection = self.app.connection = connection
        self.session.pid = os.getpid()
        for stream in self.app.streams:
            stream.attach(connection)
        self.app.barrier.has_pipes = True
        for channel in (self.app.iopub_socket, self.app.shell_socket):
            channel.connection = connection

    def _replace_input(self, number: int, source: str) -> None:
        """Have the history say that cell `number` was `source`."""
        shell: Any = self.app.kernel.shell
        history = shell.history_manager
        transformed = shell.transform_cell(source)
        for inputs, text in ((history.input_hist_raw, source), (history.input_hist_parsed, transformed)):
            if number < len(inputs):
                inputs[number] = text
        shell.user_ns[f"_i{number}"] = source

    def _take_environment(self, environment: Mapping[str, str]) -> None:
        """Take over what differs from the environment this process began with: what cells have set meanwhile stays."""
        before = self._environment
        for name in before.keys() - environment.keys():
            os.environ.pop(name, None)
        for name, value in environment.items():
            if before.get(name) != value:
                os.environ[name] = value
        self._environment = dict(environment)


async def _shut_down(kernel: Any) -> None:
    # IPython's own is no coroutine; what Trackbook puts around it is.
    answer = kernel.do_shutdown(False)
    if inspect.isawaitable(answer):
        await answer
    await kernel._at_shutdown()


def leave(code: int) -> None:
    """End a forked process as Python ends any: threads are waited for, exit handlers run, buffers are written."""
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]  # what Python itself calls, and multiprocessing
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.flush()
    os._exit(code)


def main(descriptor: int) -> int:
    """Run as the kernel of the client at the other end of an inherited socket; returns the exit code."""
    sys.argv[1:] = ARGUMENTS  # as cells find it in a job's kernel, but for the file with its sockets
    os.set_inheritable(descriptor, False)  # or what the cells start would keep it open
    return Runner(Connection(socket.socket(fileno=descriptor))).serve()
