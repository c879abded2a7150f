from dataclasses import astuple

import msgspec
import numpy as np
import pytest

from trackbook.domain import records as r
from trackbook.errors import CorruptRecord
from trackbook.store.segments import (
    MAGIC,
    Columns,
    PartContent,
    columns_of,
    context_text,
    points_record,
    read_columns,
    read_segment,
    separate,
    write_segment,
)
from trackbook.store.short_series import SHORT


@pytest.fixture
def content():
    records = [r.RunStarted(1, "churn", "first", "ada", "host", r.Source("script"))]
    for step in range(50):
        records.append(r.MetricsLogged(10 + step, step, {"loss": 1 / (step + 1), "acc": float("nan")}))
        records.append(r.MetricsLogged(10 + step, step, {"loss": step / 3}, {"subset": "val"}))
    records.append(r.RunEnded(99, "finished"))
    return separate(records)


def test_a_segment_holds_all_that_was_in_the_journal(tmp_path, content):
    path = tmp_path / "run" / "x.segment"
    write_segment(path, content)
    found = read_segment(path)
    assert found.records == content.records
    assert (
        found.points.keys()
        == content.points.keys()
        == {("loss", "{}"), ("acc", "{}"), ("loss", '{"subset":"val"}')}
    )
    for series, columns in content.points.items():
        for name in ("steps", "times", "values"):
            np.testing.assert_array_equal(getattr(found.points[series], name), getattr(columns, name))
    assert not list(path.parent.glob("*.draft"))


def test_one_series_is_read_alone(tmp_path, content):
    path = tmp_path / "x.segment"
    write_segment(path, content)
    columns = read_columns(path, "loss", context_text({"subset": "val"}))
    assert columns.values.tolist() == [step / 3 for step in range(50)]
    assert read_columns(path, "loss", context_text({"subset": "test"})) is None


def noisy_columns(count, seed=0):
    chance = np.random.default_rng(seed)
    gaps = np.maximum(chance.normal(100_000, 5_000, count), 1).astype(
        np.int64
    )  # a step takes 0.1 s, more or less
    return Columns(np.arange(count), 1_790_000_000_000_000 + np.cumsum(gaps), chance.normal(size=count))


def size_of(path, content):
    write_segment(path, content)
    return path.stat().st_size


def test_short_and_long_series_are_read_alike(tmp_path):
    path = tmp_path / "x.segment"
    content = PartContent()
    for count in (1, 2, SHORT - 1, SHORT, SHORT + 1):
        content.points[f"m{count}", "{}"] = noisy_columns(count, seed=count)
        content.points[f"m{count}", '{"subset":"val"}'] = noisy_columns(count, seed=-count % 97)
    write_segment(path, content)
    found = read_segment(path).points
    assert set(found) == set(content.points)
    for (key, context), columns in content.points.items():
        for one in (found[key, context], read_columns(path, key, context)):
            for name in ("steps", "times", "values"):
                np.testing.assert_array_equal(getattr(one, name), getattr(columns, name))
    assert read_columns(path, "m1", '{"subset":"test"}') is None
    assert read_columns(path, "m3", "{}") is None


def test_a_noisy_point_takes_at_most_12_bytes(tmp_path):
    content = PartContent(points={("loss", "{}"): noisy_columns(1000)})
    assert size_of(tmp_path / "x.segment", content) <= 12 * 1000


def test_a_single_point_with_its_name_takes_at_most_60_bytes(tmp_path):
    names = (
        "val/accuracy",
        "val/loss",
        "f1",
        "roc_auc",
        "precision",
        "recall",
        "seconds",
        "epochs",
        "lr",
        "size",
    )
    content = PartContent()
    empty = size_of(tmp_path / "x.segment", content)
    content.points = {(name, "{}"): noisy_columns(1, seed) for seed, name in enumerate(names)}
    assert size_of(tmp_path / "x.segment", content) - empty <= 60 * len(names)


def test_a_segment_of_a_later_version_is_named(tmp_path, content):
    path = tmp_path / "x.segment"
    write_segment(path, content)
    data = bytearray(path.read_bytes())
    data[len(MAGIC) - 1] += 1
    path.write_bytes(data)
    with pytest.raises(CorruptRecord, match="a newer Trackbook wrote it"):
        read_segment(path)


@pytest.mark.parametrize("damage", ["cut", "flip", "other"])
def test_a_damaged_segment_is_an_error_that_names_the_file(tmp_path, content, damage):
    path = tmp_path / "x.segment"
    write_segment(path, content)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[:-10]
    elif damage == "flip":
        data[-20] ^= 0xFF
    else:
        data = bytearray(b"something else entirely")
    path.write_bytes(data)
    with pytest.raises(CorruptRecord, match=r"x\.segment"):
        read_segment(path)


def test_many_points_in_one_record_are_points_like_others(content):
    loss = content.points["loss", "{}"]
    odd = content.points["loss", '{"subset":"val"}']
    records = [
        points_record("loss", None, loss),
        r.MetricsLogged(100, 50, {"loss": 7.0}),
        points_record("loss", {"subset": "val"}, odd),
        r.PointsLogged(100, "none", None, b"", b"", b""),
    ]
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(records), type=list[r.Record])
    found = separate(again)
    assert (found.records, found.points.keys()) == ([], {("loss", "{}"), ("loss", '{"subset":"val"}')})
    assert found.points["loss", "{}"].values.tolist() == [*loss.values.tolist(), 7.0]
    assert found.points["loss", "{}"].times.tolist() == [*loss.times.tolist(), 100]
    assert found.points["loss", '{"subset":"val"}'].steps.tolist() == odd.steps.tolist()


def test_columns_that_are_cut_short_end_with_the_shortest():
    record = r.PointsLogged(1, "loss", None, bytes(16), bytes(17), bytes(8))
    assert [len(column) for column in astuple(columns_of(record))] == [1, 1, 1]
