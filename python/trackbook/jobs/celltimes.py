"""When a kernel began and ended a cell, noted on the cell as nbclient does, whose way takes its time."""

from datetime import datetime
from typing import Any

from nbclient.client import timestamp
from nbformat import NotebookNode

_BUSY, _INPUT, _IDLE = "iopub.status.busy", "iopub.execute_input", "iopub.status.idle"
_REPLY = "shell.execute_reply"


def note_step(cell: NotebookNode, message: dict[str, Any], *, times: bool) -> None:
    """Note of a cell that its kernel is at it, or is done: its number, and with `times` when.

    `message` is a kernel's status, or says which input it executes.
    """
    content = message["content"]
    if "execution_count" in content:
        cell["execution_count"] = content["execution_count"]
    step = f"iopub.status.{content['execution_state']}" if message["msg_type"] == "status" else _INPUT
    if times and step in (_BUSY, _INPUT, _IDLE):
        noted = cell["metadata"]["execution"]
        noted[step] = _moment_of(message)
        # A runner does not say that it is busy: it is from when it has the request, which it tells of first of all.
        noted.setdefault(_BUSY, noted[step])


def note_reply(cell: NotebookNode, reply: dict[str, Any]) -> None:
    """Note when a kernel replied to a cell's request."""
    cell["metadata"]["execution"][_REPLY] = _moment_of(reply)


def _moment_of(message: dict[str, Any]) -> str:
    date = message["header"].get("date")
    if isinstance(date, datetime):
        return f"{date.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    return str(timestamp(message))
