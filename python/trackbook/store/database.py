"""The index database: opened, brought to the present schema, read and written."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Connection  # for those who may not import SQLAlchemy
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from trackbook.errors import RecordRefused, StoreError, StoreTooNew
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths

# The newest migration; opening an index that has it needs no Alembic, which is slow to import.
HEAD = "0011"
KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
MIGRATIONS = "trackbook.store:migrations"
# What the migrations make of nothing, as SQLite tells it; the first line names the version.
PRESENT = Path(__file__).with_name("present_index.sql")
_LEVEL = "trackbook_synchronous"
# How long a statement waits while another process holds the index.
BUSY_SECONDS = 60.0


class Database:
    """The index of one store. Connections are made as needed and kept; `close` gives them back.

    `opened` counts how often the index had to be opened, because its file was deleted or replaced.
    """

    opened = 1

    def __init__(self, store: StorePaths) -> None:
        self.store = store
        self.engine = _engine(store)
        self._renewing = threading.Lock()
        _bring_up_to_date(self.engine, store)
        self._file = _identity(store.index)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the index throughout."""
        self._renew()
        with _clear_errors(self.store), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """Give a connection in a transaction of its own, committed at the end, rolled back on an error.

        After a `durable` one a power cut takes away neither it nor any that was committed before.
        """
        self._renew()
        options = {"trackbook_write": True, "trackbook_durable": durable}
        with (
            _clear_errors(self.store),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextlib.contextmanager
    def attempt(self, connection: Connection) -> Iterator[None]:
        """Within a transaction, undo what was done in this block if an error leaves it; the rest stays."""
        with _clear_errors(self.store), connection.begin_nested():
            yield

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @property
    def is_present(self) -> bool:
        """Whether the index that is open is the one that is there: its file was neither deleted nor replaced."""
        return _identity(self.store.index) == self._file

    def _renew(self) -> None:
        """Open the index anew if its file was deleted or replaced: what is read and written must be what others see."""
        if self.is_present:
            return
        with self._renewing:
            if not self.is_present:
                self.engine.dispose()
                _bring_up_to_date(self.engine, self.store)
                self._file = _identity(self.store.index)
                self.opened += 1


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _engine(store: StorePaths) -> Engine:
    engine = create_engine(f"sqlite:///{store.index}", connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(raw: sqlite3.Connection, _: Any) -> None:
        # The driver would begin transactions by itself, and late: a reader would see several states.
        raw.isolation_level = None
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = NORMAL")
        raw.execute("PRAGMA mmap_size = 268435456")  # reads then need no system call a page

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        writes = options.get("trackbook_write", False)
        if writes:  # FULL waits for the log of all changes, not of this one alone
            level = "FULL" if options.get("trackbook_durable", False) else "NORMAL"
            if connection.info.get(_LEVEL) != level:
                connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
                connection.info[_LEVEL] = level
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _bring_up_to_date(engine: Engine, store: StorePaths) -> None:
    with _clear_errors(store):
        version = _version(engine)
        if version == HEAD:
            return
        if version is not None and version not in KNOWN:
            raise StoreTooNew(
                store.root, "a newer Trackbook wrote its index; upgrade this one, or remove index.sqlite*"
            )
        lock = ProcessLock(store.index.with_name("upgrade.lock"))
        if not lock.acquire(timeout=60.0):
            raise StoreError(store.root, "another process has been upgrading the index for a minute")
        try:
            version = _version(engine)
            if version != HEAD:
                _upgrade(engine, store, version)
        finally:
            lock.release()


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        ).first()
        if row is None:
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        return str(found[0]) if found else None


def _upgrade(engine: Engine, store: StorePaths, version: str | None) -> None:
    if version is None and _create(engine):
        return
    from alembic import command
    from alembic.config import Config

    if version is not None:
        backup = store.index.with_name(f"index-{version}.backup.sqlite")
        with (
            contextlib.closing(sqlite3.connect(store.index)) as source,
            contextlib.closing(sqlite3.connect(backup)) as target,
        ):
            source.backup(target)
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    with engine.connect().execution_options(trackbook_write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _create(engine: Engine) -> bool:
    """Make the tables of the present version at once, if there are none yet; tells whether it did."""
    first, _, statements = PRESENT.read_text(encoding="utf-8").partition("\n")
    if first != f"-- {HEAD}":
        return False
    with (
        engine.connect().execution_options(trackbook_write=True) as connection,
        connection.begin(),
    ):
        if connection.exec_driver_sql("SELECT name FROM sqlite_master").first() is not None:
            return False
        for statement in statements.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))
    return True


def describe_index(path: Path, version: str) -> str:
    """Return the statements that make the tables of an index, as `PRESENT` has them: for who adds a migration."""
    with contextlib.closing(sqlite3.connect(path)) as index:
        found = index.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        return "".join((f"-- {version}\n", *(f"{sql};\n" for (sql,) in found)))


@contextlib.contextmanager
def _clear_errors(store: StorePaths) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig or error)
        if isinstance(error, (IntegrityError, DataError)):
            raise RecordRefused(store.root, f"the index can't take what a record says ({reason})") from error
        hint = (
            "; `trackbook rebuild` makes the index anew"
            if "malformed" in reason or "not a database" in reason
            else ""
        )
        raise StoreError(store.root, f"the index can't be used ({reason}){hint}") from error
