"""The check-up of a store: is everything that was recorded there, whole, and in the index?"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from trackbook.domain.checkup import Checkup, MissingFile, UnreadableFile
from trackbook.errors import CorruptRecord
from trackbook.services.catchup import catch_up
from trackbook.services.opening import open_place
from trackbook.services.shelter import bring_home, waiting_runs
from trackbook.store.checkup import read_all_losses, read_counts, read_damages, read_references
from trackbook.store.locks import is_held
from trackbook.store.parts import positions
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.segments import read_segment


def examine_store(store: StorePaths, shelter: StorePaths | None = None) -> Checkup:
    """Look a store over and return what was found; what its journals hold is indexed first.

    What a `shelter` keeps for the store is brought into it before that, if the store can be written.
    Raises StoreError if the index can't be opened.
    """
    if shelter is not None:
        with contextlib.suppress(OSError):
            bring_home(shelter, store)
    place = open_place(store)
    store = place.paths
    try:
        ingesting = is_held(store.ingester_lock)
        catch_up(place)
        sizes = _journal_sizes(store)
        with place.database.read() as connection:
            counts = read_counts(connection)
            damaged = read_damages(connection, store)
            losses = read_all_losses(connection)
            references = read_references(connection)
            read = positions(connection, {name.subject for name in sizes})
        segments = sum(1 for _ in place.parts.segments())
        missing = [MissingFile(*named) for named in references if not place.blobs.has(named.digest)]
    finally:
        place.close()
    kept = len(waiting_runs(shelter)) if shelter is not None else 0
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
        losses=losses,
        unreadable=list(_unreadable_files(store)),
        kept_elsewhere=kept,
        shelter=str(shelter.root) if shelter is not None and kept else None,
    )


def _unreadable_files(store: StorePaths) -> Iterator[UnreadableFile]:
    for _, path in store.list_segments():
        try:
            read_segment(path)
        except FileNotFoundError:
            continue
        except (OSError, CorruptRecord) as error:
            yield _unreadable(store, path, error)
    for _, path in store.list_journals():
        try:
            with path.open("rb") as file:
                file.read(1)
        except FileNotFoundError:  # sealed meanwhile
            continue
        except OSError as error:
            yield _unreadable(store, path, error)


def _unreadable(store: StorePaths, path: Path, error: OSError | CorruptRecord) -> UnreadableFile:
    reason = error.reason if isinstance(error, CorruptRecord) else error.strerror or str(error)
    return UnreadableFile(path.relative_to(store.root).as_posix(), reason)


def _journal_sizes(store: StorePaths) -> dict[PartName, int]:
    sizes: dict[PartName, int] = {}
    for name, path in store.list_journals():
        with contextlib.suppress(FileNotFoundError):  # sealed meanwhile
            sizes[name] = path.stat().st_size
    return sizes
