"""Secrets that detect-secrets knows by their form, beside those that `secrets.py` finds."""

import re
from functools import cache
from typing import Any

from trackbook.capture.secrets import Found

# Those that only weigh how random a text is, or how its name sounds, are left out: notebooks are full of digests, and
# names are looked at more closely in `secrets.py`. Addresses are no secrets.
_LEFT_OUT = frozenset(
    (
        "Base64HighEntropyString",
        "HexHighEntropyString",
        "KeywordDetector",
        "IPPublicDetector",
        "BasicAuthDetector",
    )
)
# Without any of these no detector finds anything, and loading them takes half a second.
_SUSPECT = re.compile(r"(?=[\w+/=-]{0,40}\d)[\w+/=-]{20,}|PRIVATE KEY|https?://[^\s/]*hooks")
_PLACEHOLDER = re.compile(r"(.)\1{7,}|x{4,}|\.\.\.|<|your|example", re.IGNORECASE)
_LONGEST = 5000


def find_known_forms(text: str) -> list[Found]:
    """Return the secrets in `text` that detect-secrets knows by their form; none where it is not installed."""
    if _SUSPECT.search(text) is None:
        return []
    detectors = _detectors()
    found: list[Found] = []
    start = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) <= _LONGEST and _SUSPECT.search(line) is not None:
            found += _in_line(detectors, line, number, start)
        start += len(line) + 1
    return found


def _in_line(detectors: list[Any], line: str, number: int, start: int) -> list[Found]:
    found = []
    for detector in detectors:
        for secret in detector.analyze_line(filename="notebook", line=line, line_number=number):
            value = secret.secret_value
            at = line.find(value) if value else -1
            if at >= 0 and _PLACEHOLDER.search(value) is None:
                found.append(Found(start + at, start + at + len(value), secret.type.lower()))
    return found


@cache
def _detectors() -> list[Any]:
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    except ImportError:
        return []
    kinds: list[Any] = list(get_mapping_from_secret_type_to_class().values())
    return [kind() for kind in kinds if kind.__name__ not in _LEFT_OUT]
