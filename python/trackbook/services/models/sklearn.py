"""scikit-learn's estimators, through skops: loading one builds only types that are known to be safe."""

import sys
from pathlib import Path
from typing import Any

from trackbook.errors import UsageError
from trackbook.services.models.description import ModelDescription
from trackbook.services.models.flavor import Dumped, Loading
from trackbook.services.values.libraries import library
from trackbook.services.values.wrapped import loaded


class SklearnFlavor:
    """Estimators, pipelines and searches."""

    def fits(self, model: Any) -> bool:
        """Tell whether it is an estimator."""
        return isinstance(model, loaded("sklearn.base", "BaseEstimator"))

    def dump(self, model: Any) -> Dumped:
        """Return the estimator as skops writes it."""
        io = library("skops.io", "Storing a model of scikit-learn's", "demo")
        data = io.dumps(model)
        for name in io.get_untrusted_types(data=data):
            module, _, kind = name.rpartition(".")
            # skops keeps a function as its name alone, and would find that it leads nowhere when it is too late.
            if module in sys.modules and not hasattr(sys.modules[module], kind):
                raise ValueError(
                    f"{name} can't be found by its name; define it in a module, outside functions"
                )
        return Dumped("model.skops", data, ("scikit-learn", "skops", "numpy"))

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return the estimator; raises UsageError that names the types which are not known to be safe."""
        io = library("skops.io", "Loading a model of scikit-learn's", "demo")
        strange = sorted(set(io.get_untrusted_types(file=path)) - set(loading.trusted))
        if strange:
            listed = ", ".join(strange[:10]) + (f" and {len(strange) - 10} more" if len(strange) > 10 else "")
            raise UsageError(
                f"The model {loading.name!r} holds types that are not known to be safe: {listed}. If you know where it "
                f"comes from: tb.load_model(..., trusted={strange[:10]!r})"
            )
        return io.load(path, trusted=list(loading.trusted))
