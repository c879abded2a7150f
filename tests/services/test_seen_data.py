"""Files that readers open while a run is open: each reader that docs/data.md names is run."""

# Each way of opening a file is what is tested.
# ruff: noqa: PTH103, PTH104, PTH123, SIM115

import contextlib
import gc
import gzip
import hashlib
import inspect
import io
import json
import os
import pickle
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet
import pytest
import sklearn.model_selection

from trackbook.capture import opens, readers, splits
from trackbook.capture.splits import role_of
from trackbook.domain import records as r
from trackbook.services.background import background
from trackbook.services.capturing import switches
from trackbook.services.capturing.data import DataCapture
from trackbook.services.data import data_of, finish_data
from trackbook.services.recorder import RunRecorder, StorageWarning
from trackbook.store.journal import read_records
from trackbook.store.paths import create_store

DOCUMENT = Path(__file__).parents[2] / "docs" / "data.md"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A project with a file of each kind, written before any run."""
    folder = tmp_path_factory.mktemp("project")
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_json(folder / "a.json")
    frame.to_json(folder / "a.ndjson", orient="records", lines=True)
    frame.to_pickle(folder / "a.pkl")
    frame.to_parquet(folder / "a.parquet")
    frame.to_feather(folder / "a.feather")
    frame.to_orc(folder / "a.orc")
    np.save(folder / "a.npy", np.arange(3))
    np.savez(folder / "a.npz", a=np.arange(3))
    np.savetxt(folder / "a.txt", np.arange(3))
    pl.DataFrame({"a": [1]}).write_avro(folder / "a.avro")
    pl.DataFrame({"a": [1]}).write_ipc_stream(folder / "a.arrows")
    (folder / "a.svm").write_text("1 1:0.5\n0 2:0.5\n")
    with gzip.open(folder / "a.csv.gz", "wt") as file:
        file.write("a\n1\n")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a.txt", "1")
    write_workbook(folder / "a.xlsx")
    (folder / "a.xml").write_text("<rows><row><a>1</a></row></rows>")
    connection = sqlite3.connect(folder / "a.db")
    connection.execute("create table t (a)")
    connection.close()
    with duckdb.connect(str(folder / "a.duckdb")) as database:
        database.execute("create table t (a int)")
    from PIL import Image

    Image.new("L", (4, 4)).save(folder / "a.png")
    import joblib

    joblib.dump([1], folder / "a.joblib")
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))
    create_store(folder / ".trackbook")
    return folder


def write_workbook(path):
    """The smallest file that is an Excel workbook, with one empty sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    links = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{links}">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">'
        '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{links}">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData/></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


class Watched:
    """A run with the capture alone."""

    def __init__(self, folder):
        self.store = create_store(folder / ".trackbook")
        self.recorder = RunRecorder.start(self.store, experiment="e")
        self.capture = DataCapture(self.recorder)
        self.capture.begin()

    @property
    def inputs(self):
        """The latest record of each place."""
        assert background.wait(60)
        paths = [path for name, path in self.store.list_journals() if name.subject == self.recorder.run_id]
        found = [x for path in paths for x in read_records(path) if isinstance(x, r.DataUsed)]
        return {record.data.place: record.data for record in sorted(found, key=lambda record: record.at)}

    def end(self):
        self.capture.finish(0.0)
        finish_data(self.recorder, 0.0)
        self.recorder.end()


@pytest.fixture
def run(files, monkeypatch):
    monkeypatch.chdir(files)
    monkeypatch.setattr(switches, "_off", set())
    watched = Watched(files)
    yield watched
    watched.end()
    background.wait(60)
    for path in files.iterdir():
        if path.is_file() and not path.name.startswith("a."):
            path.unlink()


def _sqlite():
    with contextlib.closing(sqlite3.connect("a.db")) as connection:
        assert pd.read_sql("select * from t", connection).empty


def _excel():
    with contextlib.suppress(
        ImportError
    ):  # openpyxl, for which pandas looks once it has looked into the file
        assert pd.read_excel("a.xlsx").empty


def _duck(read):
    def call():
        with duckdb.connect() as connection:
            read(connection)

    return call


def _zip():
    with zipfile.ZipFile("a.zip") as archive:
        archive.read("a.txt")


def _fd():
    os.close(os.open("a.csv", os.O_RDONLY))


def _image():
    from PIL import Image

    with Image.open("a.png") as image:
        image.load()


def _joblib():
    import joblib

    joblib.load("a.joblib")


def _svm():
    from sklearn.datasets import load_svmlight_file

    load_svmlight_file("a.svm")


def _npz():
    with np.load("a.npz") as arrays:
        arrays["a"]


def _memory_map():
    pa.memory_map("a.feather").close()


def _load(module, path):
    with open(path, "rb") as file:
        module.load(file)


# What a row of the document names, and how each of these readers is run: (call, file, reader).
READERS = {
    "`open`, `pathlib.Path`, `os.open`, `io.FileIO`": [
        (lambda: open("a.csv").close(), "a.csv", "open"),
        (lambda: Path("a.csv").read_text(), "a.csv", "open"),
        (lambda: Path("a.csv").absolute().read_bytes(), "a.csv", "open"),
        (_fd, "a.csv", "open"),
        (lambda: io.FileIO(Path("a.csv")).close(), "a.csv", "open"),
        (lambda: open(b"a.csv").close(), "a.csv", "open"),
    ],
    "`json`, `pickle`, `gzip`, `zipfile`": [
        (lambda: _load(json, "a.json"), "a.json", "open"),
        (lambda: _load(pickle, "a.pkl"), "a.pkl", "open"),
        (lambda: gzip.open("a.csv.gz").close(), "a.csv.gz", "open"),
        (_zip, "a.zip", "open"),
    ],
    "`numpy.load`, `loadtxt`, `genfromtxt`, `fromfile`, `memmap`": [
        (lambda: np.load("a.npy"), "a.npy", "numpy"),
        (_npz, "a.npz", "numpy"),
        (lambda: np.loadtxt("a.txt"), "a.txt", "numpy"),
        (lambda: np.genfromtxt("a.txt"), "a.txt", "numpy"),
        (lambda: np.fromfile("a.npy"), "a.npy", "open"),
        (lambda: np.memmap("a.npy", mode="r"), "a.npy", "numpy"),
    ],
    "`pandas.read_csv` (with each engine), `read_json`, `read_pickle`, `read_feather`, `read_orc`": [
        (lambda: pd.read_csv("a.csv"), "a.csv", "pandas"),
        (lambda: pd.read_csv("a.csv", engine="python"), "a.csv", "pandas"),
        (lambda: pd.read_csv("a.csv", engine="pyarrow"), "a.csv", "pandas"),
        (lambda: pd.read_json("a.json"), "a.json", "pandas"),
        (lambda: pd.read_pickle("a.pkl"), "a.pkl", "pandas"),
        (lambda: pd.read_feather("a.feather"), "a.feather", "pandas"),
        (lambda: pd.read_orc("a.orc"), "a.orc", "pandas"),
    ],
    "`pandas.read_excel`, `read_fwf`, `read_xml`": [
        (_excel, "a.xlsx", "pandas"),
        (lambda: pd.read_fwf("a.txt"), "a.txt", "pandas"),
        (lambda: pd.read_xml("a.xml", parser="etree"), "a.xml", "pandas"),
    ],
    "`pandas.read_parquet`": [(lambda: pd.read_parquet("a.parquet"), "a.parquet", "pandas")],
    "`pandas.read_sql` on SQLite, `sqlite3.connect`": [
        (_sqlite, "a.db", "sqlite3"),
        (lambda: sqlite3.connect("file:a.db?mode=ro", uri=True).close(), "a.db", "sqlite3"),
    ],
    "`PIL.Image.open`": [(_image, "a.png", "PIL")],
    "`joblib.load`": [(_joblib, "a.joblib", "joblib")],
    "`sklearn.datasets.load_svmlight_file`": [(_svm, "a.svm", "sklearn")],
    "`pyarrow.parquet`: `read_table`, `ParquetFile`, `ParquetDataset`": [
        (lambda: pa.parquet.read_table("a.parquet"), "a.parquet", "pyarrow"),
        (lambda: pa.parquet.read_table(source=Path("a.parquet")), "a.parquet", "pyarrow"),
        (lambda: pa.parquet.ParquetFile("a.parquet").close(), "a.parquet", "pyarrow"),
        (lambda: pa.parquet.ParquetDataset("a.parquet").read(), "a.parquet", "pyarrow"),
    ],
    "`pyarrow.csv`: `read_csv`, `open_csv`; `pyarrow.json.read_json`": [
        (lambda: pa.csv.read_csv("a.csv"), "a.csv", "pyarrow"),
        (lambda: pa.csv.open_csv("a.csv").close(), "a.csv", "pyarrow"),
        (lambda: pa.json.read_json("a.ndjson"), "a.ndjson", "pyarrow"),
    ],
    "`pyarrow.feather`: `read_table`, `read_feather`; `pyarrow.orc.read_table`; `pyarrow.memory_map`": [
        (lambda: pa.feather.read_table("a.feather"), "a.feather", "pyarrow"),
        (lambda: pa.feather.read_feather("a.feather"), "a.feather", "pyarrow"),
        (lambda: pa.orc.read_table("a.orc"), "a.orc", "pyarrow"),
        (_memory_map, "a.feather", "pyarrow"),
    ],
    "`pyarrow.dataset.dataset`": [
        (lambda: pa.dataset.dataset("a.parquet").to_table(), "a.parquet", "pyarrow"),
        (lambda: pa.dataset.dataset(["a.parquet"]).to_table(), "a.parquet", "pyarrow"),
    ],
    "`polars`: `read_*` and `scan_*` of CSV, Parquet, IPC, JSON, NDJSON and Avro": [
        (lambda: pl.read_csv("a.csv"), "a.csv", "polars"),
        (lambda: pl.scan_csv("a.csv").collect(), "a.csv", "polars"),
        (lambda: pl.read_csv("*.csv"), "a.csv", "polars"),
        (lambda: pl.read_parquet("a.parquet"), "a.parquet", "polars"),
        (lambda: pl.scan_parquet(["a.parquet"]).collect(), "a.parquet", "polars"),
        (lambda: pl.read_ipc("a.feather"), "a.feather", "polars"),
        (lambda: pl.scan_ipc("a.feather").collect(), "a.feather", "polars"),
        (lambda: pl.read_ipc_stream("a.arrows"), "a.arrows", "polars"),
        (lambda: pl.read_json("a.json"), "a.json", "polars"),
        (lambda: pl.read_ndjson("a.ndjson"), "a.ndjson", "polars"),
        (lambda: pl.scan_ndjson("a.ndjson").collect(), "a.ndjson", "polars"),
        (lambda: pl.read_avro("a.avro"), "a.avro", "polars"),
    ],
    "`duckdb`: files that a query names": [
        (lambda: duckdb.sql("select * from 'a.csv'").fetchall(), "a.csv", "duckdb"),
        (lambda: duckdb.query("from read_parquet('a.parquet')").fetchall(), "a.parquet", "duckdb"),
        (lambda: duckdb.execute("from 'a.ndjson'").fetchall(), "a.ndjson", "duckdb"),
        (_duck(lambda c: c.sql('from "a.csv"').fetchall()), "a.csv", "duckdb"),
        (_duck(lambda c: c.execute("create table u as from read_csv('a.csv')")), "a.csv", "duckdb"),
        (_duck(lambda c: c.execute("from read_csv(['*.csv'])").fetchall()), "a.csv", "duckdb"),
        (lambda: duckdb.execute("from read_csv(?)", ["a.csv"]).fetchall(), "a.csv", "duckdb"),
        (lambda: duckdb.sql("from read_csv($f)", params={"f": "a.csv"}).fetchall(), "a.csv", "duckdb"),
        (
            _duck(lambda c: c.execute("from read_csv(?)", parameters=("a.csv",)).fetchall()),
            "a.csv",
            "duckdb",
        ),
    ],
    "`duckdb`: `read_csv`, `read_parquet`, `read_json`, `connect`": [
        (lambda: duckdb.read_csv("a.csv").fetchall(), "a.csv", "duckdb"),
        (lambda: duckdb.read_parquet("a.parquet").fetchall(), "a.parquet", "duckdb"),
        (_duck(lambda c: c.read_json("a.ndjson").fetchall()), "a.ndjson", "duckdb"),
        (lambda: duckdb.connect("a.duckdb").close(), "a.duckdb", "duckdb"),
    ],
}


def _lightgbm():
    import lightgbm

    with contextlib.suppress(Exception):
        lightgbm.Dataset("a.svm", params={"verbose": -1}).construct()


UNSEEN = {
    "`lightgbm.Dataset(PATH)`": (_lightgbm, "a.svm"),
    "a process that the run starts": (
        lambda: subprocess.run([sys.executable, "-c", "open('a.csv').read()"], check=True),
        "a.csv",
    ),
    "a name that was imported from its module before the first run (`from pyarrow.csv import read_csv`)": (
        lambda: inspect.unwrap(pa.csv.read_csv)("a.csv"),
        "a.csv",
    ),
}


def rows_of(heading):
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return [
        row
        for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
        if row not in ("reader", "---", "what")
    ]


def test_the_document_names_the_readers_that_are_run_here():
    assert rows_of("Which readers are seen") == list(READERS)
    assert rows_of("What is not seen") == list(UNSEEN)


@pytest.mark.parametrize("row", READERS)
def test_a_reader_is_seen(run, row):
    for call, path, reader in READERS[row]:
        background.wait(60)
        run.capture._watch.seen.clear()
        data_of(run.recorder)._states.clear()
        before = len(run.inputs)
        data_of(run.recorder)._said.clear()
        call()
        data = run.inputs[path]
        assert (data.reader, data.origin) == (reader, "observed"), path
        assert data.digest is not None
        assert not data.changed
        assert len(run.inputs) in (before, before + 1)


@pytest.mark.parametrize("row", UNSEEN)
def test_what_is_not_seen(run, row):
    call, path = UNSEEN[row]
    call()
    assert path not in run.inputs


def test_a_reader_of_hdf5_is_seen(run, files):
    h5py = pytest.importorskip("h5py")
    with h5py.File("a.h5", "w") as file:
        file["x"] = [1]
    h5py.File("a.h5").close()
    assert run.inputs == {}
    run.capture._watch.written.clear()  # as if it had been there before
    h5py.File("a.h5", mode="r").close()
    assert run.inputs["a.h5"].reader == "h5py"


def test_csv_and_parquet_come_with_rows_and_columns(run):
    pd.read_csv("a.csv")
    pl.read_parquet("a.parquet")
    for data in (run.inputs["a.csv"], run.inputs["a.parquet"]):
        assert data.rows == 3
        assert [column.name for column in data.columns] == ["a", "b"]


def test_results_signatures_and_pickles_stay_as_they_are(run):
    for function in (
        pa.parquet.read_table,
        pa.csv.read_csv,
        pl.read_csv,
        pl.scan_parquet,
        pa.dataset.dataset,
    ):
        assert function.__wrapped__ is not function
        assert inspect.signature(function) == inspect.signature(function.__wrapped__)
        assert pickle.loads(pickle.dumps(function)) is function
    assert type(pa.parquet.ParquetFile("a.parquet")) is pa.parquet.ParquetFile
    assert pl.read_csv("a.csv").equals(inspect.unwrap(pl.read_csv)("a.csv"))
    with pytest.raises(FileNotFoundError):
        pl.read_csv("missing.csv")
    with pytest.raises(TypeError):
        pa.parquet.read_table()


def test_duckdb_still_finds_the_caller_s_variables(run):
    mine = pd.DataFrame({"v": [41]})
    with duckdb.connect() as connection:
        for query in (duckdb.sql, duckdb.query, duckdb.execute, connection.sql, connection.execute):
            assert query("select v + 1 from mine").fetchall() == [(42,)]
        assert connection.execute("select ?", ["a.csv"]).fetchall() == [("a.csv",)]
    assert run.inputs == {}
    del mine


def test_data_that_is_given_itself_is_no_path(run, monkeypatch):
    looked = []
    monkeypatch.setattr("trackbook.capture.readers.glob.glob", lambda path, **_: looked.append(path) or [])
    assert pl.read_parquet(Path("a.parquet").read_bytes()).height == 3
    assert pl.read_json(b'[{"v": "* [a-z]? /x.y"}]').height == 1
    with duckdb.connect() as connection:
        connection.execute("create table t (v text, w text)")
        connection.execute("insert into t values ('who@mail.com? see a/b*', 'a.csv')")
        assert connection.execute(
            "select count(*) from t where v like '%a/b%' or w = 'a.csv'"
        ).fetchone() == (1,)
        assert connection.execute("select * from read_csv(['a.csv'], header = true)").fetchall()
        connection.execute("copy t to 'made.csv'")
    assert looked == []
    assert set(run.inputs) == {"a.csv", "a.parquet"}  # opened by the test itself


def test_a_file_is_recorded_once_a_version(run, files):
    path = files / "b.csv"
    path.write_text("a\n1\n")
    run.capture._watch.written.clear()  # as if another program had written it
    for _ in range(5):
        pd.read_csv(path)
    first = run.inputs["b.csv"].digest
    path.write_text("a\n22\n")
    run.capture._watch.written.clear()
    pd.read_csv(path)
    assert run.inputs["b.csv"].digest != first
    assert run.inputs["b.csv"].rows == 1
    paths = [path for _, path in run.store.list_journals()]
    said = [x.data for p in paths for x in read_records(p) if isinstance(x, r.DataUsed)]
    assert (
        len([data for data in said if data.place == "b.csv"]) == 4
    )  # each version without a digest and with it


def test_what_the_run_wrote_itself_is_no_data_of_it(run):
    frame = pd.DataFrame({"a": [1]})
    frame.to_csv("w.csv")
    frame.to_parquet("w.parquet")
    frame.to_feather("w.feather")
    pa.parquet.write_table(pa.table({"a": [1]}), "x.parquet")
    pa.csv.write_csv(pa.table({"a": [1]}), "x.csv")
    pl.DataFrame({"a": [1]}).write_parquet("y.parquet")
    pl.LazyFrame({"a": [1]}).sink_csv("y.csv")
    duckdb.sql("copy (select 1) to 'z.parquet'")
    sqlite3.connect("w.db").close()
    Path("t.txt").write_text("x")
    os.rename("t.txt", "u.txt")
    for path in ("w.csv", "x.csv", "y.csv", "u.txt"):
        Path(path).read_bytes()
    for path in ("w.parquet", "w.feather", "x.parquet", "y.parquet", "z.parquet"):
        (pl.read_ipc if path.endswith("feather") else pl.read_parquet)(path)
    sqlite3.connect("w.db").close()
    assert run.inputs == {}


def test_a_file_that_is_opened_to_be_read_and_written_is_data_until_then(run, files):
    path = files / "b.bin"
    path.write_bytes(b"0123")
    run.capture._watch.written.clear()
    array = np.memmap("b.bin")  # whose mode is r+ where none is said
    first = run.inputs["b.bin"]
    assert (first.digest, first.changed) == (hashlib.sha256(b"0123").hexdigest(), False)
    array[:] = 0
    array.flush()
    path.read_bytes()
    assert run.inputs["b.bin"] == first
    Path("c.bin").write_bytes(b"")
    open("c.bin", "a+").close()
    open("c.bin", "r+").close()
    assert list(run.inputs) == ["b.bin"]


def test_a_database_is_recorded_once_a_run(run, files):
    with contextlib.closing(sqlite3.connect(files / "b.db")) as connection:
        connection.execute("create table t (a)")
    run.capture._watch.written.clear()
    for value in range(3):
        with contextlib.closing(sqlite3.connect("b.db")) as connection, connection:
            connection.execute("insert into t values (?)", [value])
    assert run.inputs["b.db"].kind == "database"
    paths = [path for _, path in run.store.list_journals()]
    said = [x.data for p in paths for x in read_records(p) if isinstance(x, r.DataUsed)]
    assert len([data for data in said if data.place == "b.db"]) == 2


def test_a_file_that_another_program_writes_again_and_again_fills_no_journal(run, files, monkeypatch):
    from trackbook.services import data

    monkeypatch.setattr(data, "_VERSIONS", 3)
    for size in range(6):
        (files / "b.txt").write_text("x" * size)
        run.capture._watch.written.clear()
        (files / "b.txt").read_bytes()
    assert "b.txt" in run.inputs
    paths = [path for _, path in run.store.list_journals()]
    said = [x.data for p in paths for x in read_records(p) if isinstance(x, r.DataUsed)]
    seen = [data.size for data in said if data.place == "b.txt" and data.digest is None]
    assert seen == [0, 1, 2]


def test_what_is_no_data(run, files, tmp_path):
    os.makedirs("venv/share", exist_ok=True)
    for path in (
        "venv/pyvenv.cfg",
        "venv/share/x.txt",
        ".hidden",
        "module.py",
        "other.ipynb",
        "lib/site-packages/x.json",
        ".trackbook/x",
        tmp_path / "outside",
    ):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("{}")
        run.capture._watch.written.clear()
        Path(path).read_bytes()
    os.makedirs("folder", exist_ok=True)
    os.close(os.open("folder", os.O_RDONLY))
    with contextlib.suppress(FileNotFoundError):
        open("missing.csv")
    run.recorder.store_artifact(Path("a.csv"), "copy.csv")
    assert run.inputs == {}


def test_roles_are_seen_from_names(run, files):
    for place, role in (
        ("data/train.csv", "train"),
        ("data/X_test.npy", "test"),
        ("data/validation/1.txt", "validation"),
        ("data/train_test.csv", None),
        ("data/strain.csv", None),
    ):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text("x")
        run.capture._watch.written.clear()
        Path(place).read_bytes()
        assert run.inputs[place].role == role


def test_roles_are_seen_from_a_split(run):
    from sklearn.model_selection import train_test_split

    def roles(**parts):
        for name, part in parts.items():
            data_of(run.recorder).declare(part, name)
        found = run.inputs
        return {name: found[f"name:{name}"].role for name in parts}

    frame, target = pd.DataFrame({"a": range(20)}), np.arange(20)
    rest, aside, rest_y, aside_y = train_test_split(frame, target, random_state=0)
    assert roles(rest=rest, aside=aside, rest_y=rest_y, aside_y=aside_y, frame=frame) == {
        "rest": "train",
        "aside": "test",
        "rest_y": "train",
        "aside_y": "test",
        "frame": None,
    }
    fit, tune = train_test_split(rest, random_state=0)
    tune_2, final = train_test_split(aside, random_state=0)
    assert roles(fit=fit, tune=tune, tune_2=tune_2, final=final) == {
        "fit": "train",
        "tune": "validation",
        "tune_2": "validation",
        "final": "test",
    }
    # What is said counts, then what the name says, then the split.
    assert roles(x_valid=aside) == {"x_valid": "validation"}
    data_of(run.recorder).declare(aside, "said", role="train")
    assert run.inputs["name:said"].role == "train"
    # An object that is gone leaves its role to nobody.
    parts = train_test_split(target.tolist(), [float(x) for x in range(20)])
    assert [role_of(part) for part in parts] == [None] * 4
    known = len(splits._roles)
    del fit, tune, tune_2, final
    gc.collect()
    assert len(splits._roles) < known
    assert train_test_split is sklearn.model_selection._split.train_test_split
    assert pickle.loads(pickle.dumps(train_test_split)) is train_test_split
    with pytest.raises(ValueError, match="At least one array"):
        train_test_split()


def test_many_files_of_a_folder_are_one_folder_with_a_manifest(run, files, monkeypatch):
    from trackbook.services import data

    monkeypatch.setattr(data, "_FILES_IN_FOLDER", 5)
    folder = files / "images" / "train"
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(20):
        (folder / f"{index}.txt").write_text(str(index))
    run.capture._watch.written.clear()
    for index in range(12):
        (folder / f"{index}.txt").read_bytes()
    places = run.inputs
    assert sorted(place for place in places if place.startswith("images/train/")) == sorted(
        f"images/train/{index}.txt" for index in range(5)
    )
    assert places["images/train"].digest is None
    run.end()
    found = run.inputs["images/train"]
    assert (found.kind, found.files, found.role, found.origin) == ("folder", 12, "train", "observed")
    manifest = json.loads(run.recorder.blobs.get(found.manifest))
    assert sorted(entry["path"] for entry in manifest) == sorted(f"{index}.txt" for index in range(12))


def test_a_hook_that_fails_says_so_once_and_reaches_nobody(run, monkeypatch):
    def fail(path, *args):
        raise RuntimeError("broken")

    monkeypatch.setattr(opens, "_heed", fail)
    with pytest.warns(StorageWarning, match="stops seeing which files are read"):
        assert Path("a.csv").read_text()
    assert len(pd.read_csv("a.csv")) == 3  # a second warning would be an error here
    assert not opens.is_watching()
    assert switches.is_off("data")


def test_a_wrapper_that_fails_does_not_reach_its_reader(run, monkeypatch):
    monkeypatch.setattr(readers.opens, "report", lambda *args: 1 / 0)
    with pytest.warns(StorageWarning, match="ZeroDivisionError"):
        assert pl.read_csv("a.csv").height == 3


def test_a_forked_child_sees_nothing_and_goes_on(run):
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            Path("a.csv").read_bytes()
            os.write(write_end, b"0" if not opens.is_watching() else b"1")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read_end, 1) == b"0"
    os.close(read_end)
    os.close(write_end)
    assert run.inputs == {}
    Path("a.csv").read_bytes()
    assert "a.csv" in run.inputs


def test_files_are_seen_in_threads(run):
    import threading

    threads = [threading.Thread(target=lambda: pd.read_csv("a.csv")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(run.inputs) == ["a.csv"]


def test_two_open_runs_both_have_what_is_read(run, files):
    other = Watched(files)
    Path("a.csv").read_bytes()
    assert list(run.inputs) == list(other.inputs) == ["a.csv"]
    other.end()
    Path("a.json").read_bytes()
    assert list(run.inputs) == ["a.csv", "a.json"]
    assert list(other.inputs) == ["a.csv"]


def test_a_module_that_is_loaded_anew_keeps_one_hook(run):
    import importlib

    importlib.reload(opens)
    Path("a.csv").read_bytes()
    assert list(run.inputs) == ["a.csv"]
    assert len(opens._hooked) == 1


def test_what_is_read_and_then_named_keeps_its_reader(run):
    pd.read_csv("a.csv")
    assert run.inputs["a.csv"].origin == "observed"
    data_of(run.recorder).declare("a.csv", role="validation")
    found = run.inputs["a.csv"]
    assert (found.origin, found.role, found.reader) == ("declared", "validation", "pandas")


LOOK = """
import json, sys
from types import ModuleType
from trackbook.capture import readers
import pyarrow.csv, sklearn.model_selection
if sys.argv[1] == "ahead":
    readers.look_ahead()
from pyarrow.csv import read_csv
import polars
late = ModuleType("pyarrow.late")
late.read_csv = read_csv
sys.modules["pyarrow.late"] = late
readers.watch_readers()
print(json.dumps(sorted(
    f"{name}.{key}"
    for name, module in list(sys.modules.items())
    for key, value in list(getattr(module, "__dict__", {}).items())
    if getattr(getattr(value, "__code__", None), "co_filename", "") == readers.__file__ and name != readers.__name__
)))
"""


def test_what_was_looked_at_ahead_is_wrapped_as_it_is_without():
    found = []
    for way in ("ahead", "without"):
        done = subprocess.run([sys.executable, "-c", LOOK, way], capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]
    wanted = {
        "__main__.read_csv",
        "pyarrow.late.read_csv",
        "pyarrow.csv.read_csv",
        "pyarrow._csv.read_csv",
        "polars.read_csv",
    }
    assert wanted | {"sklearn.model_selection._split.train_test_split"} <= set(found[0])
