"""LightGBM: `lightgbm.train`, and through it the estimators that look like scikit-learn's."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from trackbook.integrations.fits import Fit
from trackbook.integrations.patching import Patches
from trackbook.integrations.training import log_evaluations, record_gains, watch_predict, watch_train
from trackbook.integrations.watching import attempt

_NO_PARAMETERS = frozenset(
    (
        "params",
        "train_set",
        "valid_sets",
        "valid_names",
        "feval",
        "init_model",
        "callbacks",
        "keep_training_booster",
    )
)
# Behind LightGBM's own record of evaluations, before the early stopping that ends the iteration.
_ORDER = 25


def watch_lightgbm(module: ModuleType, patches: Patches) -> None:
    """Watch the training function and the predictions of LightGBM."""
    watch_train(_Trainer(), [module, module.engine, module.sklearn], patches)
    watch_predict("lightgbm", module.Booster, patches)


class _Trainer:
    library = "lightgbm"
    name = "Booster"

    def callback(self, fit: Fit) -> Any:
        def progress(env: Any) -> None:
            attempt("a metric of a training", lambda: _log(fit, env))

        progress.order = _ORDER  # type: ignore[attr-defined]
        progress.before_iteration = False  # type: ignore[attr-defined]
        return progress

    def params(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        given = arguments.get("params") or {}
        others = {name: value for name, value in arguments.items() if name not in _NO_PARAMETERS}
        return {"num_boost_round": 100, **others, **dict(given)}

    def data(self, arguments: Mapping[str, Any]) -> Any:
        return arguments.get("train_set")

    def record(self, fit: Fit, model: Any) -> None:
        if model.best_iteration > 0:
            fit.log({"best_iteration": model.best_iteration})
            for dataset, metrics in model.best_score.items():
                fit.log({f"best_{name}": value for name, value in metrics.items()}, {"dataset": dataset})
        names = model.feature_name()
        if names:
            record_gains(fit, names, [float(gain) for gain in model.feature_importance("gain")])


def _log(fit: Fit, env: Any) -> None:
    values: dict[str, dict[str, float]] = {}
    for dataset, metric, value, *_ in env.evaluation_result_list or ():
        values.setdefault(dataset, {})[metric] = value
    for dataset, metrics in values.items():
        log_evaluations(fit, dataset, metrics, env.iteration)
