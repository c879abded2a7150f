"""A run that this process writes, and the stack of those that are open."""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trackbook.api.mappings import check_mapping
from trackbook.config import Settings
from trackbook.domain.artifact import ARTIFACT_KINDS, ArtifactKind
from trackbook.domain.choices import check_choice
from trackbook.domain.data import DataRole
from trackbook.domain.ids import new_id
from trackbook.domain.metric import Goal
from trackbook.domain.names import check_artifact_path
from trackbook.domain.run import RunError, RunStatus, check_ending
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.recorder import RunRecorder
from trackbook.services.seeding import Seeding, check_seed
from trackbook.services.session import current_session
from trackbook.services.surroundings import Surroundings
from trackbook.services.syncing import Syncing
from trackbook.services.uploads import Uploads
from trackbook.store.blobs import BlobStore
from trackbook.store.paths import StorePaths

# Innermost last. A process has one stack for all its threads: a worker thread logs into the run of its process.
open_stack: "list[Run]" = []


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
        self._surroundings.begin(None if joined or resumed else current_session().notebook())
        open_stack.append(self)
        current_session().run_opened(recorder)

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

    def move_on(self, run_id: str, output_dir: Path | None) -> None:
        """In a forked process, which has not written anything yet: go on as a writer of another run."""
        self._recorder.run_id = run_id
        self._output_dir = output_dir
        settings = Settings.load()
        self._surroundings = Surroundings(self._recorder, None, self._recorder.capture, settings.variables)
        self._surroundings.begin()

    def set_apart(self, store: StorePaths) -> None:
        """In a forked process, which has not written anything yet: write into another store, which nobody reads."""
        self._recorder.store, self._recorder.blobs = store, BlobStore(store.blobs)
        self._recorder.run_id = new_id()
        self._output_dir = store.output_folder(self.id)

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

            log_values(self._recorder, values, step, context, current_session().cell_id())
        except (TypeError, AttributeError, ValueError):
            # Asked only now: a log call has no time for it.
            check_mapping("What is logged", values, "{'acc': 0.3}")
            check_mapping("`context`", context or {}, "{'subset': 'val'}")
            raise

    def param(self, name: str, value: object) -> None:
        """Record a parameter; a changed value is a revision, and the last one counts."""
        self._recorder.set_params({name: value}, current_session().cell_id())

    def params(self, values: Mapping[str, object]) -> None:
        """Record several parameters; nested mappings become dotted names."""
        self._recorder.set_params(values, current_session().cell_id())

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
        self._seeding = Seeding(self._recorder, whole, current_session().cell_id())
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
        cell_id = current_session().cell_id()
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
            to_png(figure), target, kind="figure", media_type="image/png", cell_id=current_session().cell_id()
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

        return data_of(self._recorder).declare(source, name, role, current_session().cell_id())

    def model(
        self, model: Any, name: str = "model", *, input_example: Any = None, unsafe: bool = False
    ) -> str:
        """Store a model in a format that is safe to load; returns the path of its file inside the run.

        That is skops for scikit-learn, the state dict for torch, ONNX, and the own formats of XGBoost and LightGBM.
        `unsafe=True` lets what no such format holds be pickled. With `input_example`, what the model takes and gives is
        stored, too. Raises InvalidValue for a model or an example that can't be stored, and stores nothing then.
        """
        from trackbook.services.models.storing import store_model

        return store_model(self._recorder, model, name, input_example, unsafe, current_session().cell_id())

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
                current_session().run_ending(self._recorder, status, error)
        self._recorder.end(status, error=error, reason=reason, message_id=current_session().message_id())
        if self._seeding is not None:
            self._seeding.end()
        if self._syncing is not None:
            self._syncing.finish()
        if self in open_stack:
            open_stack.remove(self)

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


def describe_error(error: BaseException) -> RunError:
    """Return an exception as it is stored on a run."""
    import traceback

    return RunError(type(error).__name__, str(error), traceback.format_exception(error))
