"""PyTorch Lightning: a callback beside the trainer's own, for as long as `Trainer.fit` lasts."""

import functools
import sys
from collections.abc import Callable
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

from trackbook.domain.values import flatten
from trackbook.integrations.fits import Fit
from trackbook.integrations.memory import TRAIN
from trackbook.integrations.patching import Patches
from trackbook.integrations.recording import record_fit
from trackbook.integrations.watching import attempt, is_users_call, options

_HERE = __name__
_TRAINER = (
    "max_epochs",
    "max_steps",
    "min_epochs",
    "precision",
    "accumulate_grad_batches",
    "gradient_clip_val",
)


def watch_lightning(module: ModuleType, patches: Patches) -> None:
    """Watch `fit` of Lightning's trainer."""
    original = vars(module.Trainer)["fit"]
    package = module.__name__
    here = _HERE

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        watcher = sys.modules.get(here)
        if watcher is None:
            return original(self, *args, **kwargs)
        return watcher.call(package, original, self, args, kwargs, sys._getframe(1))

    patches.replace(module.Trainer, "fit", fit)


def call(
    package: str,
    original: Callable[..., Any],
    trainer: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    frame: FrameType,
) -> Any:
    """Call a trainer's `fit`, and record it if it is the user's own call, in the first of its processes."""
    model = kwargs.get("model", args[0] if args else None)
    is_first = attempt("which process this is", lambda: bool(trainer.is_global_zero))
    if model is None or not is_first or not is_users_call("lightning", frame):
        return original(trainer, *args, **kwargs)

    def fit_model(fit: Fit | None) -> Any:
        progress = (
            attempt("the course of a training", lambda: _add_callback(package, fit, trainer)) if fit else None
        )
        try:
            return original(trainer, *args, **kwargs)
        finally:
            if progress is not None and progress in trainer.callbacks:
                trainer.callbacks.remove(progress)

    return record_fit(
        "lightning",
        type(model).__name__,
        fit_model,
        lambda fit: fit.params(_params(trainer, model)),
        lambda fit, result, seconds: _finish(fit, model),
    )


def _params(trainer: Any, model: Any) -> dict[str, Any]:
    params = {name: getattr(trainer, name, None) for name in _TRAINER}
    given = {name: value for name, value in params.items() if value is not None}
    return given | flatten(dict(getattr(model, "hparams", None) or {}))


def _add_callback(package: str, fit: Fit, trainer: Any) -> Any:
    base: Any = import_module(package).Callback

    class Progress(base):  # type: ignore[misc]  # a class that is known when Lightning is
        def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
            attempt("an optimizer", lambda: fit.params(_optimizers(trainer)))

        def on_train_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            step = int(trainer.global_step)
            if step % max(1, int(trainer.log_every_n_steps or 1)) == 0:
                attempt("a training loss", lambda: _log_loss(fit, outputs, step))

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            epoch = int(trainer.current_epoch)
            attempt("a metric of a training", lambda: _log_epoch(fit, trainer, epoch))

    progress = Progress()
    trainer.callbacks.append(progress)
    return progress


def _optimizers(trainer: Any) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for number, optimizer in enumerate(trainer.optimizers):
        prefix = "optimizer" if number == 0 else f"optimizer-{number + 1}"
        params[f"{prefix}.name"] = type(optimizer).__name__
        for name, value in optimizer.defaults.items():
            if value is not None:
                params[f"{prefix}.{name}"] = value
    return params


def _log_loss(fit: Fit, outputs: Any, step: int) -> None:
    loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
    if loss is not None:
        fit.log({"loss": loss.detach() if hasattr(loss, "detach") else loss}, {"dataset": TRAIN}, step)


def _log_epoch(fit: Fit, trainer: Any, epoch: int) -> None:
    found = dict(trainer.callback_metrics)
    # What is logged by step and by epoch is there three times: as itself, and with either ending.
    twice = {
        name
        for name in found
        for ending in ("_step", "_epoch")
        if name.endswith(ending) and name[: -len(ending)] in found
    }
    values = {name: value for name, value in found.items() if name not in twice}
    if values:
        fit.log(values, None, epoch)


def _finish(fit: Fit, model: Any) -> None:
    rows = [(name, type(part).__name__, _count(part)) for name, part in model.named_children()]
    lines = [f"{name}  {kind}  {count:,} parameters" for name, kind, count in rows]
    lines.append(f"{type(model).__name__}  {_count(model):,} parameters")
    fit.bytes("model_summary.txt", "\n".join(lines).encode(), "text/plain")
    if options().models:
        fit.model(model)


def _count(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
