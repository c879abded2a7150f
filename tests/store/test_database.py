import contextlib
import sqlite3
import sys
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select

from trackbook.errors import StoreError, StoreTooNew
from trackbook.store import database as module
from trackbook.store import schema as t
from trackbook.store.database import Database
from trackbook.store.paths import create_store


@pytest.fixture
def store(tmp_path):
    return create_store(tmp_path / ".trackbook")


@pytest.fixture
def migrated(store, monkeypatch, tmp_path):
    """A fresh index that was made step by step, by the migrations alone."""
    monkeypatch.setattr(module, "PRESENT", tmp_path / "of-no-version.sql")
    module.PRESENT.write_text("-- none\n", encoding="utf-8")
    Database(store).close()
    monkeypatch.undo()
    return store


def read_all(path):
    with contextlib.closing(sqlite3.connect(path)) as raw:
        tables = raw.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid").fetchall()
        rows = {
            name: raw.execute(f'SELECT * FROM "{name}"').fetchall()
            for kind, name, *_ in tables
            if kind == "table"
        }
        settings = [
            raw.execute(f"PRAGMA {name}").fetchone()
            for name in ("user_version", "application_id", "encoding", "page_size", "journal_mode")
        ]
    return tables, rows, settings


def test_a_fresh_index_is_what_the_migrations_make(migrated, tmp_path):
    # Where this fails after a new migration: write store/present_index.sql anew, with what `describe_index` returns.
    assert module.describe_index(migrated.index, module.HEAD) == module.PRESENT.read_text(encoding="utf-8")
    fresh = create_store(tmp_path / "fresh" / ".trackbook")
    Database(fresh).close()
    assert read_all(fresh.index) == read_all(migrated.index)
    assert read_all(fresh.index)[1]["alembic_version"] == [(module.HEAD,)]


def test_a_fresh_index_needs_no_alembic(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic", None)  # its import fails
    database = Database(store)
    with database.write() as writer:
        writer.execute(insert(t.experiments).values(name="churn"))
    database.close()


def test_an_index_without_a_version_is_not_taken_for_a_fresh_one(store):
    with contextlib.closing(sqlite3.connect(store.index)) as raw:
        raw.execute("CREATE TABLE notes (text TEXT)")
        raw.commit()
    with pytest.raises(StoreError, match="notes already exists"):
        Database(store)
    with contextlib.closing(sqlite3.connect(store.index)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master WHERE name = 'runs'").fetchall() == []


def test_migrations_make_exactly_the_tables_of_the_schema(migrated):
    database = Database(migrated)
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), t.metadata)
    database.close()
    assert differences == []


def test_the_known_versions_are_those_of_the_migrations():
    config = Config()
    config.set_main_option("script_location", "trackbook.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == module.HEAD
    assert {script.revision for script in scripts.walk_revisions()} == set(module.KNOWN)


def test_an_index_of_a_newer_version_is_refused_with_what_to_do(store):
    Database(store).close()
    with contextlib.closing(sqlite3.connect(store.index)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    with pytest.raises(StoreTooNew, match="upgrade"):
        Database(store)


def test_a_file_that_is_no_database_is_named(store):
    store.index.write_bytes(b"no database at all, certainly not" * 100)
    with pytest.raises(StoreError, match="trackbook rebuild"):
        Database(store)


def test_two_that_open_at_once_make_one_index(store):
    errors = []

    def open_it():
        try:
            Database(store).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_reader_sees_one_state_throughout(store):
    database = Database(store)
    with database.read() as reader:
        assert reader.execute(select(t.experiments)).all() == []
        with database.write() as writer:
            writer.execute(insert(t.experiments).values(name="churn"))
        assert reader.execute(select(t.experiments)).all() == []
    with database.read() as reader:
        assert len(reader.execute(select(t.experiments)).all()) == 1
    database.close()


def test_a_write_that_fails_leaves_nothing(store):
    database = Database(store)

    def fail():
        with database.write() as writer:
            writer.execute(insert(t.experiments).values(name="churn"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as reader:
        assert reader.execute(select(t.experiments)).all() == []
    database.close()
