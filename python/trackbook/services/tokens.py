"""The tokens of a served store: made, listed, revoked, and recognised."""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from trackbook.domain.ids import new_id
from trackbook.domain.names import check_name
from trackbook.domain.token import Scope, Token
from trackbook.errors import Conflict, NotFound, StoreError
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths

FILE = "tokens.json"
PREFIX = "tb_"
_SECRET_BYTES = 32
TokenList = list[Token]


class _File(msgspec.Struct):
    tokens: list[Token] = []


class Tokens:
    """The tokens of one store, in a file beside it that only its owner may read.

    Each look sees what other processes changed: a revoked token opens nothing from that moment on.
    """

    def __init__(self, store: StorePaths) -> None:
        self._store = store
        self._path = store.root / FILE
        self._seen: tuple[int, int, int] | None = None
        self._known: list[Token] = []

    def create(self, name: str, scope: Scope, days: float | None = None) -> str:
        """Make a token that is good for `days`, or until it is revoked; returns its secret, which is kept nowhere.

        Raises InvalidName, and Conflict where there is a token of that name.
        """
        check_name("token", name)
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        created = datetime.now(UTC)
        expires = None if days is None else created + timedelta(days=days)
        with self._changing() as tokens:
            if any(token.name == name for token in tokens):
                raise Conflict(
                    f"There is a token {name!r}. Take another name, or revoke it: trackbook token revoke {name}"
                )
            tokens.append(Token(name, scope, _digest(secret), created, expires))
        return secret

    def list(self) -> list[Token]:
        """Return all tokens, the oldest first."""
        status = self._status()
        if status != self._seen:
            self._known, self._seen = self._read(), status
        return list(self._known)

    def revoke(self, name: str) -> None:
        """Take a token away, from running servers, too. Raises NotFound without one of that name."""
        with self._changing() as tokens:
            if all(token.name != name for token in tokens):
                raise NotFound("token", name)
            tokens[:] = [token for token in tokens if token.name != name]

    def find(self, secret: str) -> Token | None:
        """Return the token of a secret, an expired one too; the time it takes tells nothing about the others."""
        digest = _digest(secret)
        found = None
        for token in self.list():
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    @contextlib.contextmanager
    def _changing(self) -> Iterator[TokenList]:
        lock = ProcessLock(self._store.root / "tokens.lock")
        if not lock.acquire(timeout=10.0):
            raise StoreError(self._store.root, "another process has been changing its tokens for ten seconds")
        try:
            tokens = self._read()
            yield tokens
            self._write(tokens)
        finally:
            lock.release()

    def _read(self) -> TokenList:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_File).tokens
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(self._store.root, f"{FILE} can't be read ({error})") from error

    def _write(self, tokens: TokenList) -> None:
        draft = self._path.with_name(f"{FILE}-{new_id()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123  # Path.open takes no descriptor
                file.write(msgspec.json.format(msgspec.json.encode(_File(tokens))))
            draft.replace(self._path)
        except OSError as error:
            raise StoreError(
                self._store.root, f"{FILE} can't be written ({error.strerror or error})"
            ) from error
        finally:
            draft.unlink(missing_ok=True)

    def _status(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def is_expired(token: Token) -> bool:
    """Tell whether a token's days are over."""
    return token.expires is not None and token.expires <= datetime.now(UTC)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
