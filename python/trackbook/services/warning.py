"""Warnings about what could not be stored."""

import sys
import warnings


class StorageWarning(UserWarning):
    """Something could not be stored; the text says what."""


def warn(text: str, stacklevel: int = 2) -> None:
    """Warn the user. Where warnings are turned into errors it is said on stderr: logging never hurts the work."""
    try:
        warnings.warn(text, StorageWarning, stacklevel=stacklevel + 1)
    except StorageWarning:
        sys.stderr.write(f"{StorageWarning.__name__}: {text}\n")


def warn_without_line(text: str) -> None:
    """Warn the user without a look at the line that is being executed, as that may hold what is not to be shown."""
    try:
        warnings.warn_explicit(text, StorageWarning, "trackbook", 0)
    except StorageWarning:
        sys.stderr.write(f"{StorageWarning.__name__}: {text}\n")
