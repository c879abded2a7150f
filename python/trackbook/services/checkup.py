"""The check-up of a store: is everything that was recorded there, whole, and in the index?"""

import contextlib

from trackbook.domain.checkup import Checkup, MissingFile
from trackbook.services.catchup import catch_up
from trackbook.services.opening import open_place
from trackbook.store.checkup import read_counts, read_damages, read_references
from trackbook.store.locks import is_held
from trackbook.store.parts import positions
from trackbook.store.paths import PartName, StorePaths


def examine_store(store: StorePaths) -> Checkup:
    """Look a store over and return what was found; what its journals hold is indexed first.

    Raises StoreError if the index can't be opened.
    """
    place = open_place(store)
    store = place.paths
    try:
        ingesting = is_held(store.ingester_lock)
        catch_up(place)
        sizes = _journal_sizes(store)
        with place.database.read() as connection:
            counts = read_counts(connection)
            damaged = read_damages(connection, store)
            references = read_references(connection)
            read = positions(connection, {name.subject for name in sizes})
        segments = sum(1 for _ in place.parts.segments())
        missing = [MissingFile(*named) for named in references if not place.blobs.has(named.digest)]
    finally:
        place.close()
    return Checkup(
        path=str(store.root),
        id=store.id,
        runs=counts.runs,
        running=counts.running,
        trashed=counts.trashed,
        revision=counts.revision,
        journals=len(sizes),
        segments=segments,
        behind=sum(max(0, size - read.get(name, 0)) for name, size in sizes.items()),
        ingesting=ingesting,
        damaged=damaged,
        missing=missing,
    )


def _journal_sizes(store: StorePaths) -> dict[PartName, int]:
    sizes: dict[PartName, int] = {}
    for name, path in store.list_journals():
        with contextlib.suppress(FileNotFoundError):  # sealed meanwhile
            sizes[name] = path.stat().st_size
    return sizes
