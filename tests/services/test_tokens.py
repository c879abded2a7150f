import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from trackbook.errors import Conflict, InvalidName, NotFound, StoreError
from trackbook.services.tokens import FILE, Tokens, is_expired
from trackbook.store.paths import create_store


@pytest.fixture
def store(tmp_path):
    return create_store(tmp_path / ".trackbook")


@pytest.fixture
def tokens(store):
    return Tokens(store)


def test_a_secret_is_found_and_another_one_is_not(tokens):
    secret = tokens.create("laptop", "write")
    found = tokens.find(secret)
    assert (found.name, found.scope, found.expires) == ("laptop", "write", None)
    for other in ("", secret[:-1], secret + "x", secret.upper(), "\udcff", found.digest):
        assert tokens.find(other) is None


def test_scopes_hold_one_another(tokens):
    allowed = {}
    for scope in ("read", "write", "admin"):
        token = tokens.find(tokens.create(scope, scope))
        allowed[scope] = [action for action in ("read", "write", "delete", "execute") if token.allows(action)]
    everything = ["read", "write", "delete", "execute"]
    assert allowed == {"read": ["read"], "write": ["read", "write"], "admin": everything}


def test_what_another_process_revokes_is_gone_at_once(store, tokens):
    secret = tokens.create("laptop", "read")
    assert tokens.find(secret)
    Tokens(store).revoke("laptop")
    assert tokens.find(secret) is None
    with pytest.raises(NotFound):
        tokens.revoke("laptop")


def test_a_token_expires(tokens):
    assert is_expired(tokens.find(tokens.create("old", "read", days=-0.001)))
    assert not is_expired(tokens.find(tokens.create("new", "read", days=0.001)))


def test_names_are_names_and_each_is_given_once(tokens):
    tokens.create("Größe 模型", "read")
    with pytest.raises(Conflict, match="trackbook token revoke"):
        tokens.create("Größe 模型", "admin")
    with pytest.raises(InvalidName):
        tokens.create("", "read")
    assert [(token.name, token.scope) for token in tokens.list()] == [("Größe 模型", "read")]


def test_the_file_holds_digests_for_its_owner_alone(store, tokens):
    before = os.umask(0)
    try:
        secret = tokens.create("laptop", "write")
    finally:
        os.umask(before)
    path = store.root / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret not in path.read_text(encoding="utf-8")


def test_many_at_the_same_time_lose_none(store):
    with ThreadPoolExecutor(8) as threads:
        secrets = list(threads.map(lambda number: Tokens(store).create(f"t{number}", "read"), range(24)))
    assert {Tokens(store).find(secret).name for secret in secrets} == {f"t{number}" for number in range(24)}


def test_a_damaged_file_opens_nothing_and_says_so(store, tokens):
    secret = tokens.create("laptop", "write")
    (store.root / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"tokens\.json"):
        tokens.find(secret)
