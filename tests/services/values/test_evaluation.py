"""Confusion matrix, ROC, precision and recall, and calibration are scikit-learn's, to the last digit."""

import json
import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import calibration, metrics

import trackbook as tb
from trackbook.errors import InvalidValue
from trackbook.services.values.thinning import thin_curve


def content(value: Any) -> Any:
    return json.loads(value.content("x").data)


def area(x: Any, y: Any) -> float:
    return abs(float(np.trapezoid(y, x)))


labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)
scored = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1).map(lambda score: round(score, 1))), min_size=2, max_size=80
).filter(lambda rows: len({positive for positive, _ in rows}) == 2)


@settings(max_examples=60)
@given(labels)
def test_confusion_matrix(rows: list[tuple[int, int]]) -> None:
    true, predicted = map(list, zip(*rows, strict=True))
    found = tb.confusion_matrix(true, predicted)
    known = sorted({*true, *predicted})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a single label
        assert found.counts == metrics.confusion_matrix(true, predicted, labels=known).tolist()
    assert found.labels == [str(label) for label in known]


def test_confusion_matrix_of_given_labels() -> None:
    true, predicted = ["cat", "dog", "cow", "dog"], ["dog", "dog", "cat", "cow"]
    found = tb.confusion_matrix(true, predicted, ["dog", "cat"])
    assert found.counts == metrics.confusion_matrix(true, predicted, labels=["dog", "cat"]).tolist()
    assert content(found) == {"labels": ["dog", "cat"], "counts": [[1, 0], [1, 0]]}
    stored = found.content("x")
    assert (stored.kind, stored.media_type) == ("confusion_matrix", "application/json")
    assert stored.meta == {"classes": 2, "labels": ["dog", "cat"], "count": 2, "accuracy": 0.5}


@settings(max_examples=60)
@given(scored)
def test_roc(rows: list[tuple[bool, float]]) -> None:
    true, score = map(np.array, zip(*rows, strict=True))
    (curve,) = tb.roc_curve(true, score).curves
    fpr, tpr, thresholds = metrics.roc_curve(true, score)
    assert curve.fpr == fpr.tolist()
    assert curve.tpr == tpr.tolist()
    assert curve.thresholds == thresholds.tolist()
    assert curve.auc == pytest.approx(metrics.roc_auc_score(true, score), abs=1e-12)
    assert curve.label == "True"


@settings(max_examples=60)
@given(scored)
def test_precision_and_recall(rows: list[tuple[bool, float]]) -> None:
    true, score = map(np.array, zip(*rows, strict=True))
    (curve,) = tb.pr_curve(true, score).curves
    precision, recall, thresholds = metrics.precision_recall_curve(true, score)
    assert curve.precision == precision.tolist()
    assert curve.recall == recall.tolist()
    assert curve.thresholds == [*thresholds.tolist(), math.inf]
    assert curve.average_precision == pytest.approx(metrics.average_precision_score(true, score), abs=1e-12)


@settings(max_examples=60)
@given(scored, st.integers(1, 12))
def test_calibration(rows: list[tuple[bool, float]], bins: int) -> None:
    true, score = map(np.array, zip(*rows, strict=True))
    (curve,) = tb.calibration_curve(true, score, bins=bins).curves
    observed, predicted = calibration.calibration_curve(true, score, n_bins=bins)
    assert curve.observed == observed.tolist()
    assert curve.predicted == predicted.tolist()
    assert sum(curve.counts) == len(rows)


def test_several_classes_are_one_against_the_rest() -> None:
    random = np.random.default_rng(0)
    true = np.array(["a", "b", "c"])[random.integers(0, 3, 300)]
    score = random.dirichlet([1, 1, 1], 300)
    for function, kind in ((tb.roc_curve, "roc"), (tb.pr_curve, "pr"), (tb.calibration_curve, "calibration")):
        found = function(true, score)
        assert [curve.label for curve in found.curves] == ["a", "b", "c"]
        assert found.content("x").kind == kind
    for number, curve in enumerate(tb.roc_curve(true, score).curves):
        assert curve.auc == pytest.approx(
            metrics.roc_auc_score(true == "abc"[number], score[:, number]), abs=1e-12
        )
    turned = tb.pr_curve(true, score[:, [2, 0, 1]], labels=["c", "a", "b"]).curves
    for curve, column in zip(turned, (2, 0, 1), strict=True):
        wanted = metrics.average_precision_score(true == curve.label, score[:, column])
        assert curve.average_precision == pytest.approx(wanted, abs=1e-12)


def test_two_columns_are_two_classes() -> None:
    true, score = [0, 1, 1, 0], np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
    assert content(tb.roc_curve(true, score)) == content(tb.roc_curve(true, score[:, 1]))
    assert content(tb.roc_curve(true, score))["curves"][0]["thresholds"][0] == "Infinity"


def test_a_class_that_does_not_occur_has_no_curve() -> None:
    found = tb.roc_curve([0, 1, 1], [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]], labels=[0, 1, 2])
    assert found.curves[2].fpr == []
    assert content(found)["curves"][2] == {
        "label": "2", "fpr": [], "tpr": [], "thresholds": [], "auc": "NaN"
    }  # fmt: skip
    assert found.content("x").meta["auc"] == [1.0, 1.0, "NaN"]


def made(kind: str, size: int = 200_000) -> tuple[Any, Any]:
    random = np.random.default_rng(1)
    if kind == "by chance":
        return random.random(size) < 0.5, random.random(size)
    if kind == "rare":
        true = random.random(size) < 0.02
        return true, random.normal(true * 2.0, 1.0)
    if kind == "good":
        true = random.random(size) < 0.4
        return true, random.normal(true * 3.0, 1.0)
    score = random.random(size)  # bends twice
    return random.random(size) < 0.5 + 0.5 * np.sin(score * 12), score


@pytest.mark.parametrize("kind", ["by chance", "rare", "good", "winding"])
def test_long_curves_keep_their_area(kind: str) -> None:
    true, score = made(kind)
    (roc,) = tb.roc_curve(true, score).curves
    assert len(roc.fpr) == len(roc.tpr) == len(roc.thresholds) == 1_000
    assert area(roc.fpr, roc.tpr) == pytest.approx(metrics.roc_auc_score(true, score), abs=1e-3)
    (pr,) = tb.pr_curve(true, score).curves
    precision, recall, _ = metrics.precision_recall_curve(true, score)
    assert len(pr.recall) == len(pr.precision) == len(pr.thresholds) == 1_000
    assert area(pr.recall, pr.precision) == pytest.approx(area(recall, precision), abs=1e-3)
    assert pr.average_precision == pytest.approx(metrics.average_precision_score(true, score), abs=1e-9)
    # Points are true ones, in order, and the ends stay.
    assert set(zip(pr.recall, pr.precision, strict=True)) <= set(zip(recall, precision, strict=True))
    assert roc.fpr == sorted(roc.fpr)
    assert (roc.fpr[0], roc.tpr[-1]) == (0.0, 1.0)


def test_thinning_keeps_corners() -> None:
    x = np.linspace(0, 1, 50_001)
    y = np.where(x < 0.3333, 0.0, 1.0)
    kept = thin_curve(np, x, y, 10)
    assert len(kept) <= 10
    assert area(x[kept], y[kept]) == pytest.approx(area(x, y), abs=1e-9)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: tb.roc_curve([0, 1], [0.1]), "'y_score' is not stored: it has 1 entries, and y_true 2"),
        (lambda: tb.roc_curve([0, 1], [0.1, math.nan]), "there is a NaN or an infinity among the scores"),
        (lambda: tb.roc_curve([0, 1], ["a", "b"]), "scores are numbers"),
        (lambda: tb.roc_curve([1, 1], [0.1, 0.2]), r"y_true holds 1; name all classes.*labels=\[\.\.\.\]"),
        (lambda: tb.roc_curve([0, 1, 2], [0.1, 0.2, 0.3]), "two classes, and y_true holds 3"),
        (lambda: tb.roc_curve([0, 1, 2], [[0.1, 0.2]] * 3), "2 columns, a class each, and y_true holds 3"),
        (lambda: tb.roc_curve([0, 5], [0.1, 0.2], labels=[0, 1]), "holds 5, which is none of the labels"),
        (lambda: tb.pr_curve([], []), "labels are a list, one each"),
        (lambda: tb.calibration_curve([0, 1], [0.1, 2.0]), "probabilities from 0 to 1, and these reach from 0.1 to 2"),
        (lambda: tb.calibration_curve([0, 1], [0.1, 0.2], bins=0), "it is a whole number from 1 to 1,000"),
        (lambda: tb.confusion_matrix([0, 1], [0]), "'y_pred' is not stored: it has 1 entries"),
        (lambda: tb.confusion_matrix([0, 1], ["a", "b"]), "labels are of one type"),
        (lambda: tb.confusion_matrix([0, 1], [0, 1], labels=[0, 0]), "a label is named twice"),
        (lambda: tb.confusion_matrix([0, math.nan], [0, 1]), "there is a NaN among the labels"),
        (lambda: tb.confusion_matrix(range(2_000), range(2_000)), "from 1 to 1,000 labels, not 2,000"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together(call: Any, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        call()
