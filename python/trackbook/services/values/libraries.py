"""Libraries that some values need, imported when they do."""

from importlib import import_module
from typing import Any

from trackbook.errors import MissingExtra


def numpy(what: str) -> Any:
    """Return numpy; raises MissingExtra, which says that `what` needs it, where there is none."""
    return library("numpy", what)


def library(module: str, what: str, extra: str = "lab") -> Any:
    """Return a module; raises MissingExtra, which says that `what` needs it, where there is none."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(what, extra) from None
