"""What a model takes and gives, read off an example."""

import contextlib
import copy
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from trackbook.services.models.description import Signature
from trackbook.services.values.tables import is_table
from trackbook.services.values.wrapped import loaded


def signature_of(model: Any, example: Any) -> Signature:
    """Return what the example says of the model; where the model does not take it, why is said instead of outputs."""
    inputs = describe(example)
    try:
        outputs = _outputs(model, example)
    except Exception as error:  # the model may raise anything
        return Signature(inputs, None, f"{type(error).__name__}: {error}"[:500])
    return Signature(inputs, None if outputs is _NONE else describe(outputs))


def describe(value: Any) -> list[dict[str, Any]]:
    """Return columns with name and type, or one entry with the type and shape of an array.

    The first number of a shape, that of the samples, is None: it varies.
    """
    if is_table(value):
        return _columns(value)
    if isinstance(value, Mapping):
        return [{"name": str(key), **describe(item)[0]} for key, item in value.items()]
    shape, kind = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and kind is not None:
        return [{"type": str(kind), "shape": [None, *map(int, tuple(shape)[1:])] if len(shape) else []}]
    if isinstance(value, (list, tuple)) and value:
        shape = []
        while isinstance(value, (list, tuple)) and value:
            shape.append(len(value))
            value = value[0]
        return [{"type": type(value).__name__, "shape": [None, *shape[1:]]}]
    return [{"type": type(value).__name__}]


def _columns(table: Any) -> list[dict[str, Any]]:
    dtypes = getattr(table, "dtypes", None)
    if dtypes is None:  # Arrow's
        return [{"name": field.name, "type": str(field.type)} for field in table.schema]
    return [
        {"name": str(name), "type": str(kind)} for name, kind in zip(table.columns, list(dtypes), strict=True)
    ]


_NONE = object()


def _outputs(model: Any, example: Any) -> Any:
    if isinstance(model, loaded("torch.nn", "Module")):
        return _torch_outputs(model, example)
    predict = getattr(model, "predict", None)
    if not callable(predict):
        return _NONE
    # What the model makes of it must not change the user's own data.
    given = copy.deepcopy(example)
    if isinstance(model, loaded("xgboost", "Booster")):
        given = sys.modules["xgboost"].DMatrix(given)
    return predict(given)


def _torch_outputs(model: Any, example: Any) -> Any:
    torch = sys.modules["torch"]
    with _evaluating(model), torch.no_grad():
        return model(**example) if isinstance(example, Mapping) else model(example)


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    # A module that is trained counts statistics and drops values at random; some parts may be frozen already.
    before = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training
