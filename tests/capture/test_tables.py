"""Digests of tables in memory: the same for the same content, in any process, and another for any other."""

import datetime
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from trackbook.capture import tables
from trackbook.capture.tables import read_table

WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5)
CONTENT = {
    "n": [1, 2, 3],
    "x": [0.5, None, 2.0],
    "t": ["a", None, "c"],
    "b": [True, False, True],
    "d": [WHEN, None, WHEN],
}

PANDAS = f"""
import datetime, pandas as pd
frame = pd.DataFrame({CONTENT!r})
frame["c"] = frame["t"].astype("category")
frame["i"] = frame["n"].astype("Int64")
frame["z"] = frame["d"].dt.tz_localize("Europe/Berlin")
frame["o"] = pd.Series([[1, 2], {{"k": "v"}}, None], dtype=object)
"""


def digest(value):
    table = read_table(value)
    assert not table.changed()
    return table.digest()


def in_another_process(source, expression):
    code = (
        f"{source}\nfrom trackbook.capture.tables import read_table\nprint(read_table({expression}).digest())"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=None
    ).stdout.strip()


def test_another_process_comes_to_the_same_digest_of_a_pandas_table():
    names = {}
    exec(PANDAS, names)
    assert in_another_process(PANDAS, "frame") == digest(names["frame"])


def test_another_process_comes_to_the_same_digests_of_polars_and_arrow_tables():
    source = f"import datetime, polars as pl\nframe = pl.DataFrame({CONTENT!r})"
    frame = pl.DataFrame(CONTENT)
    assert in_another_process(source, "frame") == digest(frame)
    assert in_another_process(source, "frame.to_arrow()") == digest(frame.to_arrow())


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_each_difference_counts(make):
    kinds = [
        CONTENT,
        CONTENT | {"n": [1, 2, 4]},
        CONTENT | {"n": [1.0, 2.0, 3.0]},
        CONTENT | {"x": [0.5, 0.0, 2.0]},
        CONTENT | {"t": ["a", "", "c"]},
        CONTENT | {"t": ["a", "c", None]},
        CONTENT | {"b": [True, True, True]},
        CONTENT | {"d": [WHEN, WHEN, WHEN]},
        dict(reversed(CONTENT.items())),
        {("m" if key == "n" else key): value for key, value in CONTENT.items()},
        {key: value[:2] for key, value in CONTENT.items()},
    ]
    assert len({digest(make(kind)) for kind in kinds}) == len(kinds)


def test_values_of_neighbours_do_not_run_into_each_other():
    assert digest(pd.DataFrame({"a": ["xy", "z"]})) != digest(pd.DataFrame({"a": ["x", "yz"]}))


def test_what_pandas_says_of_its_index():
    frame = pd.DataFrame({"a": [1, 2, 3]})
    assert digest(frame) == digest(frame.set_axis(pd.Index([0, 1, 2]), axis=0))
    assert digest(frame) == digest(frame.copy())
    others = [
        frame.set_axis([1, 2, 3], axis=0),
        frame.set_axis(["a", "b", "c"], axis=0),
        frame.rename_axis("id"),
        frame.set_axis(pd.MultiIndex.from_tuples([(0, 0), (0, 1), (1, 0)]), axis=0),
    ]
    assert len({digest(other) for other in [frame, *others]}) == 5


def test_memory_layout_does_not_count():
    frame = pl.DataFrame({"a": [1, None, 3, 4], "t": ["a", "b", None, "d"]})
    assert digest(pl.concat([frame[:2], frame[2:]], rechunk=False)) == digest(frame)
    table = frame.to_arrow()
    assert digest(pa.concat_tables([table.slice(0, 3), table.slice(3)])) == digest(table)
    array = np.arange(12.0).reshape(3, 4)
    assert digest(np.asfortranarray(array)) == digest(array)
    assert digest(array.astype(">f8")) == digest(array)
    assert digest(array.T) != digest(array)
    assert digest(pd.DataFrame(array)[[0, 1]]) == digest(pd.DataFrame(array[:, :2].copy()))


def test_numpy_arrays():
    assert digest(np.arange(3)) != digest(np.arange(3.0))
    assert digest(np.array(["a", None], dtype=object)) == digest(np.array(["a", None], dtype=object))
    assert read_table(np.array(5)).rows == 1
    assert digest(np.zeros((0, 3))) != digest(np.zeros((0, 2)))
    records = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    assert [column.name for column in read_table(records).columns] == ["a", "b"]
    assert digest(records) != digest(np.array([(1, 3.0)], dtype=records.dtype))


def test_later_changes_do_not_reach_the_digest():
    for value, change in (
        (pd.DataFrame({"a": [1, 2, 3]}), lambda frame: frame.__setitem__("a", 0)),
        (pd.DataFrame({"a": [1, 2, 3]}), lambda frame: frame.loc.__setitem__((0, "a"), 9)),
        (pl.DataFrame({"a": [1, 2, 3]}), lambda frame: frame.__setitem__((0, "a"), 9)),
        (np.arange(3), lambda array: array.__setitem__(0, 9)),
    ):
        before = digest(value)
        table = read_table(value)
        change(value)
        assert table.digest() == before
        assert not table.changed()
        assert digest(value) != before


def test_a_change_of_what_is_too_large_to_copy_is_seen(monkeypatch):
    monkeypatch.setattr(tables, "_COPIED", 100)
    array = np.arange(100)
    table = read_table(array)
    array[:] = 0
    assert table.changed()


def test_objects_without_a_lasting_form_are_a_problem():
    with pytest.raises(ValueError, match="objects that have no lasting form"):
        read_table(pd.DataFrame({"a": [object()]})).digest()


def test_what_is_no_table():
    assert read_table([1, 2]) is None
    assert read_table(pl.LazyFrame({"a": [1]})) is None


def test_series_and_batches():
    assert read_table(pd.Series([1, 2], name="a")).rows == 2
    assert digest(pd.Series([1, 2])) != digest(pd.Series([1, 3]))
    assert read_table(pl.Series("a", [1, 2])).columns[0].name == "a"
    batch = pa.record_batch({"a": [1, 2]})
    assert digest(batch) == digest(pa.Table.from_batches([batch]))
