"""Who asks a served store: a token in the request says so, and its scope what it may do.

These two take the places of Jupyter's identity provider and authorizer, so that each handler's `guarded` asks them.
There are no cookies, and with that no cross-site requests to fear; no other origin is let in.
"""

from typing import Any, cast

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import HTTPError, RequestHandler

from trackbook.domain.token import Token, scope_for
from trackbook.services.tokens import Tokens, is_expired

_SCHEME = "bearer "
_HELP = "make one where the store is: trackbook token create NAME --scope {scope}"


class TokenIdentity(IdentityProvider):
    """Knows a request by the token in its Authorization header; without a good one it is answered with 401."""

    tokens: Tokens

    def get_user(self, handler: RequestHandler) -> User:
        """Return the token's name as the user; raises an HTTP error of 401 for a missing, wrong or expired token."""
        token = self._token(handler)
        cast(Any, handler).token_of_request = token
        return User(username=token.name)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Never: for Jupyter it would mean that any origin may ask."""
        return False

    def should_check_origin(self, handler: RequestHandler) -> bool:
        """Always: a page of another origin has no business here."""
        return True

    def _token(self, handler: RequestHandler) -> Token:
        given = handler.request.headers.get("Authorization", "")
        if given[: len(_SCHEME)].lower() != _SCHEME:
            raise _unauthorized(
                handler,
                "This server wants a token, sent as `Authorization: Bearer TOKEN` (clients: TRACKBOOK_TOKEN); "
                + _HELP.format(scope="write"),
            )
        token = self.tokens.find(given[len(_SCHEME) :].strip())
        if token is None:
            raise _unauthorized(
                handler, "This token is unknown, or was revoked; " + _HELP.format(scope="write")
            )
        if is_expired(token):
            raise _unauthorized(
                handler, f"The token {token.name!r} has expired; " + _HELP.format(scope=token.scope)
            )
        return token


class ScopeAuthorizer(Authorizer):
    """Allows what the token's scope holds."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        """Tell whether the request's token allows an action; raises an HTTP error of 403, which says what is needed."""
        token: Token = handler.token_of_request
        needed = "delete" if handler.request.method == "DELETE" else action
        if not token.allows(needed):
            scope = scope_for(needed)
            raise HTTPError(
                403,
                "%s",
                f"The token {token.name!r} has the scope {token.scope!r}, and this needs {scope!r}; "
                + _HELP.format(scope=scope),
            )
        return True


def _unauthorized(handler: RequestHandler, message: str) -> HTTPError:
    handler.set_header("WWW-Authenticate", "Bearer")
    return HTTPError(401, "%s", message)
