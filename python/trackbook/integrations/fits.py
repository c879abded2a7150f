"""A fit that is recorded: the run it belongs to, its name there, and what is added to it later."""

import atexit
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackbook import api
from trackbook.domain.values import to_wire
from trackbook.errors import UsageError
from trackbook.integrations.describing import describe_params, shorten
from trackbook.integrations.identity import IdentityMap
from trackbook.integrations.weighing import too_heavy
from trackbook.services.recorder import RunRecorder

# Beyond these, the fits of a loop inside one run add metrics and nothing else.
MAX_DESCRIBED = 20
_MAX_LATE = 8


class _Notes:
    """What autologging has recorded in one run."""

    def __init__(self) -> None:
        self.labels: dict[str, int] = {}
        self.fits = 0


class Fit:
    """One fit of one model in one run.

    The first fit of a run has its parameters and metrics under their own names. A later one has a label, the model's
    name with a number where it needs one: the context of its metrics, and in front of parameters that would collide.
    """

    def __init__(self, run: api.Run, library: str, name: str, own: bool) -> None:
        self.run = run
        self.library = library
        self.name = name
        self.own = own
        with _lock:
            notes = _notes.get(run)
            if notes is None:
                notes = _Notes()
                _notes.put(run, notes)
            number = notes.labels[name] = notes.labels.get(name, 0) + 1
            label = name if number == 1 else f"{name}-{number}"
            self.label = label if notes.fits else ""
            notes.fits += 1
            self.is_described = notes.fits <= MAX_DESCRIBED

    @classmethod
    def open(cls, library: str, name: str) -> "Fit":
        """Begin a fit in the run that is open, or in one of its own that ends with it."""
        with _lock:
            # A run that another thread's fit has opened for itself is not the user's.
            run = next((run for run in reversed(api.open_runs()) if _own.get(run) is None), None)
            own = run is None
            if run is None:
                with api.set_aside([run for run in api.open_runs() if _own.get(run)]):
                    run = api.start_run(name=name, tags={"autolog": library, "estimator": name})
                # A job's run goes on until the job ends.
                own = not run.joined
                if own:
                    run.__enter__()
                    _own.put(run, True)
        try:
            fit = cls(run, library, name, own)
            if not own:
                first = {"autolog": library, "estimator": name}
                run.tags({f"estimator.{fit.label}": name} if fit.label else first)
        except Exception:
            if own:
                run.end()
            raise
        return fit

    def close(self, error: BaseException | None = None) -> None:
        """End the fit, and its run where it opened one: as failed if the fit raised."""
        if self.own:
            self.run.__exit__(type(error) if error is not None else None, error, None)

    def params(self, values: Mapping[Any, Any]) -> None:
        """Record the fit's parameters; where one would replace another of the run, all are named after the model."""
        if not self.is_described:
            return
        described = describe_params(values)
        known = self.run.recorder.param_values
        collide = any(name in known and known[name] != value for name, value in described.items())
        if collide:
            described = {f"{self.label or self.name}.{name}": value for name, value in described.items()}
        described = {
            name: value for name, value in described.items() if name not in known or known[name] != value
        }
        if described and self.run.is_open:
            self.run.params(described)

    def log(
        self, values: Mapping[str, object], context: Mapping[str, str] | None = None, step: int | None = None
    ) -> None:
        """Log metrics of the fit, also after its run has ended."""
        full = {**(context or {}), **({"model": self.label} if self.label else {})}
        self._recorder().log(dict(values), step, full or None)

    def tag(self, key: str, value: str) -> None:
        """Set a tag that belongs to the fit."""
        self._recorder().set_tags({f"{key}.{self.label}" if self.label else key: value})

    def json(self, name: str, content: Any) -> None:
        """Store a JSON file in the run."""
        self.bytes(name, json.dumps(to_wire(content), ensure_ascii=False).encode(), "application/json")

    def bytes(self, name: str, data: bytes, media_type: str) -> None:
        """Store a file in the run."""
        if self.is_described:
            self._recorder().store_artifact(data, self.path(name), media_type=media_type)

    def file(self, name: str, path: Path) -> None:
        """Store a model's file in the run."""
        if self.is_described:
            self._recorder().store_artifact(path, self.path(name), kind="model")

    def model(self, model: Any, seconds: float | None = None, example: Any = None) -> None:
        """Store the fitted model in the run, with a few rows of its input, from which its signature is taken.

        Of one that no safe format holds, a tag says so: that is no fault. So it does of one that is too large to be
        stored while the user waits, where it is told that it took `seconds` to fit.
        """
        store = getattr(self.run, "model", None)
        if store is None or not self.is_described or not self.run.is_open:
            return
        heavy = too_heavy(model, seconds) if seconds is not None else None
        if heavy is not None:
            self.tag("autolog.model", f"not stored: {heavy}; run.model(model) in an open run stores it")
            return
        try:
            store(model, self.path("model"), input_example=example)
        except UsageError as error:
            self.tag("autolog.model", f"not stored: {shorten(str(error))}")

    def path(self, name: str) -> str:
        """Return the name of a file of this fit inside the run."""
        return f"{self.label}/{name}" if self.label else name

    def _recorder(self) -> RunRecorder:
        run = self.run
        if run.is_open:
            return run.recorder
        with _lock:
            late = _late.get(run.id)
            if late is None or not late.is_open:
                late = RunRecorder.join(run.recorder.store, run.id, experiment=run.experiment, name=run.name)
                late.steps.go_on_after(run.recorder.steps.all())
                _late[run.id] = late
                while len(_late) > _MAX_LATE:
                    _late.popitem(last=False)[1].close()
            _late.move_to_end(run.id)
            return late


def close_late() -> None:
    """Close what has been opened to add something to runs that had ended."""
    with _lock:
        while _late:
            _late.popitem()[1].close()


_lock = threading.RLock()
_notes: IdentityMap[_Notes] = IdentityMap()
_own: IdentityMap[bool] = IdentityMap()
# Writers of runs that had ended when one of their models was scored.
_late: "OrderedDict[str, RunRecorder]" = OrderedDict()

atexit.register(close_late)
