"""Data in a kernel: named by `%track data`, and seen while cells read it."""

import hashlib
from pathlib import Path

import pytest

from trackbook.domain import records as r


def latest(run):
    """The last record of each place."""
    return {record.data.place: record for record in sorted(run.all(r.DataUsed), key=lambda record: record.at)}


def digested(project, count=1):
    """The last records of a run, once `count` of them have a digest."""

    def known():
        found = latest(project.last)
        return found if len([x for x in found.values() if x.data.digest]) >= count else None

    return project.until(lambda _: known())


@pytest.fixture
def files(project):
    (project.folder / "data").mkdir(exist_ok=True)
    (project.folder / "data" / "train.csv").write_text("a,b\n1,x\n2,y\n")
    (project.folder / "my file.bin").write_bytes(b"1")
    return project.folder


def test_a_file_is_named(kernel, project, files):
    kernel.run("%track start names")
    line = kernel.run("%track data data/train.csv --name first", cell_id="c7").line
    assert line.endswith("· data data/train.csv as first → recorded")
    kernel.run("%track data 'my file.bin' --role test")
    found = digested(project, 2)
    train, other = found["data/train.csv"], found["my file.bin"]
    assert (train.data.name, train.data.role, train.data.rows, train.cell_id) == ("first", "train", 2, "c7")
    assert train.data.digest == hashlib.sha256(b"a,b\n1,x\n2,y\n").hexdigest()
    assert other.data.role == "test"


def test_a_variable_is_named(kernel, project, files):
    kernel.run("%track start tables")
    kernel.run(
        "import numpy as np\nX_test = np.zeros((5, 2))\nfrom pathlib import Path\nwhere = Path('data')"
    )
    assert kernel.run("%track data X_test").line.endswith("· data X_test → recorded")
    kernel.run("%track data X_test[:2] --name part --role validation")
    kernel.run("%track data where")
    found = digested(project, 3)
    assert (found["name:X_test"].data.role, found["name:X_test"].data.rows) == ("test", 5)
    assert (found["name:part"].data.role, found["name:part"].data.rows) == ("validation", 2)
    assert found["data"].data.files == 1


def test_an_address_is_named(kernel, project):
    kernel.run("%track start addresses")
    kernel.run("%track data s3://bucket/valid.parquet")
    (found,) = latest(project.last).values()
    assert (found.data.place, found.data.role) == ("s3://bucket/valid.parquet", "validation")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", "Say which data"),
        ("a b", "Say which data, one a line"),
        ("data/trian.csv", "There is no file or folder 'data/trian.csv' in "),
        ("data/trian.csv", "Did you mean train.csv?"),
        ("datta", "There is no variable and no file 'datta'. Did you mean data?"),
        ("number", "A builtins int can't be recorded as data: name a file"),
        (
            "data/train.csv --role training",
            "A role is train, validation or test, not 'training'. Did you mean train?",
        ),
        ("data/train.csv --as x", "There is no option --as here."),
    ],
)
def test_what_is_refused_says_what_to_do(kernel, project, files, line, answer):
    kernel.run("%track start refused")
    kernel.run("number = 5")
    reply = kernel.run(f"%track data {line}")
    assert reply.status == "ok"
    assert answer in reply.line
    assert latest(project.last) == {}


def test_without_a_run(kernel, files):
    assert "No run is open" in kernel.run("%track data data/train.csv").line


def test_what_cells_read_is_seen_with_the_cell(kernel, project, files):
    kernel.run("%track start seen")
    reply = kernel.run("import pandas as pd\nlen(pd.read_csv('data/train.csv'))", cell_id="c1")
    assert reply.outputs[0]["data"]["text/plain"] == "2"
    found = digested(project)
    train = found["data/train.csv"]
    assert list(found) == ["data/train.csv"]
    assert (train.data.origin, train.data.reader, train.data.role, train.cell_id) == (
        "observed",
        "pandas",
        "train",
        "c1",
    )
    kernel.run("%track end")
    kernel.run("open('my file.bin').close()")
    assert list(latest(project.last)) == ["data/train.csv"]


def test_files_that_a_cell_opens_by_itself_are_seen(fresh, start_kernel):
    for name in ("a.txt", "b.txt", "c.txt"):
        (fresh.folder / name).write_text(name)
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start plain")
    assert kernel.run("open.__code__.co_name").outputs[0]["data"]["text/plain"] == "'_modified_open'"
    kernel.run("with open('a.txt') as file:\n    file.read()", cell_id="c1")
    kernel.run("def read(path):\n    return open(path).read()\nread('b.txt')", cell_id="c2")
    kernel.run("%load c.txt")
    found = digested(fresh, 2)
    assert {(x.data.place, x.data.reader, x.cell_id) for x in found.values()} == {
        ("a.txt", "open", "c1"),
        ("b.txt", "open", "c2"),
    }


def test_a_library_that_is_imported_later_is_seen(fresh, start_kernel):
    (fresh.folder / "a.csv").write_text("a\n1\n")
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start late")
    reply = kernel.run(
        "import polars as pl, pyarrow.csv, sys\n"
        "[pl.read_csv('a.csv').height, type(pl.__loader__).__name__, 'exec_module' in vars(pl.__loader__)]"
    )
    assert reply.outputs[0]["data"]["text/plain"] == "[1, 'SourceFileLoader', False]"
    found = digested(fresh)
    assert found["a.csv"].data.reader == "polars"
    reply = kernel.run("import pyarrow.csv as pc\npc.read_csv.__wrapped__ is not None")
    assert reply.outputs[0]["data"]["text/plain"] == "True"


def test_modules_that_are_reloaded_are_no_data(fresh, start_kernel):
    (fresh.folder / "a.csv").write_text("a\n1\n")
    module = fresh.folder / "tb_reader.py"
    module.write_text("def read():\n    return open('a.csv').read()\n")
    kernel = start_kernel()
    kernel.run(
        "%load_ext trackbook\n%load_ext autoreload\n%autoreload 2\nimport tb_reader\n%track start reloading"
    )
    module.write_text("def read():\n    return open('a.csv').read() * 2\n")
    reply = kernel.run("tb_reader.read()")
    assert reply.outputs[0]["data"]["text/plain"] == repr("a\n1\n" * 2)
    assert list(digested(fresh)) == ["a.csv"]


def test_it_can_be_switched_off(fresh, start_kernel):
    (fresh.folder / "a.csv").write_text("a\n1\n")
    kernel = start_kernel(variables={"TRACKBOOK_CAPTURE": "-data"})
    kernel.run("%load_ext trackbook\n%track start off")
    kernel.run("open('a.csv').close()")
    kernel.run("%track data a.csv --name named")
    found = digested(fresh)
    assert [(x.data.origin, x.data.name) for x in fresh.last.all(r.DataUsed)] == [("declared", "named")] * 2
    assert list(found) == ["a.csv"]
    assert kernel.run("import trackbook.capture.opens").status == "ok"
    assert kernel.run("trackbook.capture.opens._hooked").outputs[0]["data"]["text/plain"] == "[]"


def test_a_kernel_that_shuts_down_waits_for_its_digests(fresh, start_kernel):
    content = b"x" * 50_000_000
    Path(fresh.folder / "a.bin").write_bytes(content)
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start last")
    kernel.run("%track data a.bin")
    kernel.stop()
    assert latest(fresh.last)["a.bin"].data.digest == hashlib.sha256(content).hexdigest()
