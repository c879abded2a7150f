"""The version, whose one source is package.json; read from the installed package's metadata when it is asked for."""

from functools import cache


@cache
def version() -> str:
    """Return Trackbook's version, "0" when it runs from a source tree that was never installed."""
    from importlib import metadata  # slow to import, and seldom needed

    try:
        return metadata.version("trackbook")
    except metadata.PackageNotFoundError:
        return "0"
