"""What the cell that a job runs at the moment has shown so far. It is in the index alone: its end replaces it."""

from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from trackbook.store import schema as t

_c = t.live_cells.c
_DROP = delete(t.live_cells).where(_c.run_id == bindparam("run"))


def put_live_cell(
    connection: Connection,
    run_id: str,
    cell_id: str | None,
    at: int,
    outputs: list[dict[str, Any]],
    truncated: bool,
) -> None:
    """Keep the outputs so far (nbformat 4 dicts) of the cell that a run is at, in the place of earlier ones."""
    row = {
        "cell_id": cell_id,
        "at": at,
        "outputs": msgspec.json.encode(outputs).decode(),
        "truncated": truncated,
    }
    if connection.execute(update(t.live_cells).where(_c.run_id == run_id).values(**row)).rowcount == 0:
        connection.execute(insert(t.live_cells).values(run_id=run_id, **row))


def read_live_cell(
    connection: Connection, run_id: str, cell_id: str | None
) -> tuple[list[dict[str, Any]], bool]:
    """Return the outputs so far of a run's running cell, and whether something was left out; none without any."""
    query = select(_c.outputs, _c.truncated).where(_c.run_id == run_id, _c.cell_id == cell_id)
    row = connection.execute(query).first()
    return ([], False) if row is None else (msgspec.json.decode(row.outputs), bool(row.truncated))


def drop_live_cell(connection: Connection, run_id: str) -> None:
    """Forget what a run's cell has shown: its end says it all."""
    connection.execute(_DROP, {"run": run_id})
