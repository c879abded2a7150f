"""Finds secrets in text: well-known formats of tokens, values given to secret-looking names, known values.

Everything looks for a fixed piece of text first, which costs microseconds where there is none, and only there closer.
Nothing found is ever kept: callers get positions.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trackbook.capture.secretformats import (
    AUTHORIZATION,
    BEARER,
    CLIENT,
    DEFAULTS,
    DOTTED,
    IN_URL,
    LOGIN,
    LONG,
    NAMED,
    OTHERS,
    RUN,
    RUNS,
    TELEGRAM,
    TOKEN_IN_URL,
    TOKEN_STARTS,
    TOKENS,
    UNNAMED,
    Format,
    compiled,
)
from trackbook.capture.secretnames import is_key_name, is_secret_name
from trackbook.capture.secretvalues import (
    LONG_VALUE,
    is_mixed,
    is_placeholder,
    is_secret_word,
    is_telling,
    is_telling_value,
    looks_random,
    looks_secret,
)

# Texts in which no rule found anything: jobs show the same ones again and again, from MIME types to whole tables, and
# what a cell shows is searched once more when its notebook is stored. The size is in characters.
_clean: set[str] = set()
_clean_size = 0
_MOST_CLEAN = 2_000_000
_LONGEST_CLEAN = 100_000
_LEAST = 60  # what any text takes beside its characters
# Of which an executed notebook has a hundred, and never the same ones again.
_is_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?").fullmatch
_ESCAPES = r"\x1b\[[0-9;]*[A-Za-z]"
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


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
    if (text in _clean or _is_time(text)) and not any(value in text for value in known):
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


def _find(text: str, known: Mapping[str, str]) -> Iterator[Found]:
    # Character by character the same positions, in bytes: those are searched and changed several times as fast.
    data = text.encode("ascii", "replace")
    for value, kind in known.items():
        at = text.find(value)
        while at >= 0:
            end = at + len(value)
            if len(value) >= LONG_VALUE or _is_word(text, at, end):
                yield Found(at, end, kind)
            at = text.find(value, end)
    yield from _find_tokens(text, data)
    for form in OTHERS:
        for start in form.starts:
            yield from _find_other(text, form, start)
    if b"@" in data and b"://" in data:
        for match in compiled(IN_URL).finditer(text):
            if not is_placeholder(match[2]):
                yield Found(match.start(2), match.end(2), "password in a url", is_telling_value(match[2]))
        for match in compiled(TOKEN_IN_URL).finditer(text):
            if looks_random(match[1]):
                yield Found(match.start(1), match.end(1), "token in a url", True)
    low = data.lower()
    for piece, pattern in NAMED.items():
        if piece in low:
            yield from _find_given(text, low, compiled(pattern))
    yield from _find_unnamed(text, low)
    if b"bearer" in low:
        for found in compiled(BEARER).finditer(low):
            if any(c.isdigit() for c in text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "bearer token")
    if b"authorization" in low:
        for found in compiled(AUTHORIZATION).finditer(low):
            if not is_placeholder(text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "authorization header")


def _find_unnamed(text: str, low: bytes) -> Iterator[Found]:
    for piece, pattern, kind in UNNAMED:
        if piece in low:
            for found in compiled(pattern).finditer(low):
                value = text[found.start(1) : found.end(1)]
                if not is_placeholder(value):
                    yield Found(found.start(1), found.end(1), kind, is_telling("password", value))
    if b"login" in low:
        for found in compiled(LOGIN).finditer(low):
            if looks_random(text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "key of a login", True)
    if b"lient(" in low:
        for found in compiled(CLIENT).finditer(low):
            if _has_all_kinds(text[found.start(1) : found.end(1)]):
                yield Found(found.start(1), found.end(1), "key of a client", True)


def _has_all_kinds(value: str) -> bool:
    # As no digest and no word has them: small letters, capitals and digits.
    return value not in (value.lower(), value.upper()) and any(c.isdigit() for c in value)


def _find_tokens(text: str, data: bytes) -> Iterator[Found]:
    runs = data.translate(RUNS)
    at = runs.find(RUN)
    while at >= 0:
        end = runs.find(b" ", at + LONG)
        end = len(runs) if end < 0 else end
        yield from _find_token(text, at, end)
        at = runs.find(RUN, end)


def _find_token(text: str, start: int, end: int) -> Iterator[Found]:
    before = text[start - 1] if start else " "
    if before == ":" and end - start == 35 and text.startswith("AA", start):
        digits = text[max(0, start - 13) : start - 1]
        first = start - 1 - (len(digits) - len(digits.rstrip("0123456789")))
        if (match := compiled(TELEGRAM).match(text, first)) is not None:
            yield Found(match.start(), match.end(), "telegram token")
    if before == ".":
        for form in DOTTED:
            first = start - len(form.starts[0])
            if first >= 0 and (match := compiled(form.pattern).match(text, first)) is not None:
                yield Found(match.start(), match.end(), form.kind)
    # An escape of source or of a URL ends within the run: "\nghp_...", "%3Dghp_...".
    start += {"\\": 1, "%": 2}.get(before, 0)
    at = end - len(text[start:end].lstrip("-_"))
    while start <= at < end:
        token = _token_at(text, at) if text.startswith(TOKEN_STARTS, at) else None
        if token is not None:
            yield token
            at = token.end
        # Behind a dash another word begins: "run-ghp_...".
        at = text.find("-", at, end) + 1 or end


def _token_at(text: str, at: int) -> Found | None:
    for form in TOKENS:
        match = compiled(form.pattern).match(text, at) if text.startswith(form.starts, at) else None
        if match is not None and form.check(match[0]):
            return Found(match.start(), match.end(), form.kind)
    return None


def _find_other(text: str, form: Format, start: str) -> Iterator[Found]:
    at = text.find(start)
    while at >= 0:
        match = compiled(form.pattern).match(text, at)
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
            match["close"] and compiled(DEFAULTS).search(low[max(0, first - 24) : first])
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
            telling = is_telling(name, value) and (len(value) >= LONG_VALUE or is_mixed(value))
            is_alone = _is_alone(text, first, match.end("bare"), sign)
            is_secret = is_secret_word(name, value, sign, is_alone or option)
        if is_secret:
            yield Found(match.start(group), match.end(group), f"value of {name.strip('-')[:60]}", telling)


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


def _is_word(text: str, start: int, end: int) -> bool:
    # Words end at an escape of source or of a URL, too: "\nhunter22", "%3Dhunter22".
    if _is_letter(text[end - 1]) and _is_letter(text[end : end + 1]):
        return False
    before = text[max(0, start - 3) : start].rjust(3)
    return not (_is_letter(before[2]) and _is_letter(text[start])) or before[1] == "\\" or before[0] == "%"


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


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
    for escape in compiled(_ESCAPES).finditer(text):
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
