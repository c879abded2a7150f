"""Names that the user wants left out of what `%%track` and `%track auto` record."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from trackbook.errors import UsageError
from trackbook.notebook.words import unquote


class Ignored:
    """Patterns of names, such as `tmp` or `debug_*`."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns: dict[str, None] = dict.fromkeys(patterns)

    @property
    def patterns(self) -> list[str]:
        """The patterns, in the order in which they were said."""
        return list(self._patterns)

    def add(self, words: Iterable[str]) -> None:
        """Leave out what these words name; raises UsageError for one that can be no name."""
        self._patterns |= dict.fromkeys(read_patterns(words))

    def remove(self, words: Iterable[str]) -> None:
        """Take these patterns back; raises UsageError, and takes none back, if one of them is none that was said."""
        taken = read_patterns(words)
        for pattern in taken:
            if pattern not in self._patterns:
                known = (
                    f"left out are {', '.join(self._patterns)}" if self._patterns else "nothing is left out"
                )
                raise UsageError(f"{pattern!r} can't be taken back: {known}.")
        for pattern in taken:
            self._patterns.pop(pattern, None)

    def clear(self) -> None:
        """Leave nothing out any more."""
        self._patterns.clear()

    def keep(self, names: Iterable[str], beside: Iterable[str] = ()) -> list[str]:
        """Return those of `names` that are recorded; `beside` are more patterns."""
        patterns = (*self._patterns, *beside)
        return [name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)]


def read_patterns(words: Iterable[str]) -> list[str]:
    """Return the patterns that words name; raises UsageError for one that can be no name."""
    patterns = [part for word in words for part in unquote(word).split(",") if part]
    for pattern in patterns:
        if not pattern.replace("*", "a").replace("?", "a").isidentifier():
            raise UsageError(f"{pattern!r} is no name of a variable; * stands for any text in one: tmp_*")
    return patterns
