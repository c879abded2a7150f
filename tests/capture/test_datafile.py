"""Digests of files, and what is found out on the way: rows, columns, changes meanwhile."""

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy  # noqa: F401  (rows are counted with it where it is imported)
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.capture import bytesdigest, csvfile, datafile
from trackbook.capture.datafile import FileState, digest_file, state_of
from trackbook.capture.folder import digest_folder
from trackbook.domain.data import Column


def old(path):
    """Give a file a time long ago, as data has."""
    os.utime(path, (1e9, 1e9))
    return path


@pytest.fixture
def reads(monkeypatch):
    """The paths of the files whose bytes are read."""
    paths = []
    read = datafile._read

    def counted(file, path, *args):
        paths.append(path)
        return read(file, path, *args)

    monkeypatch.setattr(datafile, "_read", counted)
    return paths


def test_the_digest_is_sha_256_of_the_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(datafile, "_CHUNK", 1000)
    content = os.urandom(12_345)
    (tmp_path / "a.bin").write_bytes(content)
    facts = digest_file(str(tmp_path / "a.bin"))
    assert facts.digest == hashlib.sha256(content).hexdigest()
    assert (facts.size, facts.changed, facts.rows, facts.columns) == (12_345, False, None, None)


def test_an_empty_file(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    facts = digest_file(str(tmp_path / "a.csv"))
    assert (facts.digest, facts.size, facts.rows) == (hashlib.sha256(b"").hexdigest(), 0, None)


def test_a_file_is_read_once_however_often_it_is_asked_for(tmp_path, reads):
    path = tmp_path / "a.bin"
    path.write_bytes(b"1")
    old(path)
    assert len({digest_file(str(path)).digest for _ in range(10)}) == 1
    assert len(reads) == 1
    path.write_bytes(b"2")
    os.utime(path, (1e9 + 1, 1e9 + 1))
    assert digest_file(str(path)).digest == hashlib.sha256(b"2").hexdigest()
    assert len(reads) == 2


def test_a_file_written_just_now_is_read_again_since_its_clock_may_not_have_moved(tmp_path, reads):
    path = tmp_path / "a.bin"
    path.write_bytes(b"1")
    digest_file(str(path))
    digest_file(str(path))
    assert len(reads) == 2


def test_another_state_than_the_user_s_is_a_change(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    seen = state_of(path.stat())
    path.write_bytes(b"newer")
    facts = digest_file(str(path), seen)
    assert facts.changed
    assert facts.digest == hashlib.sha256(b"newer").hexdigest()
    assert not digest_file(str(path), state_of(path.stat())).changed


def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time_is_a_change(tmp_path):
    path, other = tmp_path / "a.bin", tmp_path / "b.bin"
    path.write_bytes(b"1")
    other.write_bytes(b"2")
    seen = state_of(old(path).stat())
    old(other).replace(path)
    assert digest_file(str(path), seen).changed


@pytest.mark.parametrize("ending", ["csv", "bin"])
def test_a_file_that_is_written_to_while_it_is_digested_is_a_change(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(datafile, "_CHUNK", 16)
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"a,b\n" * 100)

    def write():
        with path.open("ab") as file:
            file.write(b"1,2\n")

    facts = digest_file(str(path), None, write if path.stat().st_size < 1000 else None)
    assert facts.changed
    assert facts.rows is None


def test_a_pipe_is_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        digest_file(str(tmp_path / "pipe"))
    with pytest.raises(FileNotFoundError):
        digest_file(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("content", "rows", "columns"),
    [
        (b"a,b\n1,x\n2,y\n", 2, [("a", "int64"), ("b", "str")]),
        (b"a,b\n1,x\n2,y", 2, [("a", "int64"), ("b", "str")]),
        (b"a;b\r\n1;0.5\r\n2;1\r\n", 2, [("a", "int64"), ("b", "float64")]),
        (b"1,2\n3,4\n", 2, [("0", "int64"), ("1", "int64")]),
        (b'a,b\n1,"x\ny"\n2,"z ""q""\n"\n', 2, [("a", "int64"), ("b", "str")]),
        (b"a,b\n,True\n3,False\nNA,\n", 3, [("a", "int64"), ("b", "bool")]),
        ("\ufeffgröße\n1\n".encode(), 1, [("größe", "int64")]),
        ("größe\n1.5\n".encode("latin-1"), 1, [("größe", "float64")]),
        (b"only\n", 0, [("only", "str")]),
        (b"\x00\x01\x02", None, None),
    ],
)
def test_rows_and_columns_of_csv(tmp_path, content, rows, columns):
    (tmp_path / "a.csv").write_bytes(content)
    facts = digest_file(str(tmp_path / "a.csv"))
    assert facts.rows == rows
    assert facts.columns == (None if columns is None else [Column(*column) for column in columns])


def test_tabs_separate_in_a_tsv(tmp_path):
    (tmp_path / "a.TSV").write_bytes(b"a,a\tb\n1\t2\n")
    facts = digest_file(str(tmp_path / "a.TSV"))
    assert [column.name for column in facts.columns] == ["a,a", "b"]


_cells = st.text(alphabet='ab,"\n\r ', max_size=8)


@given(
    st.lists(st.lists(_cells, min_size=2, max_size=3), min_size=1, max_size=20),
    st.integers(1, 40),
    st.booleans(),
)
def test_rows_are_counted_as_csv_counts_them(rows, chunk, fast):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    data = text.getvalue().encode()
    counter = csvfile.RowCounter(0, len(data))
    assert counter._numpy is not None
    if not fast:
        counter._numpy = None
    for start in range(0, len(data), chunk):
        counter.add(memoryview(data)[start : start + chunk])
    assert counter.rows() == len(rows)


@pytest.mark.parametrize("size", [1, 1023, 1024, 1025, 300_000])
def test_many_line_ends_are_counted_right(size):
    for content in (b"\n" * size, b"a\n" * size):
        counter = csvfile.RowCounter(0, len(content))
        assert counter._numpy is not None
        counter.add(memoryview(content))
        assert counter.rows() == size


def test_a_great_csv_is_counted_only_with_numpy(monkeypatch):
    monkeypatch.setattr(csvfile, "_COUNTED_BYTES", 10)
    assert csvfile.RowCounter(0, 11)._numpy is not None
    monkeypatch.setattr(csvfile, "_find_numpy", lambda size: None)
    counter = csvfile.RowCounter(0, 11)
    counter.add(memoryview(b"1\n2\n"))
    assert counter.rows() is None


def test_rows_and_columns_of_parquet_come_from_its_footer(tmp_path):
    import pandas as pd

    path = tmp_path / "a.parquet"
    pd.DataFrame({"n": [1, 2, 3], "x": [0.5, 1.0, 2.0]}).to_parquet(path)
    facts = digest_file(str(path))
    assert (facts.rows, facts.columns) == (3, [Column("n", "int64"), Column("x", "double")])
    assert facts.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_only_called_parquet_is_a_file_all_the_same(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"no")
    facts = digest_file(str(tmp_path / "a.parquet"))
    assert (facts.digest, facts.rows, facts.columns) == (hashlib.sha256(b"no").hexdigest(), None, None)


# Locks

_LOCKED = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
try:
    connection.execute("select * from t").fetchall()
    print("free")
except sqlite3.OperationalError as error:
    print(error)
"""


def seen_by_another_process(path):
    return subprocess.run(
        [sys.executable, "-c", _LOCKED, str(path)], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def lock():
    """Connect to a database, and lock it for this process."""
    connections = []

    def locked(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connections.append(connection)
        connection.execute("create table if not exists t (a)")
        connection.execute("begin exclusive")

    yield locked
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("name", ["a.db", "a.gpkg", "a.dat", "data/a.SQLITE", "data/a"])
def test_the_locks_on_a_database_outlive_its_digest(tmp_path, lock, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    lock(path)
    old(path)
    assert seen_by_another_process(path) == "database is locked"
    expected = subprocess.run(
        ["sha256sum", str(path)], check=True, capture_output=True, text=True
    ).stdout.split()[0]
    assert digest_file(str(path)).digest == expected
    assert digest_folder(str(path.parent)).problem is None
    assert seen_by_another_process(path) == "database is locked"


def test_a_database_whose_name_does_not_tell_is_kept_open_where_it_was_locked_meanwhile(tmp_path, lock):
    path = tmp_path / "a"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a)")
    content = old(path).read_bytes()
    facts = digest_file(str(path), None, lambda: lock(path))
    assert facts.digest == hashlib.sha256(content).hexdigest()
    assert seen_by_another_process(path) == "database is locked"


def test_a_database_is_digested_by_a_process_of_its_own(tmp_path, reads, monkeypatch):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a)")
    rested = []
    facts = digest_file(str(old(path)), None, lambda: rested.append(1))
    assert facts.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.size, facts.changed, reads) == (path.stat().st_size, False, [])
    assert digest_file(str(path)) is facts
    assert digest_file(str(path), FileState(0, 0, 0, 0)).changed
    with pytest.raises(FileNotFoundError):
        digest_file(str(tmp_path / "b.db"))
    os.utime(path, (1e8, 1e8))
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(OSError, match="a process for it ended with 1"):
        digest_file(str(path))


def test_a_csv_that_is_held_open_has_rows_and_columns_all_the_same(tmp_path, reads):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    with old(path).open():
        facts = digest_file(str(path))
    assert (facts.rows, facts.columns, reads) == (2, [Column("a", "int64"), Column("b", "str")], [])


def test_a_big_file_is_digested_by_a_process_of_its_own_where_one_can_be_started(
    tmp_path, reads, monkeypatch
):
    monkeypatch.setattr(datafile, "_BIG", 10)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    facts = digest_file(str(old(path)))
    assert facts.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.rows, facts.columns, reads) == (2, [Column("a", "int64"), Column("b", "str")], [])
    small = tmp_path / "small.csv"
    small.write_text("a\n1\n")
    digest_file(str(old(small)))
    assert reads == [str(small)]
    os.utime(path, (1e8, 1e8))
    monkeypatch.setattr(sys, "executable", "false")
    assert digest_file(str(path)).digest == facts.digest
    assert reads == [str(small), str(path)]


def elsewhere(path, way):
    """What the process that digests one file says of it."""
    command = [sys.executable, "-S", "-P", bytesdigest.__file__, str(path), way]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.parametrize("way", ["map", "read"])
def test_the_process_that_digests_one_file_reads_all_of_it(tmp_path, way):
    path = tmp_path / "a.bin"
    for content in (b"", b"1", os.urandom(33 * 1024 * 1024 + 1)):
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        assert elsewhere(path, way) == [digest, len(content), False, None, None]
    assert elsewhere(tmp_path / "missing", way) == os.strerror(errno.ENOENT)
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in elsewhere(tmp_path / "pipe", way)


@pytest.mark.parametrize("mapped", [True, False])
def test_what_another_size_than_the_first_tells(tmp_path, mapped):
    path = tmp_path / "a.bin"
    path.write_bytes(b"12345")
    with path.open("rb") as file:
        assert bytesdigest.digest_bytes(file.fileno(), 3, mapped)[1] > 3
        file.seek(0)
        assert bytesdigest.digest_bytes(file.fileno(), 5, mapped)[1] == 5
        file.seek(0)
        assert bytesdigest.digest_bytes(file.fileno(), 10_000, False)[1] == 5


def test_a_file_that_cannot_be_mapped_is_read(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(errno.ENODEV, "no such thing here")

    path = tmp_path / "a.bin"
    path.write_bytes(b"12345")
    monkeypatch.setattr(bytesdigest.mmap, "mmap", refuse)
    with path.open("rb") as file:
        assert bytesdigest.digest_bytes(file.fileno(), 5, True) == (hashlib.sha256(b"12345").hexdigest(), 5)


def session_niceness():
    """How nice Linux lets this session be; None where sessions are not scheduled as groups."""
    try:
        return Path("/proc/self/autogroup").read_text(encoding="ascii").partition(" nice ")[2].strip() or None
    except OSError:
        return None


@pytest.mark.skipif(session_niceness() is None, reason="sessions are not scheduled as groups here")
def test_whoever_digests_gives_way_by_its_own_session_and_never_by_the_user_s():
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from bytesdigest import give_way\n"
        "give_way(); print(os.nice(0), open('/proc/self/autogroup').read().split()[-1])"
    )
    command = [sys.executable, "-c", code, str(Path(bytesdigest.__file__).parent)]
    before = session_niceness()

    def say(own_session):
        return subprocess.run(
            command, check=True, capture_output=True, text=True, start_new_session=own_session
        ).stdout.split()

    assert say(False) == ["19", before]
    assert session_niceness() == before
    # Others than root may change groups ten times a second, all together.
    assert any(say(True) == ["19", "19"] for _ in range(20))


def test_a_database_is_never_mapped_since_it_may_be_cut_off_meanwhile(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"12345")
    commands = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **more: commands.append(command) or popen(command, **more)
    )
    digest_file(str(old(path)), is_database=True)
    monkeypatch.setattr(datafile, "_BIG", 2)
    os.utime(path, (1e8, 1e8))
    assert digest_file(str(path)).digest == hashlib.sha256(b"12345").hexdigest()
    assert [command[-1] for command in commands] == ["read", "map"]
