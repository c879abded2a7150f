"""How good a classifier is, as data: confusion matrix, ROC, precision and recall, calibration. The viewer draws them.

Figures are those of scikit-learn, computed with numpy alone. Several classes are taken one against the rest. A curve of
more than 1,000 points is thinned: the area under it changes by less than a thousandth.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from trackbook.domain.rich import RichContent, RichKind
from trackbook.errors import InvalidValue
from trackbook.services.values.libraries import numpy
from trackbook.services.values.thinning import thin_curve
from trackbook.services.values.vectors import to_host
from trackbook.services.values.wrapped import Wrapped, check_whole, ready, to_json

MAX_CLASSES = 1_000
MAX_CURVES = 100
MAX_BINS = 1_000
_SHOWN = 50


class Roc(Struct, frozen=True):
    """One ROC curve: at each threshold, the rates of false and of true positives. The first threshold is infinite."""

    label: str
    fpr: list[float]
    tpr: list[float]
    thresholds: list[float]
    auc: float


class Pr(Struct, frozen=True):
    """Precision and recall at each threshold, which rises; the last one is infinite, where nothing is predicted."""

    label: str
    precision: list[float]
    recall: list[float]
    thresholds: list[float]
    average_precision: float


class Calibration(Struct, frozen=True):
    """Of each bin that holds scores: their mean, how often the class was the true one, and how many there are."""

    label: str
    predicted: list[float]
    observed: list[float]
    counts: list[int]


class ConfusionMatrix(Wrapped):
    """How often each true label (a row) was predicted as each label (a column)."""

    def __init__(self, labels: list[str], counts: list[list[int]]) -> None:
        self.labels = labels
        self.counts = counts

    def content(self, name: str) -> RichContent:
        """Return `{"labels": [...], "counts": [[...]]}` as JSON."""
        total = sum(map(sum, self.counts))
        right = sum(row[i] for i, row in enumerate(self.counts))
        meta: dict[str, Any] = {"classes": len(self.labels), "labels": self.labels[:_SHOWN], "count": total}
        meta |= {"accuracy": right / total} if total else {}
        data = to_json({"labels": self.labels, "counts": self.counts})
        return ready(name, "confusion_matrix", data, "application/json", meta)


class Curves(Wrapped):
    """One curve for each class; of two classes, one for the second."""

    def __init__(self, kind: RichKind, curves: Sequence[Roc | Pr | Calibration]) -> None:
        self.kind = kind
        self.curves = list(curves)

    def content(self, name: str) -> RichContent:
        """Return `{"curves": [...]}` as JSON."""
        meta: dict[str, Any] = {"labels": [curve.label for curve in self.curves[:_SHOWN]]}
        for field in ("auc", "average_precision"):
            figures = [getattr(curve, field) for curve in self.curves[:_SHOWN] if hasattr(curve, field)]
            meta |= {field: figures} if figures else {}
        data = to_json({"curves": to_builtins(self.curves)})
        return ready(name, self.kind, data, "application/json", meta)


def confusion_matrix(y_true: Any, y_pred: Any, labels: Sequence[Any] | None = None) -> ConfusionMatrix:
    """Return how often each true label was predicted as each label.

    `labels` says which count, and in which order; by default all that occur, sorted. Raises InvalidValue for labels
    that don't belong together.
    """
    np = numpy("A confusion matrix")
    true, predicted = _labels(np, "y_true", y_true), _labels(np, "y_pred", y_pred)
    _check_lengths(true, predicted, "y_pred")
    if not _same_kind(true, predicted):
        raise InvalidValue(
            "y_pred",
            y_pred,
            f"y_true holds {true.dtype} and y_pred {predicted.dtype}; labels are of one type",
        )
    known = _distinct(np, np.concatenate([true, predicted]))
    chosen = known if labels is None else _labels(np, "labels", labels)
    if not 0 < len(chosen) <= MAX_CLASSES:
        raise InvalidValue(
            "labels", labels, f"there are from 1 to {MAX_CLASSES:,} labels, not {len(chosen):,}"
        )
    _check_given(np, chosen)
    place = {label: number for number, label in enumerate(chosen.tolist())}
    counts = np.zeros((len(chosen), len(chosen)), np.int64)
    rows = np.array([place.get(label, -1) for label in true.tolist()])
    columns = np.array([place.get(label, -1) for label in predicted.tolist()])
    counted = (rows >= 0) & (columns >= 0)
    np.add.at(counts, (rows[counted], columns[counted]), 1)
    return ConfusionMatrix([str(label) for label in chosen.tolist()], counts.tolist())


def roc_curve(y_true: Any, y_score: Any, labels: Sequence[Any] | None = None) -> Curves:
    """Return ROC curves: `y_score` is the score of the second class, or has a column for each class.

    `labels` names the classes in the order of the columns; by default those of `y_true`, sorted. A class that is all or
    nothing of `y_true` has a curve without points, its area NaN. Raises InvalidValue for what does not fit together.
    """
    np = numpy("A ROC curve")
    return Curves("roc", [_roc(np, *each) for each in _one_against_rest(np, y_true, y_score, labels)])


def pr_curve(y_true: Any, y_score: Any, labels: Sequence[Any] | None = None) -> Curves:
    """Return curves of precision over recall; as `roc_curve`."""
    np = numpy("A precision-recall curve")
    return Curves("pr", [_pr(np, *each) for each in _one_against_rest(np, y_true, y_score, labels)])


def calibration_curve(
    y_true: Any, y_score: Any, labels: Sequence[Any] | None = None, *, bins: int = 10
) -> Curves:
    """Return how often a class was the true one where it was given a probability, in `bins` of equal width.

    `y_score` holds probabilities, from 0 to 1; as `roc_curve`.
    """
    np = numpy("A calibration curve")
    check_whole("bins", bins, MAX_BINS)
    curves = []
    for label, positive, score in _one_against_rest(np, y_true, y_score, labels):
        if score.min() < 0 or score.max() > 1:
            raise InvalidValue(
                "y_score",
                y_score,
                f"a calibration curve is made of probabilities from 0 to 1, and these reach from {score.min():.4g} "
                f"to {score.max():.4g}",
            )
        curves.append(_calibration(np, label, positive, score, bins))
    return Curves("calibration", curves)


def _roc(np: Any, label: str, positive: Any, score: Any) -> Roc:
    thresholds, true, false = _counts(np, positive, score)
    if not true[-1] or not false[-1]:
        return Roc(label, [], [], [], float("nan"))
    # Points on a straight line between their neighbours draw nothing.
    bends = np.ones(len(true), bool)
    if len(true) > 2:
        bends[1:-1] = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
    tpr = np.r_[0.0, true[bends] / true[-1]]
    fpr = np.r_[0.0, false[bends] / false[-1]]
    at = np.r_[np.inf, thresholds[bends]]
    auc = float(((tpr[1:] + tpr[:-1]) / 2 * np.diff(fpr)).sum())
    kept = thin_curve(np, fpr, tpr)
    return Roc(label, fpr[kept].tolist(), tpr[kept].tolist(), at[kept].tolist(), auc)


def _pr(np: Any, label: str, positive: Any, score: Any) -> Pr:
    thresholds, true, false = _counts(np, positive, score)
    if not true[-1]:
        return Pr(label, [], [], [], float("nan"))
    precision = np.r_[(true / (true + false))[::-1], 1.0]
    recall = np.r_[(true / true[-1])[::-1], 0.0]
    at = np.r_[thresholds[::-1], np.inf]
    average = float(max(0.0, -(np.diff(recall) * precision[:-1]).sum()))
    kept = thin_curve(np, recall, precision)
    return Pr(label, precision[kept].tolist(), recall[kept].tolist(), at[kept].tolist(), average)


def _calibration(np: Any, label: str, positive: Any, score: Any, bins: int) -> Calibration:
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.searchsorted(edges[1:-1], score)
    counts = np.bincount(place, minlength=bins)
    scores = np.bincount(place, weights=score, minlength=bins)
    positives = np.bincount(place, weights=positive, minlength=bins)
    some = counts > 0
    predicted, observed = scores[some] / counts[some], positives[some] / counts[some]
    return Calibration(label, predicted.tolist(), observed.tolist(), counts[some].tolist())


def _counts(np: Any, positive: Any, score: Any) -> tuple[Any, Any, Any]:
    """Return each distinct score, falling, and how many true and false positives it has as threshold."""
    order = np.argsort(-score, kind="stable")
    score, positive = score[order], positive[order].astype(float)
    last = np.r_[np.nonzero(np.diff(score))[0], len(score) - 1]
    true = np.cumsum(positive)[last]
    return score[last], true, 1.0 + last - true


def _one_against_rest(
    np: Any, y_true: Any, y_score: Any, labels: Sequence[Any] | None
) -> Iterator[tuple[str, Any, Any]]:
    true = _labels(np, "y_true", y_true)
    score = _scores(np, y_score)
    _check_lengths(true, score, "y_score")
    known = _distinct(np, true)
    classes = known if labels is None else _labels(np, "labels", labels)
    _check_given(np, classes)
    if strange := [label for label in known.tolist() if label not in classes.tolist()]:
        raise InvalidValue("labels", labels, f"y_true holds {strange[0]!r}, which is none of the labels")
    columns = 2 if score.ndim == 1 else score.shape[1]
    if len(classes) != columns:
        what = "two classes" if score.ndim == 1 else f"{columns} columns, a class each"
        raise InvalidValue(
            "y_score",
            y_score,
            f"scores of the shape {score.shape} are those of {what}, and y_true holds {len(classes)}; name all "
            "classes, in the order of the columns: labels=[...]",
        )
    if columns > MAX_CURVES:
        raise InvalidValue(
            "y_score", y_score, f"at most {MAX_CURVES} classes have a curve, and these are {columns}"
        )
    if columns == 2:
        yield str(classes.tolist()[1]), true == classes[1], score if score.ndim == 1 else score[:, 1]
        return
    for number, label in enumerate(classes.tolist()):
        yield str(label), true == classes[number], score[:, number]


def _labels(np: Any, name: str, values: Any) -> Any:
    array = np.asarray(to_host(values))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not array.size:
        raise InvalidValue(name, values, f"labels are a list, one each, and not of the shape {array.shape}")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InvalidValue(name, values, "there is a NaN among the labels")
    return array


def _scores(np: Any, values: Any) -> Any:
    try:
        array = np.asarray(to_host(values)).astype(float)
    except (TypeError, ValueError):
        raise InvalidValue("y_score", values, "scores are numbers") from None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or not array.size:
        raise InvalidValue(
            "y_score", values, f"scores have the shape (samples,) or (samples, classes), not {array.shape}"
        )
    if not np.isfinite(array).all():
        raise InvalidValue("y_score", values, "there is a NaN or an infinity among the scores")
    return array


def _distinct(np: Any, array: Any) -> Any:
    try:
        return np.unique(array)
    except TypeError:
        raise InvalidValue("y_true", array, "its labels can't be sorted: they are of several types") from None


def _same_kind(one: Any, other: Any) -> bool:
    kinds = one.dtype.kind, other.dtype.kind
    return "O" in kinds or (kinds[0] in "US") == (kinds[1] in "US")


def _check_given(np: Any, labels: Any) -> None:
    if len(set(labels.tolist())) < len(labels):
        raise InvalidValue("labels", labels, "a label is named twice")


def _check_lengths(true: Any, other: Any, name: str) -> None:
    if len(true) != len(other):
        raise InvalidValue(name, other, f"it has {len(other):,} entries, and y_true {len(true):,}")
