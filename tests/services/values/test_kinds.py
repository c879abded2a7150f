"""Each kind of value comes back as what was logged."""

import io
import math
import subprocess
import sys
import types
import wave
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import trackbook as tb
from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue, MissingExtra, UsageError
from trackbook.services.values.convert import to_content
from trackbook.store.locks import ProcessLock

mpl.use("Agg")

Stored = Callable[[], list[Any]]


def content(value: Any) -> RichContent:
    return to_content("x", value)


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_numbers_and_values_of_one_call_share_a_step(run: tb.Run, stored: Stored) -> None:
    run.log({"loss": 0.5})
    run.log({"loss": 0.4, "vec": [1, 2.5], "note": "fine"})
    run.log({"vec": np.array([3.0, math.nan])}, context={"subset": "val", "fold": "1"})
    run.log({"vec": [4, 5]}, step=7)
    run.log({"vec": [6, 7]})
    assert [(one.key, one.step, one.context) for one in stored()] == [
        ("note", 1, {}),
        ("vec", 0, {"fold": "1", "subset": "val"}),
        ("vec", 1, {}),
        ("vec", 7, {}),
        ("vec", 8, {}),
    ]


def test_what_can_not_be_stored_does_not_cost_the_rest(run: tb.Run, services: Callable[[], Any]) -> None:
    with pytest.raises(
        InvalidValue, match=r"'bad' is not stored: a value is not object: log a number, a text"
    ):
        run.log({"loss": 0.5, "bad": object(), "vec": [1, 2]})
    with pytest.raises(
        UsageError, match=r"'a' is not stored: a value is not None.*'b' is not stored: a value is not bytes"
    ):
        run.log({"a": None, "b": b"x", "acc": 1})
    detail = services().runs.detail(run.id)
    assert detail.run.metrics == {"loss": 0.5, "acc": 1.0}
    assert [(logged.value.key, logged.value.step) for logged in detail.values] == [("vec", 0)]


def test_without_a_run_that_is_open(run: tb.Run) -> None:
    run.end()
    with pytest.raises(UsageError, match="has ended"):
        run.log({"vec": [1, 2]})


def test_a_bad_step(run: tb.Run) -> None:
    with pytest.raises(InvalidValue, match="a step is a whole number"):
        run.log({"vec": [1, 2]}, step="x")  # type: ignore[arg-type]


def test_vectors_keep_nan_and_infinities(run: tb.Run, stored: Stored) -> None:
    run.log({"a": (1, 2, 3), "b": np.array([0.5, math.nan, -math.inf]), "c": pd.Series([1, 2], [5, 6])})
    a, b, c = stored()
    assert (a.kind, a.json, a.meta) == ("vector", {"values": [1, 2, 3]}, {"length": 3, "min": 1, "max": 3})
    assert b.json == {"values": [0.5, "NaN", "-Infinity"]}
    assert b.meta == {"length": 3, "min": 0.5, "max": 0.5}
    assert c.json == {"values": [1, 2]}
    assert content(tb.Vector([7])).kind == "vector"
    assert content(pl.Series([1.5, 2.5])).kind == "vector"
    assert content(tb.Vector([math.nan])).meta == {"length": 1}


def test_histograms(run: tb.Run, stored: Stored) -> None:
    values = np.random.default_rng(0).normal(size=(20, 50))
    values[0, :3] = math.nan, math.inf, -math.inf
    run.log({"a": tb.Histogram(values, bins=10), "b": tb.Histogram(counts=[1, 2], edges=[0, 1, 3])})
    a, b = stored()
    counts, edges = np.histogram(values[np.isfinite(values)], 10)
    assert a.json == {"counts": counts.tolist(), "edges": edges.tolist()}
    assert a.meta["left_out"] == 3
    assert a.meta["count"] == 997
    assert (b.kind, b.json) == ("histogram", {"counts": [1, 2], "edges": [0, 1, 3]})
    assert b.meta == {"count": 3, "min": 0, "max": 3, "bins": 2}


def test_arrays_as_images(run: tb.Run, stored: Stored) -> None:
    random = np.random.default_rng(0)
    colours = random.integers(0, 256, (5, 7, 3), np.uint8)
    grey = random.random((4, 6))
    run.log(
        {
            "a": colours,
            "b": grey,
            "c": grey > 0.5,
            "d": np.dstack([colours, colours[:, :, 0]]),
            "e": grey[:, :, None],
        }
    )
    a, b, c, d, e = stored()
    assert (a.kind, a.media_type, a.meta) == ("image", "image/png", {"width": 7, "height": 5})
    assert (pixels(a.data) == colours).all()
    assert (pixels(b.data) == np.rint(grey * 255)).all()
    assert (pixels(c.data) == (grey > 0.5) * 255).all()
    assert pixels(d.data).shape == (5, 7, 4)
    assert (pixels(e.data) == pixels(b.data)).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_images_of_pil(mode: str) -> None:
    stored = content(Image.new(mode, (3, 2)))
    assert (stored.kind, stored.meta) == ("image", {"width": 3, "height": 2})
    assert Image.open(io.BytesIO(stored.data)).size == (3, 2)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_image_files_are_stored_as_they_are(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    Image.new("RGB", (30, 20), "red").save(path, kind)
    stored = content(tb.Image(path))
    assert (stored.data, stored.media_type) == (path.read_bytes(), f"image/{kind.lower()}")
    assert stored.meta == {"width": 30, "height": 20}


class FakeTensor:
    """What of torch's tensors is used, over numpy."""

    def __init__(self, array: Any, dtype: str = "torch.float32") -> None:
        self.array = array
        self.dtype = dtype
        self.shape = array.shape

    def detach(self) -> "FakeTensor":
        return FakeTensor(self.array, f"{self.dtype} detached")

    def cpu(self) -> "FakeTensor":
        assert "detached" in self.dtype
        return FakeTensor(self.array, f"{self.dtype} cpu")

    def float(self) -> "FakeTensor":
        return FakeTensor(self.array.astype(np.float32), "torch.float32 detached cpu")

    def tolist(self) -> Any:
        return self.array.tolist()

    def item(self) -> Any:
        if self.array.size != 1:
            raise RuntimeError("a Tensor with several elements cannot be converted to Scalar")
        return self.array.item()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if "detached cpu" not in self.dtype:
            raise TypeError("can't convert it to numpy")
        if "bfloat16" in self.dtype:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(Tensor=FakeTensor))


@pytest.mark.usefixtures("torch")
def test_tensors_have_their_channels_first() -> None:
    array = np.random.default_rng(0).random((3, 5, 7))
    assert (pixels(content(FakeTensor(array)).data) == np.rint(array.transpose(1, 2, 0) * 255)).all()
    grey = content(FakeTensor(array[:1], "torch.bfloat16"))
    assert pixels(grey.data).shape == (5, 7)
    assert content(FakeTensor(np.array([1.0, 2.0]))).kind == "vector"
    assert tb.Histogram(FakeTensor(array, "torch.bfloat16"), bins=2).content("x").meta["count"] == 105


def test_figures_of_matplotlib(run: tb.Run, stored: Stored) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.subplots()
    (line,) = axes.plot([1, 2])
    run.log({"a": figure, "b": axes, "c": line})
    for one in stored():
        assert (one.kind, one.media_type) == ("figure", "image/png")
        assert one.meta == dict(zip(("width", "height"), Image.open(io.BytesIO(one.data)).size, strict=True))


def test_figures_of_plotly(run: tb.Run, stored: Stored) -> None:
    figure = go.Figure(go.Scatter(y=[1, 2]), layout={"title": {"text": "Größe"}})
    run.log({"a": figure})
    (one,) = stored()
    assert (one.kind, one.media_type) == ("figure", "application/vnd.plotly.v1+json")
    assert one.meta == {"traces": 1, "title": "Größe"}
    assert go.Figure(one.json) == figure


def test_audio(tmp_path: Path) -> None:
    tone = np.sin(np.arange(8_000) / 10)
    stored = content(tb.Audio(tone, 16_000))
    assert (stored.kind, stored.media_type) == ("audio", "audio/wav")
    assert stored.meta == {"rate": 16_000, "channels": 1, "seconds": 0.5}
    with wave.open(io.BytesIO(stored.data)) as file:
        samples = np.frombuffer(file.readframes(8_000), "<i2")
    assert np.abs(samples / 32_767 - tone).max() < 1e-4
    stereo = content(tb.Audio(np.stack([tone, -tone]), 8_000))
    assert stereo.meta == {"rate": 8_000, "channels": 2, "seconds": 1.0}
    assert content(tb.Audio(tone.tolist(), 16_000)) == stored
    path = tmp_path / "tone.wav"
    path.write_bytes(content(tb.Audio(np.array([1, -1], np.int16), 4)).data)
    assert content(tb.Audio(path)).meta == {"rate": 4, "channels": 1, "seconds": 0.5}


def test_video(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42")
    stored = content(tb.Video(str(path)))
    assert (stored.kind, stored.media_type, stored.data) == ("video", "video/mp4", path.read_bytes())


def test_text_html_and_json(run: tb.Run, stored: Stored) -> None:
    @dataclass
    class Config:
        lr: float
        path: Path

    run.log(
        {
            "a": "Größe \ud800",
            "b": tb.Html("<b>x</b>"),
            "c": {"lr": math.inf, 1: [None, date(2026, 1, 2)], "array": np.arange(2)},
            "d": Config(0.1, Path("a/b")),
            "e": ["a", 1],
            "f": tb.Json([1, 2]),
            "g": tb.Text("x" * 1_000),
        }
    )
    a, b, c, d, e, f, g = stored()
    assert (a.kind, a.data.decode(), a.media_type) == ("text", "Größe \\ud800", "text/plain; charset=utf-8")
    assert (b.kind, b.data, b.media_type) == ("html", b"<b>x</b>", "text/html; charset=utf-8")
    assert c.json == {"lr": "Infinity", "1": [None, "2026-01-02"], "array": [0, 1]}
    assert d.json == {"lr": 0.1, "path": "a/b"}
    assert (e.kind, e.json, e.meta) == ("json", ["a", 1], {"preview": '["a",1]', "length": 2})
    assert f.kind == "json"
    assert (g.meta["length"], len(g.meta["preview"])) == (1_000, 200)


FRAME = {"n": [1, 2], "x": [0.5, math.nan], "s": ["a", None], "d": [date(2026, 1, 2), date(2026, 1, 3)]}


@pytest.mark.parametrize(
    "make",
    [pd.DataFrame, pl.DataFrame, pa.table, pa.record_batch, tb.Table],
    ids=["pandas", "polars", "arrow", "batch", "dict"],
)
def test_tables(run: tb.Run, stored: Stored, make: Callable[[Any], Any]) -> None:
    run.log({"table": make(FRAME)})
    (one,) = stored()
    assert (one.kind, one.media_type) == ("table", "application/vnd.apache.parquet")
    back = pd.read_parquet(io.BytesIO(one.data))
    assert back["n"].tolist() == [1, 2]
    assert back["s"].isna().tolist() == [False, True]
    assert one.meta["rows"] == 2
    assert [column["name"] for column in one.meta["columns"]] == ["n", "x", "s", "d"]
    assert all(column["type"] for column in one.meta["columns"])
    assert one.meta["preview"][0] == [1, 0.5, "a", "2026-01-02"]
    assert one.meta["preview"][1] in ([2, "NaN", None, "2026-01-03"], [2, None, None, "2026-01-03"])


def test_large_tables_have_a_small_preview() -> None:
    frame = pd.DataFrame(np.zeros((1_000, 150)), columns=[f"c{i}" for i in range(150)])
    meta = content(frame).meta
    assert (meta["rows"], len(meta["columns"]), meta["more_columns"]) == (1_000, 100, 50)
    assert (len(meta["preview"]), len(meta["preview"][0])) == (20, 100)
    named = content(pd.DataFrame({"v": [1]}, index=pd.Index(["a"], name="id")))
    assert named.meta["preview"] == [[1, "a"]]
    odd = content(pd.DataFrame({"b": [b"xyz"], "l": [[1, 2]], "big": [2**60], "t": ["y" * 500]}))
    assert odd.meta["preview"][0][:3] == ["3 bytes", "[1, 2]", str(2**60)]
    assert len(odd.meta["preview"][0][3]) == 200


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.zeros((2, 2)) + 5.0, "uint8 or floats from 0 to 1; this one holds values from 5 to 5"),
        (np.full((2, 2), math.nan), "this one holds NaN"),
        (np.array([[50, 3], [2, 45]]), r"this one holds int64. Other numbers: tb.Histogram\(array\)"),
        (np.zeros((2, 2, 2)), r"this one has the shape \(2, 2, 2\)"),
        (np.zeros((0, 3), np.uint8), r"this one has the shape \(0, 3\)"),
        (np.zeros((1, 20_000), np.uint8), "an image has from 1 to 16,384 pixels a side"),
        (Image.new("F", (2, 2)), "PNG has no floats"),
        (tb.Image("no.png"), r"'no\.png' can't be read \(No such file"),
        (tb.Image("a.svg"), "'a.svg' can't be read|an SVG is a document"),
        (tb.Image("a.txt"), r"'a\.txt' is no image by its name \(text/plain\)"),
        (np.zeros(1_000_001), "a vector has at most 1,000,000 values, and this one 1,000,001"),
        (tb.Vector(["a"]), "a vector is a list of numbers"),
        (tb.Vector([[1, 2]]), "a vector is a list of numbers"),
        (tb.Audio([0.0, 2.0], 16_000), "samples are floats from -1 to 1, and here one is 2"),
        (tb.Audio([0.0, math.nan], 16_000), "here one is nan"),
        (tb.Audio([0.0, 1.0]), "takes the samples a second, such as 16000, not None"),
        (tb.Audio([1, 2], 16_000), "samples are floats from -1 to 1, or int16, not int64"),
        (tb.Audio(np.zeros((20, 20)), 16_000), r"at most 8 channels, not \(20, 20\)"),
        (tb.Video("clip.txt"), "is no video by its name"),
        (tb.Video("clip.mp4"), "can't be read"),
        (tb.Video(np.zeros(3)), "tb.Video takes the path of a video file"),
        (tb.Html(3), "a text is a str, not int"),
        ({"a": object()}, r"it has no value in JSON \(object is none\)"),
        (pd.DataFrame({"a": [1, "x"]}), "Parquet can't hold it .* give each column values of one type"),
        (tb.Table(3), "pandas makes no table of it"),
        (object, "a value is not type"),
        ("x" * 20_000_001, r"as text it has 20\.0 MB, and at most 20 MB are stored for one value"),
    ],
)  # fmt: skip
def test_what_is_accepted_is_said(value: Any, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        content(value)


def test_what_is_far_too_large_is_refused_before_it_is_copied() -> None:
    zeros = np.broadcast_to(np.float32(0), 10**12)  # takes four bytes, and would take terabytes as a list
    for value, says in (
        (zeros, "a vector has at most 1,000,000 values, and this one 1,000,000,000,000"),
        (tb.Vector(zeros), "a vector has at most"),
        (tb.Audio(zeros, 16_000), "as audio it has 2,000,000.0 MB, and at most 100 MB"),
        (np.broadcast_to(np.uint8(0), (10**6, 10**6)), "an image has from 1 to 16,384 pixels a side"),
        (pd.DataFrame(np.broadcast_to(np.float32(0), (10**7, 11)), copy=False), "at most 100,000,000 cells"),
    ):
        with pytest.raises(InvalidValue, match=says):
            content(value)


@pytest.mark.parametrize(
    ("missing", "call", "says"),
    [
        ("numpy", lambda: tb.Histogram([1.0]), "A histogram of values needs more than the light install"),
        ("numpy", lambda: tb.roc_curve([0, 1], [0.1, 0.2]), "A ROC curve needs more"),
        ("numpy", lambda: content(tb.Audio([0.0], 8_000)), "Sound made of numbers needs more"),
        ("pyarrow", lambda: content(pd.DataFrame({"a": [1]})), "A table of pandas or Arrow needs more"),
        ("pandas", lambda: content(tb.Table([{"a": 1}])), "A table of lists or dicts needs more"),
    ],
)
def test_a_library_that_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, missing: str, call: Callable[[], Any], says: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtra, match=says):
        call()


def test_json_that_holds_itself() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InvalidValue, match="holds itself"):
        content(loop)


def test_a_library_that_fails_is_an_invalid_value() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.suptitle("$\\nothing$")
    with pytest.raises(InvalidValue, match="Figure can't be read: ValueError"):
        content(figure)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "say either values, or counts and edges"),
        ({"values": [1], "counts": [1], "edges": [0, 1]}, "say either"),
        ({"counts": [1]}, "say either"),
        (
            {"counts": [1, 2], "edges": [0, 1]},
            r"n counts.* have n \+ 1 edges, and these are 2 counts and 2 edges",
        ),
        ({"counts": [1, 2], "edges": [0, 2, 1]}, "edges are numbers that rise"),
        ({"counts": [1, -2], "edges": [0, 1, 2]}, "counts are numbers from 0 on"),
        ({"values": [1], "bins": 0}, "it is a whole number from 1 to 10,000, not 0"),
        ({"values": ["a"]}, "values are numbers"),
        ({"values": [math.nan]}, "there is no finite number among the values"),
        ({"values": []}, "there is no finite number"),
    ],
)
def test_histograms_that_are_none(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        tb.Histogram(**arguments)


def test_no_library_is_imported_for_what_does_not_need_it(tmp_path: Path) -> None:
    heavy = ("numpy", "pandas", "polars", "pyarrow", "matplotlib", "plotly", "PIL", "torch")
    code = (
        "import sys, trackbook as tb\n"
        "with tb.start_run('light') as run:\n"
        "    run.log({'a': [1, 2], 'b': 'text', 'c': {'x': 1}, 'd': tb.Histogram(counts=[1], edges=[0, 1])})\n"
        "    run.log({'e': 0.5, 'f': ['a']})\n"
        "    try: run.log({'e': object()})\n"
        "    except tb.TrackbookError: pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_table_of_values(run: tb.Run, ingester: ProcessLock) -> None:
    ingester.release()
    run.log({"a": "x", "b": [1, 2]}, step=3, context={"subset": "val"})
    table = tb.values(run)
    assert table[["key", "step", "kind", "size"]].values.tolist() == [
        ["a", 3, "text", 1],
        ["b", 3, "vector", 16],
    ]
    assert table.context[0] == {"subset": "val"}
    assert tb.values(run.id, "b").key.tolist() == ["b"]
    assert tb.values(run, "none").empty
