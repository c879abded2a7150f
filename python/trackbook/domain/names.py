"""What may be a name: any unicode text of 1 to 250 characters without control characters."""

import unicodedata

from trackbook.errors import InvalidName

MAX_NAME = 250


def check_name(kind: str, name: object) -> str:
    """Return `name` if it can name a `kind` (experiment, parameter, metric, tag ...).

    Raises InvalidName if it is no text, empty, longer than 250 characters, or holds control characters.
    """
    if not isinstance(name, str):
        raise InvalidName(kind, name, f"it must be text, not {type(name).__name__}")
    if not name.strip():
        raise InvalidName(kind, name, "it is empty")
    if len(name) > MAX_NAME:
        raise InvalidName(kind, name, f"it has {len(name)} characters, at most {MAX_NAME} are stored")
    if not name.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise InvalidName(kind, name, "it holds control characters or lone surrogates")
    return name


def check_artifact_path(path: object) -> str:
    """Return `path` if it is a relative path with forward slashes that stays inside its run."""
    name = check_name("artifact", path)
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise InvalidName(
            "artifact", path, "it must be a relative path inside the run, such as plots/loss.png"
        )
    return name
