"""What processes that are forked from one have found out just now: others of them need not ask the same again."""

import json
import mmap
import time
import zlib
from typing import Any

# As long as runs of one process share what surrounds them.
FRESH_SECONDS = 2.0
_BYTES = 1 << 16
_HEAD = 8  # the length of what follows, and its checksum


class SharedAnswers:
    """A small memory that this process shares with all that are forked from it; texts by their key, for two seconds.

    Nobody waits for anybody: what two write at once is lost, and found out again.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    def get(self, key: str) -> str | None:
        """Return what was put under `key` a moment ago, None if nothing was."""
        for known, _, text in self._fresh():
            if known == key:
                return str(text)
        return None

    def put(self, key: str, text: str, at: float) -> None:
        """Share what was found out at `at`, by `time.monotonic`; without room it is not shared."""
        kept = [one for one in self._fresh() if one[0] != key]
        data = json.dumps([*kept, (key, at, text)]).encode()
        if len(data) <= _BYTES - _HEAD:
            head = len(data).to_bytes(4, "little") + zlib.crc32(data).to_bytes(4, "little")
            self._memory[: _HEAD + len(data)] = head + data

    def _fresh(self) -> list[Any]:
        length = int.from_bytes(self._memory[:4], "little")
        data = self._memory[_HEAD : _HEAD + length]
        if not length or zlib.crc32(data) != int.from_bytes(self._memory[4:_HEAD], "little"):
            return []
        now = time.monotonic()
        return [one for one in json.loads(data) if now - one[1] < FRESH_SECONDS]
