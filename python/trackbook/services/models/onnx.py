"""ONNX models: a graph of known operations."""

from pathlib import Path
from typing import Any

from trackbook.errors import UsageError
from trackbook.services.models.description import ModelDescription
from trackbook.services.models.flavor import Dumped, Loading
from trackbook.services.values.wrapped import loaded


class OnnxFlavor:
    """Models in memory."""

    def fits(self, model: Any) -> bool:
        """Tell whether it is a model of onnx's."""
        return isinstance(model, loaded("onnx", "ModelProto"))

    def dump(self, model: Any) -> Dumped:
        """Return the model as its own format has it."""
        return Dumped("model.onnx", model.SerializeToString(), ("onnx",))

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return the model."""
        try:
            import onnx
        except ImportError:
            raise UsageError(f"The model {loading.name!r} needs onnx: pip install onnx") from None
        return onnx.load_from_string(path.read_bytes())
