"""The recorder: the one writer of a run's records. Each call is one append to a local journal.

No server, no database and no network is on this path. A full disk does not raise into the user's work: it warns
once, and what was not stored is counted (see mending.py).
"""

import contextlib
import operator
import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trackbook.config import CAPTURES
from trackbook.domain import records
from trackbook.domain.artifact import ArtifactKind
from trackbook.domain.cell import CellError, CellStatus
from trackbook.domain.clock import now
from trackbook.domain.data import DataInput
from trackbook.domain.environment import Environment, Module
from trackbook.domain.ids import new_id
from trackbook.domain.metric import GOALS, Goal
from trackbook.domain.names import check_artifact_path, check_name
from trackbook.domain.records import Record, WriterRole
from trackbook.domain.rich import RichContent, RichValue
from trackbook.domain.run import Fork, RunError, RunStatus, Source
from trackbook.domain.secret import MaskedSecret
from trackbook.domain.values import flatten, to_number, to_parameter, to_wire
from trackbook.errors import InvalidValue, StoreError, UsageError
from trackbook.services.capturing.switches import is_wanted
from trackbook.services.masking import Masker
from trackbook.services.mending import MendingWriter
from trackbook.services.warning import StorageWarning as StorageWarning
from trackbook.services.warning import warn
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import JournalWriter, opening_record
from trackbook.store.locks import ProcessLock, boot_id, os_host, process_started
from trackbook.store.paths import PartName, StorePaths
from trackbook.version import version

_MAX_STEP = 2**63


class RunRecorder:
    """Writes one run from this process. Made by `start` or `join`; safe to use from several threads.

    In a forked child the same object goes on as a writer of its own, whose death does not end the run. Where
    `must_write` is false, a journal that can't be opened raises nothing: it is tried again as the run goes on.
    """

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
        self.store = store
        self.run_id = run_id
        self.experiment = experiment
        self.name = name
        self.role: WriterRole = role
        self.blobs = BlobStore(store.blobs)
        self.is_open = True
        self.capture = capture
        self.failed_appends = 0
        self.told_of_secrets = False
        # What this process gave parameters last, so that a recorder of somebody else's parameters replaces none.
        self.param_values: dict[str, Any] = {}
        self._names: set[str] = set()
        self._last_steps: dict[object, int] = {}
        self._fork_lock = threading.RLock()
        self._mend_lock = threading.RLock()
        self._forked = False
        self._in_child = False
        self._warned = False
        self._orders = 0
        self._not_before = 0
        self._lock: ProcessLock | None = None
        self._writer: JournalWriter | MendingWriter
        try:
            self._writer = self._open_writer()
        except OSError as error:
            if must_write:
                raise StoreError(store.root, f"it can't be written ({error.strerror or error})") from error
            self._writer = self._mending(None)
            self._warn_once("anything", error)
        _recorders.add(self)

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

    def go_on_after(self, steps: Iterable[tuple[str, Mapping[str, str], int]]) -> None:
        """Let points without a step follow these last steps, each of a metric in a context."""
        for key, context, step in steps:
            self._last_steps[(key, *sorted(context.items())) if context else key] = step

    def last_step(self, prefix: str) -> int:
        """Return the last step of all metrics whose keys begin so, -1 without one."""
        steps = self._last_steps.items()
        return max(
            (step for slot, step in steps if isinstance(slot, str) and slot.startswith(prefix)), default=-1
        )

    def last_steps(self) -> list[tuple[str, dict[str, str], int]]:
        """Return the last step of each metric in each context, as `go_on_after` takes them."""
        return [
            (slot, {}, step) if isinstance(slot, str) else (slot[0], dict(slot[1:]), step)  # type: ignore[index]
            for slot, step in list(self._last_steps.items())
        ]

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

    def captures(self, name: str) -> bool:
        """Tell whether this kind of thing is recorded of the run at this moment."""
        return is_wanted(name, self.capture)

    @contextlib.contextmanager
    def masking(self) -> Iterator[Masker]:
        """Mask secrets in what is stored next; what was masked is recorded behind the block, and said once a run."""
        masker = Masker(self.captures("secrets"))
        yield masker
        self.secrets_masked(masker.found)

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
        if context:
            plain_context: dict[str, str] | None = {str(k): str(v) for k, v in sorted(context.items())}
            slots: list[object] = [(key, *sorted(context.items())) for key in plain]
        else:
            plain_context, slots = None, plain  # type: ignore[assignment]  # a dict iterates over its keys
        steps = self._last_steps
        if step is None:
            step = 1 + max((steps.get(slot, -1) for slot in slots), default=-1)
        elif type(step) is not int or not -_MAX_STEP <= step < _MAX_STEP:
            step = _check_step(step)
        for slot in slots:
            steps[slot] = step
        self.append(records.MetricsLogged(now(), step, plain, plain_context))

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
        self.append(records.RunGrouped(now(), check_name("group", group)))

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

        Raises InvalidName for a path that leaves the run, and UsageError if there is no such file.
        """
        check_artifact_path(path)
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

    def store_blob(self, data: bytes) -> str | None:
        """Store bytes that belong to the run by digest; None when the disk refuses (warns once)."""
        try:
            return self.blobs.put_bytes(data)
        except OSError as error:
            self._count_lost(f"{len(data)} bytes", error)
            return None

    def has_blob(self, digest: str) -> bool:
        """Tell whether bytes of this digest are stored; if they are, they stay until a record names them."""
        try:
            return self.blobs.keep(digest)
        except OSError:
            return False

    def cell_started(self, cell_id: str | None, count: int | None, source: str) -> int:
        """Record that a cell begins with this source; returns its order, from 1, for `cell_finished`."""
        self._orders += 1
        order = self._orders
        with self.masking() as mask:
            source = mask.text(source, f"source of cell {order}")
        digest = self.store_blob(source.encode("utf-8", "surrogatepass")) or ""
        self.append(records.CellStarted(now(), order, cell_id, count, digest))
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
    ) -> None:
        """Record how an execution ended, after `duration` seconds, with its outputs (nbformat 4 dicts)."""
        place = f"output of cell {order}"
        with self.masking() as mask:
            outputs = [mask.output(output, place) for output in outputs]
            error = mask.cell_error(error, place)
        digests = [self.store_blob(msgspec.json.encode(to_wire(output))) or "" for output in outputs]
        names = list(reads), list(writes)
        self.append(records.CellFinished(now(), order, status, duration, digests, truncated, error, *names))

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
        plain = {str(name): str(item) for name, item in sorted(context.items())} if context else {}
        slot = (key, *plain.items()) if plain else key
        step = 1 + self._last_steps.get(slot, -1) if step is None else _check_step(step)
        self._last_steps[slot] = step
        data, meta = value.data, dict(value.meta)
        with self.masking() as mask:
            meta = mask.value(meta, f"value {key}")
            if value.kind in ("text", "json", "html"):
                data = mask.data(data, f"value {key}")
        digest = self.store_blob(data)
        if digest is not None:
            rich = RichValue(key, step, value.kind, digest, len(data), value.media_type, plain, meta)
            self.append(records.ValueLogged(now(), rich, cell_id))
        return step

    def next_step(self, keys: Iterable[str], context: Mapping[str, str] | None = None) -> int:
        """Return the step of a call that logs these keys and names none: one more than their last, from 0 on."""
        slots = ((key, *sorted(context.items())) for key in keys) if context else keys
        return 1 + max((self._last_steps.get(slot, -1) for slot in slots), default=-1)

    def seed_set(self, seed: int, libraries: Sequence[str], cell_id: str | None = None) -> None:
        """Record that the random numbers of these libraries begin at `seed`."""
        self.append(records.SeedSet(now(), seed, list(libraries), cell_id))

    def secret_masked(self, kind: str, place: str, count: int) -> None:
        """Record that something that looks like a secret was masked; never what it was."""
        self.append(records.SecretMasked(now(), kind, place, count))

    def secrets_masked(self, secrets: Sequence[MaskedSecret]) -> None:
        """Record what was masked, and tell the user once a run."""
        for secret in secrets:
            self.secret_masked(secret.kind, secret.place, secret.count)
            self._tell_of_secret(secret.kind, secret.place)

    def snapshot_taken(self, moment: str, origin: str, digest: str) -> None:
        """Record a snapshot whose manifest is the blob `digest`."""
        self.append(records.SnapshotTaken(now(), moment, origin, digest))  # type: ignore[arg-type]

    def append(self, record: Record) -> None:
        """Append one record. A disk that refuses makes a warning, once, and no error."""
        if self._forked:
            self._become_child()
        if not self.is_open:
            raise self._has_ended()
        try:
            try:
                self._writer.append(record)
            except UnicodeEncodeError:
                self._writer.append(_without_surrogates(record))
        except OSError as error:
            self._refused(record, error)

    def end(
        self,
        status: RunStatus = "finished",
        *,
        error: RunError | None = None,
        reason: str | None = None,
        message_id: str | None = None,
    ) -> None:
        """End the run with `status` and close this writer; a second call does nothing.

        In a forked child only the child's writer is closed.
        """
        if not self.is_open:
            return
        if not self._in_child and (self.role != "child" or status == "failed"):
            with self.masking() as mask:
                error = mask.error(error, "error of the run")
                reason = reason and mask.text(reason, "reason of the end")
            at = max(now(), self._not_before)
            self.append(records.RunEnded(at, status, error, reason, message_id))
        self.close()

    def close(self) -> None:
        """Stop writing; the run goes on if others write it."""
        if not self.is_open:
            return
        # First of all: no record of another thread may come to stand behind the closing one.
        self.is_open = False
        _recorders.discard(self)
        if self._forked:
            return
        told = True
        try:
            self._writer.close(records.WriterClosed(now()))
        except OSError:
            told = self._say_last_words()
        if self._lock is not None:
            self._lock.release(remove=told)

    def _open_writer(self) -> JournalWriter:
        writer = new_id()
        lock = ProcessLock(self.store.lock(self.run_id, writer))
        lock.acquire_in_folder(timeout=5.0)
        try:
            journal = JournalWriter(self.store, self.run_id, writer, on_rotate=lambda: [self._opening()])
            try:
                journal.append(self._opening())
            except OSError:
                journal.close()
                self.store.journal(PartName(self.run_id, writer, 0)).unlink(missing_ok=True)
                raise
        except OSError:
            lock.release(remove=True)
            raise
        self._lock = lock
        return journal

    def _opening(self) -> Record:
        return opening_record(self.role, version(), os_host(), _boot_id(), _started(os.getpid()))

    def _after_fork(self) -> None:
        self._writer.forget()
        if self._lock is not None:
            self._lock.forget()
        self._fork_lock = threading.RLock()
        self._mend_lock = threading.RLock()
        self._forked = self._in_child = True

    def _become_child(self) -> None:
        with self._fork_lock:
            if self._forked and self.is_open:
                self.role = "child"
                try:
                    self._writer = self._open_writer()
                except OSError:  # the append that follows meets it, too, and says so
                    self._lock = None
                    self._writer = self._mending(None)
                self._forked = False

    def _store_params(self, values: dict[str, Any], cell_id: str | None) -> None:
        with self.masking() as mask:
            values = mask.named(values, "parameter")
        self.param_values.update(values)
        self.append(records.ParamsSet(now(), values, cell_id))

    def _store_tags(self, values: dict[str, str | None]) -> None:
        with self.masking() as mask:
            values = mask.named(values, "tag")
        self.append(records.TagsSet(now(), values))

    def _tell_of_secret(self, kind: str, place: str) -> None:
        if not self.told_of_secrets:
            self.told_of_secrets = True
            warn(
                f"Trackbook found what looks like a secret ({kind}, {place}) and masked it before it was stored in "
                f"the run {self.experiment} · {self.name}. `trackbook show` lists all that is masked; "
                "`%track capture secrets off` switches this off.",
                stacklevel=4,
            )

    # What the disk refuses

    def _refused(self, record: Record, error: OSError) -> None:
        if not self.is_open:
            raise self._has_ended() from None  # by another thread, meanwhile
        if self.role == "editor":
            raise StoreError(self.store.root, f"it can't be written ({error.strerror or error})") from error
        with self._mend_lock:
            self.failed_appends += 1
            self._to_mend().refused(record)
        self._warn_once(type(record).__name__, error)

    def _count_lost(self, what: str, error: OSError) -> None:
        if self.role == "editor":
            raise StoreError(self.store.root, f"it can't be written ({error.strerror or error})") from error
        if self._forked:
            self._become_child()
        with self._mend_lock:
            self._to_mend().count(now())
        self._warn_once(what, error)

    def _to_mend(self) -> MendingWriter:
        if not isinstance(self._writer, MendingWriter):
            self._writer = self._mending(self._writer)
        return self._writer

    def _mending(self, writer: JournalWriter | None) -> MendingWriter:
        return MendingWriter(writer, self._open_writer, self._mended)

    def _mended(self, writer: JournalWriter) -> None:
        with self._mend_lock:
            if isinstance(self._writer, MendingWriter) and not self._writer.lost:
                self._writer = writer

    def _say_last_words(self) -> bool:
        """Tell the reader of the lock file what the journal did not take; True if nothing is left to tell there."""
        words = self._writer.last_words() if isinstance(self._writer, MendingWriter) else {}
        if not words:
            return True
        if self._lock is not None and self._lock.say(**words):
            return False
        if (lost := words.get("lost", [0])[0]) and not self._in_child:
            warn(
                f"Of the run {self.experiment} · {self.name}, {lost:,} records or files could not be stored, and "
                f"{self.store.root} does not know of it.",
                stacklevel=4,
            )
        return True

    def _has_ended(self) -> UsageError:
        return UsageError(
            f"The run {self.experiment} · {self.name} has ended; start another one to track more."
        )

    def _warn_once(self, what: str, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warn(
                f"Trackbook could not store {what} of the run {self.experiment} · {self.name} "
                f"({error.strerror or error}). Your work goes on; further losses are counted, and "
                "`trackbook doctor` says how many there were.",
                stacklevel=4,
            )


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


def _without_surrogates(record: Record) -> Record:
    # The text of an exception or a note may hold what UTF-8 does not: its escape is stored.
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        if isinstance(value, dict):
            return {clean(key): clean(item) for key, item in value.items()}
        return [clean(item) for item in value] if isinstance(value, list) else value

    return msgspec.convert(clean(msgspec.to_builtins(record)), type(record))


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


_boot: list[str] = []
_process: dict[int, float] = {}


def _boot_id() -> str:
    if not _boot:
        _boot.append(boot_id())
    return _boot[0]


def _started(pid: int) -> float:
    if pid not in _process:
        _process.clear()
        _process[pid] = process_started(pid) or time.time()
    return _process[pid]


_recorders: "weakref.WeakSet[RunRecorder]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for recorder in list(_recorders):
        recorder._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
