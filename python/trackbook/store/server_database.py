"""A PostgreSQL database that is a store: opened, brought to the present schema, read and written by many machines."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
)

from trackbook.errors import MissingExtra, RecordRefused, StoreError, StoreTooNew, StoreUnreachable
from trackbook.store.database import HEAD, KNOWN, Database
from trackbook.store.paths import StorePaths

CONNECT_SECONDS = 5
# Numbers of advisory locks; with the schema's they are a store's own.
_WRITING, _UPGRADING = 29794, 29795
_LOCK = "hashtext(current_schema())"
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class ServerDatabase(Database):
    """The database at `url`, which names a schema with `?schema=NAME`; `store` is the spool on this machine.

    Writing transactions follow each other, whichever machine they come from.
    """

    def __init__(self, store: StorePaths, url: str) -> None:
        self.store = store
        self._where = store.remote or "postgresql"
        self.engine = _engine(self._where, url)
        try:
            with self._clear_errors():
                _bring_up_to_date(self.engine, self._where, _schema(url))
        except BaseException:
            self.engine.dispose()
            raise

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store throughout. Raises StoreUnreachable, in time."""
        with (
            self._clear_errors(),
            self.engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            ) as connection,
            connection.begin(),
        ):
            yield connection

    @contextlib.contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """Give a connection in a transaction of its own, while which no other machine writes. All are `durable`."""
        with self._clear_errors(), self.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING}, {_LOCK})")
            yield connection

    @contextlib.contextmanager
    def attempt(self, connection: Connection) -> Iterator[None]:
        """Within a transaction, undo what was done in this block if an error leaves it; the rest stays."""
        with self._clear_errors(), connection.begin_nested():
            yield

    @contextlib.contextmanager
    def add(self) -> Iterator[Connection]:
        """Give a connection in a transaction that adds what no other one changes, and so waits for nobody."""
        with self._clear_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise StoreUnreachable(self._where, _first_line(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise StoreUnreachable(self._where, _first_line(error)) from error
            if isinstance(error, (DataError, IntegrityError)):
                raise RecordRefused(
                    self._where, f"it can't take what a record says ({_first_line(error)})"
                ) from error
            raise StoreError(self._where, f"the database refuses ({_first_line(error)})") from error


def _engine(where: str, url: str) -> Engine:
    try:
        address, schema = _address(url), _schema(url)
        engine = create_engine(
            address,
            pool_pre_ping=True,  # a server that was restarted has dropped its connections
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "trackbook",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 15_000,
            },
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(where, f"it is no address of a PostgreSQL database ({error})") from error
    except ImportError as error:
        raise MissingExtra("A store in PostgreSQL", "postgres") from error

    @event.listens_for(engine, "connect")
    def _on_connect(raw: Any, _: Any) -> None:
        if schema is not None:
            raw.execute(f"SET search_path TO {_quoted(schema)}")
        # A machine that falls silent in the middle of a transaction must not keep the others from writing.
        raw.execute("SET idle_in_transaction_session_timeout TO '60s'")
        raw.commit()

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _on_execute(
        _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> tuple[str, Any]:
        if not parameters:
            return statement, parameters
        return statement, [_storable(row) for row in parameters] if many else _storable(parameters)

    return engine


def _storable(row: Any) -> Any:
    """Return bound values as PostgreSQL can hold them: no NUL in a text, and NULL for NaN, as SQLite has it."""
    if isinstance(row, Mapping):
        return {key: _plain(value) for key, value in row.items()}
    return tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\N{SYMBOL FOR NULL}") if "\0" in value else value
    return None if isinstance(value, float) and value != value else value


def _address(url: str) -> URL:
    found = make_url(url)
    if found.host is None and "host" not in found.query and found.database is None:
        raise ArgumentError("it names neither a host nor a database")
    return found.set(drivername="postgresql+psycopg").difference_update_query(["schema"])


def _schema(url: str) -> str | None:
    schema = make_url(url).query.get("schema")
    if schema is None:
        return None
    if not isinstance(schema, str) or not _SCHEMA.fullmatch(schema):
        raise ArgumentError(f"{schema!r} can't be the name of a schema: small letters, digits and _ can")
    return schema


def _bring_up_to_date(engine: Engine, where: str, schema: str | None) -> None:
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is not None and version not in KNOWN:
        raise StoreTooNew(where, "a newer Trackbook wrote it; upgrade this one: pip install -U trackbook")
    with engine.connect() as connection:
        # A lock of the session: each step of the upgrade is a transaction. The connection is not used again.
        connection.detach()
        # One for all stores of the database: a schema that is not there yet has no lock of its own.
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_UPGRADING}, 0)")
        connection.commit()
        if schema is not None and not _has_schema(connection, schema):
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}")
            connection.commit()
        if _version(connection) != HEAD:
            connection.commit()
            _upgrade(connection)


def _version(connection: Connection) -> str | None:
    known = connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar()
    if known is None:
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _has_schema(connection: Connection, schema: str) -> bool:
    found = connection.exec_driver_sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).scalar()
    connection.commit()
    return found is not None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "trackbook.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()
    _make_texts_plain(connection)
    connection.commit()


def _make_texts_plain(connection: Connection) -> None:
    # SQLite holds texts of any length and sorts them by code points; a store's answers must not depend on its place.
    rows = connection.exec_driver_sql(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
        " AND c.data_type IN ('character varying', 'text') AND c.table_name <> 'alembic_version'"
        " AND (c.data_type <> 'text' OR c.collation_name IS DISTINCT FROM 'C')"
    )
    changes: dict[str, list[str]] = {}
    for table, column in rows.all():
        changes.setdefault(table, []).append(f'ALTER COLUMN {_quoted(column)} TYPE text COLLATE "C"')
    for table, columns in changes.items():
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} {', '.join(columns)}")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _first_line(error: DBAPIError) -> str:
    return (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
