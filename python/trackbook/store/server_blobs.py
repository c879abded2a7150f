"""Blobs in a PostgreSQL store. Writers put them into the spool, from where they are carried into the database."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from trackbook.errors import NotFound
from trackbook.store import server_schema as t
from trackbook.store.server_database import ServerDatabase

_PIECE = 1024 * 1024


class ServerBlobs:
    """The blobs of `database`, a piece a row."""

    def __init__(self, database: ServerDatabase) -> None:
        self._database = database

    def has(self, digest: str) -> bool:
        """Tell whether the database has a blob."""
        with self._database.read() as connection:
            return _has(connection, digest)

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a blob's bytes in pieces; raises NotFound if there is no such blob."""
        p = t.blob_pieces.c
        with self._database.read() as connection:
            if not _has(connection, digest):
                raise NotFound("blob", digest)
            number = 0
            while True:
                query = select(p.data).where(p.digest == digest, p.number == number)
                if (piece := connection.execute(query).scalar()) is None:
                    return
                yield bytes(piece)
                number += 1

    def write(self, digest: str, source: Path) -> None:
        """Store a file's bytes under their digest, in one transaction, unless they are there."""
        with self._database.add() as connection:
            if _has(connection, digest):
                return
            size = number = 0
            with open(source, "rb") as file:
                while piece := file.read(_PIECE):
                    row = {"digest": digest, "number": number, "data": piece}
                    # Another machine may be storing the same bytes at this moment.
                    connection.execute(upsert(t.blob_pieces).values(row).on_conflict_do_nothing())
                    size, number = size + len(piece), number + 1
            connection.execute(upsert(t.blobs).values(digest=digest, size=size).on_conflict_do_nothing())


def _has(connection: Connection, digest: str) -> bool:
    return connection.execute(select(t.blobs.c.size).where(t.blobs.c.digest == digest)).first() is not None
