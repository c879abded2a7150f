"""Finds secrets in text: well-known formats of tokens, values given to secret-looking names, known values.

Everything looks for a fixed piece of text first, which costs microseconds where there is none, and only there closer.
Nothing found is ever kept: callers get positions.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import AnyStr, NamedTuple

from trackbook.capture.secretnames import is_password_name, is_secret_name, is_secret_variable
from trackbook.domain.secret import MASK

SHORTEST_VALUE = 8


class Found(NamedTuple):
    """That `text[start:end]` is a secret, and which rule says so."""

    start: int
    end: int
    kind: str


def find_secrets(text: str, known: Mapping[str, str] | None = None) -> list[Found]:
    """Return the secrets in `text`, in order and without overlaps. `known` maps secret values to their kind."""
    if "\x1b[" in text:
        return _find_between_escapes(text, known or {})
    return _join(list(_find(text, known or {})))


def secret_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the values of environment variables with secret-looking names, and what is said of one that is found.

    Values shorter than eight characters, paths and plain numbers are left out: they would be found everywhere. Of a
    URL with a password the password counts, whatever the variable's name.
    """
    known: dict[str, str] = {}
    for name, value in environ.items():
        kind = f"value of {name}"
        for _, password in _compiled(_IN_URL).findall(value) if "://" in value else ():
            if len(password) >= SHORTEST_VALUE and not _is_placeholder(password):
                known.setdefault(password, kind)
        value = value.strip()
        if not is_secret_variable(name) or not _is_telling(value):
            continue
        known.setdefault(value, kind)
        if (escaped := repr(value)[1:-1]) != value:  # as it shows in outputs and tracebacks
            known.setdefault(escaped, kind)
    return known


def looks_secret(name: str, value: str) -> bool:
    """Tell whether the text `value` is a secret because it belongs to `name`: a parameter, a tag, a field."""
    return is_secret_name(name) and _is_secret_text(name, value)


class _Format(NamedTuple):
    # What a token looks like from one of its `starts` on.
    kind: str
    starts: tuple[str, ...]
    pattern: str
    check: Callable[[str], bool] = lambda _: True


@cache
def _compiled(pattern: AnyStr) -> re.Pattern[AnyStr]:
    # When it is needed first: compiling all of them takes longer than opening a run.
    return re.compile(pattern)


def _is_random(text: str) -> bool:
    # A random string has digits, and runs of letters longer than words have.
    return any(c.isdigit() for c in text) and any(len(run) >= 16 for run in text.split("-"))


# Tokens that begin with a run of at least _LONG letters, digits, "_" and "-".
_TOKENS = (
    _Format("aws access key", ("AKIA", "ASIA"), r"[A-Z]{4}[0-9A-Z]{16}(?![0-9A-Za-z])"),
    _Format("github token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh._[0-9A-Za-z]{30,}"),
    _Format("github token", ("github_pat_",), r"github_pat_\w{22,}"),
    _Format("gitlab token", ("glpat-", "gldt-", "glrt-", "glptt-"), r"gl[a-z]+-[\w-]{20,}"),
    _Format("slack token", ("xox", "xapp-"), r"(?:xox[a-z]|xapp)-[0-9A-Za-z-]{10,}"),
    _Format("google api key", ("AIza",), r"AIza[\w-]{35}"),
    _Format("google secret", ("GOCSPX-",), r"GOCSPX-[\w-]{20,}"),
    _Format("api key", ("sk-",), r"sk-[\w-]{20,}", _is_random),
    _Format("stripe key", ("sk_live_", "sk_test_", "rk_live_", "rk_test_"), r"\w{8}[0-9A-Za-z]{12,}"),
    _Format("stripe secret", ("whsec_",), r"whsec_[0-9A-Za-z+/=]{20,}"),
    _Format("hugging face token", ("hf_",), r"hf_[0-9A-Za-z]{30,}"),
    _Format("npm token", ("npm_",), r"npm_[0-9A-Za-z]{36,}"),
    _Format("pypi token", ("pypi-",), r"pypi-[\w-]{50,}"),
    _Format("groq key", ("gsk_",), r"gsk_[0-9A-Za-z]{40,}"),
    _Format("databricks token", ("dapi",), r"dapi[0-9a-f]{32}(?:-\d+)?"),
    _Format("digitalocean token", ("dop_v1_",), r"dop_v1_[0-9a-f]{64}"),
    _Format("jwt", ("eyJ",), r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
)
_TOKEN_STARTS = tuple(start for token in _TOKENS for start in token.starts)
# Tokens of which such a run is only a later part, behind this beginning.
_DOTTED = (
    _Format("google token", ("ya29.",), r"ya29\.[\w-]{20,}"),
    _Format("sendgrid key", ("SG.",), r"SG\.[\w-]{16,}\.[\w-]{32,}"),
)
# What is found by a piece of its text; group 1 is the secret.
_OTHERS = (
    _Format(
        "slack webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows)/([\w/-]{16,})",
    ),
    _Format("azure key", ("AccountKey=", "SharedAccessKey="), r"\w+=([0-9A-Za-z+/=]{20,})"),
    _Format("azure signature", ("&sig=", "?sig="), r".sig=((?:[\w+/-]|%[0-9A-Fa-f]{2}){20,}=*)"),
    _Format(
        "private key",
        ("-----BEGIN ",),
        r"(-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*-----|\Z))",
    ),
)
_LONG = 20
_RUN = b"a" * _LONG
_RUNS = bytes(97 if chr(c).isalnum() or c in b"_-" else 32 for c in range(128)) + b" " * 128

_IN_URL = r"://([^\s/:@\"'<>]*):([^\s/@\"'<>]+)@"
_BEARER = rb"bearer\s+([\w.~+/-]{16,}=*)"
_AUTHORIZATION = (
    rb"authorization[\"']?\s*[:=,]\s*[rbuf]{0,2}[\"']?(?:bearer|basic|token|apikey)\s+([^\s\"',;]{6,})"
)
# From the fixed part of a name to the value that it gets: in source, shells, JSON, YAML, HTML, settings.
_QUOTE = rb"\\?[\"']|&quot;|&\#39;|&\#x27;"
_GIVEN = (
    rb"(?P<rest>[\w-]{0,40}+)(?P<close>QUOTE)?\]?"
    rb"(?P<sign>\s{0,3}(?::\s*[a-z][\w.\[\]| ]{0,40}?)?\s{0,3}(?:==|!=|:=|=>|=|:)\s{0,3}|\s{0,3},\s{0,3}|\s)"
    rb"(?:[rbuf]{0,2}(?P<quote>\"\"\"|'''|QUOTE)(?P<text>[^\n]{1,500}?)(?P=quote)"
    rb"|(?P<bare>[^\s\"'`,;(){}\[\]<>&\\]{6,500})(?=[\s\"'`,;)}\]<&\\]|\Z))"
).replace(b"QUOTE", _QUOTE)
# A piece that costs one look, and the names that it may be a part of.
_NAMES = {
    b"pass": rb"pass(?:w|phrase)" + _GIVEN,
    b"pwd": b"pwd" + _GIVEN,
    b"secret": b"secret" + _GIVEN,
    b"token": b"token" + _GIVEN,
    b"key": b"key" + _GIVEN,
    b"credential": b"credential" + _GIVEN,
}
_DEFAULTS = rb"(?:get|getenv|setdefault|putenv|setenv|pop)\(\s*[\"']$"
_IDENTIFIER = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z"
_ESCAPES = r"\x1b\[[0-9;]*[A-Za-z]"
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def _find(text: str, known: Mapping[str, str]) -> Iterator[Found]:
    # Character by character the same positions, in bytes: those are searched and changed several times as fast.
    data = text.encode("ascii", "replace")
    for value, kind in known.items():
        at = text.find(value)
        while at >= 0:
            yield Found(at, at + len(value), kind)
            at = text.find(value, at + len(value))
    yield from _find_tokens(text, data)
    for form in _OTHERS:
        for start in form.starts:
            yield from _find_other(text, form, start)
    if b"@" in data and b"://" in data:
        for match in _compiled(_IN_URL).finditer(text):
            if not _is_placeholder(match[2]):
                yield Found(match.start(2), match.end(2), "password in a url")
    low = data.lower()
    for piece, pattern in _NAMES.items():
        if piece in low:
            yield from _find_given(text, low, _compiled(pattern))
    if b"bearer" in low:
        for found in _compiled(_BEARER).finditer(low):
            if any(c.isdigit() for c in text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "bearer token")
    if b"authorization" in low:
        for found in _compiled(_AUTHORIZATION).finditer(low):
            if not _is_placeholder(text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "authorization header")


def _find_tokens(text: str, data: bytes) -> Iterator[Found]:
    runs = data.translate(_RUNS)
    at = runs.find(_RUN)
    while at >= 0:
        end = runs.find(b" ", at + _LONG)
        end = len(runs) if end < 0 else end
        yield from _find_token(text, at, end)
        at = runs.find(_RUN, end)


def _find_token(text: str, start: int, end: int) -> Iterator[Found]:
    before = text[start - 1] if start else " "
    if before == ".":
        for form in _DOTTED:
            first = start - len(form.starts[0])
            if first >= 0 and (match := _compiled(form.pattern).match(text, first)) is not None:
                yield Found(match.start(), match.end(), form.kind)
    # An escape of source or of a URL ends within the run: "\nghp_...", "%3Dghp_...".
    start += {"\\": 1, "%": 2}.get(before, 0)
    at = end - len(text[start:end].lstrip("-_"))
    while start <= at < end:
        token = _token_at(text, at) if text.startswith(_TOKEN_STARTS, at) else None
        if token is not None:
            yield token
            at = token.end
        # Behind a dash another word begins: "run-ghp_...".
        at = text.find("-", at, end) + 1 or end


def _token_at(text: str, at: int) -> Found | None:
    for form in _TOKENS:
        match = _compiled(form.pattern).match(text, at) if text.startswith(form.starts, at) else None
        if match is not None and form.check(match[0]):
            return Found(match.start(), match.end(), form.kind)
    return None


def _find_other(text: str, form: _Format, start: str) -> Iterator[Found]:
    at = text.find(start)
    while at >= 0:
        match = _compiled(form.pattern).match(text, at)
        if match is not None:
            yield Found(match.start(1), match.end(1), form.kind)
            at = match.end() - len(start)
        at = text.find(start, at + len(start))


def _find_given(text: str, low: bytes, pattern: re.Pattern[bytes]) -> Iterator[Found]:
    for match in pattern.finditer(low):
        first = match.start()
        while first and low[first - 1] in _NAME_CHARACTERS and match.start() - first < 60:
            first -= 1
        name = text[first : match.end("rest")]
        if not is_secret_name(name):
            continue
        option, sign = name.startswith("--"), text[match.start("sign") : match.end("sign")]
        if sign.isspace() and not option:
            continue
        if "," in sign and not (
            match["close"] and _compiled(_DEFAULTS).search(low[max(0, first - 24) : first])
        ):
            continue
        group = "text" if match["text"] is not None else "bare"
        value = text[match.start(group) : match.end(group)]
        if group == "text":
            if "{" in value and b"f" in low[match.end("sign") : match.start("quote")]:
                continue
            is_secret = value[0] not in "),; +]}" and _is_secret_text(name, value)
        else:
            is_alone = _is_alone(text, first, match.end("bare"), sign)
            is_secret = _is_secret_word(name, value, sign, is_alone or option)
        if is_secret:
            yield Found(match.start(group), match.end(group), f"value of {name.strip('-')[:60]}")


def _is_secret_text(name: str, value: str) -> bool:
    if _is_placeholder(value):
        return False
    if is_password_name(name):
        return len(value) >= 4
    if len(value) < SHORTEST_VALUE or any(c.isspace() for c in value):
        return False
    return any(c.isdigit() for c in value) or len(value) >= 20


def _is_secret_word(name: str, value: str, sign: str, is_alone: bool) -> bool:
    # Without quotes it may be the name of a variable, or a type.
    if len(value) < SHORTEST_VALUE or _is_placeholder(value) or value.isdigit():
        return False
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if _compiled(_IDENTIFIER).match(value) is None:
        return mixed
    if sign == "=" and (name.isupper() or is_alone):  # as shells and .env files write it
        return not value.isupper() and (mixed or is_password_name(name))
    is_setting = is_alone and (sign == "=" or is_password_name(name))
    return mixed and (is_setting or (len(value) >= 20 and sum(c.isdigit() for c in value) >= 3))


def _is_alone(text: str, start: int, end: int, sign: str) -> bool:
    # `name=value` or `name: value` fills its line, from the very first column on.
    if sign not in ("=", ": "):
        return False
    line = text.rfind("\n", 0, start) + 1
    return text[line:start] in ("", "export ", "%env ", "!export ") and text[end : end + 1] in (
        "",
        "\n",
        "\r",
    )


def _is_telling(value: str) -> bool:
    if len(value) < SHORTEST_VALUE or _is_placeholder(value):
        return False
    if value.startswith(("/", "~/", "./", "\\\\")) or value[1:3] in (":\\", ":/"):
        return False
    return not (value.isdigit() and len(value) < 12) and value.lower() not in (
        "disabled",
        "required",
        "optional",
    )


def _is_placeholder(value: str) -> bool:
    return (
        value.startswith(("{", "$", "<", "%(", "%s", "..."))
        or MASK in value
        or len(set(value)) == 1
        or value.lower() in ("none", "null", "true", "false")
    )


def _join(found: list[Found]) -> list[Found]:
    joined: list[Found] = []
    for one in sorted(found):
        last = joined[-1] if joined else None
        if last is not None and one.start < last.end:
            joined[-1] = last._replace(end=max(last.end, one.end))
        else:
            joined.append(one)
    return joined


def _find_between_escapes(text: str, known: Mapping[str, str]) -> list[Found]:
    # Colours may stand within a secret, and their letters right before one: they are taken out, and the positions
    # translated back.
    pieces: list[str] = []
    plain_starts, text_starts = [0], [0]
    position, size = 0, 0
    for escape in _compiled(_ESCAPES).finditer(text):
        pieces.append(text[position : escape.start()])
        size += escape.start() - position
        position = escape.end()
        plain_starts.append(size)
        text_starts.append(position)
    pieces.append(text[position:])

    def back(at: int) -> int:
        piece = bisect_right(plain_starts, at) - 1
        return text_starts[piece] + at - plain_starts[piece]

    plain = "".join(pieces)
    found = _join(list(_find(plain, known)))
    return [Found(back(one.start), back(one.end - 1) + 1, one.kind) for one in found]
