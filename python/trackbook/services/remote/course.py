"""The course of a journal: which of its bytes go where in the server's store, and from where on they are lacking.

As a rule a journal becomes the same journal there. But the server closes one whose writer it believes to be dead; what
the writer (a laptop that slept) adds later goes into a further journal there, which begins with the first record of the
first: a further *turn*.
"""

from dataclasses import dataclass

from trackbook.store.journal import Entry, scan
from trackbook.store.paths import PartName

# Far beyond the numbers of the files that a writer makes itself.
TURN = 1_000_000


@dataclass(slots=True)
class Course:
    """How far a journal was sent: up to byte `sent`, the part from `base` on in the journal of its `turn`."""

    name: PartName
    turn: int = 0
    base: int = 0
    head: bytes = b""
    sent: int = 0

    @property
    def target(self) -> PartName:
        """The journal on the server."""
        return self.name._replace(part=self.name.part + self.turn * TURN)

    def place(self, data: bytes) -> tuple[int, bytes]:
        """Return the position on the server of bytes that begin at `sent`, and the bytes as they are sent there."""
        if self.turn and self.sent == self.base:
            return 0, self.head + data
        return self.sent - self.base + len(self.head), data

    def arrived(self, size: int, data: bytes) -> None:
        """Note that the server has `size` bytes of the present turn; `data` is the journal from its beginning."""
        reached = self.base + max(0, size - len(self.head))
        self.sent = last_end(data, reached)

    def next_turn(self, data: bytes) -> bool:
        """Go on in a further journal; False if there is nothing more to send."""
        if last_end(data, len(data)) <= self.sent:
            return False
        first = next((item for item in scan(data) if isinstance(item, Entry)), None)
        self.head = data[first.position : first.end] if first is not None else b""
        self.base, self.turn = self.sent, self.turn + 1
        return True


def last_end(data: bytes, limit: int) -> int:
    """Return where the last record ends that ends at `limit` or before."""
    found = 0
    for item in scan(data):
        if item.end > limit:
            break
        found = item.end
    return found
