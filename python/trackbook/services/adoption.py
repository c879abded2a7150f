"""What other machines sealed in a store on a network: journals that are segments before this one has read them."""

from trackbook.store import parts as index
from trackbook.store.database import Database
from trackbook.store.paths import PartName
from trackbook.store.place import Place


def strange_segments(place: Place) -> set[PartName]:
    """Return the segments that the index does not know as such. None where this machine alone seals."""
    if place.paths.local is None or place.shared:
        return set()
    segments = set(place.parts.segments())
    return segments - _sealed(place.database)


def _sealed(database: Database) -> set[PartName]:
    with database.read() as connection:
        return index.sealed_parts(connection)
