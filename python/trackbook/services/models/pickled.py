"""Any other model, pickled. Loading such a file can run any code: it is stored, and loaded, only on request."""

import importlib.util
import io
import pickle
from pathlib import Path
from typing import Any

from trackbook.errors import UsageError
from trackbook.services.models.description import ModelDescription
from trackbook.services.models.flavor import Dumped, Loading


class PickleFlavor:
    """Models that no safe format holds: through joblib where it is installed, which keeps arrays apart, else pickle."""

    def fits(self, model: Any) -> bool:
        """Tell that any model will do."""
        return True

    def dump(self, model: Any) -> Dumped:
        """Return the pickled model."""
        root = type(model).__module__.partition(".")[0]
        if importlib.util.find_spec("joblib") is not None:
            import joblib

            buffer = io.BytesIO()
            joblib.dump(model, buffer)
            return Dumped("model.joblib", buffer.getvalue(), (root, "joblib"))
        return Dumped("model.pkl", pickle.dumps(model), (root,))

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return the model, running what its file says."""
        if description.file.endswith(".pkl"):
            return pickle.loads(path.read_bytes())
        try:
            import joblib
        except ImportError:
            raise UsageError(f"The model {loading.name!r} needs joblib: pip install joblib") from None
        return joblib.load(path)
