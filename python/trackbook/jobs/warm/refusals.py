"""Modules that no template can import, as templates found out: kept, since to find it out again costs a start."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackbook.config import Settings
from trackbook.errors import TrackbookError
from trackbook.jobs.warm.key import packages_digest

# Of what a template refuses: another number where that has changed.
_RULES = 3


def read(interpreter: str) -> dict[str, str]:
    """Return the modules that templates of an interpreter refused, with the reason, as long as its packages stay."""
    try:
        said = json.loads(_path(interpreter).read_text(encoding="utf-8"))
        if said["rules"] == _RULES and said["packages"] == packages_digest(said["folders"]):
            return {str(name): str(reason) for name, reason in said["refused"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, TrackbookError):
        pass
    return {}


def note(interpreter: str, said: Mapping[str, Any], refused: Mapping[str, str]) -> None:
    """Keep what was found out; where that can't be written it is found out again."""
    with contextlib.suppress(OSError, TrackbookError):
        path = _path(interpreter)
        path.parent.mkdir(parents=True, exist_ok=True)
        known = {
            "rules": _RULES,
            "folders": said["folders"],
            "packages": said["packages"],
            "refused": dict(refused),
        }
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(path)


def _path(interpreter: str) -> Path:
    name = hashlib.sha256(interpreter.encode()).hexdigest()[:16]
    return Settings.load().cache_folder / "warm" / f"{name}.json"
