"""Keras, where it is installed: what is recorded of `Model.fit`."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", exc_type=ImportError)

import trackbook as tb  # noqa: E402  # Keras reads its backend when it is imported

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own, about numpy

X = np.linspace(-1, 1, 120, dtype="float32").reshape(40, 3)
y = (X.sum(axis=1) > 0).astype("float32")


def make_model():
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential([layers.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    return model


def test_a_fit(project):
    tb.autolog("keras")
    model = make_model()
    seen = []
    own = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    history = model.fit(X, y, epochs=3, batch_size=8, validation_data=(X, y), verbose=0, callbacks=[own])
    run = project.run
    assert run.status == "finished"
    assert run.tags == {"autolog": "keras", "estimator": "Sequential"}
    assert (run.params["epochs"], run.params["batch_size"], run.params["loss"]) == (3, 8, "mse")
    assert run.params["optimizer.name"] == "adam"
    assert run.params["optimizer.learning_rate"] == pytest.approx(0.01)
    assert run.points("loss", dataset="train") == history.history["loss"]
    assert run.points("mae", dataset="validation") == history.history["val_mae"]
    assert seen == [0, 1, 2]
    assert f"{model.count_params()}" in run.artifacts["model_summary.txt"].decode()
    assert run.artifacts["model.keras"].startswith(b"PK")


def test_results_are_the_same_and_it_goes_without_a_trace(project):
    owner = next(kind for kind in keras.Model.__mro__ if "fit" in vars(kind))
    original = vars(owner)["fit"]
    plain = make_model()
    expected = plain.fit(X, y, epochs=2, verbose=0).history
    tb.autolog("keras", models=False)
    recorded = make_model()
    assert recorded.fit(X, y, epochs=2, verbose=0).history == expected
    assert all(np.array_equal(a, b) for a, b in zip(recorded.get_weights(), plain.get_weights(), strict=True))
    assert "model.keras" not in project.run.artifacts
    with tb.no_autolog():
        recorded.fit(X, y, verbose=0)
    tb.autolog(False)
    assert vars(owner)["fit"] is original
    recorded.fit(X, y, verbose=0)
    assert len(project.runs) == 1


@pytest.mark.parametrize("name", ["_params", "_progress", "_log", "_finish"])
def test_a_fault_inside_never_reaches_the_users_code(project, monkeypatch, name):
    tb.autolog("keras")

    def broken(*args):
        raise RuntimeError("broken inside")

    monkeypatch.setattr(f"trackbook.integrations.keras_fit.{name}", broken)
    with pytest.warns(UserWarning, match="broken inside") as shown:
        make_model().fit(X, y, epochs=2, verbose=0)
    assert len([warning for warning in shown if "broken inside" in str(warning.message)]) == 1
    assert project.run.status == "finished"


def test_an_error_is_the_users_own(project):
    tb.autolog("keras")
    with pytest.raises(TypeError):
        make_model().fit(X, y, rounds=3)
    assert project.run.status == "failed"
