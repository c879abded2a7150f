"""torch's modules, as their state dict: tensors by name, and no code."""

import io
import sys
from pathlib import Path
from typing import Any

from trackbook.errors import UsageError
from trackbook.services.models.description import ModelDescription
from trackbook.services.models.flavor import Dumped, Loading
from trackbook.services.values.wrapped import loaded


class TorchFlavor:
    """Modules. Their class is the user's own code, which a file of weights does not hold."""

    def fits(self, model: Any) -> bool:
        """Tell whether it is a module."""
        return isinstance(model, loaded("torch.nn", "Module"))

    def dump(self, model: Any) -> Dumped:
        """Return the module's state dict."""
        torch = sys.modules["torch"]  # its module is at hand
        buffer = io.BytesIO()
        torch.save(model.state_dict(), buffer)
        return Dumped("model.pt", buffer.getvalue(), ("torch",))

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return the state dict, on the CPU, or the module `into`, which it was loaded into."""
        torch = _torch(loading.name)
        state = torch.load(path, map_location="cpu", weights_only=True)
        if loading.into is None:
            return state
        loading.into.load_state_dict(state)
        return loading.into


def _torch(name: str) -> Any:
    try:
        import torch
    except ImportError:
        raise UsageError(f"The model {name!r} is torch's, and torch is not installed here.") from None
    return torch
