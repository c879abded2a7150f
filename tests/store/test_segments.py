import numpy as np
import pytest

from trackbook.domain import records as r
from trackbook.errors import CorruptRecord
from trackbook.store.segments import context_text, read_columns, read_segment, separate, write_segment


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
