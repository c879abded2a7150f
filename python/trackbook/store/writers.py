"""Whether a journal is still being written."""

from trackbook.store.locks import is_held
from trackbook.store.paths import PartName, StorePaths


def is_last_part(store: StorePaths, name: PartName) -> bool:
    """Tell whether the writer has not gone on in a further file."""
    return not store.journal(name._replace(part=name.part + 1)).exists()


def is_being_written(store: StorePaths, name: PartName) -> bool:
    """Tell whether the process that writes this file lives and has not gone on in a further one."""
    return is_last_part(store, name) and is_held(store.lock(name.subject, name.writer))
