"""Models come back as they were, with what is said of them; what could run code comes back only on request."""

import io
import json
import math
import pickle
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import trackbook as tb
from trackbook.domain.records import ArtifactStored
from trackbook.errors import InvalidName, InvalidValue, NotFound, UsageError
from trackbook.services.models.signature import describe
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import read_records
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import create_store

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "größe"])


@pytest.fixture
def ingester(tmp_path: Path) -> Iterator[ProcessLock]:
    """Keeps ingesters away until it is released: each is a process of its own, and these readers do without."""
    lock = ProcessLock(create_store(tmp_path / ".trackbook").ingester_lock)
    assert lock.acquire()
    yield lock
    lock.release()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ingester: ProcessLock) -> Iterator[tb.Run]:
    monkeypatch.chdir(tmp_path)
    with tb.start_run("models") as run:
        yield run


@pytest.fixture
def load(run: tb.Run, ingester: ProcessLock) -> Callable[..., Any]:
    """End the run and load a model of it."""

    def load(name: str = "model", **options: Any) -> Any:
        run.end()
        ingester.release()
        return tb.load_model(run, name, **options)

    return load


def stored(run: tb.Run) -> dict[str, bytes]:
    """The run's artifacts by path; all are a model's."""
    store = run.recorder.store
    found = {}
    for name, path in store.list_journals():
        if name.subject == run.id:
            for record in read_records(path):
                if isinstance(record, ArtifactStored):
                    assert record.kind == "model"
                    found[record.path] = BlobStore(store.blobs).get(record.digest)
    return found


def described(run: tb.Run, name: str = "model") -> Any:
    return json.loads(stored(run)[f"{name}/model.json"])


def test_scikit_learn(run: tb.Run, load: Callable[..., Any]) -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, Y)
    assert run.model(model, "clf", input_example=FRAME.head(2)) == "clf/model.skops"
    said = described(run, "clf")
    assert (said["flavor"], said["file"], said["unsafe"]) == ("scikit-learn", "model.skops", False)
    assert said["kind"] == "sklearn.pipeline.Pipeline"
    assert set(said["libraries"]) == {"scikit-learn", "skops", "numpy"}
    assert said["signature"]["inputs"] == [{"name": n, "type": "float64"} for n in ("a", "b", "größe")]
    assert said["signature"]["outputs"] == [{"type": "int64", "shape": [None]}]
    example = pd.read_parquet(io.BytesIO(stored(run)["clf/input-example.parquet"]))
    pd.testing.assert_frame_equal(example, FRAME.head(2))
    back = load("clf")
    assert (back.predict_proba(FRAME) == model.predict_proba(FRAME)).all()


class Doubling(StandardScaler):
    """A type that skops does not know."""


def test_types_that_are_not_known_are_named(run: tb.Run, load: Callable[..., Any]) -> None:
    run.model(make_pipeline(Doubling(), LogisticRegression()).fit(X, Y))
    with pytest.raises(
        UsageError, match=r"holds types that are not known to be safe: .*Doubling.*trusted=\['"
    ) as caught:
        load()
    (named,) = [word.strip("'[])") for word in str(caught.value).split("trusted=")[1].split(", ")]
    assert load(trusted=[named]).predict(X).shape == (80,)


def test_xgboost(run: tb.Run, load: Callable[..., Any]) -> None:
    model = xgboost.XGBClassifier(n_estimators=3).fit(X, Y)
    run.model(model, "a", input_example=X[:2])
    run.model(model.get_booster(), "b", input_example=X[:2])
    assert (described(run, "a")["flavor"], described(run, "a")["file"]) == ("xgboost", "model.ubj")
    assert described(run, "b")["signature"]["outputs"] == [{"type": "float32", "shape": [None]}]
    back, booster = load("a"), load("b")
    assert type(back) is xgboost.XGBClassifier
    assert (back.predict_proba(X) == model.predict_proba(X)).all()
    assert type(booster) is xgboost.Booster
    assert (booster.predict(xgboost.DMatrix(X)) == model.predict_proba(X)[:, 1]).all()


def test_lightgbm(run: tb.Run, load: Callable[..., Any]) -> None:
    model = lightgbm.LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1).fit(FRAME, X[:, 2])
    run.model(model, "a", input_example=FRAME.head(2))
    run.model(model.booster_, "b")
    assert (described(run, "a")["flavor"], described(run, "a")["kind"]) == (
        "lightgbm",
        "lightgbm.sklearn.LGBMRegressor",
    )
    for name in "ab":
        assert load(name).predict(FRAME) == pytest.approx(model.predict(FRAME))


def test_onnx(run: tb.Run, load: Callable[..., Any]) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph)
    run.model(model)
    assert (described(run)["flavor"], described(run)["file"]) == ("onnx", "model.onnx")
    back = load()
    assert isinstance(back, onnx.ModelProto)
    assert back == model


class Opaque:
    """No library's model."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def predict(self, values: Any) -> Any:
        return [self.factor * value for value in values]


def test_a_pickle_only_on_request(run: tb.Run, load: Callable[..., Any]) -> None:
    with pytest.raises(
        InvalidValue, match=r"Opaque is of no library with a format that is safe to load\. unsafe=True"
    ):
        run.model(Opaque(2.0))
    assert stored(run) == {}
    run.model(Opaque(2.0), unsafe=True, input_example=[1.0, math.inf])
    said = described(run)
    assert (said["flavor"], said["file"], said["unsafe"]) == ("pickle", "model.joblib", True)
    assert said["signature"] == {
        "inputs": [{"type": "float", "shape": [None]}], "outputs": [{"type": "float", "shape": [None]}]
    }  # fmt: skip
    assert json.loads(stored(run)["model/input-example.json"]) == [1.0, "Infinity"]
    with pytest.raises(UsageError, match=r"loading it can run any code.*unsafe=True"):
        load()
    assert load(unsafe=True).predict([3.0]) == [6.0]


def test_without_joblib_it_is_pickle(
    run: tb.Run, load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    run.model(Opaque(3.0), unsafe=True)
    assert pickle.loads(stored(run)["model/model.pkl"]).factor == 3.0
    assert load(unsafe=True).factor == 3.0


def test_a_description_that_lies_opens_no_pickle(run: tb.Run, load: Callable[..., Any]) -> None:
    run.model(Opaque(3.0), unsafe=True)
    said = described(run)
    run.artifact(json.dumps(said | {"unsafe": False}).encode(), "model/model.json", kind="model")
    with pytest.raises(UsageError, match="loading it can run any code"):
        load()


def test_a_safe_format_is_preferred(run: tb.Run) -> None:
    run.model(LogisticRegression().fit(X, Y), unsafe=True)
    assert described(run)["unsafe"] is False


def test_what_skops_does_not_hold(run: tb.Run) -> None:
    model = make_pipeline(FunctionTransformer(lambda x: x), LogisticRegression()).fit(X, Y)
    with pytest.raises(
        InvalidValue, match=r"no safe file of it \(ValueError: .*<lambda> can't be found by its name"
    ):
        run.model(model)
    with pytest.raises(InvalidValue, match=r"it can't be pickled \(PicklingError"):
        run.model(model, unsafe=True)
    assert stored(run) == {}


def test_a_model_that_does_not_take_the_example(run: tb.Run) -> None:
    run.model(LogisticRegression().fit(X, Y), input_example=X[:2, :1])
    signature = described(run)["signature"]
    assert signature["inputs"] == [{"type": "float64", "shape": [None, 1]}]
    assert "outputs" not in signature
    assert signature["problem"].startswith("ValueError: X has 1 features")


def test_the_users_example_stays_as_it_is(run: tb.Run) -> None:
    class Greedy(Opaque):
        def predict(self, values: Any) -> Any:
            values.clear()
            return [1]

    example = [1.0, 2.0]
    with pytest.raises(InvalidValue, match="can't be pickled"):  # a class of a function
        run.model(Greedy(1.0), unsafe=True, input_example=example)
    monkey = Opaque(1.0)
    monkey.predict = Greedy(1.0).predict  # type: ignore[method-assign]
    from trackbook.services.models.signature import signature_of

    assert signature_of(monkey, example).outputs == [{"type": "int", "shape": [None]}]
    assert example == [1.0, 2.0]


class Part:
    """What of torch's modules is used."""

    def __init__(self, training: bool = True, parts: tuple["Part", ...] = (), weight: float = 2.0) -> None:
        self.training = training
        self.parts = parts
        self.weight = weight

    def modules(self) -> Iterator["Part"]:
        yield self
        for part in self.parts:
            yield from part.modules()

    def eval(self) -> "Part":
        for part in self.modules():
            part.training = False
        return self

    def state_dict(self) -> dict[str, Any]:
        return {"weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.weight = state["weight"]

    def __call__(self, x: Any) -> Any:
        assert not any(part.training for part in self.modules())
        return x * self.weight


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(file: Any, map_location: str, weights_only: bool) -> Any:
        assert (map_location, weights_only) == ("cpu", True)
        return json.loads(Path(file).read_text(encoding="utf-8"))

    module = types.ModuleType("torch")
    nn = types.ModuleType("torch.nn")
    vars(nn)["Module"] = Part
    no_grad = type("no_grad", (), {"__enter__": lambda self: self, "__exit__": lambda self, *error: None})
    vars(module).update(
        nn=nn,
        load=load,
        save=lambda state, file: file.write(json.dumps(state).encode()),
        no_grad=no_grad,
        Tensor=type("Tensor", (), {}),
    )
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setitem(sys.modules, "torch.nn", nn)


@pytest.mark.usefixtures("torch")
def test_torch_as_state_dict(run: tb.Run, load: Callable[..., Any]) -> None:
    model = Part(parts=(Part(training=False), Part()))
    run.model(model, input_example=np.ones((2, 3), np.float32))
    assert [part.training for part in model.modules()] == [True, False, True]
    said = described(run)
    assert (said["flavor"], said["file"], said["unsafe"]) == ("torch", "model.pt", False)
    assert said["signature"]["outputs"] == [{"type": "float32", "shape": [None, 3]}]
    assert load() == {"weight": 2.0}
    other = Part(weight=0.0)
    assert load(into=other) is other
    assert other.weight == 2.0


def test_what_is_not_there(run: tb.Run, load: Callable[..., Any]) -> None:
    with pytest.raises(InvalidName):
        run.model(LogisticRegression(), "../up")
    run.model(LogisticRegression().fit(X, Y), "clf")
    with pytest.raises(NotFound, match=r"There is no model 'model'\. The run has 'clf'\."):
        load()
    with pytest.raises(InvalidName):
        load("../clf")
    with pytest.raises(NotFound, match="run"):
        tb.load_model("#77")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 9}, "stored by a newer Trackbook"),
        ({"flavor": "jax"}, "stored by a newer Trackbook, as 'jax'"),
        ({"file": "../../x"}, "names a file that is not beside it"),
        ({"file": 3}, r"model/model\.json is no description of a model"),
        ({"flavor": "onnx"}, r"can't be loaded here \(DecodeError.* It was stored with Python 3\."),
    ],
)
def test_descriptions_that_are_none(
    run: tb.Run, load: Callable[..., Any], change: dict[str, Any], says: str
) -> None:
    run.model(LogisticRegression().fit(X, Y))
    run.artifact(json.dumps(described(run) | change).encode(), "model/model.json", kind="model")
    with pytest.raises(UsageError, match=says):
        load()


def test_without_the_library(run: tb.Run, load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run.model(
        lightgbm.Booster(
            model_str=lightgbm.LGBMRegressor(n_estimators=1, verbose=-1).fit(X, Y).booster_.model_to_string()
        )
    )
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(UsageError, match="needs LightGBM: pip install lightgbm"):
        load()
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(tb.TrackbookError, match=r"trackbook\[demo\]"):
        tb.start_run("other", folder=Path.cwd()).model(LogisticRegression())
    tb.end_run()


def test_descriptions_of_data() -> None:
    assert describe({"a": np.zeros((2, 3), np.float32), "b": [1]}) == [
        {"name": "a", "type": "float32", "shape": [None, 3]},
        {"name": "b", "type": "int", "shape": [None]},
    ]
    assert describe(pa.table({"n": [1]})) == [{"name": "n", "type": "int64"}]
    assert describe([[1.0, 2.0]]) == [{"type": "float", "shape": [None, 2]}]
    assert describe("text") == [{"type": "str"}]
