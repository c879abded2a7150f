"""Which models were fitted in which run, and which arrays are their predictions. Nothing is kept alive by it."""

import weakref
from typing import Any, NamedTuple

from trackbook.integrations.fits import Fit
from trackbook.integrations.identity import IdentityMap

TRAIN = "train"


class Fitted(NamedTuple):
    """A model's fit, and the data that it was fitted on."""

    fit: Fit
    data: "weakref.ref[Any] | None"

    def is_training_data(self, data: object) -> bool:
        """Tell whether this is the very object that the model was fitted on."""
        return self.data is not None and data is not None and self.data() is data


class Prediction(NamedTuple):
    """What a model predicted, and the name of the data that it predicted it for."""

    fit: Fit
    dataset: str | None


_fitted: IdentityMap[Fitted] = IdentityMap()
_predictions: IdentityMap[Prediction] = IdentityMap()


def remember_fit(model: object, fit: Fit, data: object = None) -> None:
    """Remember the fit of a model."""
    try:
        reference = None if data is None else weakref.ref(data)
    except TypeError:
        reference = None
    _fitted.put(model, Fitted(fit, reference))


def fit_of(model: object) -> Fitted | None:
    """Return the fit of a model, None if none was recorded."""
    return _fitted.get(model)


def remember_prediction(values: object, fit: Fit, dataset: str | None) -> None:
    """Remember that an array is what a model predicted."""
    _predictions.put(values, Prediction(fit, dataset))


def prediction_of(values: object) -> Prediction | None:
    """Return whose prediction an array is, or the array that it is a view of."""
    for _ in range(8):
        if values is None:
            return None
        if (found := _predictions.get(values)) is not None:
            return found
        values = getattr(values, "base", None)
    return None


def forget() -> None:
    """Forget all models and predictions."""
    _fitted.clear()
    _predictions.clear()
