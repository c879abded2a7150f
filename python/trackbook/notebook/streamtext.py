"""Text as a terminal leaves it: a progress bar that rewrites its line is one line, not ten thousand."""

import re

_LONGEST_LINE = 100_000
_SEGMENTS = re.compile(r"\r+")


class LineBuffer:
    """Holds back the line that is being written, so that carriage returns can overwrite it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def write(self, text: str) -> str:
        """Add text; return what is final: whole lines, and pieces of lines too long to hold back."""
        self._pieces.append(text)
        self._size += len(text)
        if "\r" not in text and "\n" not in text:
            return self.take() if self._size > _LONGEST_LINE else ""
        joined = "".join(self._pieces)
        whole, newline, rest = joined.rpartition("\n")
        # What stands behind the last return is still being written: where it ends, the next piece goes on.
        before, returned, last = rest.rpartition("\r")
        rest = overwrite(before) + returned + last
        self._pieces, self._size = [rest], len(rest)
        if "\r" in whole:
            whole = "\n".join(overwrite(line) for line in whole.split("\n"))
        final = whole + newline
        return final + (self.take() if self._size > _LONGEST_LINE else "")

    def take(self) -> str:
        """Return the line that was held back, and hold nothing any more."""
        text = overwrite("".join(self._pieces))
        self._pieces, self._size = [], 0
        return text


def overwrite(line: str) -> str:
    """Return what a line shows after its carriage returns; one at its end still waits for what follows."""
    if "\r" not in line:
        return line
    body = line.rstrip("\r")
    ending = "\r" if len(body) < len(line) else ""
    shown = ""
    for segment in _SEGMENTS.split(body):
        # Escape sequences take no room on the screen, so their lengths say nothing: the later segment stands.
        rest = "" if "\x1b" in shown or "\x1b" in segment else shown[len(segment) :]
        shown = segment + rest
    return shown + ending
