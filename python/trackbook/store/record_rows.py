"""What each record means: the rows that it adds to a batch, or changes there.

Nothing here depends on the order in which journals of different writers are read: the record with the latest
time wins. So an index made anew gives the same answers as the one that grew.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from trackbook.domain import records as r
from trackbook.domain.job import JobSpec
from trackbook.domain.records import Record
from trackbook.domain.sweep import SweepSpec
from trackbook.store import schema as t
from trackbook.store.batch import Batch, Row
from trackbook.store.job_history import TRIED
from trackbook.store.paths import PartName


def apply_record(batch: Batch, name: PartName, record: Record) -> None:
    """Add to `batch` what a record of the journal `name` says; some say nothing that the index keeps."""
    meaning = _MEANING.get(type(record))
    if meaning is not None:
        meaning(batch, name, record)


def write_spec(spec: JobSpec | SweepSpec) -> str:
    """Return a job's or a sweep's spec as the index keeps it: JSON with NaN and infinities as Python writes them.

    A job's executor and its trial come last, where a query finds them without reading the JSON, which no database does
    with NaN in it.
    """
    plain = msgspec.to_builtins(spec)
    if isinstance(spec, JobSpec):
        plain["executor"], plain["trial"] = plain.pop("executor"), plain.pop("trial")
    return json.dumps(plain, ensure_ascii=False)


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _started(batch: Batch, name: PartName, record: r.RunStarted) -> None:
    row = batch.run(name.subject, record.at)
    source = record.source
    if row["started"] is None or record.at < row["started"]:
        row["started"] = record.at
    row.update(experiment_id=batch.experiment(record.experiment), parent_id=record.parent_id)
    row.update(user=record.user, host=record.host, source_kind=source.kind, source_path=source.path)
    row.update(cell_id=source.cell_id, message_id=source.message_id, job_id=source.job_id)
    if row["resumed_at"] == 0:  # else the kernel that resumed it was read before
        row.update(kernel_id=source.kernel_id)
    if (fork := record.fork) is not None:
        row.update(forked_from=fork.run_id, forked_step=fork.step, forked_until=fork.until)
        batch.forks[name.subject] = fork
    if record.at >= row["name_at"]:
        row.update(name=record.name, name_at=record.at)
    batch.move(name.subject, "running", record.at, ended=None, error=None, reason=None)


def _resumed(batch: Batch, name: PartName, record: r.RunResumed) -> None:
    row = batch.run(name.subject, record.at)
    row["attempt"] += 1
    if record.at >= row["resumed_at"]:
        row.update(kernel_id=record.source.kernel_id, resumed_at=record.at)
    changes = {"ended": None, "error": None, "reason": None, "end_message_id": None}
    batch.move(name.subject, "running", record.at, **changes)
    _turn(batch, name, record.at, "resumed", record.host, None)


def _turn(batch: Batch, name: PartName, at: int, turn: str, host: str, reason: str | None) -> None:
    row = {"run_id": name.subject, "at": at, "turn": turn, "host": host, "reason": reason}
    batch.added[t.turns].append(row)


def _ended(batch: Batch, name: PartName, record: r.RunEnded) -> None:
    _turn(batch, name, record.at, record.status, "", record.reason)
    batch.move(
        name.subject,
        record.status,
        record.at,
        ended=record.at,
        error=_json(record.error),
        reason=record.reason,
        end_message_id=record.message_id,
    )


def _params(batch: Batch, name: PartName, record: r.ParamsSet) -> None:
    batch.run(name.subject, record.at)
    for key, value in record.values.items():
        # Python's own JSON keeps NaN and infinities, which stricter encoders turn to null.
        text = json.dumps(value, ensure_ascii=False)
        row: Row = {"run_id": name.subject, "key": key, "value": text, "at": record.at}
        batch.added[t.param_revisions].append(row | {"cell_id": record.cell_id})
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
        shown = value if isinstance(value, str) else text
        batch.keep_latest(t.params, row | {"number": float(value) if is_number else None, "text": shown})


def _tags(batch: Batch, name: PartName, record: r.TagsSet) -> None:
    batch.run(name.subject, record.at)
    for key, value in record.values.items():
        batch.keep_latest(t.tags, {"run_id": name.subject, "key": key, "value": value, "at": record.at})


def _note(batch: Batch, name: PartName, record: r.NoteWritten) -> None:
    batch.run(name.subject, record.at)
    row = {"run_id": name.subject, "at": record.at, "text": record.text, "replaces": record.replaces}
    batch.added[t.notes].append(row)


def _renamed(batch: Batch, name: PartName, record: r.Renamed) -> None:
    row = batch.run(name.subject, record.at)
    if record.at >= row["name_at"]:
        row.update(name=record.name, name_at=record.at)


def _grouped(batch: Batch, name: PartName, record: r.RunGrouped) -> None:
    row = batch.run(name.subject, record.at)
    if record.at >= row["group_at"]:
        row.update(group=record.group, group_at=record.at)


def _trashed(batch: Batch, name: PartName, record: r.Trashed | r.Restored) -> None:
    row = batch.run(name.subject, record.at)
    if record.at >= row["trashed_at"]:
        row.update(trashed=isinstance(record, r.Trashed), trashed_at=record.at)


def _metric(batch: Batch, name: PartName, record: r.MetricDefined) -> None:
    batch.run(name.subject, record.at)
    row = {
        "run_id": name.subject,
        **{f: getattr(record, f) for f in ("key", "goal", "unit", "summary", "at")},
    }
    batch.keep_latest(t.metric_definitions, row)


def _artifact(batch: Batch, name: PartName, record: r.ArtifactStored) -> None:
    batch.run(name.subject, record.at)
    fields = ("path", "digest", "size", "media_type", "kind", "at", "cell_id")
    batch.keep_latest(t.artifacts, {"run_id": name.subject, **{f: getattr(record, f) for f in fields}})


def _cell_started(batch: Batch, name: PartName, record: r.CellStarted) -> None:
    batch.run(name.subject, record.at)
    row: Row = {"run_id": name.subject, "writer": name.writer, "started": record.at}
    row |= {f: getattr(record, f) for f in ("order", "cell_id", "count", "source_digest")}
    row |= {"cpu": None, "memory": None}
    row |= {"duration": None, "status": "running", "outputs": "[]", "truncated": False, "error": None}
    row |= {"reads": "[]", "writes": "[]"}
    batch.added[t.cells].append(row)


def _cell_finished(batch: Batch, name: PartName, record: r.CellFinished) -> None:
    batch.run(name.subject, record.at)["active"] += record.duration
    row: Row = {"b_run": name.subject, "b_writer": name.writer, "b_order": record.order}
    row |= {"v_status": record.status, "v_duration": record.duration, "v_outputs": _json(record.outputs)}
    row |= {"v_truncated": record.truncated, "v_error": _json(record.error)}
    row |= {"v_reads": _json(record.reads), "v_writes": _json(record.writes)}
    row |= {"v_cpu": record.cpu, "v_memory": record.memory, "v_count": record.count}
    batch.finished_cells.append(row)


def _snapshot(batch: Batch, name: PartName, record: r.SnapshotTaken) -> None:
    batch.run(name.subject, record.at)
    row = {f: getattr(record, f) for f in ("moment", "origin", "digest", "at")}
    batch.keep_latest(t.snapshots, {"run_id": name.subject, **row})


def _environment(batch: Batch, name: PartName, record: r.EnvironmentCaptured) -> None:
    row = batch.run(name.subject, record.at)
    row.update(environment=_json(record.environment), packages_digest=record.packages_digest)


def _modules(batch: Batch, name: PartName, record: r.ModulesCaptured) -> None:
    batch.run(name.subject, record.at)
    for module in record.modules:
        row = {f: getattr(module, f) for f in ("name", "path", "digest", "size")}
        batch.keep_latest(t.modules, {"run_id": name.subject, "at": record.at, **row})


def _data(batch: Batch, name: PartName, record: r.DataUsed) -> None:
    batch.run(name.subject, record.at)
    row: Row = {"run_id": name.subject, "place": record.data.place, "digest": record.data.digest or ""}
    row |= {"at": record.at, "cell_id": record.cell_id, "data": _json(record.data)}
    batch.keep_latest(t.data_inputs, row)


def _value(batch: Batch, name: PartName, record: r.ValueLogged) -> None:
    batch.run(name.subject, record.at)
    value = record.value
    context = json.dumps(value.context, sort_keys=True, ensure_ascii=False)
    row: Row = {"run_id": name.subject, "key": value.key, "context": context, "step": value.step}
    row |= {"at": record.at, "cell_id": record.cell_id, "digest": value.digest, "value": _json(value)}
    batch.keep_latest(t.rich_values, row)


def _seed(batch: Batch, name: PartName, record: r.SeedSet) -> None:
    batch.run(name.subject, record.at)
    row: Row = {"run_id": name.subject, "writer": name.writer, "at": record.at, "seed": record.seed}
    batch.added[t.seeds].append(row | {"libraries": _json(record.libraries), "cell_id": record.cell_id})


def _secret(batch: Batch, name: PartName, record: r.SecretMasked) -> None:
    batch.run(name.subject, record.at)
    row = {f: getattr(record, f) for f in ("place", "kind", "at", "count")}
    batch.keep_latest(t.secrets, {"run_id": name.subject, **row})


def _reproduced(batch: Batch, name: PartName, record: r.RunReproduced) -> None:
    found = record.reproduction
    row = batch.run(name.subject, record.at)
    if record.at >= row["reproduction_at"]:
        row.update(reproduction=found.verdict, reproduction_at=record.at, reproduced_by=found.run_id)
    added: Row = {"run_id": name.subject, "writer": name.writer, "at": record.at}
    batch.added[t.reproductions].append(added | {"reproduction": _json(found)})


def _deleted(batch: Batch, name: PartName, record: r.RunDeleted) -> None:
    batch.removed[record.run_id] = record.at
    if record.job_id is not None:
        batch.removed[record.job_id] = record.at


def _numbered(batch: Batch, name: PartName, record: r.RunNumbered) -> None:
    batch.added[t.numbers].append({"run_id": record.run_id, "number": record.number})


def _job_submitted(batch: Batch, name: PartName, record: r.JobSubmitted) -> None:
    spec = record.spec
    row = batch.jobs.setdefault(name.subject, {})
    row.setdefault("submitted", record.at)
    # A further attempt of a job submits it again, with another run.
    row |= {"run_id": spec.run_id, "sweep_id": spec.sweep_id, "spec": write_spec(spec)}
    row["trial"] = spec.trial.number if spec.trial is not None else None


def _job_finished(batch: Batch, name: PartName, record: r.JobFinished) -> None:
    row = batch.jobs.setdefault(name.subject, {})
    row |= {"status": record.status, "ended": record.at, "error": _json(record.error), "cause": record.cause}
    row |= {"worker": None, "lease_expires": None, "not_before": 0}


def _job_attempted(batch: Batch, name: PartName, record: r.JobAttempted) -> None:
    row = batch.jobs.setdefault(name.subject, {})
    row.setdefault(TRIED, []).append((record.attempt, record.not_before or 0))


def _sweep(batch: Batch, name: PartName, record: r.SweepDefined) -> None:
    batch.run(name.subject, record.at)
    batch.keep_latest(t.sweeps, {"run_id": name.subject, "at": record.at, "spec": write_spec(record.spec)})


def _view_saved(batch: Batch, name: PartName, record: r.ViewSaved) -> None:
    row = {f: getattr(record, f) for f in ("kind", "name", "content", "created", "at", "revision")}
    batch.keep_latest(t.views, {"id": record.view_id, **row, "deleted": False})


def _view_deleted(batch: Batch, name: PartName, record: r.ViewDeleted) -> None:
    row: Row = {"id": record.view_id, "kind": "", "name": "", "content": "{}", "created": record.at}
    batch.keep_latest(t.views, row | {"at": record.at, "revision": 0, "deleted": True})


def _lost(batch: Batch, name: PartName, record: r.RecordsLost) -> None:
    batch.run(name.subject, record.at)
    row: Row = {"run_id": name.subject, "writer": name.writer}
    batch.added[t.losses].append(row | {f: getattr(record, f) for f in ("at", "count", "first", "last")})


_MEANING: dict[type[Record], Callable[[Batch, PartName, Any], None]] = {
    r.RunStarted: _started,
    r.RunResumed: _resumed,
    r.RunEnded: _ended,
    r.ParamsSet: _params,
    r.TagsSet: _tags,
    r.NoteWritten: _note,
    r.Renamed: _renamed,
    r.RunGrouped: _grouped,
    r.Trashed: _trashed,
    r.Restored: _trashed,
    r.MetricDefined: _metric,
    r.ArtifactStored: _artifact,
    r.CellStarted: _cell_started,
    r.CellFinished: _cell_finished,
    r.SnapshotTaken: _snapshot,
    r.EnvironmentCaptured: _environment,
    r.ModulesCaptured: _modules,
    r.DataUsed: _data,
    r.ValueLogged: _value,
    r.SeedSet: _seed,
    r.SecretMasked: _secret,
    r.RunReproduced: _reproduced,
    r.RunNumbered: _numbered,
    r.RunDeleted: _deleted,
    r.JobSubmitted: _job_submitted,
    r.JobFinished: _job_finished,
    r.JobAttempted: _job_attempted,
    r.SweepDefined: _sweep,
    r.ViewSaved: _view_saved,
    r.ViewDeleted: _view_deleted,
    r.RecordsLost: _lost,
}
