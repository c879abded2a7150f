"""All flavors, in the order in which they are asked: estimators of XGBoost and LightGBM are scikit-learn's, too."""

from collections.abc import Mapping

from trackbook.services.models.boosting import LightgbmFlavor, XgboostFlavor
from trackbook.services.models.flavor import Flavor
from trackbook.services.models.onnx import OnnxFlavor
from trackbook.services.models.pickled import PickleFlavor
from trackbook.services.models.sklearn import SklearnFlavor
from trackbook.services.models.torch import TorchFlavor

UNSAFE = "pickle"
FLAVORS: Mapping[str, Flavor] = {
    "xgboost": XgboostFlavor(),
    "lightgbm": LightgbmFlavor(),
    "onnx": OnnxFlavor(),
    "torch": TorchFlavor(),
    "scikit-learn": SklearnFlavor(),
    UNSAFE: PickleFlavor(),
}
