"""Blobs in a PostgreSQL store. Writers put them into the spool, from where they are carried into the database."""

import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from trackbook.errors import NotFound
from trackbook.store import server_schema as t
from trackbook.store.server_database import ServerDatabase
from trackbook.store.server_presence import DATABASE_NOW
from trackbook.store.stored import StoredBlob

_PIECE = 1024 * 1024


class ServerBlobs:
    """The blobs of `database`, a piece a row."""

    def __init__(self, database: ServerDatabase) -> None:
        self._database = database

    def has(self, digest: str) -> bool:
        """Tell whether the database has a blob."""
        with self._database.read() as connection:
            return _has(connection, digest)

    def keep(self, digest: str) -> bool:
        """Tell whether the database has a blob; if it has, it counts as new."""
        with self._database.add() as connection:
            return _keep(connection, digest)

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
            if _keep(connection, digest):
                return
            size = number = 0
            with open(source, "rb") as file:
                while piece := file.read(_PIECE):
                    row = {"digest": digest, "number": number, "data": piece}
                    # Another machine may be storing the same bytes at this moment.
                    connection.execute(upsert(t.blob_pieces).values(row).on_conflict_do_nothing())
                    size, number = size + len(piece), number + 1
            row = {"digest": digest, "size": size, "stored": DATABASE_NOW}
            connection.execute(upsert(t.blobs).values(row).on_conflict_do_nothing())

    def all(self) -> Iterator[StoredBlob]:
        """Yield all blobs, their times by the clock of this machine."""
        b = t.blobs.c
        with self._database.read() as connection:
            ahead = _database_time(connection) - time.time()
            for digest, size, stored in connection.execute(select(b.digest, b.size, b.stored)):
                yield StoredBlob(digest, size, stored / 1e6 - ahead)

    def discard(self, digest: str, before: float) -> int:
        """Delete a blob unless it was stored again since `before`; returns the bytes that are free now.

        A writer that has the same bytes at this moment waits for the row: it then finds none and stores them anew, or
        has made the blob new before.
        """
        b, p = t.blobs.c, t.blob_pieces.c
        with self._database.add() as connection:
            ahead = _database_time(connection) - time.time()
            doomed = delete(t.blobs).where(b.digest == digest, b.stored < int((before + ahead) * 1e6))
            size = connection.execute(doomed.returning(b.size)).scalar()
            if size is None:
                return 0
            connection.execute(delete(t.blob_pieces).where(p.digest == digest))
            return int(size)


def _database_time(connection: Connection) -> float:
    return float(connection.execute(select(DATABASE_NOW)).scalar() or 0) / 1e6


def _keep(connection: Connection, digest: str) -> bool:
    found = connection.execute(update(t.blobs).where(t.blobs.c.digest == digest).values(stored=DATABASE_NOW))
    return found.rowcount > 0


def _has(connection: Connection, digest: str) -> bool:
    return connection.execute(select(t.blobs.c.size).where(t.blobs.c.digest == digest)).first() is not None
