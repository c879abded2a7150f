from datetime import UTC, datetime
from typing import Any

from trackbook.domain.formatting import first_names, short_names
from trackbook.domain.ranking import differing_params, metric_keys
from trackbook.domain.run import Run, Source

AT = datetime(2026, 11, 21, tzinfo=UTC)


def make(params: dict[str, Any], metrics: dict[str, float], goals: dict[str, str]) -> Run:
    return Run(
        "id", 1, "e", "n", "finished", AT, AT, 1.0, 0.0, "u", "h", Source("script"), None, "", {}, params,
        metrics, {}, goals, None, None, False, 1,
    )  # fmt: skip


def test_scores_come_before_other_metrics_and_times_last() -> None:
    names = ["mean_fit_time", "mean_score_time", "alpha", "mean_test_score", "timeouts"]
    runs = [make({}, dict.fromkeys([*names, "zz"], 1.0), {"zz": "max"}), make({}, {"alpha": 1.0}, {})]
    assert metric_keys(runs) == [
        "zz", "alpha", "mean_test_score", "timeouts", "mean_score_time", "mean_fit_time"
    ]  # fmt: skip


def test_parameters_that_are_read_at_a_glance_come_first() -> None:
    shared = {"same": 1}
    runs = [
        make(
            shared | {"step__very_long_name_of_one_parameter": [n], "pca__n": n, "none": n or None, "lr": n},
            {},
            {},
        )
        for n in (0, 1)
    ]
    assert differing_params(runs) == ["lr", "pca__n", "none", "step__very_long_name_of_one_parameter"]


def test_names_are_cut_in_the_middle_so_that_they_differ() -> None:
    names = [f"accuracy{{dataset={part},model=LogisticRegression}}" for part in ("train", "test")]
    cut = short_names([*names, "lr"], 20)
    assert len(set(cut)) == 3
    assert cut[2] == "lr"
    assert all(text in name or "…" in text for text, name in zip(cut, names, strict=False))
    assert short_names(["abcdefghij"], 5) == ["ab…ij"]
    assert first_names(list("abcdef")) == "a, b, c, d and 2 more"
    assert first_names(list("abcde")) == "a, b, c, d, e"
