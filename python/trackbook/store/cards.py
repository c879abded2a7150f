"""Cards: each run that has ended as lists show it, encoded in one row, so that a page of runs is one quick read.

A card counts only as long as it is of its run's revision; a run without one is put together from its tables.
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ARRAY, Connection, String, bindparam, func, select

from trackbook.domain.run import Run
from trackbook.domain.status import ENDED
from trackbook.store import schema as t
from trackbook.store.dialects import is_postgresql, upsert
from trackbook.store.rows import fetch

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Run).decode

_CARDS = (
    select(t.cards.c.card)
    .join_from(t.cards, t.runs, t.runs.c.id == t.cards.c.run_id)
    .where(t.cards.c.revision == t.runs.c.revision)
)
_AMONG = _CARDS.where(t.cards.c.run_id.in_(bindparam("ids", expanding=True)))
# One array: a hundred parameters take longer to write down than the rows to read.
_AMONG_ARRAY = _CARDS.where(t.cards.c.run_id == func.any(bindparam("ids", type_=ARRAY(String(36)))))


def write_cards(connection: Connection, runs: Iterable[Run]) -> None:
    """Store the cards of those runs that have ended."""
    rows = []
    for run in runs:
        if run.status in ENDED and (card := _card(run)) is not None:
            rows.append({"run_id": run.id, "revision": run.revision, "card": card})
    if rows:
        connection.execute(upsert(connection, t.cards, rows[0]), rows)


def read_cards(connection: Connection, ids: Sequence[str]) -> dict[str, Run]:
    """Return those of the runs that have a valid card."""
    found: dict[str, Run] = {}
    cards = _AMONG_ARRAY if is_postgresql(connection) else _AMONG
    for (card,) in fetch(connection, cards, {"ids": list(ids)}):
        try:
            run = _decode(card)
        except msgspec.MsgspecError:  # of a version in which a run had other fields
            continue
        found[run.id] = run
    return found


def _card(run: Run) -> bytes | None:
    try:
        return _encode(run)
    except (OverflowError, ValueError):  # whole numbers beyond 64 bits, and what else MessagePack can't hold
        return None
