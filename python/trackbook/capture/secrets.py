"""Finds secrets in text: well-known formats of tokens, values given to secret-looking names, known values.

Everything looks for a fixed piece of text first, which costs microseconds where there is none, and only there closer.
Nothing found is ever kept: callers get positions.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import AnyStr, NamedTuple

from trackbook.capture.secretnames import (
    is_key_name,
    is_password_name,
    is_secret_name,
    is_secret_variable,
)
from trackbook.domain.secret import MASK

SHORTEST_VALUE = 8
_SURE = 16  # no word is as long: found anywhere, within other words, too
# Texts in which no rule found anything: jobs show the same ones again and again, from MIME types to whole tables, and
# what a cell shows is searched once more when its notebook is stored. The size is in characters.
_clean: set[str] = set()
_clean_size = 0
_MOST_CLEAN = 2_000_000
_LONGEST_CLEAN = 100_000
_LEAST = 60  # what any text takes beside its characters


class Found(NamedTuple):
    """That `text[start:end]` is a secret, and which rule says so; `telling`: it is one wherever else it stands, too."""

    start: int
    end: int
    kind: str
    telling: bool = False


def find_secrets(text: str, known: Mapping[str, str] | None = None) -> list[Found]:
    """Return the secrets in `text`, in order and without overlaps. `known` maps secret values to their kind."""
    known = known or {}
    if "\x1b[" in text:
        return _find_between_escapes(text, known)
    if text in _clean and not any(value in text for value in known):
        return []
    found = _join(list(_find(text, known)))
    if not found and len(text) <= _LONGEST_CLEAN:
        _remember_clean(text)
    return found


def _remember_clean(text: str) -> None:
    global _clean_size
    if _clean_size > _MOST_CLEAN:
        _clean.clear()
        _clean_size = 0
    _clean.add(text)
    _clean_size += len(text) + _LEAST


def secret_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the values of environment variables with secret-looking names, and what is said of one that is found.

    Left out is what would be found everywhere: values shorter than eight characters, paths, numbers, words. Of a URL
    with a password the password counts, whatever the variable's name.
    """
    known: dict[str, str] = {}
    for name, value in environ.items():
        kind = f"value of {name}"
        for _, password in _compiled(_IN_URL).findall(value) if "://" in value else ():
            if _is_telling(password):
                known.setdefault(password, kind)
        value = value.strip()
        if not is_secret_variable(name) or not _is_telling(value):
            continue
        if name.lower().endswith("key") and not is_secret_name(name) and not _looks_random(value):
            continue
        known.setdefault(value, kind)
        if (escaped := repr(value)[1:-1]) != value:  # as it shows in outputs and tracebacks
            known.setdefault(escaped, kind)
    return known


def looks_secret(name: str, value: str) -> bool:
    """Tell whether the text `value` is a secret because it belongs to `name`: a parameter, a tag, a field."""
    if not is_secret_name(name):
        return is_key_name(name) and _is_key(name, value)
    return _is_secret_text(name, value)


def is_telling(name: str, value: str) -> bool:
    """Tell whether the secret `value` that `name` has is one wherever else it stands, too."""
    if is_password_name(name):
        return len(value) >= SHORTEST_VALUE and not _is_plain(value)
    return len(value) >= _SURE and not _is_plain(value)


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
    _Format("replicate token", ("r8_",), r"r8_[0-9A-Za-z]{30,}"),
    _Format("nvidia key", ("nvapi-",), r"nvapi-[\w-]{40,}"),
    _Format("langsmith key", ("lsv2_pt_", "lsv2_sk_"), r"lsv2_[ps][tk]_[0-9a-f]{32}(?:_[0-9a-f]{6,})?"),
    _Format("tavily key", ("tvly-",), r"tvly-[\w-]{20,}", _is_random),
    _Format("xai key", ("xai-",), r"xai-[0-9A-Za-z]{40,}"),
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

_TELEGRAM = r"(?<!\d)\d{6,12}:AA[\w-]{33}(?![\w-])"
# A password there may hold "@" and even "/"; digits before a "/" are a port.
_IN_URL = (
    r"://([^\s/:@\"'<>\[]*):(?!\d{1,5}[/?#])"
    r"([^\s/\"'<>]{1,200}|(?:(?!://)[^\s\"'<>?#,]){1,200})@(?=[\w\[{$<%•])"
)
_BEARER = rb"bearer\s+([\w.~+/-]{16,}=*)"
_AUTHORIZATION = (
    rb"authorization[\"']?\s*[:=,]\s*[rbuf]{0,2}[\"']?(?:bearer|basic|token|apikey)\s+([^\s\"',;]{6,})"
)
# From the fixed part of a name to the value that it gets: in source, shells, JSON, YAML, HTML, settings.
_QUOTE = rb"\\?[\"']|&quot;|&\#39;|&\#x27;"
_GIVEN = (
    rb"(?P<rest>[\w-]{0,40}+)(?P<close>QUOTE)?\]?"
    rb"(?P<sign>\s{0,3}(?::\s*[a-z][\w.\[\]| ]{0,40}?)?\s{0,3}(?:==|!=|:=|=>|=|:)\s{0,3}|\s{0,3},\s{0,3}|\s)"
    rb"(?:[rbuf]{0,2}(?P<quote>\"\"\"|'''|QUOTE)(?P<text>(?:\\[^\n]|[^\n\\]){1,500}?)(?P=quote)"
    rb"|(?P<bare>[^\s\"'`,;(){}\[\]<>&\\]{6,500})(?=[\s\"'`,;)}\]<&\\]|\Z))"
).replace(b"QUOTE", _QUOTE)
# A piece that costs one look, and the names that it may be a part of.
_NAMES = {
    b"pass": rb"pass(?:w|phrase|(?![a-z]))" + _GIVEN,
    b"pwd": b"pwd" + _GIVEN,
    b"secret": b"secret" + _GIVEN,
    b"token": b"token" + _GIVEN,
    b"key": b"key" + _GIVEN,
    b"credential": b"credential" + _GIVEN,
}
# Passwords that no name is given to, by a piece that costs one look; group 1 is the secret.
_UNNAMED = (
    (
        b"curl",
        rb"curl\s(?:[^\n|;]{0,300}?\s)??(?:-u|--user)[\s=]{0,2}[\"']?[^\s:\"'$]{1,100}:([^\s\"'$][^\s\"']*)",
        "password of curl",
    ),
    (
        b"auth",
        rb"auth\s{0,2}=?\s{0,2}\(\s*[^,()\n]{1,100},\s*[rbu]{0,2}[\"']([^\n\"']{4,200})[\"']\s*\)",
        "password of a login",
    ),
    (b"pwd=", rb";\s?pwd=([^;\"'\s]{4,200})", "password in a connection string"),
    (
        b"password=",
        rb"(?:user|host|hostaddr|dbname|port|sslmode)=[^\s,;()\"']+[ \t]+password=([^\s\"',;()&]{4,200})(?=[\s\"']|\Z)",
        "password in a connection string",
    ),
    (
        b"password=",
        (
            rb"(?<![\w.])password=([^\s\"',;()&]{4,200})[ \t]+"
            rb"(?:user|host|hostaddr|dbname|port|sslmode)=[^\s,;()\"'=]+(?=[\s\"']|\Z)"
        ),
        "password in a connection string",
    ),
)
_LOGIN = rb"\blogin\s+(?:--?[a-z][\w-]*\s+){0,4}([\w-]{32,})"
_DEFAULTS = rb"(?:get|getenv|setdefault|putenv|setenv|pop)\(\s*[\"']$"
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
_ESCAPES = r"\x1b\[[0-9;]*[A-Za-z]"
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def _find(text: str, known: Mapping[str, str]) -> Iterator[Found]:
    # Character by character the same positions, in bytes: those are searched and changed several times as fast.
    data = text.encode("ascii", "replace")
    for value, kind in known.items():
        at = text.find(value)
        while at >= 0:
            end = at + len(value)
            if len(value) >= _SURE or _is_word(text, at, end):
                yield Found(at, end, kind)
            at = text.find(value, end)
    yield from _find_tokens(text, data)
    for form in _OTHERS:
        for start in form.starts:
            yield from _find_other(text, form, start)
    if b"@" in data and b"://" in data:
        for match in _compiled(_IN_URL).finditer(text):
            if not _is_placeholder(match[2]):
                yield Found(match.start(2), match.end(2), "password in a url", _is_telling(match[2]))
    low = data.lower()
    for piece, pattern in _NAMES.items():
        if piece in low:
            yield from _find_given(text, low, _compiled(pattern))
    yield from _find_unnamed(text, low)
    if b"bearer" in low:
        for found in _compiled(_BEARER).finditer(low):
            if any(c.isdigit() for c in text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "bearer token")
    if b"authorization" in low:
        for found in _compiled(_AUTHORIZATION).finditer(low):
            if not _is_placeholder(text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "authorization header")


def _find_unnamed(text: str, low: bytes) -> Iterator[Found]:
    for piece, pattern, kind in _UNNAMED:
        if piece in low:
            for found in _compiled(pattern).finditer(low):
                value = text[found.start(1) : found.end(1)]
                if not _is_placeholder(value):
                    yield Found(found.start(1), found.end(1), kind, is_telling("password", value))
    if b"login" in low:
        for found in _compiled(_LOGIN).finditer(low):
            if _looks_random(text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "key of a login", True)


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
    if before == ":" and end - start == 35 and text.startswith("AA", start):
        digits = text[max(0, start - 13) : start - 1]
        first = start - 1 - (len(digits) - len(digits.rstrip("0123456789")))
        if (match := _compiled(_TELEGRAM).match(text, first)) is not None:
            yield Found(match.start(), match.end(), "telegram token")
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
        if not is_secret_name(name) and not is_key_name(name):
            continue
        # An option of a command, or a field of a URL's query.
        option = name.startswith("--") or text[first - 1 : first] in ("?", "&")
        sign = text[match.start("sign") : match.end("sign")]
        if sign.isspace() and not option and text[first - 5 : first] not in ("%env ", "_env "):
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
            is_secret = value[0] not in "),; +]}" and looks_secret(name, value)
            telling = is_telling(name, value)
        else:
            telling = is_telling(name, value) and (len(value) >= _SURE or _is_mixed(value))
            is_alone = _is_alone(text, first, match.end("bare"), sign)
            is_secret = _is_secret_word(name, value, sign, is_alone or option)
        if is_secret:
            yield Found(match.start(group), match.end(group), f"value of {name.strip('-')[:60]}", telling)


def _is_secret_text(name: str, value: str) -> bool:
    if _is_placeholder(value) or _is_path(value):
        return False
    if is_password_name(name):
        return len(value) >= 4 and (value.isdigit() or not _is_number(value, units=False))
    if _is_number(value):
        return False
    if len(value) < SHORTEST_VALUE or any(c.isspace() for c in value):
        return False
    return any(c.isdigit() for c in value) or len(value) >= 20


def _is_secret_word(name: str, value: str, sign: str, is_alone: bool) -> bool:
    # Without quotes it may be the name of a variable, or a type.
    if len(value) < SHORTEST_VALUE or _is_placeholder(value) or _is_path(value):
        return False
    if _is_number(value, units=not is_password_name(name)):
        return False
    if not is_secret_name(name):  # some key
        return (is_alone or name.isupper()) and _is_key(name, value)
    mixed = _is_mixed(value)
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
    return text[line:start] in ("", "export ", "%env ", "%set_env ", "!export ") and text[end : end + 1] in (
        "",
        "\n",
        "\r",
    )


def _is_telling(value: str) -> bool:
    # A value of which nothing says that it is a password: not one that is a word, too.
    if len(value) < SHORTEST_VALUE or _is_plain(value):
        return False
    return _is_mixed(value) or _looks_random(value)


def _is_plain(value: str) -> bool:
    return (
        _is_placeholder(value)
        or _is_path(value)
        or _is_number(value, units=False)
        or value.lower().strip("0123456789!_-. ") in _DEFAULT_WORDS
    )


def _is_key(name: str, value: str) -> bool:
    # Many keys are labels or digests of what they find; those of services are told by their look.
    if name.isupper() and "_" in name:
        return _looks_random(value)
    if _compiled(r"[0-9a-f]+").fullmatch(value) is not None:
        return len(value) in (32, 40) and any(c.isdigit() for c in value)
    is_long = _compiled(r"[0-9A-Za-z]{32,}|wandb_v1_\w{30,}").fullmatch(value) is not None
    return is_long and _looks_random(value) and not (value.islower() or value.isupper())


def _looks_random(value: str) -> bool:
    # A run of characters longer than words are, with digits or with letters of both cases in between.
    if len(value) < _SURE or any(c.isspace() for c in value) or _is_path(value):
        return False
    if _compiled(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch(value) is not None:
        return True
    for run in _compiled(r"[0-9A-Za-z+/]{16,}").findall(value):
        digits = sum(c.isdigit() for c in run)
        turns = sum(a.isupper() != b.isupper() for a, b in pairwise(run))
        if digits < len(run) and (digits >= 3 or turns >= 6):
            return True
    return False


def _is_mixed(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_number(value: str, units: bool = True) -> bool:
    if value.isdigit():
        return True
    match = _compiled(_NUMBER).fullmatch(value) if len(value) <= 24 else None
    return match is not None and (not match["unit"] or (units and len(value) <= 16))


def _is_path(value: str) -> bool:
    return value.startswith(("/", "~/", "./", "../", "\\\\")) or value[1:3] in (":\\", ":/")


def _is_word(text: str, start: int, end: int) -> bool:
    # Words end at an escape of source or of a URL, too: "\nhunter22", "%3Dhunter22".
    if _is_letter(text[end - 1]) and _is_letter(text[end : end + 1]):
        return False
    before = text[max(0, start - 3) : start].rjust(3)
    return not (_is_letter(before[2]) and _is_letter(text[start])) or before[1] == "\\" or before[0] == "%"


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


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
            joined[-1] = last._replace(end=max(last.end, one.end), telling=last.telling or one.telling)
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
    return [one._replace(start=back(one.start), end=back(one.end - 1) + 1) for one in found]
