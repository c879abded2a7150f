"""The kernel and its application: ipykernel's own, without its threads and sockets."""

import contextlib
import os
import signal
import sys
import threading
from itertools import takewhile
from typing import Any

import zmq
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelapp import ioloop as kernel_loops  # type: ignore[attr-defined]  # what kernels have as theirs
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import UsageError
from traitlets import Any as AnyTrait
from traitlets import Type

from trackbook.jobs.runner.streams import PipeBarrier, RunnerStream
from trackbook.jobs.runner.wire import Channel, Connection, Frame

_OF_MODULES = frozenset(("__builtin__", "__builtins__", "__name__"))
_STORE = "storemagic"  # that IPython loads into each shell
_QUIET_GUIS = (None, "inline", "agg", "ipympl", "widget", "nbagg", "notebook", "auto")


class Channels:
    """What ipykernel takes for a zmq socket: it sends a message's parts on one channel of the connection."""

    def __init__(
        self, connection: Connection, barrier: PipeBarrier, channel: Channel, *, holds: bool = False
    ) -> None:
        self.connection, self._barrier, self._channel = connection, barrier, channel
        self._holds = holds
        self.closed = False
        self.count = 0

    def send_multipart(self, parts: list[Any], *_: Any, **__: Any) -> None:
        """Send a message; one that this channel `holds` goes out with the next one of any channel."""
        self.count += 1
        frame = [bytes(part) for part in parts]
        if self._holds:
            self.connection.hold(self._channel, frame)
            return
        self._barrier.wait()
        with contextlib.suppress(OSError):  # nobody listens any more; the signal of that ends this process
            self.connection.send(self._channel, frame)

    def flush(self, *_: Any, **__: Any) -> None:
        """Do nothing: what is held back goes out with the word that the kernel is idle."""

    def release(self) -> None:
        """Send what is held back still."""
        with contextlib.suppress(OSError):
            self.connection.release()


class _MainThread:
    """What ipykernel asks of its thread for the shell channel: in which thread the cells run."""

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class RunnerShell(ZMQInteractiveShell):
    """ipykernel's shell. Windows of a graphical toolkit would need a loop beside the cells, and are refused."""

    _has_given_up = False

    def enable_gui(self, gui: Any = None) -> None:
        """Take the inline backends alone; raises UsageError for toolkits with windows."""
        if gui not in _QUIET_GUIS:
            raise UsageError(
                f"The event loop of {gui!r} can't be used in this job, where nobody would see its windows. "
                "Use %matplotlib inline."
            )
        self.active_eventloop = gui

    def _atexit_once(self) -> None:
        """Give up what the cells have left, so that its finalizers run; the shell itself ends with the process.

        IPython's own makes the shell ready for further cells, and ends a history that nobody will read.
        """
        if self._has_given_up:
            return
        self._has_given_up = True
        self.last_execution_result = None
        history, hook = self.history_manager, self.displayhook
        if history is not None:
            history.reset(new_session=False)
        hook._ = hook.__ = hook.___ = ""
        self.user_ns_hidden.clear()
        for names in (self.user_ns, self.user_global_ns):
            # What finalizers need was there before what they finalize: imports, and get_ipython itself.
            for name in reversed(list(names)):
                if name not in _OF_MODULES:
                    names.pop(name, None)
        self.init_user_ns()  # type: ignore[no-untyped-call]
        self.clear_main_mod_cache()  # type: ignore[no-untyped-call]


class RunnerKernel(IPythonKernel):
    """ipykernel's kernel, which gets its requests one by one from whoever drives it."""

    shell_class = Type(RunnerShell)
    shell_stream = AnyTrait()  # of ipykernel: a stream of zmq
    io_loop = AnyTrait()
    _supports_kernel_subshells = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.shell_channel_thread = _MainThread()
        self._execute_sleep = 0.0  # ipykernel rests after each cell for its other thread; here is none

    async def answer(self, frame: Frame) -> None:
        """Carry out a request. One that ends without a reply, being interrupted outside of a cell, gets one."""
        sent = self._replies
        try:
            await self.dispatch_shell([zmq.Frame(part) for part in frame[1]])
            if sent == self._replies:
                self._reply_interrupted()
        finally:
            self.shell_stream.release()  # an interrupt may hit between an answer and the word behind it

    def _reply_interrupted(self) -> None:
        parent = self.get_parent("shell")  # type: ignore[no-untyped-call]
        if parent.get("header", {}).get("msg_type") == "execute_request":
            content = {
                "status": "error",
                "ename": "KeyboardInterrupt",
                "evalue": "",
                "traceback": [],
                "execution_count": self.execution_count,
            }
            session: Any = self.session
            session.send(self.shell_stream, "execute_reply", content, parent=parent)
            self._publish_status("idle", "shell")

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        # Whoever asks knows that it is busy.
        if status != "busy":
            super()._publish_status(status, channel, parent)  # type: ignore[no-untyped-call]

    @property
    def _replies(self) -> int:
        return int(getattr(self.shell_stream, "count", 0))

    def _process_children(self) -> list[Any]:
        """Return the processes that cells have started and left in this process's group.

        ipykernel imports psutil for that and reads of all processes, which takes longer than a short notebook: it is
        asked only if there are others in the group.
        """
        return list(super()._process_children()) if _has_company() else []  # type: ignore[no-untyped-call]

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Abort nothing: requests come one by one."""

    def enter_eventloop(self) -> None:
        """Enter none."""


class RunnerApp(IPKernelApp):
    """ipykernel's application: profile, startup files, extensions and `sys.path` as in any kernel.

    With `waits` nothing of the user's runs yet: `begin` does what is left.
    """

    def __init__(self, connection: Connection, *, waits: bool = False, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.connection = connection
        self.barrier = PipeBarrier()
        self._waits = waits
        # What is imported before anything of the user's runs; known to a blank, whose forks add to it.
        self._modules: set[str] = set()

    def warm_up(self) -> None:
        """Make what the first cell of a notebook would make: a fork finds it made."""
        shell: Any = self.shell
        shell.transform_cell("pass\n")
        shell.display_formatter.format(0)
        if not self.logging_config:
            # traitlets' is open to all that its handlers drop: four lines are made for each request.
            self.log.setLevel(self.log_level)
        if _STORE in self.default_extensions and not self.config.get("StoreMagics"):
            shell.extension_manager.load_extension(_STORE)
        self._modules = set(sys.modules)

    def begin(self) -> None:
        """Take up folder and environment, load the extensions and run the startup files: all that had to wait."""
        self._waits = False
        shell: Any = self.shell
        shell.starting_dir = os.getcwd()  # noqa: PTH109
        shell.history_manager.reset(new_session=False)  # of this folder
        shell.init_environment()
        self.init_gui_pylab()
        self.init_extensions()
        self.init_code()

    def init_gui_pylab(self) -> None:
        """Set matplotlib's backend."""
        if not self._waits:
            super().init_gui_pylab()  # type: ignore[no-untyped-call]

    def init_extensions(self) -> None:
        """Load the extensions that the configuration names."""
        if not self._waits:
            super().init_extensions()  # type: ignore[no-untyped-call]

    def init_code(self) -> None:
        """Run startup files."""
        if self._waits:
            return
        if not self._modules:
            super().init_code()  # type: ignore[no-untyped-call]
            return
        # As in IPython's, but for its list of all modules: to hold each name has a fork copy a thousand pages.
        app: Any = self
        app._run_startup_files()
        app._run_exec_lines()
        app._run_exec_files()
        if self.hide_initial_ns:
            app.shell.user_ns_hidden.update(app.shell.user_ns)
        app._run_cmd_line_code()
        app._run_module()
        self._modules.update(takewhile(lambda name: name not in self._modules, reversed(sys.modules)))
        app.shell._sys_modules_keys = self._modules

    kernel_class = Type(RunnerKernel)

    def init_crash_handler(self) -> None:
        """Leave errors outside of cells to Python."""

    def init_poller(self) -> None:
        """Watch no parent from a thread; the connection's end tells that it is gone."""

    def init_connection_file(self) -> None:
        """Have no connection file."""

    def init_sockets(self) -> None:
        """Open no sockets of zmq."""
        self.iopub_socket = Channels(self.connection, self.barrier, "iopub")
        self.shell_socket = Channels(self.connection, self.barrier, "shell", holds=True)

    def init_heartbeat(self) -> None:
        """Have no heartbeat."""

    def write_connection_file(self, **_: Any) -> None:
        """Write none."""

    def log_connection_info(self) -> None:
        """Say nothing."""

    def init_io(self) -> None:
        """Put the runner's streams in place."""
        self.streams = [
            RunnerStream(name, self.connection, self.barrier, self._parent) for name in ("stdout", "stderr")
        ]
        sys.stdout, sys.stderr = self.streams
        self.patch_io()  # type: ignore[no-untyped-call]

    def _parent(self) -> Any:
        return self.kernel.get_parent("shell") if self.kernel is not None else {}

    def init_signal(self) -> None:
        """Ignore interrupts between cells."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def init_kernel(self) -> None:
        """Make the kernel and its shell."""
        self.kernel = RunnerKernel.instance(
            parent=self,
            session=self.session,
            shell_stream=self.shell_socket,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        # ipykernel's own name for the loop that runs: what asks the kernel for it gets what it has elsewhere.
        self.kernel.io_loop = kernel_loops.IOLoop.current()

    def close(self) -> None:
        """Close nothing: there is nothing that outlives the process."""


def _has_company() -> bool:
    """Tell whether another process is in this process's group, and may be a child of it."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    own, group = os.getpid(), os.getpgrp()
    for name in os.listdir("/proc"):  # noqa: PTH208  # names, of which there may be thousands
        if name.isdecimal() and int(name) != own:
            with contextlib.suppress(OSError):  # it has ended
                if os.getpgid(int(name)) == group:
                    return True
    return False
