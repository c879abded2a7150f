"""The status of a spool's forwarder: a small file that says how far it is, and what stops it."""

import contextlib
from typing import Literal

import msgspec

from trackbook.domain.ids import new_id
from trackbook.errors import AccessDenied
from trackbook.store.paths import PartName, StorePaths

State = Literal["sending", "away", "refused"]
FILE = "forward.json"
WAKE = "forward.wake"  # a file of this name asks a forwarder that waits for its server to try at once


class ForwardStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a forwarder does: it is `sending`, waits for a server that is `away`, or was `refused` and has ended.

    `since` is in microseconds. `sent` says how far the server has each journal of the spool, by its file's stem below
    its subject; `stopped` why one is not sent any more.
    """

    state: State
    error: str | None = None
    since: int | None = None
    sent: dict[str, int] = {}
    stopped: dict[str, str] = {}


def read_status(store: StorePaths) -> ForwardStatus | None:
    """Return what the forwarder of a spool said last; None if nothing can be read."""
    try:
        return msgspec.json.decode((store.root / FILE).read_bytes(), type=ForwardStatus)
    except (OSError, msgspec.MsgspecError):
        return None


def check_refusal(store: StorePaths, since: float) -> None:
    """Raise AccessDenied if the server refused what the forwarder sent, at the time `since` (seconds) or later."""
    status = read_status(store)
    if status is None or status.state != "refused":
        return
    with contextlib.suppress(OSError):
        if (store.root / FILE).stat().st_mtime >= since:
            raise AccessDenied(store.remote, status.error or "the server refuses this token.")


def write_status(store: StorePaths, status: ForwardStatus) -> None:
    """Write what a forwarder has to say; a disk that refuses is no reason to stop sending."""
    draft = store.root / f"{FILE}-{new_id()}"
    with contextlib.suppress(OSError):
        draft.write_bytes(msgspec.json.encode(status))
        draft.replace(store.root / FILE)


def wake(store: StorePaths) -> None:
    """Ask a forwarder that waits for its server to try at once."""
    with contextlib.suppress(OSError):
        (store.root / WAKE).touch()


def key_of(name: PartName) -> str:
    """Return the name of a journal as the status has it."""
    return f"{name.subject}/{name.stem}"
