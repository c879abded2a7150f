"""Models of XGBoost and LightGBM, each in the library's own format, which is data alone."""

from pathlib import Path
from typing import Any

from trackbook.errors import UsageError
from trackbook.services.models.description import ModelDescription
from trackbook.services.models.flavor import Dumped, Loading, written
from trackbook.services.values.wrapped import loaded

# Of these classes, and no other that a description may name, one is made.
_XGBOOST = ("XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")


class XgboostFlavor:
    """Boosters, and the estimators around them."""

    def fits(self, model: Any) -> bool:
        """Tell whether it is XGBoost's."""
        return isinstance(model, loaded("xgboost", "Booster") + loaded("xgboost", "XGBModel"))

    def dump(self, model: Any) -> Dumped:
        """Return the model in binary JSON."""
        return Dumped("model.ubj", written("model.ubj", model.save_model), ("xgboost",))

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return a model of the class that was stored, or a Booster where that class is the user's own."""
        try:
            import xgboost
        except ImportError:
            raise UsageError(f"The model {loading.name!r} needs XGBoost: pip install xgboost") from None
        kind = description.kind.rpartition(".")[2]
        model = getattr(xgboost, kind)() if kind in _XGBOOST else xgboost.Booster()
        model.load_model(bytearray(path.read_bytes()))
        return model


class LightgbmFlavor:
    """Boosters, and the estimators around them, of which the booster is stored."""

    def fits(self, model: Any) -> bool:
        """Tell whether it is LightGBM's."""
        return isinstance(model, loaded("lightgbm", "Booster") + loaded("lightgbm", "LGBMModel"))

    def dump(self, model: Any) -> Dumped:
        """Return the booster as text."""
        booster = getattr(model, "booster_", model)
        return Dumped("model.txt", booster.model_to_string().encode(), ("lightgbm",))

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return a Booster."""
        try:
            import lightgbm
        except ImportError:
            raise UsageError(f"The model {loading.name!r} needs LightGBM: pip install lightgbm") from None
        return lightgbm.Booster(model_str=path.read_text(encoding="utf-8"))
