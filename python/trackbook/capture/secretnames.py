"""Which names are names of secrets: `api_key` and `DB_PASSWORD` are, `max_tokens` and `tokenizer` are not."""

import re
from functools import lru_cache
from itertools import pairwise

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STRONG = frozenset(
    (
        "password", "passwd", "passphrase", "passwort", "pwd", "secret", "secrets", "apikey", "apitoken", "authtoken",
        "accesstoken", "accesskey", "secretkey", "privatekey", "accountkey", "credential", "credentials",
    )
)  # fmt: skip
_KEYS = frozenset(
    ("api", "access", "secret", "private", "account", "auth", "encryption", "signing", "master", "license", "shared")
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
    if not words or words[-1] in _ABOUT:
        return False
    if not _STRONG.isdisjoint(words) or _has_key(words):
        return True
    return _is_token(words)


@lru_cache(maxsize=4096)
def is_secret_variable(name: str) -> bool:
    """Tell whether an environment variable of this name holds a secret: there any `..._KEY` or `..._PASS` does."""
    words = _split(name)
    if name.upper() in ("PWD", "OLDPWD"):
        return False
    return is_secret_name(name) or (len(words) > 1 and words[-1] in ("key", "pass", "auth", "pat"))


def is_password_name(name: str) -> bool:
    """Tell whether the secret of this name is one that a person may have thought up: short, and without digits."""
    return not {"password", "passwd", "passphrase", "passwort", "pwd", "secret"}.isdisjoint(_split(name))


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _has_key(words: list[str]) -> bool:
    return any(word == "key" and before in _KEYS for before, word in pairwise(words))


def _is_token(words: list[str]) -> bool:
    # A number behind it counts a name: token_2, TOKEN_PROD.
    return "token" in words and _TEXT_TOKENS.isdisjoint(words)
