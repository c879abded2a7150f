"""The front door for code: open runs, log into them, find them again.

Rules for more than one run at a time:

- A run opened by a `with` block is the parent of what starts inside the block.
- A run opened plainly (`start_run(...)`, `%track start`) is closed, as finished, by the next plain start.
- `nested=True` makes the new run a child of the one that is open.
- In the kernel of a job the first start joins the job's run; later ones become its children.
"""

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from trackbook.config import Settings
from trackbook.domain.artifact import ARTIFACT_KINDS, ArtifactKind
from trackbook.domain.choices import check_choice
from trackbook.domain.data import DataRole
from trackbook.domain.metric import Goal
from trackbook.domain.names import check_artifact_path
from trackbook.domain.run import RunError, RunStatus, Source, check_ending
from trackbook.errors import InvalidValue, MissingExtra, NoActiveRun, StoreError, UsageError
from trackbook.services.ingester import can_ingest, ensure_ingester
from trackbook.services.recorder import RunRecorder
from trackbook.services.seeding import Seeding, check_seed
from trackbook.services.session import Session, ShutdownKind, put_session
from trackbook.services.shelter import make_shelter
from trackbook.services.surroundings import Surroundings, wait_for_captures
from trackbook.services.syncing import Syncing
from trackbook.services.uploads import Uploads
from trackbook.services.warning import warn
from trackbook.store.paths import StorePaths, create_store, locate_store, planned_root

if TYPE_CHECKING:
    import pandas as pd

    from trackbook.domain.run import Fork
    from trackbook.services.context import Services
    from trackbook.services.past import Past


class Run:
    """A run that this process writes. As a context manager it ends with its block, as failed on an exception."""

    def __init__(
        self,
        recorder: RunRecorder,
        *,
        joined: bool = False,
        resumed: bool = False,
        output_dir: Path | None = None,
        parent: "Run | None" = None,
        settings: Settings | None = None,
    ) -> None:
        self._recorder = recorder
        sync = settings.sync if settings is not None else None
        self._syncing = Syncing(recorder, sync) if sync is not None else None
        self._joined = joined
        self._resumed = resumed
        self._output_dir = output_dir
        self._scoped = False
        self._uploads = Uploads()
        self._seeding: Seeding | None = None
        self._surroundings: Surroundings = Surroundings(
            recorder,
            parent._surroundings if parent else None,
            recorder.capture if settings is not None else frozenset(),
            settings.variables if settings is not None else (),
        )
        # A job's worker stores the notebook itself, as it was frozen; a run that is resumed has that of its start.
        self._surroundings.begin(None if joined or resumed else _session.notebook())
        _open.append(self)
        _session.run_opened(recorder)

    @property
    def id(self) -> str:
        """The run's id."""
        return self._recorder.run_id

    @property
    def experiment(self) -> str:
        """The run's experiment."""
        return self._recorder.experiment

    @property
    def name(self) -> str:
        """The run's name."""
        return self._recorder.name

    @property
    def is_open(self) -> bool:
        """Whether values can still be tracked."""
        return self._recorder.is_open

    @property
    def joined(self) -> bool:
        """Whether another process (a job's worker) owns the run."""
        return self._joined

    @property
    def resumed(self) -> bool:
        """Whether the run had ended before, and goes on as a further attempt."""
        return self._resumed

    @property
    def recorder(self) -> RunRecorder:
        """The writer behind this run, for Trackbook's own extensions."""
        return self._recorder

    @property
    def surroundings(self) -> Surroundings:
        """What is captured around this run, for Trackbook's own extensions."""
        return self._surroundings

    @property
    def output_dir(self) -> Path:
        """A folder of this run's own, made when asked for; in a job its files become artifacts at the end."""
        folder = self._output_dir or self._recorder.store.output_folder(self.id)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def log(
        self, values: Mapping[str, object], step: int | None = None, context: Mapping[str, str] | None = None
    ) -> None:
        """Log one value for each metric, at `step` (by default one more than the last, from 0).

        What is no single number is stored as a rich value: text, lists, arrays, images, figures, tables, and what
        `tb.Histogram`, `tb.Audio` and others wrap. Raises InvalidValue for what is none, after all else is stored.
        """
        try:
            self._recorder.log(values, step, context)
        except InvalidValue:  # nothing is stored so far
            from trackbook.services.values.storing import log_values

            log_values(self._recorder, values, step, context, _session.cell_id())
        except (TypeError, AttributeError, ValueError):
            # Asked only now: a log call has no time for it.
            _check_mapping("What is logged", values, "{'acc': 0.3}")
            _check_mapping("`context`", context or {}, "{'subset': 'val'}")
            raise

    def param(self, name: str, value: object) -> None:
        """Record a parameter; a changed value is a revision, and the last one counts."""
        self._recorder.set_params({name: value}, _session.cell_id())

    def params(self, values: Mapping[str, object]) -> None:
        """Record several parameters; nested mappings become dotted names."""
        self._recorder.set_params(values, _session.cell_id())

    def rename(self, name: str) -> None:
        """Give the run another name."""
        self._recorder.rename(name)

    def tag(self, key: str, value: str | None = "") -> None:
        """Set a tag; None takes it away."""
        self._recorder.set_tags({key: value})

    def tags(self, values: Mapping[str, str | None]) -> None:
        """Set several tags."""
        self._recorder.set_tags(values)

    def note(self, text: str) -> None:
        """Add a line to the run's notes."""
        self._recorder.add_note(text)

    def seed(self, seed: int) -> int:
        """Let random numbers begin at `seed`, in random and in numpy, torch and tensorflow; returns the seed.

        What of these is imported later in the run gets the seed then. It is recorded which were set. Generators that
        code makes of its own, such as `numpy.random.default_rng()`, need it as their argument. Raises InvalidValue for
        what is no whole number of 32 bits.
        """
        whole = check_seed(seed)
        if not self.is_open:
            raise UsageError(
                f"The run {self.experiment} · {self.name} has ended; start another one to seed it."
            )
        self._seeding = Seeding(self._recorder, whole, _session.cell_id())
        self._seeding.begin()
        return whole

    @property
    def seeding(self) -> Seeding | None:
        """The seed that was set last in this process, for Trackbook's own extensions; None without one."""
        return self._seeding

    def metric(self, key: str, *, goal: Goal | None = None, unit: str | None = None) -> None:
        """Say what a metric means: `goal` "max" or "min", and its unit."""
        self._recorder.define_metric(key, goal, unit)

    def artifact(
        self,
        source: str | os.PathLike[str] | bytes,
        name: str | None = None,
        *,
        kind: ArtifactKind = "file",
        wait: bool = True,
    ) -> str:
        """Store a file, each file of a folder, or bytes, which need a `name`; returns the path inside the run.

        Returns when the bytes are stored; with `wait=False` at once, and the run's end waits for them: until then the
        file must stay as it is. Raises UsageError if there is no such file or kind, InvalidName for what can't be its
        name.
        """
        check_choice("An artifact's kind", kind, ARTIFACT_KINDS)
        files: dict[str, Path | bytes]
        if isinstance(source, bytes):
            if name is None:
                raise UsageError("Bytes have no name of their own; say name='file.bin'.")
            target, files = name, {name: source}
        elif (path := Path(source)).is_dir():
            from trackbook.services.folders import files_of

            found = files_of(path, name)
            target, files = (name or path.resolve().name).rstrip("/"), {**found}
        else:
            target = name or path.name
            files = {target: path}
            if not path.is_file():
                raise UsageError(f"There is no file {str(source)!r} to store as an artifact.")
        cell_id = _session.cell_id()
        for inside, content in files.items():
            check_artifact_path(inside)

            def store(content: Path | bytes = content, inside: str = inside) -> None:
                self._recorder.store_artifact(content, inside, kind=kind, cell_id=cell_id)

            if wait:
                store()
            else:
                self._uploads.add(store)
        return target

    def figure(self, figure: Any = None, name: str | None = None) -> str:
        """Store a figure as PNG: matplotlib's current one, or any object that can draw itself as PNG."""
        target = name or self._free_figure_name()
        if not target.endswith(".png"):
            target += ".png"
        from trackbook.services.values.figures import to_png

        self._recorder.store_artifact(
            to_png(figure), target, kind="figure", media_type="image/png", cell_id=_session.cell_id()
        )
        return target

    def data(self, source: Any, name: str | None = None, role: DataRole | None = None) -> str:
        """Record data that the run uses; returns the place by which it is listed.

        `source` is the path of a file or a folder, a URL (which is not opened), or a pandas, polars or pyarrow table or
        a numpy array, which needs a `name`. `role` is "train", "validation" or "test"; without it, a name such as
        train.csv says it. Returns at once: the digest is worked out in the background, and added.
        Raises UsageError for what is not there or is no data, InvalidName and InvalidValue for a name or a role.
        """
        from trackbook.services.data import data_of

        return data_of(self._recorder).declare(source, name, role, _session.cell_id())

    def model(
        self, model: Any, name: str = "model", *, input_example: Any = None, unsafe: bool = False
    ) -> str:
        """Store a model in a format that is safe to load; returns the path of its file inside the run.

        That is skops for scikit-learn, the state dict for torch, ONNX, and the own formats of XGBoost and LightGBM.
        `unsafe=True` lets what no such format holds be pickled. With `input_example`, what the model takes and gives is
        stored, too. Raises InvalidValue for a model or an example that can't be stored, and stores nothing then.
        """
        from trackbook.services.models.storing import store_model

        return store_model(self._recorder, model, name, input_example, unsafe, _session.cell_id())

    def end(
        self, status: RunStatus = "finished", *, error: RunError | None = None, reason: str | None = None
    ) -> None:
        """End the run. A run that a job owns goes on until the job ends, unless `status` is "failed".

        Raises UsageError, which names them, for a status with which no run ends; the run stays open then.
        """
        check_ending(status, error, reason)
        if self.is_open:
            self._uploads.wait()
            with contextlib.suppress(Exception):
                # The kernel of a job goes soon after, and nobody waits for this line of it.
                self._surroundings.finish(patience=5.0 if self._joined else 0.0)
                self._finish_data(patience=5.0 if self._joined else 0.0)
                _session.run_ending(self._recorder, status, error)
        self._recorder.end(status, error=error, reason=reason, message_id=_session.message_id())
        if self._seeding is not None:
            self._seeding.end()
        if self._syncing is not None:
            self._syncing.finish()
        if self in _open:
            _open.remove(self)

    def __enter__(self) -> Self:
        self._scoped = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.end()
        elif isinstance(error, KeyboardInterrupt):
            self.end("aborted", reason="It was interrupted.")
        elif isinstance(error, SystemExit) and error.code in (None, 0):
            self.end(reason="The program ended.")
        else:
            self.end("failed", error=describe_error(error))

    def __repr__(self) -> str:
        return f"Run({self.experiment!r}, name={self.name!r}, id={self.id!r}, open={self.is_open})"

    def _finish_data(self, patience: float) -> None:
        if "trackbook.services.data" in sys.modules:  # else no data was named or seen
            from trackbook.services.data import finish_data

            finish_data(self._recorder, patience)

    def _free_figure_name(self) -> str:
        self._figures = getattr(self, "_figures", 0) + 1
        return f"figures/figure-{self._figures}.png"


_session: Session = Session()
# Innermost last. A process has one stack for all its threads: a worker thread logs into the run of its process.
_open: list[Run] = []
_last_services: "tuple[tuple[int, StorePaths, str | None, tuple[int, int] | None], Services] | None" = None
_joined_jobs: set[str] = set()


def start_run(
    experiment: str | None = None,
    *,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    notes: str | None = None,
    nested: bool = False,
    group: str | None = None,
    resume: str | int | None = None,
    fork: str | int | None = None,
    at_step: int | None = None,
    source: Source | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Run:
    """Open a run of `experiment` (by default the project folder's name) and make it the current one.

    Runs that belong together, such as the folds of a cross-validation, share a `group`. `resume` names a run that has
    ended, by id or number ("#42"), or "last", the last run of this notebook: it goes on, in this process, as a further
    attempt. `fork` names a run whose history
    up to and including `at_step` becomes the beginning of a new one, with its parameters and tags.

    The store is `TRACKBOOK_STORE`, else the nearest `.trackbook` from `folder` (by default the notebook's folder,
    or the working directory) upwards. A store that can't be written warns, and the run is kept in the user's spool
    folder until it can. Raises InvalidName and InvalidValue for what can't be stored, NotFound for a run to go on from
    that is not there, Conflict for one that can't be resumed, StoreError when the store of such a run can't be used.
    """
    _load_extension()
    settings = Settings.load()
    _check_past(resume, fork, at_step, experiment=experiment, name=name)
    _check_mapping("`params`", params or {}, "{'lr': 0.1}")
    _check_mapping("`tags`", tags or {}, "{'team': 'vision'}")
    if resume is not None:
        run: Run | None = _resume(settings, folder, resume, source, nested)
    else:
        run = _join_job(settings) if fork is None else None
    if run is None:
        parent = _parent(nested)
        past: Past | None = None
        shared: Fork | None = None

        def start(store: StorePaths, must_write: bool = True) -> RunRecorder:
            named = experiment or (past.experiment if past else parent.experiment if parent else store.name)
            return RunRecorder.start(
                store,
                experiment=named or "default",
                name=name,
                params={**past.params, **(params or {})} if past else params,
                tags={**past.tags, **(tags or {})} if past else tags,
                parent_id=parent.id if parent else _ended_job(settings),
                source=source or _session.source(store),
                group=past.group if past and group is None else group,
                fork=shared,
                must_write=must_write,
                capture=settings.captures_in(store.project),
            )

        try:
            store = parent.recorder.store if parent else open_store(settings, folder)
            if fork is not None:
                past, shared = _fork(store, fork, at_step)
            recorder = start(store)
        except StoreError as error:
            if fork is not None:
                raise
            recorder = _start_elsewhere(settings, folder, parent, start, error)
        recorder.steps.go_on_after(past.steps if past else ())
        if not nested:
            _close_plain_runs()
        run = Run(recorder, parent=parent, settings=settings)
    else:
        _add_to(run, params, tags, group)
    if notes:
        run.note(notes)
    ensure_ingester(run.recorder.store)
    return run


def _start_elsewhere(
    settings: Settings,
    folder: str | os.PathLike[str] | None,
    parent: Run | None,
    start: Callable[[StorePaths, bool], RunRecorder],
    error: StoreError,
) -> RunRecorder:
    # The user's work must not stop because its record can't be kept where it belongs.
    store = parent.recorder.store if parent else None
    home = (store.home or store.root) if store else _store_folder(settings, folder)
    try:
        recorder = start(make_shelter(settings.spool_folder, home), True)
    except StoreError:
        return start(StorePaths(home, home=home), False)
    warn(
        f"{error} The run is kept in {recorder.store.root} meanwhile. It comes into the store by itself when the "
        "next run is started there; `trackbook doctor` brings it at once.",
        stacklevel=3,
    )
    return recorder


def join_job() -> Run | None:
    """In the kernel of a job: become a writer of the job's run, so that cells are recorded from the first one on.

    The first `start_run` takes this run up. Returns None when this process belongs to no job.
    """
    settings = Settings.load()
    if settings.run_id is None or settings.folder is None:
        return None
    for run in _open:
        if run.id == settings.run_id:
            return run
    if settings.run_id in _joined_jobs:
        return None
    try:
        store = create_store(settings.folder, settings.remote)
    except StoreError:  # the journal is tried again as the run goes on
        store = StorePaths(settings.folder, home=settings.folder)
    recorder = RunRecorder.join(store, settings.run_id, capture=settings.captures_in(store.project))
    return Run(recorder, joined=True, output_dir=settings.output_dir, settings=settings)


def current_run() -> Run | None:
    """Return the innermost open run of this process, if any."""
    return _open[-1] if _open else None


def open_runs() -> list[Run]:
    """Return the open runs of this process, outermost first."""
    return list(_open)


@contextlib.contextmanager
def set_aside(runs: Iterable[Run]) -> Iterator[None]:
    """Start runs in this block as if these were not open; for Trackbook's own extensions."""
    aside = [run for run in runs if run in _open]
    for run in aside:
        _open.remove(run)
    try:
        yield
    finally:
        _open[:0] = [run for run in aside if run.is_open]


def require_run() -> Run:
    """Return the current run; raises NoActiveRun without one."""
    if not _open:
        raise NoActiveRun
    return _open[-1]


def end_run(status: RunStatus = "finished") -> None:
    """End the current run."""
    require_run().end(status)


def log(
    values: Mapping[str, object], step: int | None = None, context: Mapping[str, str] | None = None
) -> None:
    """Log metrics and rich values into the current run; see `Run.log`."""
    require_run().log(values, step, context)


def param(name: str, value: object) -> None:
    """Record a parameter of the current run."""
    require_run().param(name, value)


def params(values: Mapping[str, object]) -> None:
    """Record parameters of the current run."""
    require_run().params(values)


def tag(key: str, value: str | None = "") -> None:
    """Set a tag of the current run."""
    require_run().tag(key, value)


def note(text: str) -> None:
    """Add a line to the current run's notes."""
    require_run().note(text)


def seed(seed: int) -> int:
    """Let random numbers begin at `seed` in the current run; see `Run.seed`."""
    return require_run().seed(seed)


def metric(key: str, *, goal: Goal | None = None, unit: str | None = None) -> None:
    """Say what a metric of the current run means."""
    require_run().metric(key, goal=goal, unit=unit)


def artifact(
    source: str | os.PathLike[str] | bytes,
    name: str | None = None,
    *,
    kind: ArtifactKind = "file",
    wait: bool = True,
) -> str:
    """Store a file or a folder in the current run; see `Run.artifact`."""
    return require_run().artifact(source, name, kind=kind, wait=wait)


def data(source: Any, name: str | None = None, role: DataRole | None = None) -> str:
    """Record data that the current run uses; see `Run.data`."""
    return require_run().data(source, name, role)


def figure(figure: Any = None, name: str | None = None) -> str:
    """Store a figure in the current run; see `Run.figure`."""
    return require_run().figure(figure, name)


def model(model: Any, name: str = "model", *, input_example: Any = None, unsafe: bool = False) -> str:
    """Store a model in the current run; see `Run.model`."""
    return require_run().model(model, name, input_example=input_example, unsafe=unsafe)


def load_model(
    reference: str | Run,
    name: str = "model",
    *,
    unsafe: bool = False,
    trusted: Sequence[str] = (),
    into: Any = None,
) -> Any:
    """Return a model that a run stored; the run is a run, its id, or its number such as "#42".

    Of torch's models that is the state dict, or the module `into`, which takes it. Raises UsageError for a pickled one
    without `unsafe=True`, and for types that are not known to be safe and not named in `trusted`.
    """
    services = open_project()
    from trackbook.services.models.loading import load_model as load

    run_id = reference.id if isinstance(reference, Run) else str(reference)
    return load(services, run_id, name, unsafe=unsafe, trusted=trusted, into=into)


def runs(
    query: str | None = None, *, order_by: str | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Return the project's runs as a table, newest first; a row a run.

    Columns: id, number, experiment, name, status, started, ended, duration, and `params.*`, `metrics.*`, `tags.*`.
    `query` is written in the search language, such as `metrics.acc > 0.9 and params.lr <= 0.1`.
    Raises QueryError for one that can't be read, MissingExtra in the light install.
    """
    services = open_project()  # says which extra is missing, where one is
    from trackbook.services.tables import runs_table

    return runs_table(services, query, order_by, limit)


def values(reference: str | Run, key: str | None = None) -> "pd.DataFrame":
    """Return the rich values of a run as a table, a row a value, by key, context and step.

    Columns: key, step, context, kind, media_type, size (bytes), meta, digest, at. The run is a run, its id, or its
    number such as "#42"; `key` leaves only what is logged under it.
    """
    services = open_project()
    from trackbook.services.tables import values_table

    return values_table(services, reference.id if isinstance(reference, Run) else str(reference), key)


def open_project(folder: str | os.PathLike[str] | None = None) -> "Services":
    """Return the services of the project in which `folder` (by default the working directory) lies."""
    if not can_ingest():
        raise MissingExtra("Reading runs")
    wait_for_captures()  # a reader sees what its own process wrote
    settings = Settings.load()
    store = _open[-1].recorder.store if _open and folder is None else open_store(settings, folder)
    return _services_of(StorePaths(store.home) if store.home is not None else store, settings.token)


def open_store(settings: Settings, folder: str | os.PathLike[str] | None = None) -> StorePaths:
    """Return the store that the settings name, else the one of `folder`, made where there is none."""
    if settings.folder is not None:
        return create_store(settings.folder, settings.remote)
    return locate_store(Path(folder) if folder is not None else _session.folder())


def _services_of(store: StorePaths, token: str | None) -> "Services":
    """Return the services of a store. Those that were used last stay, with what they keep in memory for searches."""
    global _last_services
    from trackbook.services.context import open_services

    # A forked child must not use its parent's database, and an index that was deleted is made anew.
    if _last_services is None or _last_services[0] != (os.getpid(), store, token, _index_of(store)):
        services = open_services(store, token)
        _last_services = (os.getpid(), store, token, _index_of(store)), services
    return _last_services[1]


def _index_of(store: StorePaths) -> tuple[int, int] | None:
    try:
        status = store.index.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _store_folder(settings: Settings, folder: str | os.PathLike[str] | None) -> Path:
    return settings.folder or planned_root(Path(folder) if folder is not None else _session.folder())


def describe_error(error: BaseException) -> RunError:
    """Return an exception as it is stored on a run."""
    import traceback

    return RunError(type(error).__name__, str(error), traceback.format_exception(error))


def set_session(session: Session) -> None:
    """Put an interactive session in the place of the plain program: it is asked, and told, about runs."""
    global _session
    _session = session
    put_session(session)


def _load_extension() -> None:
    # In IPython without %load_ext: the extension records cells, so a run that code opens has them too.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and type(_session) is Session:
        with contextlib.suppress(Exception):
            shell.extension_manager.load_extension("trackbook")


def _check_past(
    resume: str | int | None, fork: str | int | None, at_step: int | None, **of_new: str | None
) -> None:
    if resume is not None:
        if fork is not None or at_step is not None:
            raise UsageError("A run is either resumed or forked, not both.")
        for word, value in of_new.items():
            if value is not None:
                raise UsageError(f"A run that is resumed keeps its {word}; leave {value!r} out.")
    elif (fork is None) != (at_step is None):
        raise UsageError("A fork needs a run and a step of it: fork='#42', at_step=100")
    elif at_step is not None and (isinstance(at_step, bool) or not isinstance(at_step, int)):
        raise InvalidValue("at_step", at_step, f"a step is a whole number, not {at_step!r}")


def _check_mapping(what: str, value: object, example: str) -> None:
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} is a mapping of names to values, such as {example}, not {value!r:.60}.")


def _resume(
    settings: Settings,
    folder: str | os.PathLike[str] | None,
    reference: str | int,
    source: Source | None,
    nested: bool,
) -> Run:
    from trackbook.services.past import LAST, check_resumable, find_last, find_past

    store = open_store(settings, folder)
    if str(reference).strip() == LAST:
        known = find_last(store, (source or _session.source(store)).path)
    else:
        known = find_past(store, str(reference))
    for run in _open:
        if run.id == known.run_id:  # the cell that resumed it is executed again
            return run
    past = check_resumable(store, known)
    recorder = RunRecorder.resume(
        store,
        past.run_id,
        experiment=past.experiment,
        name=past.name,
        source=source or _session.source(store),
        after=past.last_at,
        capture=settings.captures_in(store.project),
    )
    recorder.steps.go_on_after(past.steps)
    if not nested:
        _close_plain_runs()
    return Run(recorder, resumed=True, settings=settings)


def _fork(store: StorePaths, reference: str | int, at_step: int | None) -> "tuple[Past, Fork]":
    from trackbook.services.past import fork_at

    return fork_at(store, str(reference), 0 if at_step is None else at_step)


def _add_to(
    run: Run, params: Mapping[str, Any] | None, tags: Mapping[str, str] | None, group: str | None
) -> None:
    if params:
        run.params(params)
    if tags:
        run.tags(tags)
    if group is not None:
        run.recorder.set_group(group)


def _join_job(settings: Settings) -> Run | None:
    run_id = settings.run_id
    if run_id is None or settings.folder is None or run_id in _joined_jobs:
        return None
    run = join_job()
    if run is not None:
        _joined_jobs.add(run_id)
    return run


def _parent(nested: bool) -> Run | None:
    if nested:
        return current_run()
    return next((run for run in reversed(_open) if run._scoped or run.joined), None)


def _ended_job(settings: Settings) -> str | None:
    # The part of the job's run that this process wrote may have ended, while the run goes on.
    return settings.run_id if settings.run_id in _joined_jobs else None


def _close_plain_runs() -> None:
    # Only what lies above the innermost `with` block: that block ends its own run.
    while _open and not _open[-1]._scoped and not _open[-1].joined:
        _open[-1].end(reason="Another run was started.")


def end_open_runs() -> None:
    """End every open run as the end of this process asks for; called when it exits."""
    interrupted = type(_session) is Session and _was_interrupted()
    with _ending:
        _end_open_runs(_session.shutdown_kind())
        wait_for_captures()
    if interrupted:
        _stay_interrupted()


def _was_interrupted() -> bool:
    # At a prompt the last error is no reason for its end.
    return getattr(sys, "last_type", None) is KeyboardInterrupt and not hasattr(sys, "ps1")


def _stay_interrupted() -> None:
    # A program that an interrupt ends tells its parent so, by the signal. Python forgets it when text is compiled and
    # run afterwards, as some imports of the standard library do in captures that end late: it is said once more.
    with contextlib.suppress(KeyboardInterrupt):
        eval("(_ for _ in ()).throw(KeyboardInterrupt)")


# A kernel that is slow to exit is told to end its runs from another thread, too.
_ending = threading.Lock()


def _end_open_runs(kind: ShutdownKind | None) -> None:
    # Set by the interpreter when an exception went uncaught; `last_exc` is its name since Python 3.12.
    failed = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in reversed(list(_open)):
        with contextlib.suppress(Exception):
            if kind == "restart":
                run.end("killed", reason="The kernel was restarted.")
            elif kind == "shutdown":
                run.end("finished", reason="The kernel was shut down.")
            elif isinstance(failed, BaseException):
                run.end("failed", error=describe_error(failed))
            else:
                run.end("finished", reason="The program ended.")


atexit.register(end_open_runs)
