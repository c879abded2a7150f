"""A search over parameters, such as GridSearchCV: each candidate is a child run."""

import csv
import io
from typing import Any

from trackbook.domain.values import to_number
from trackbook.errors import TrackbookError
from trackbook.integrations.describing import describe, describe_params
from trackbook.integrations.fits import Fit
from trackbook.services.recorder import RunRecorder

# The best ones by rank; all are in cv_results.csv.
MAX_CHILDREN = 100


def is_search(model: Any) -> bool:
    """Tell whether a fitted model chose among candidates by cross-validation."""
    found = vars(model)
    return isinstance(found.get("cv_results_"), dict) and "params" in found["cv_results_"]


def record_search(fit: Fit, model: Any) -> None:
    """Record the candidates, and what the best of them had."""
    results: dict[str, Any] = model.cv_results_
    candidates: list[dict[str, Any]] = list(results["params"])
    best = vars(model).get("best_index_")
    if best is not None:
        fit.params({f"best.{name}": value for name, value in candidates[best].items()})
    fit.bytes("cv_results.csv", _as_csv(results, len(candidates)), "text/csv")
    if not fit.is_described:
        return
    ranks = next((results[key] for key in results if key.startswith("rank_test_")), range(len(candidates)))
    order = sorted(range(len(candidates)), key=lambda index: (int(ranks[index]), index))[:MAX_CHILDREN]
    if len(order) < len(candidates):
        fit.tag("autolog.candidates", f"the best {len(order)} of {len(candidates)} are child runs")
    for index in sorted(order):
        _record_candidate(fit, index, candidates[index], results, index == best)


def _record_candidate(
    fit: Fit, index: int, candidate: dict[str, Any], results: dict[str, Any], is_best: bool
) -> None:
    parent = fit.run.recorder
    tags = {"autolog": fit.library, "search": fit.name, "candidate": str(index)}
    recorder = RunRecorder.start(
        parent.store,
        experiment=parent.experiment,
        name=f"{fit.name} {index}",
        params=describe_params(candidate),
        tags={**tags, "best": "true"} if is_best else tags,
        parent_id=fit.run.id,
    )
    try:
        values: dict[str, float] = {}
        for key, column in results.items():
            if key == "params" or key.startswith("param_"):
                continue
            try:
                value = to_number(key, column[index])
            except TrackbookError:
                continue
            split, _, score = key.partition("_")
            if split.startswith("split") and split[5:].isdigit():
                recorder.log({f"split_{score}": value}, int(split[5:]))
            else:
                values[key] = value
        if values:
            recorder.log(values, 0)
    finally:
        recorder.end()


def _as_csv(results: dict[str, Any], count: int) -> bytes:
    text = io.StringIO()
    columns = [key for key in results if key != "params"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for index in range(count):
        writer.writerow([_cell(results[key][index]) for key in columns])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    import numpy as np

    return "" if value is np.ma.masked else describe(value.item() if isinstance(value, np.generic) else value)
