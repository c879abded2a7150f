"""Which blobs are named by what: by the index, and by every record of every journal, read or not."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from trackbook.domain.environment import Environment
from trackbook.domain.records import SnapshotTaken
from trackbook.domain.references import environment_digests
from trackbook.store import schema as t
from trackbook.store.journal import Entry, scan
from trackbook.store.paths import PartName
from trackbook.store.place import Parts
from trackbook.store.segments import read_records

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


_decode_environment = msgspec.json.Decoder(Environment).decode


class Named(NamedTuple):
    """That a run (or a job) names a blob, and as what kind of thing."""

    subject: str
    kind: str
    digest: str


def digests_in(data: bytes) -> set[str]:
    """Return everything in `data` that looks like a digest: also of records and manifests that are not understood."""
    return {found.decode("ascii") for found in _DIGEST.findall(data)}


def read_named(connection: Connection) -> Iterator[Named]:
    """Yield what the index knows, the manifests of snapshots without the parts that they name."""
    a, c, s, m, r = t.artifacts.c, t.cells.c, t.snapshots.c, t.modules.c, t.runs.c
    for run_id, digest in connection.execute(select(a.run_id, a.digest)):
        yield Named(run_id, "artifacts", digest)
    for run_id, source, outputs in connection.execute(select(c.run_id, c.source_digest, c.outputs)):
        yield Named(run_id, "cell sources", source)
        for digest in json.loads(outputs):
            yield Named(run_id, "outputs", digest)
    for run_id, digest in connection.execute(select(s.run_id, s.digest)):
        yield Named(run_id, "snapshots", digest)
    for run_id, digest in connection.execute(select(m.run_id, m.digest)):
        yield Named(run_id, "modules", digest)
    for run_id, digest in connection.execute(
        select(r.id, r.packages_digest).where(r.packages_digest.is_not(None))
    ):
        yield Named(run_id, "packages", digest)
    for run_id, environment in connection.execute(
        select(r.id, r.environment).where(r.environment.is_not(None))
    ):
        for digest in environment_digests(_decode_environment(environment)):
            yield Named(run_id, "environments", digest)
    v, d = t.rich_values.c, t.data_inputs.c
    for run_id, digest in connection.execute(select(v.run_id, v.digest)):
        yield Named(run_id, "values", digest)
    for run_id, data in connection.execute(select(d.run_id, d.data).where(d.data.like('%"manifest":"%'))):
        yield Named(run_id, "manifests", json.loads(data)["manifest"])
    for job_id, spec in connection.execute(select(t.jobs.c.id, t.jobs.c.spec)):
        known = json.loads(spec)
        yield Named(job_id, "notebooks of jobs", known["notebook"])
        frozen = known.get("frozen") or {}
        if frozen.get("kernel"):
            yield Named(job_id, "kernels of jobs", frozen["kernel"])
        for module in frozen.get("modules", []):
            yield Named(job_id, "modules", module["digest"])


class PartDigests(NamedTuple):
    """The digests in one journal, and those among them that are manifests of snapshots."""

    named: set[str]
    manifests: set[str]


def read_part_digests(parts: Parts, name: PartName, sealed: bool) -> PartDigests:
    """Return what one journal or segment names; also in bytes that this version can't read.

    Raises CorruptRecord for a segment that is damaged: what it names can't be told.
    """
    data = parts.read_segment(name) if sealed else parts.read_journal(name)
    if data is None:  # sealed meanwhile, or deleted
        data = parts.read_segment(name)
        if data is None:
            return PartDigests(set(), set())
        sealed = True
    if sealed:
        raw, records = read_records(name, data)
    else:
        raw, records = data, [entry.record for entry in scan(data) if isinstance(entry, Entry)]
    manifests = {record.digest for record in records if isinstance(record, SnapshotTaken)}
    return PartDigests(digests_in(raw), manifests)
