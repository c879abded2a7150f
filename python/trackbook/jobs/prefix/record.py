"""What the shared cells have shown, kept in a file beside the socket at which a copy of their state waits."""

import contextlib
import os
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from trackbook.domain.execution import Outcome


class SharedCell(Struct, frozen=True):
    """One cell that has run for all: its messages in their order, and what was noted of it.

    `duration` is in seconds, `cpu`, too, `memory` in bytes.
    """

    messages: list[dict[str, Any]]
    count: int | None
    duration: float
    cpu: float | None = None
    memory: int | None = None


class PrefixRecord(Struct, frozen=True):
    """How the shared cells came out: "ready" to be forked, "failed" in one of them, or "refused", as `reason` says.

    `cells` are those that have run, by their position; `run_id` is the run whose trial executed them.
    """

    status: Literal["ready", "failed", "refused"]
    cells: dict[int, SharedCell]
    run_id: str
    outcome: Outcome | None = None
    reason: str = ""


def write_record(path: Path, record: PrefixRecord) -> None:
    """Write a record, whole or not at all. Raises OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(_encoder.encode(record))
    draft.replace(path)


def read_record(path: Path) -> PrefixRecord | None:
    """Return the record in a file; None if there is none, or none that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.msgpack.decode(path.read_bytes(), type=PrefixRecord)
    return None


def _plain(value: Any) -> Any:
    # Buffers of widgets are views of what was received.
    return bytes(value) if isinstance(value, memoryview) else str(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
