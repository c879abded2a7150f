"""The recorder: the one writer of a run's records. Each call is one append to a local journal.

No server, no database and no network is on this path. A full disk does not raise into the user's work: it warns
once, and what was not stored is counted (see mending.py).
"""

import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trackbook.config import CAPTURES
from trackbook.domain import records
from trackbook.domain.artifact import ARTIFACT_KINDS, ArtifactKind
from trackbook.domain.cell import CellError, CellStatus
from trackbook.domain.choices import check_choice
from trackbook.domain.clock import now
from trackbook.domain.data import DataInput
from trackbook.domain.environment import Environment, Module
from trackbook.domain.ids import new_id
from trackbook.domain.metric import GOALS, Goal
from trackbook.domain.names import check_artifact_path, check_name
from trackbook.domain.records import WriterRole
from trackbook.domain.rich import RichContent, RichValue
from trackbook.domain.run import Fork, RunError, RunStatus, Source, check_ending
from trackbook.domain.values import flatten, to_number, to_parameter, to_wire
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.laststeps import LastSteps, PlainContext, plain_context_of
from trackbook.services.runwriter import RunWriter
from trackbook.services.warning import StorageWarning as StorageWarning
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths

_MAX_STEP = 2**63


class RunRecorder(RunWriter):
    """Writes one run from this process, a method a kind of record. Made by `start`, `resume` or `join`."""

    def __init__(
        self,
        store: StorePaths,
        run_id: str,
        experiment: str,
        name: str,
        role: WriterRole,
        must_write: bool = True,
        capture: frozenset[str] = CAPTURES,
    ) -> None:
        # What this process gave parameters last, so that a recorder of somebody else's parameters replaces none.
        self.param_values: dict[str, Any] = {}
        self.steps = LastSteps()
        self._names: set[str] = set()
        self._contexts: dict[tuple[tuple[str, str], ...], PlainContext] = {}
        self._orders = 0
        # In a job's kernel: who executes the notebook records its cells, and this only counts them.
        self.leaves_cells = False
        self._not_before = 0
        super().__init__(store, run_id, experiment, name, role, must_write, capture)

    @classmethod
    def start(
        cls,
        store: StorePaths,
        *,
        experiment: str,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        parent_id: str | None = None,
        source: Source | None = None,
        run_id: str | None = None,
        group: str | None = None,
        fork: Fork | None = None,
        must_write: bool = True,
        capture: frozenset[str] = CAPTURES,
    ) -> "RunRecorder":
        """Open a run in `store`, of which this process is the owner: its death ends the run.

        `capture` names what is recorded of it without a line of user code, and whether secrets are masked.

        Raises InvalidName and InvalidValue for what can't be stored, and StoreError when the store can't be
        written, unless `must_write` is false.
        """
        check_name("experiment", experiment)
        run_id = run_id or new_id()
        run_name = check_name("run", name) if name is not None else default_name(run_id)
        plain_params = _plain_params(params or {})
        plain_tags = _plain_tags(tags or {})
        if group is not None:
            check_name("group", group)
        recorder = cls(store, run_id, experiment, run_name, "owner", must_write, capture)
        origin = source or Source("script")
        with recorder.masking() as mask:
            recorder.name = named = mask.text(run_name, "name of the run")
            recorder.experiment = experiment = mask.text(experiment, "experiment")
            recorder.append(
                records.RunStarted(now(), experiment, named, user_name(), os_host(), origin, parent_id, fork)
            )
        if group is not None:
            recorder.set_group(group)
        if plain_params:
            recorder._store_params(plain_params, source.cell_id if source else None)
        if plain_tags:
            recorder._store_tags(plain_tags)
        return recorder

    @classmethod
    def resume(
        cls,
        store: StorePaths,
        run_id: str,
        *,
        experiment: str,
        name: str,
        source: Source | None = None,
        after: int = 0,
        capture: frozenset[str] = CAPTURES,
    ) -> "RunRecorder":
        """Become the owner of a run that had ended; `after` is the time of its last record, in microseconds."""
        recorder = cls(store, run_id, experiment, name, "owner", capture=capture)
        # A clock that went back since must not put this before the end that it takes back.
        recorder._not_before = max(now(), after + 1)
        recorder.append(
            records.RunResumed(recorder._not_before, user_name(), os_host(), source or Source("script"))
        )
        return recorder

    @classmethod
    def join(
        cls,
        store: StorePaths,
        run_id: str,
        *,
        role: WriterRole = "child",
        experiment: str = "",
        name: str = "",
        capture: frozenset[str] = CAPTURES,
    ) -> "RunRecorder":
        """Become a further writer of a run that another process opened.

        An editor must know that its change is stored: for it, and only for it, what can't be written raises StoreError.
        """
        must_write = role == "editor"
        return cls(store, run_id, experiment, name or default_name(run_id), role, must_write, capture)

    def log(
        self, values: Mapping[str, object], step: int | None = None, context: Mapping[str, str] | None = None
    ) -> None:
        """Store one value for each metric in `values`, at `step`.

        Without a step it is one more than the last step of these metrics, from 0 on. Raises InvalidName and
        InvalidValue for what is no metric.
        """
        if not self._names.issuperset(values):
            self._names.update(check_name("metric", key) for key in values)
        plain: dict[str, float] = values if type(values) is dict else dict(values)  # type: ignore[arg-type]
        for value in plain.values():
            if type(value) is not float:  # the usual case, floats in a dict, needs no copy
                plain = {key: to_number(key, item) for key, item in values.items()}
                break
        plain_context, slots = None, plain  # a dict iterates over its keys
        if context:
            known = self._plain_context(context)
            plain_context = known.values
            slots = [(key, known.items) for key in plain]  # type: ignore[assignment]
        steps = self.steps.known
        if step is None:
            step = 1 + max((steps.get(slot, -1) for slot in slots), default=-1)
        elif type(step) is not int or not -_MAX_STEP <= step < _MAX_STEP:
            step = _check_step(step)
        for slot in slots:
            steps[slot] = step
        self.append(records.MetricsLogged(now(), step, plain, plain_context))

    def _plain_context(self, context: Mapping[str, str]) -> PlainContext:
        # Loops log into a few contexts again and again.
        items = tuple(context.items())
        try:
            return self._contexts[items]
        except KeyError:
            known = self._contexts[items] = plain_context_of(context)
            return known
        except TypeError:  # a value that is no text, such as a list
            return plain_context_of(context)

    def set_params(self, values: Mapping[str, Any], cell_id: str | None = None) -> None:
        """Give parameters values; nested mappings become dotted names. An earlier value stays as a revision."""
        self._store_params(_plain_params(values), cell_id)

    def rename(self, name: str) -> None:
        """Give the run another name."""
        with self.masking() as mask:
            self.name = mask.text(check_name("run", name), "name of the run")
        self.append(records.Renamed(now(), self.name))

    def set_group(self, group: str) -> None:
        """Put the run among those that belong together under this name."""
        with self.masking() as mask:
            masked = mask.text(check_name("group", group), "group")
        self.append(records.RunGrouped(now(), masked))

    def set_tags(self, values: Mapping[str, str | None]) -> None:
        """Set tags to texts; None takes one away."""
        self._store_tags(_plain_tags(values))

    def add_note(self, text: str, *, replaces: bool = False) -> None:
        """Add a line (or more) to the run's notes, or put it in their place."""
        with self.masking() as mask:
            masked = mask.text(str(text), "notes")
        self.append(records.NoteWritten(now(), masked, replaces))

    def define_metric(self, key: str, goal: Goal | None = None, unit: str | None = None) -> None:
        """Say what a metric means: whether higher ("max") or lower ("min") is better, and its unit."""
        check_name("metric", key)
        if goal is not None and goal not in GOALS:
            raise InvalidValue(key, goal, f"a goal is 'max' or 'min', not {goal!r}")
        if unit is not None and not isinstance(unit, str):
            raise InvalidValue(key, unit, f"a unit is a text such as 's' or '%', not {unit!r}")
        self.append(records.MetricDefined(now(), key, goal, unit))

    def store_artifact(
        self,
        source: Path | bytes,
        path: str,
        *,
        kind: ArtifactKind = "file",
        media_type: str | None = None,
        cell_id: str | None = None,
    ) -> str:
        """Copy a file, or bytes, into the run under `path`; returns its SHA-256 when the bytes are stored.

        Raises InvalidName for a path that leaves the run, and UsageError if there is no such file or kind.
        """
        check_artifact_path(path)
        check_choice("An artifact's kind", kind, ARTIFACT_KINDS)
        if isinstance(source, Path) and not source.is_file():
            raise UsageError(f"There is no file {str(source)!r} to store as an artifact.")
        try:
            if isinstance(source, Path):
                digest, size = self.blobs.put_file(source)
            else:
                digest, size = self.blobs.put_bytes(source), len(source)
        except OSError as error:
            self._count_lost(f"artifact {path!r}", error)
            return ""
        guessed = media_type or _media_type(path)
        self.append(records.ArtifactStored(now(), path, digest, size, guessed, kind, cell_id))
        return digest

    def count_cell(self) -> int:
        """Return the order, from 1, of a cell that begins and that somebody else records."""
        self._orders += 1
        return self._orders

    def cell_started(self, cell_id: str | None, count: int | None, source: str, at: int | None = None) -> int:
        """Record that a cell begins with this source; returns its order, from 1, for `cell_finished`.

        `at` is the moment of its beginning in microseconds, by default now.
        """
        order = self.count_cell()
        with self.masking() as mask:
            source = mask.text(source, f"source of cell {order}")
        digest = self.keep_content(source.encode("utf-8", "surrogatepass")) or ""
        self.append(records.CellStarted(now() if at is None else at, order, cell_id, count, digest))
        return order

    def cell_finished(
        self,
        order: int,
        status: CellStatus,
        duration: float,
        outputs: list[dict[str, Any]],
        *,
        truncated: bool = False,
        error: CellError | None = None,
        reads: Sequence[str] = (),
        writes: Sequence[str] = (),
        cpu: float | None = None,
        memory: int | None = None,
        count: int | None = None,
    ) -> None:
        """Record how an execution ended, after `duration` seconds, with its outputs (nbformat 4 dicts).

        `cpu` is its processor time in seconds, `memory` the most that was used meanwhile, in bytes; `count` the
        kernel's own In[n] if it was not known when the execution began.
        """
        place = f"output of cell {order}"
        with self.masking() as mask:
            outputs = mask.outputs(outputs, place)
            error = mask.cell_error(error, place)
        digests = [self.keep_content(msgspec.json.encode(to_wire(output))) or "" for output in outputs]
        names = list(reads), list(writes)
        self.append(
            records.CellFinished(
                now(), order, status, duration, digests, truncated, error, *names, cpu, memory, count
            )
        )

    def environment_captured(self, environment: Environment) -> None:
        """Record what the run runs on."""
        packages = self.store_blob(msgspec.json.encode(environment.packages, order="deterministic")) or ""
        slim = msgspec.structs.replace(environment, packages={})
        self.append(records.EnvironmentCaptured(now(), slim, packages))

    def modules_captured(self, modules: list[Module]) -> None:
        """Record modules of the project that the run imported; their sources are blobs already."""
        self.append(records.ModulesCaptured(now(), modules))

    def data_used(self, data: DataInput, cell_id: str | None = None) -> None:
        """Record that the run used a version of some data; said again, with a digest, it takes the earlier place."""
        with self.masking() as mask:
            place, name = mask.text(data.place, "place of data"), mask.text(data.name, "name of data")
            problem = data.problem and mask.text(data.problem, "problem of data")
        if (place, name, problem) != (data.place, data.name, data.problem):
            data = msgspec.structs.replace(data, place=place, name=name, problem=problem)
        self.append(records.DataUsed(now(), data, cell_id))

    def log_rich(
        self,
        key: str,
        value: RichContent,
        step: int | None = None,
        context: Mapping[str, str] | None = None,
        cell_id: str | None = None,
    ) -> int:
        """Store a rich value under `key` at `step`, by default one more than the key's last; returns the step."""
        check_name("metric", key)
        plain = self._plain_context(context).values if context else {}
        step = self.steps.next((key,), plain) if step is None else _check_step(step)
        self.steps.go_on_after([(key, plain, step)])
        data, meta = value.data, dict(value.meta)
        with self.masking() as mask:
            meta = mask.value(meta, f"value {key}")
            if value.kind == "json":
                data = mask.json(data, f"value {key}")
            elif value.kind in ("text", "html"):
                data = mask.data(data, f"value {key}")
        digest = self.store_blob(data)
        if digest is not None:
            rich = RichValue(key, step, value.kind, digest, len(data), value.media_type, plain, meta)
            self.append(records.ValueLogged(now(), rich, cell_id))
        return step

    def seed_set(self, seed: int, libraries: Sequence[str], cell_id: str | None = None) -> None:
        """Record that the random numbers of these libraries begin at `seed`."""
        self.append(records.SeedSet(now(), seed, list(libraries), cell_id))

    def snapshot_taken(self, moment: str, origin: str, digest: str) -> None:
        """Record a snapshot whose manifest is the blob `digest`; raises UsageError for an unknown moment or origin."""
        check_choice("A snapshot's moment", moment, ("start", "end"))
        check_choice("A snapshot's origin", origin, ("document", "file", "job"))
        self.append(records.SnapshotTaken(now(), moment, origin, digest))  # type: ignore[arg-type]

    def end(
        self,
        status: RunStatus = "finished",
        *,
        error: RunError | None = None,
        reason: str | None = None,
        message_id: str | None = None,
    ) -> None:
        """End the run with `status` and close this writer; a second call does nothing.

        In a forked child only the child's writer is closed. Raises UsageError, and leaves the run open, for a status
        with which no run ends, and for an error or reason that can't be stored.
        """
        check_ending(status, error, reason)
        if not self.is_open:
            return
        if not self._in_child and (self.role != "child" or status == "failed"):
            with self.masking() as mask:
                error = mask.error(error, "error of the run")
                reason = reason and mask.text(reason, "reason of the end")
            at = max(now(), self._not_before)
            self.append(records.RunEnded(at, status, error, reason, message_id))
        self.close()

    def _store_params(self, values: dict[str, Any], cell_id: str | None) -> None:
        with self.masking() as mask:
            values = mask.named(values, "parameter")
        self.param_values.update(values)
        self.append(records.ParamsSet(now(), values, cell_id))

    def _store_tags(self, values: dict[str, str | None]) -> None:
        with self.masking() as mask:
            values = mask.named(values, "tag")
        self.append(records.TagsSet(now(), values))


def default_name(run_id: str) -> str:
    """Return the name of a run that was given none: the end of its id, which is its random part."""
    return run_id[-8:]


def user_name() -> str:
    """Return the user's login name, empty where the system knows none."""
    import getpass  # with all that follows, its import takes longer than opening a run

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _media_type(path: str) -> str:
    import mimetypes

    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def _plain_params(values: Mapping[str, Any]) -> dict[str, Any]:
    flat = flatten(values)
    return {check_name("parameter", key): to_parameter(key, value) for key, value in flat.items()}


def _plain_tags(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {check_name("tag", key): None if value is None else str(value) for key, value in values.items()}


def _check_step(step: Any) -> int:
    try:
        whole = operator.index(step)
    except TypeError:
        if not (isinstance(step, float) and step.is_integer()):
            raise InvalidValue("step", step, f"a step is a whole number, not {step!r}") from None
        whole = int(step)
    if not -_MAX_STEP <= whole < _MAX_STEP:
        raise InvalidValue("step", step, "a step has at most 64 bits")
    return whole
