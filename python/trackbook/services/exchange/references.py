"""Which content a record names: the digests of artifacts, sources, outputs, notebooks, packages and modules."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from trackbook.domain import records as r
from trackbook.domain.records import Record
from trackbook.domain.references import environment_digests
from trackbook.domain.snapshot import read_manifest
from trackbook.errors import TrackbookError

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
# What is text of the user's, and names nothing however much it looks like a digest.
_USERS_OWN = (r.ParamsSet, r.TagsSet, r.NoteWritten, r.Renamed, r.MetricDefined, r.RunStarted, r.RunEnded)


def named_digests(record: Record) -> Iterator[str]:
    """Yield the digests that a record names. A snapshot names its manifest, which names more: `parts_of_snapshot`."""
    if isinstance(record, _USERS_OWN):
        return
    if isinstance(record, r.EnvironmentCaptured):  # git's commits may be as long as digests
        yield from _find([record.packages_digest, *environment_digests(record.environment)])
    elif isinstance(record, r.DataUsed):  # of the data itself the store has no copy
        yield from _find(record.data.manifest)
    elif isinstance(record, r.ValueLogged):  # its key and context are the user's
        yield from _find(record.value.digest)
    else:
        yield from _find(msgspec.to_builtins(record))


def parts_of_snapshot(digest: str, get: Callable[[str], bytes]) -> Iterator[str]:
    """Yield the digests that a snapshot's manifest names; nothing for one that is missing or can't be read."""
    try:
        manifest = read_manifest(get(digest))
    except TrackbookError:
        return
    for cell in manifest.cells:
        yield from _find([cell.digest, *(cell.outputs or [])])


def _find(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _DIGEST.match(value):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _find(item)
    elif isinstance(value, list):
        for item in value:
            yield from _find(item)
