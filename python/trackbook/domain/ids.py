"""Identities: UUIDv7 text, so that ids sort by the time at which they were made."""

import os
import re
import time

# In 4096ths of a millisecond, as the ids have them.
_SECOND = 1000 * 4096
_latest = 0

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def new_id() -> str:
    """Return a new UUIDv7 as text; a thread's later ids sort behind its earlier ones.

    RFC 9562: 48 bits of milliseconds, 12 bits of the millisecond's fraction (section 6.2, method 3), 62 random bits.
    """
    global _latest
    fractions = time.time_ns() * 4096 // 1_000_000
    # A clock that was set back a little must not change the order; one that was far ahead is not followed for ever.
    if _latest - _SECOND < fractions <= _latest:
        fractions = _latest + 1
    _latest = fractions
    milliseconds, fraction = divmod(fractions, 4096)
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | int.from_bytes(os.urandom(8)) >> 2
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Tell whether `text` is an id as `new_id` makes them. Ids from clients become paths: ask this first."""
    return _ID.match(text) is not None
