"""Which codes are chosen: by prefixes, of which the longest that fits counts, as ruff does it."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackbook.notebook.lint.registry import RULES

DEFAULT: tuple[str, ...] = ("TB", "F", "E9")
_CODE = re.compile(r"[A-Z]+[0-9]*\Z")


class Selection(Struct, frozen=True):
    """The codes that are chosen: prefixes such as "TB3" or "F401", and "ALL"."""

    select: Sequence[str] = DEFAULT
    ignore: Sequence[str] = ()

    def has(self, code: str) -> bool:
        """Tell whether a code is chosen. What can't be parsed is always told."""
        if code == "invalid-syntax":
            return True
        chosen = _longest(code, self.select)
        return chosen >= 0 and chosen > _longest(code, self.ignore)


def code_fits(code: str, prefix: str) -> bool:
    """Tell whether a code begins with a prefix, whatever its case."""
    return code.upper().startswith(prefix.upper())


def unknown_codes(codes: Iterable[str]) -> dict[str, list[str]]:
    """Return the prefixes that no rule has, each with those that are near.

    Of other codes than Trackbook's own only the form is checked: ruff knows its own.
    """
    unknown: dict[str, list[str]] = {}
    for code in codes:
        if code == "ALL" or (code.startswith("TB") and any(known.startswith(code) for known in RULES)):
            continue
        if code.startswith("TB") or _CODE.match(code) is None:
            unknown[code] = _near(code)
    return unknown


def _near(code: str) -> list[str]:
    from difflib import get_close_matches  # only for who needs help

    names = {rule.name: rule.code for rule in RULES.values()}
    if by_name := get_close_matches(code.lower().replace("_", "-"), names, 1, 0.8):
        return [names[by_name[0]]]
    upper = code.upper()
    return next(
        ([known] for end in range(len(upper), 1, -1) for known in RULES if known.startswith(upper[:end])), []
    )


def _longest(code: str, prefixes: Sequence[str]) -> int:
    fitting = [
        len(prefix) if prefix != "ALL" else 0
        for prefix in prefixes
        if prefix == "ALL" or code.startswith(prefix)
    ]
    return max(fitting, default=-1)
