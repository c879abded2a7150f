"""Judges values: whether one is a secret, because of its name or its look, or only a word, a number, a path."""

from collections.abc import Mapping
from itertools import pairwise

from trackbook.capture.secretformats import IN_URL, compiled
from trackbook.capture.secretnames import (
    is_key_name,
    is_password_name,
    is_secret_name,
    is_secret_variable,
)
from trackbook.domain.secret import MASK

SHORTEST_VALUE = 8
LONG_VALUE = 16  # no word is as long: found anywhere, within other words, too
_NUMBER = r"[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?P<unit>\s?[A-Za-zµ%°]{0,4}(?:/[A-Za-z]{1,4})?)"
_DEFAULT_WORDS = frozenset(
    (
        "", "password", "passwd", "passphrase", "postgres", "postgresql", "changeme", "change me", "secret", "admin",
        "administrator", "root", "test", "testing", "example", "none", "null", "true", "false", "default", "guest",
        "user", "username", "mysql", "redis", "mongodb", "rabbitmq", "minioadmin", "localhost", "placeholder", "token",
        "disabled", "required", "optional", "undefined", "unknown", "dummy", "development", "production", "anonymous",
        "your password", "yourpassword", "your_password", "your-password", "mypassword", "my_password", "redacted",
    )
)  # fmt: skip
_IDENTIFIER = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z"


def secret_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the values of environment variables with secret-looking names, and what is said of one that is found.

    Left out is what would be found everywhere: values shorter than eight characters, paths, numbers, words. Of a URL
    with a password the password counts, whatever the variable's name.
    """
    known: dict[str, str] = {}
    for name, value in environ.items():
        kind = f"value of {name}"
        for _, password in compiled(IN_URL).findall(value) if "://" in value else ():
            if is_telling_value(password):
                known.setdefault(password, kind)
        value = value.strip()
        if not is_secret_variable(name) or not is_telling_value(value):
            continue
        if name.lower().endswith("key") and not is_secret_name(name) and not looks_random(value):
            continue
        known.setdefault(value, kind)
        if (escaped := repr(value)[1:-1]) != value:  # as it shows in outputs and tracebacks
            known.setdefault(escaped, kind)
    return known


def look_ahead() -> None:
    """Make what the first look at variables makes, for all processes that are forked from this one."""
    secret_values({"URL": "://"})


def looks_secret(name: str, value: str) -> bool:
    """Tell whether the text `value` is a secret because it belongs to `name`: a parameter, a tag, a field."""
    if not is_secret_name(name):
        return is_key_name(name) and _is_key(name, value)
    return _is_secret_text(name, value)


def is_telling(name: str, value: str) -> bool:
    """Tell whether the secret `value` that `name` has is one wherever else it stands, too."""
    if is_password_name(name):
        return len(value) >= SHORTEST_VALUE and not _is_plain(value)
    return len(value) >= LONG_VALUE and not _is_plain(value)


def _is_secret_text(name: str, value: str) -> bool:
    if is_placeholder(value) or _is_path(value):
        return False
    if is_password_name(name):
        return len(value) >= 4 and (value.isdigit() or not _is_number(value, units=False))
    if _is_number(value):
        return False
    if len(value) < SHORTEST_VALUE or any(c.isspace() for c in value):
        return False
    return any(c.isdigit() for c in value) or len(value) >= 20


def is_secret_word(name: str, value: str, sign: str, is_alone: bool) -> bool:
    """Tell whether `value`, which stands behind `name` and `sign` without quotes, is a secret."""
    # It may be the name of a variable, or a type.
    if len(value) < SHORTEST_VALUE or is_placeholder(value) or _is_path(value):
        return False
    if _is_number(value, units=not is_password_name(name)):
        return False
    if not is_secret_name(name):  # some key
        return (is_alone or name.isupper()) and _is_key(name, value)
    mixed = is_mixed(value)
    if compiled(_IDENTIFIER).match(value) is None:
        return mixed
    if sign == "=" and (name.isupper() or is_alone):  # as shells and .env files write it
        return not value.isupper() and (mixed or is_password_name(name))
    is_setting = is_alone and (sign == "=" or is_password_name(name))
    return mixed and (is_setting or (len(value) >= 20 and sum(c.isdigit() for c in value) >= 3))


def is_telling_value(value: str) -> bool:
    """Tell whether a value of which nothing says that it is a password is one: not if it is a word, too."""
    if len(value) < SHORTEST_VALUE or _is_plain(value):
        return False
    return is_mixed(value) or looks_random(value)


def _is_plain(value: str) -> bool:
    return (
        is_placeholder(value)
        or _is_path(value)
        or _is_number(value, units=False)
        or value.lower().strip("0123456789!_-. ") in _DEFAULT_WORDS
    )


def _is_key(name: str, value: str) -> bool:
    # Many keys are labels or digests of what they find; those of services are told by their look.
    if name.isupper() and "_" in name:
        return looks_random(value)
    if compiled(r"[0-9a-f]+").fullmatch(value) is not None:
        return len(value) in (32, 40) and any(c.isdigit() for c in value)
    is_long = compiled(r"[0-9A-Za-z]{32,}|wandb_v1_\w{30,}").fullmatch(value) is not None
    return is_long and looks_random(value) and not (value.islower() or value.isupper())


def looks_random(value: str) -> bool:
    """Tell whether a value has a run longer than words are, with digits or letters of both cases in between."""
    if len(value) < LONG_VALUE or any(c.isspace() for c in value) or _is_path(value):
        return False
    if compiled(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch(value) is not None:
        return True
    for run in compiled(r"[0-9A-Za-z+/]{16,}").findall(value):
        digits = sum(c.isdigit() for c in run)
        turns = sum(a.isupper() != b.isupper() for a, b in pairwise(run))
        if digits < len(run) and (digits >= 3 or turns >= 6):
            return True
    return False


def is_mixed(value: str) -> bool:
    """Tell whether a value has both digits and letters."""
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_number(value: str, units: bool = True) -> bool:
    if value.isdigit():
        return True
    match = compiled(_NUMBER).fullmatch(value) if len(value) <= 24 else None
    return match is not None and (not match["unit"] or (units and len(value) <= 16))


def _is_path(value: str) -> bool:
    return value.startswith(("/", "~/", "./", "../", "\\\\")) or value[1:3] in (":\\", ":/")


def is_placeholder(value: str) -> bool:
    """Tell whether a value only stands where a secret would."""
    return (
        value.startswith(("{", "$", "<", "%(", "%s", "..."))
        or MASK in value
        or len(set(value)) == 1
        or value.lower() in ("none", "null", "true", "false")
    )
