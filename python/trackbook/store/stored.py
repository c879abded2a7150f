"""What is known of a blob without its bytes."""

from typing import NamedTuple


class StoredBlob(NamedTuple):
    """A blob with its size in bytes and the time (seconds since the epoch) at which it was stored last."""

    digest: str
    size: int
    stored: float
