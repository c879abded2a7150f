"""Secrets that were found in what a run was about to store, and masked there."""

from msgspec import Struct

MASK = "•••"


class MaskedSecret(Struct, frozen=True):
    """That something of this kind was masked in some place, so many times; never the secret itself.

    `kind` names the rule that found it ("aws access key", "value of OPENAI_API_KEY"), `place` where it stood
    ("source of cell 3", "parameter token", "git remote").
    """

    kind: str
    place: str
    count: int
