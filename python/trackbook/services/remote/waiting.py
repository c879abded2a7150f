"""What of a spool still waits to be sent. Needs nothing beyond the light install."""

import contextlib

import msgspec

from trackbook.domain.ids import is_id
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.status import key_of, read_status
from trackbook.store.journal import Entry, read_entries
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.writers import is_being_written

_ASKED_AT_ONCE = 500


class _State(msgspec.Struct):
    size: int
    closed: bool


class _States(msgspec.Struct):
    journals: list[_State]


def sizes_now(store: StorePaths) -> dict[PartName, int]:
    """Return the journals of a spool with their sizes in bytes."""
    sizes: dict[PartName, int] = {}
    for name, path in store.list_journals():
        with contextlib.suppress(FileNotFoundError):
            if is_id(name.subject):
                sizes[name] = path.stat().st_size
    return sizes


def sent_so_far(store: StorePaths) -> dict[PartName, int]:
    """Return how far each journal of a spool was sent when the forwarder wrote it down last."""
    status = read_status(store)
    sent = status.sent if status is not None else {}
    return {name: sent.get(key_of(name), 0) for name, _ in store.list_journals()}


def is_sent(store: StorePaths, connection: Connection, waiting: dict[PartName, int]) -> bool:
    """Tell whether the server has so many bytes of each journal, and knows of the end of dead writers.

    A journal that the spool has no more is one that the server has.
    """
    left = [name for name in waiting if store.journal(name).exists()]
    if any(not is_being_written(store, name) for name in left):
        return False  # the forwarder removes it when all is said
    noted = sent_so_far(store)
    left = [name for name in left if noted.get(name, 0) < waiting[name]]
    for start in range(0, len(left), _ASKED_AT_ONCE):
        names = left[start : start + _ASKED_AT_ONCE]
        wanted = [{"subject": n.subject, "writer": n.writer, "part": n.part} for n in names]
        path = connection.in_project("journals", "sizes")
        states = connection.ask(_States, "POST", path, body={"journals": wanted}).journals
        if any(state.size < waiting[name] for name, state in zip(names, states, strict=True)):
            return False
    return True


def count_records(store: StorePaths) -> int:
    """Return how many records of a spool the server is not known to have."""
    sent = sent_so_far(store)
    total = 0
    for name, path in store.list_journals():
        with contextlib.suppress(FileNotFoundError):
            total += sum(isinstance(item, Entry) for item in read_entries(path, sent.get(name, 0)))
    return total


def describe_waiting(store: StorePaths) -> str:
    """Return a sentence about what waits, and what stands in the way."""
    status = read_status(store)
    count = count_records(store)
    because = f" ({status.error})" if status is not None and status.error else ""
    return (
        f"{count:,} records of this machine are not in the store {store.remote} yet{because}; "
        "what is shown lacks them. `trackbook sync` says more."
    )
