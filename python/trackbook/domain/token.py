"""Tokens: who may do what with a store that is served."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Scope = Literal["read", "write", "execute", "admin"]
Action = Literal["read", "write", "execute", "delete"]

SCOPES: tuple[Scope, ...] = ("read", "write", "execute", "admin")

# What each scope allows; every scope holds all that the one before it does.
_ALLOWED: dict[Scope, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    # A job is code that a worker's machine runs: who only records runs must not be able to queue one.
    "execute": frozenset({"read", "write", "execute"}),
    "admin": frozenset({"read", "write", "execute", "delete"}),
}


class Token(Struct, frozen=True):
    """A token as it is kept: `digest` is the SHA-256 of the secret, which nobody keeps but its owner."""

    name: str
    scope: Scope
    digest: str
    created: datetime
    expires: datetime | None = None

    def allows(self, action: str) -> bool:
        """Tell whether the token's scope holds an action."""
        return action in _ALLOWED[self.scope]


def scope_for(action: str) -> Scope:
    """Return the narrowest scope that allows an action; "admin" for an unknown one."""
    return next((scope for scope in SCOPES if action in _ALLOWED[scope]), "admin")
