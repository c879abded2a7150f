"""Which names are names of secrets: `api_key` and `DB_PASSWORD` are, `max_tokens` and `token_loss` are not."""

import re
from functools import lru_cache
from itertools import pairwise

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# What a person may have thought up.
_PASSWORDS = frozenset(
    (
        "password", "passwd", "passphrase", "passwort", "pwd", "secret", "pgpassword", "dbpassword", "userpassword",
    )
)  # fmt: skip
_STRONG = _PASSWORDS | frozenset(
    (
        "secrets", "apikey", "apitoken", "authtoken", "accesstoken", "accesskey", "secretkey", "privatekey",
        "accountkey", "credential", "credentials",
    )
)  # fmt: skip
_KEYS = frozenset(
    ("api", "access", "secret", "private", "account", "auth", "encryption", "signing", "master", "license", "shared")
)  # fmt: skip
# A name that ends so belongs to one of several of its kind: token_prod, PASSWORD_2.
_PLACES = frozenset(("prod", "production", "dev", "staging", "stage", "live", "test"))
# Folders that shells know; a password is `pwd` or DB_PWD.
_FOLDERS = ("PWD", "OLDPWD")
# Whose "pass" is a password and not a pass over something, and whose "pw" no power.
_OWNERS = frozenset(
    (
        "db", "database", "user", "my", "mail", "email", "smtp", "imap", "ftp", "sftp", "ssh", "mysql", "pg",
        "postgres", "redis", "mongo", "admin", "root", "login", "sudo", "proxy", "http", "api", "app", "service",
        "ldap", "sql",
    )
)  # fmt: skip
# Keys that find something, and open nothing.
_FINDING = frozenset(
    (
        "public", "cache", "sort", "primary", "partition", "foreign", "row", "group", "join", "hash", "object", "s",
        "dict", "map", "index", "lookup", "idempotency", "dedup", "state", "rng", "random", "prng", "query", "value",
        "host",
    )
)  # fmt: skip
# What stands before "token" in the words of language models, where a token is a piece of text.
_TEXT_TOKENS = frozenset(
    (
        "pad", "eos", "bos", "unk", "cls", "sep", "mask", "special", "start", "end", "next", "stop", "image", "decoder",
        "encoder", "forced", "begin", "first", "last", "num", "n", "max", "min", "per", "prev", "previous", "current",
        "sub", "word", "new", "input", "output", "eot", "sot", "oov", "blank", "time", "audio", "video", "mean",
    )
)  # fmt: skip
# A name that ends so tells something about a secret, and is none.
_ABOUT = frozenset(
    (
        "file", "path", "dir", "folder", "name", "names", "id", "ids", "type", "length", "len", "size", "count",
        "limit", "url", "uri", "field", "index", "idx", "column", "col", "label", "expires", "expiry", "ttl", "rate",
        "pattern", "regex", "policy", "hint", "prompt", "header", "manager", "class", "version", "arn", "provider",
        "sock", "socket", "helper", "parallelism", "required", "enabled",
    )
)  # fmt: skip


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Tell whether a variable, parameter or field of this name holds a secret, whatever the case it is written in."""
    words = _split(name)
    if not words or words[-1] in _ABOUT or name in _FOLDERS:
        return False
    if not _STRONG.isdisjoint(words) or _has_key(words):
        return True
    return _is_token(words) or _is_pass(name, words)


@lru_cache(maxsize=4096)
def is_secret_variable(name: str) -> bool:
    """Tell whether an environment variable of this name may hold a secret: there `..._KEY` and `..._PASS` do, too."""
    words = _split(name)
    if name.upper() in _FOLDERS:
        return False
    return is_secret_name(name) or (len(words) > 1 and words[-1] in ("key", "pass", "pw", "auth", "pat"))


@lru_cache(maxsize=4096)
def is_key_name(name: str) -> bool:
    """Tell whether a name is that of some key, which is a secret only where its value looks random."""
    words = _split(name)
    return bool(words) and words[-1] == "key" and _FINDING.isdisjoint(words)


@lru_cache(maxsize=4096)
def is_password_name(name: str) -> bool:
    """Tell whether the secret of this name is one that a person may have thought up: short, and without digits."""
    words = _split(name)
    return not _PASSWORDS.isdisjoint(words) or _is_pass(name, words)


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _has_key(words: list[str]) -> bool:
    return any(word == "key" and before in _KEYS for before, word in pairwise(words))


def _is_token(words: list[str]) -> bool:
    last = len(words) - 1
    while last > 0 and (words[last].isdigit() or words[last] in _PLACES):
        last -= 1
    return words[last] == "token" and _TEXT_TOKENS.isdisjoint(words)


def _is_pass(name: str, words: list[str]) -> bool:
    return (
        len(words) > 1 and words[-1] in ("pass", "pw") and (name.isupper() or not _OWNERS.isdisjoint(words))
    )
