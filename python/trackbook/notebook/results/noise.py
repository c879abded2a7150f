"""What texts say anew each time, and what no comparison should look at.

Masked are: colours and other controls of terminals; what a progress bar drew over; times of `%time`, `%timeit` and
progress bars, and the peak of `%memit`; memory addresses (`at 0x7f…`); names of temporary files and of IPython's cells;
spaces at the ends of lines. Anything else that changes (dates, random ids, the order of a set) is a difference.
"""

import re

_COLOURS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_BACKSPACE = re.compile(r"[^\n\r\x08]\x08")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_DURATION = r"(?<![\d.,])[\d.,]++ ?(?:ns|[µμu]s|ms|s|min|h)(?:(?: \d+ ?(?:min|h|s|ms))*)"

# Each with what stands in its place. nbval gets the same ones, see `sanitizers`.
MASKS: tuple[tuple[str, str], ...] = (
    (r"(?<=\bat )0x[0-9a-fA-F]+", "0x…"),
    (r"(?m)^CPU times: .*$", "CPU times: …"),
    (rf"(?m)^(?:Wall|Compiler) time: {_DURATION}.*$", "time: …"),
    (rf"(?m)^(?:Compiler|Parser) *: {_DURATION}.*$", "time: …"),
    (
        rf"{_DURATION} ± {_DURATION} per loop \(mean ± std\. dev\. of \d+ runs?, [\d,_]+ loops? each\)",
        "… per loop",
    ),
    (r"(?m)^The slowest run took .* times longer than the fastest.*\n?(?:.*being cached\.[ \t]*\n?)?", ""),
    (r"peak memory: [\d.]+ MiB, increment: -?[\d.]+ MiB", "peak memory: …"),
    (r"\[[\d:]+<[\d:?]+, *[^\s,\]]+(?=[,\]])", "[…"),
    (r"(?:/private)?/var/folders/\w+/\w+/T\b", "/tmp"),
    (r"(?i)\b[A-Z]:\\Users\\[^\\\s]+\\AppData\\Local\\Temp(?=\\)", "/tmp"),
    (r"/tmp[/\\]ipykernel_\d+[/\\]\d+\.py", "<cell>"),
    (r"<ipython-input-\d+-[0-9a-f]+>", "<cell>"),
    (r"/(?:var/)?tmp[/\\]tmp[a-z0-9_]{6,}", "/tmp/…"),
)
_MASKS = [(re.compile(pattern), text) for pattern, text in MASKS]


def without_noise(text: str) -> str:
    """Return a text as a terminal would show it at the end, with what changes each time masked."""
    text = _COLOURS.sub("", text).replace("\r\n", "\n")
    while "\x08" in text and _BACKSPACE.search(text):
        text = _BACKSPACE.sub("", text, count=1)
    if "\r" in text:
        text = "\n".join(map(_overwritten, text.split("\n")))
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return _TRAILING.sub("", text).rstrip("\n")


def _overwritten(line: str) -> str:
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown
