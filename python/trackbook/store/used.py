"""What a run used and made beside numbers, read from the index: data, rich values, seeds, masked secrets."""

import msgspec
from sqlalchemy import Connection, select

from trackbook.domain.clock import to_datetime
from trackbook.domain.data import DataInput, UsedData
from trackbook.domain.reproduction import Reproduction
from trackbook.domain.rich import LoggedValue, RichValue
from trackbook.domain.secret import MaskedSecret
from trackbook.domain.seed import Seed
from trackbook.store import schema as t

_decode_data = msgspec.json.Decoder(DataInput).decode
_decode_value = msgspec.json.Decoder(RichValue).decode
_decode_reproduction = msgspec.json.Decoder(Reproduction).decode
_decode_names = msgspec.json.Decoder(list[str]).decode


def read_data(connection: Connection, run_id: str) -> list[UsedData]:
    """Return the data that a run used, by place and time; a version without a digest only where there is no other."""
    d = t.data_inputs.c
    query = select(d.place, d.digest, d.at, d.cell_id, d.data).where(d.run_id == run_id)
    rows = connection.execute(query.order_by(d.place, d.at)).all()
    known = {row.place for row in rows if row.digest}
    return [
        UsedData(_decode_data(row.data), to_datetime(row.at), row.cell_id)
        for row in rows
        if row.digest or row.place not in known
    ]


def read_values(connection: Connection, run_id: str) -> list[LoggedValue]:
    """Return a run's rich values by key, context and step."""
    v = t.rich_values.c
    query = select(v.value, v.at, v.cell_id).where(v.run_id == run_id).order_by(v.key, v.context, v.step)
    return [
        LoggedValue(_decode_value(value), to_datetime(at), cell_id)
        for value, at, cell_id in connection.execute(query)
    ]


def read_value(connection: Connection, run_id: str, key: str, context: str, step: int) -> LoggedValue | None:
    """Return one rich value, None where there is none. `context` is JSON with sorted keys, "{}" without one."""
    v = t.rich_values.c
    query = select(v.value, v.at, v.cell_id).where(
        v.run_id == run_id, v.key == key, v.context == context, v.step == step
    )
    row = connection.execute(query).first()
    return None if row is None else LoggedValue(_decode_value(row.value), to_datetime(row.at), row.cell_id)


def read_seeds(connection: Connection, run_id: str) -> list[Seed]:
    """Return the seeds that a run set, in time order; the last one of a library counts."""
    s = t.seeds.c
    query = select(s.seed, s.libraries, s.at, s.cell_id).where(s.run_id == run_id).order_by(s.at, s.writer)
    return [
        Seed(seed, _decode_names(libraries), to_datetime(at), cell_id)
        for seed, libraries, at, cell_id in connection.execute(query)
    ]


def read_reproduction(connection: Connection, run_id: str) -> Reproduction | None:
    """Return how the last repetition of a run compared with it; None if it was never run again."""
    c = t.reproductions.c
    query = select(c.reproduction).where(c.run_id == run_id).order_by(c.at.desc(), c.writer).limit(1)
    found = connection.execute(query).scalar()
    return None if found is None else _decode_reproduction(found)


def read_secrets(connection: Connection, run_id: str) -> list[MaskedSecret]:
    """Return what was masked in a run, by place and kind."""
    s = t.secrets.c
    query = select(s.kind, s.place, s["count"]).where(s.run_id == run_id).order_by(s.place, s.kind)
    return [MaskedSecret(*row) for row in connection.execute(query)]
