"""What each flavor of model has to do."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from trackbook.services.models.description import ModelDescription


class Dumped(NamedTuple):
    """A model as a file: the file's name and bytes, and the libraries whose versions matter."""

    file: str
    data: bytes
    libraries: tuple[str, ...]


class Loading(NamedTuple):
    """What the one who loads a model said of it: types to trust, and a module that takes a state dict."""

    name: str
    trusted: Sequence[str]
    into: Any


class Flavor(Protocol):
    """One format of models, for the classes of one library."""

    def fits(self, model: Any) -> bool:
        """Tell whether the model is of this library, which is imported then."""

    def dump(self, model: Any) -> Dumped:
        """Return the model as a file."""

    def load(self, path: Path, description: ModelDescription, loading: Loading) -> Any:
        """Return the model of a file."""


def written(name: str, write: Callable[[str], object]) -> bytes:
    """Return what `write` writes into a file of this name."""
    with tempfile.TemporaryDirectory(prefix="trackbook-model-") as folder:
        path = Path(folder, name)
        write(str(path))
        return path.read_bytes()
