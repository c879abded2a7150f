"""XGBoost: `xgboost.train`, and through it the estimators that look like scikit-learn's."""

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
        "dtrain",
        "evals",
        "obj",
        "evals_result",
        "xgb_model",
        "callbacks",
        "custom_metric",
        "verbose_eval",
    )
)


def watch_xgboost(module: ModuleType, patches: Patches) -> None:
    """Watch the training function and the predictions of XGBoost."""
    watch_train(_Trainer(), [module, module.training, module.sklearn], patches)
    watch_predict("xgboost", module.Booster, patches)


class _Trainer:
    library = "xgboost"
    name = "Booster"

    def callback(self, fit: Fit) -> Any:
        from xgboost.callback import TrainingCallback

        class Progress(TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                attempt("a metric of a training", lambda: _log(fit, epoch, evals_log))
                return False

        return Progress()

    def params(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        given = arguments.get("params") or {}
        others = {name: value for name, value in arguments.items() if name not in _NO_PARAMETERS}
        return {"num_boost_round": 10, **others, **dict(given)}

    def data(self, arguments: Mapping[str, Any]) -> Any:
        return arguments.get("dtrain")

    def record(self, fit: Fit, model: Any) -> None:
        best = model.attributes()
        values = {name: float(best[name]) for name in ("best_iteration", "best_score") if name in best}
        if values:
            fit.log(values)
        gains = model.get_score(importance_type="gain") if model.attr("booster") != "gblinear" else {}
        if gains:
            record_gains(fit, list(gains), [float(gain) for gain in gains.values()])


def _log(fit: Fit, iteration: int, course: Mapping[str, Mapping[str, Any]]) -> None:
    for dataset, metrics in course.items():
        values = {name: points[-1] for name, points in metrics.items()}
        log_evaluations(fit, dataset, values, iteration)
