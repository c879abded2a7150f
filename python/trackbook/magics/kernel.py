"""What the kernel says about itself: its id, the request that it answers, and how it is being stopped."""

import atexit
import contextlib
import inspect
import threading
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from trackbook.capture.notebook import kernel_id_of
from trackbook.services.session import ShutdownKind

# Jupyter interrupts, asks for shutdown, waits 2.5 s, and terminates: what a busy kernel has to say, it says before.
_GRACE = 1.0
# For what the kernel's control thread has to flush; the kernel itself waits for that thread without a limit.
_FLUSHED_WITHIN = 10.0


def is_kernel(shell: InteractiveShell) -> bool:
    """Tell whether `shell` lives in a Jupyter kernel, not in a terminal."""
    return getattr(shell, "kernel", None) is not None


def kernel_id(shell: InteractiveShell) -> str | None:
    """Return the kernel's id; None in a terminal, or when the kernel was started without a server."""
    if not is_kernel(shell):
        return None
    application = getattr(getattr(shell, "kernel", None), "parent", None)
    return kernel_id_of(getattr(application, "connection_file", None))


def parent_message(shell: InteractiveShell) -> dict[str, Any]:
    """Return the execute request that is being answered; empty in a terminal."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return {}
    with contextlib.suppress(Exception):
        message = kernel.get_parent("shell")
        if isinstance(message, dict) and message.get("header", {}).get("msg_type") == "execute_request":
            return message
    return {}


def message_id(message: dict[str, Any]) -> str | None:
    """Return the id of a message."""
    identity = message.get("header", {}).get("msg_id")
    return str(identity) if identity else None


def message_cell_id(message: dict[str, Any]) -> str | None:
    """Return the id of the notebook cell that a request came from, where its front end tells."""
    identity = (message.get("metadata") or {}).get("cellId")
    return str(identity) if identity else None


def message_tags(message: dict[str, Any]) -> frozenset[str]:
    """Return the tags of the notebook cell that a request came from, where its front end tells."""
    tags = (message.get("metadata") or {}).get("tags")
    return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()


class ShutdownWatch:
    """Knows whether the kernel was asked to restart or to shut down.

    A kernel whose cell ignores the interrupt is killed before its exit hooks run: `overdue` is called, from
    another thread, when a second after the request the process is still there.
    """

    def __init__(self, shell: InteractiveShell, overdue: Callable[[], None]) -> None:
        self._kernel: Any = getattr(shell, "kernel", None)
        self._overdue = overdue
        self._asked: ShutdownKind | None = None
        self._listener: Callable[[bool], Any] | None = None

    def install(self) -> None:
        """Listen to the kernel's shutdown requests."""
        kernel = self._kernel
        if kernel is None or not hasattr(kernel, "do_shutdown"):
            return
        original = kernel.do_shutdown

        async def do_shutdown(restart: bool) -> Any:
            self._request(restart)
            answer = original(restart)
            return await answer if inspect.isawaitable(answer) else answer

        kernel.do_shutdown = self._listener = do_shutdown
        atexit.register(self._let_flush)

    def remove(self) -> None:
        """Stop listening."""
        atexit.unregister(self._let_flush)
        if self._kernel is not None and vars(self._kernel).get("do_shutdown") is self._listener:
            with contextlib.suppress(AttributeError):
                del self._kernel.do_shutdown

    def kind(self) -> ShutdownKind | None:
        """Return what was asked for; None as long as nothing was."""
        return self._asked

    def _request(self, restart: bool) -> None:
        self._asked = "restart" if restart else "shutdown"
        timer = threading.Timer(_GRACE, self._overdue)
        timer.daemon = True
        timer.start()

    def _let_flush(self) -> None:
        # ipykernel closes what it publishes on before it ends the thread that was asked for the shutdown. If that
        # thread is still flushing then, the kernel waits for ten seconds, or until it is killed.
        thread = getattr(getattr(self._kernel, "parent", None), "control_thread", None)
        if self._asked is not None and isinstance(thread, threading.Thread) and thread.is_alive():
            thread.join(_FLUSHED_WITHIN)
