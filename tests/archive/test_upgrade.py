"""Upgrades of an index that an earlier version made: a backup, a step at a time, and again after an interruption.

What is said here holds for every migration there will be: it is tested with those there are, and with further ones.
"""

import contextlib
import hashlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from tests.conftest import answers

import trackbook.store.migrations
from trackbook.errors import StoreTooNew
from trackbook.services.context import open_services
from trackbook.store import database as module
from trackbook.store.database import Database
from trackbook.store.paths import StorePaths

ARCHIVES = sorted(path for path in Path(__file__).parent.iterdir() if (path / "store").is_dir())
STEP = '''"""A step of a later version."""

import os
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    op.create_table("of_{revision}", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("runs", sa.Column("later_{revision}", sa.Text))
    op.execute("UPDATE runs SET later_{revision} = name")
    {trouble}
    op.execute("INSERT INTO of_{revision} VALUES (1)")
'''


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name)
def store(request, tmp_path):
    shutil.copytree(request.param / "store", tmp_path / ".trackbook")
    return StorePaths(tmp_path / ".trackbook").check()


@pytest.fixture
def later(tmp_path, monkeypatch):
    """Two further migrations; what is called with a line of Python lets the second one run into it."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(trackbook.store.migrations.__file__).parent, folder)
    head = module.HEAD
    monkeypatch.setattr(module, "MIGRATIONS", str(folder))
    monkeypatch.setattr(module, "HEAD", "9002")
    monkeypatch.setattr(module, "KNOWN", (*module.KNOWN, "9001", "9002"))

    def write(trouble: str) -> None:
        for revision, before, line in (("9001", head, ""), ("9002", "9001", trouble)):
            step = STEP.format(revision=revision, before=before, trouble=line)
            (folder / "versions" / f"{revision}_later.py").write_text(step)
            shutil.rmtree(folder / "versions" / "__pycache__", ignore_errors=True)

    write("")
    return write


def versions_from(version: str) -> list[str]:
    """The versions from one on, as the migrations follow each other."""
    return list(module.KNOWN[module.KNOWN.index(version) :])


def look(path: Path, statement: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        return raw.execute(statement).fetchall()


def version_of(path: Path) -> str:
    ((version,),) = look(path, "SELECT version_num FROM alembic_version")
    return version


def dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        return list(raw.iterdump())


def upgrade_to(store: StorePaths, version: str) -> None:
    """Bring an index as far as an earlier version of Trackbook would have."""
    config = Config()
    config.set_main_option("script_location", module.MIGRATIONS)
    engine = module._engine(store)
    with engine.connect().execution_options(trackbook_write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.commit()
    engine.dispose()


def read_all(store: StorePaths) -> dict:
    services = open_services(store)
    services.runs.refresh()
    found = answers(services)
    services.database.close()
    return found


def test_every_version_between_opens_with_the_same_answers(store, tmp_path):
    expected = read_all(StorePaths(shutil.copytree(store.root, tmp_path / "copy" / ".trackbook")))
    for version in versions_from(version_of(store.index)):
        between = StorePaths(shutil.copytree(store.root, tmp_path / version / ".trackbook"))
        upgrade_to(between, version)
        assert version_of(between.index) == version
        assert read_all(between) == expected
        assert version_of(between.index) == module.HEAD


def test_further_steps_keep_everything_and_leave_a_backup(store, tmp_path, later):
    first, before = version_of(store.index), dump(store.index)
    expected = dict(look(store.index, "SELECT id, name FROM runs"))
    Database(store).close()
    assert version_of(store.index) == "9002"
    assert look(store.index, "SELECT * FROM of_9001 JOIN of_9002 USING (id)") == [(1,)]
    assert dict(look(store.index, "SELECT id, later_9002 FROM runs")) == expected
    assert dump(store.root / f"index-{first}.backup.sqlite") == before


def test_a_step_that_fails_leaves_the_one_before(store, later):
    first, before = version_of(store.index), dump(store.index)
    later("raise OSError(28, 'No space left on device')")
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            Database(store)
        assert version_of(store.index) == "9001"
        assert look(store.index, "SELECT name FROM sqlite_master WHERE name LIKE 'of_%'") == [("of_9001",)]
        assert "later_9002" not in "".join(dump(store.index))
    later("")
    Database(store).close()
    assert version_of(store.index) == "9002"
    # The backup of the version that was here at first is not written over by that of the one between.
    assert dump(store.root / f"index-{first}.backup.sqlite") == before


def test_a_process_killed_within_a_step_leaves_the_one_before(store, later):
    later("os._exit(9)")
    code = f"""
from pathlib import Path
from trackbook.store import database as module
from trackbook.store.paths import StorePaths
module.MIGRATIONS, module.HEAD, module.KNOWN = {module.MIGRATIONS!r}, "9002", {module.KNOWN!r}
module.Database(StorePaths(Path({str(store.root)!r})))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    later("")
    assert version_of(store.index) == "9001"
    Database(store).close()
    assert version_of(store.index) == "9002"
    assert look(store.index, "SELECT count(*) FROM of_9002") == [(1,)]


def test_an_index_of_a_later_version_is_not_touched(store, later, monkeypatch):
    Database(store).close()
    monkeypatch.undo()
    before = digests(store)
    with pytest.raises(StoreTooNew, match="a newer Trackbook"):
        Database(store)
    assert digests(store) == before


def digests(store: StorePaths) -> dict[str, str]:
    """The store's own files; SQLite's further ones, which it makes as soon as it opens a database, hold nothing."""
    files = [path for path in store.root.iterdir() if path.is_file() and not path.name.endswith("-shm")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.stat().st_size}
