"""Identities: UUIDv7 text, so that ids sort by the time at which they were made."""

import os
import re
import time

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def new_id() -> str:
    """Return a new UUIDv7 as text (RFC 9562: 48 bits of milliseconds, then random bits)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Tell whether `text` is an id as `new_id` makes them. Ids from clients become paths: ask this first."""
    return _ID.match(text) is not None
