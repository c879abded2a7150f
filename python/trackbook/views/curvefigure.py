"""Curves as a plotly figure: what `tb.chart("curves")` draws."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from trackbook.domain.curve import Curve, CurvePage
from trackbook.domain.metric import series_name
from trackbook.errors import UsageError
from trackbook.views.chart import FALLBACKS
from trackbook.views.chartdata import Target, text_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# As many buckets as a figure in a notebook is wide.
_POINTS: Final = 800
_DASHES: Final = ("solid", "dash", "dot", "dashdot")
_TITLES: Final = {"step": "step", "time": "time", "relative": "seconds since the start"}


def curves(
    go: Any,
    target: Target,
    *,
    metrics: Sequence[str],
    x: str = "step",
    log_x: bool = False,
    log_y: bool = False,
    group_by: str | None = None,
    band: Literal["range", "deviation"] = "range",
) -> "Figure":
    """Return the curves of metrics, each with the range of the values that a place stands for."""
    if band not in ("range", "deviation"):
        raise UsageError(f'A band is "range" or "deviation", not {band!r}.')
    keys = [metrics] if isinstance(metrics, str) else list(metrics)
    page = target.curves(
        [_key(name) for name in keys],
        x=x,
        scale="log" if log_x else "linear",
        max_points=_POINTS,
        group_by=group_by,
    )
    figure = go.Figure()
    variants = sorted({series_name(curve.key, curve.context) for curve in page.curves})
    owners: dict[str, int] = {}
    for curve in page.curves:
        owner = curve.run_id or repr(curve.group)
        colour = FALLBACKS[owners.setdefault(owner, len(owners)) % len(FALLBACKS)]
        places = [_moment(value) for value in curve.x] if x == "time" else curve.x
        low, high = _borders(curve, band)
        if low is not None and high is not None:
            figure.add_scatter(
                x=[*places, *reversed(places)],
                y=[*_plain(high), *reversed(_plain(low))],
                fill="toself",
                fillcolor=colour,
                opacity=0.2,
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                legendgroup=owner,
            )
        variant = variants.index(series_name(curve.key, curve.context))
        figure.add_scatter(
            x=places,
            y=_plain(curve.values),
            mode="lines" if len(places) > 1 else "markers",
            line={"color": colour, "width": 1.5, "dash": _DASHES[variant % len(_DASHES)]},
            name=_label(curve, page, group_by, len(variants) > 1),
            legendgroup=owner,
        )
    figure.update_xaxes(title=_TITLES.get(x, _key(x)), type="log" if log_x else None)
    figure.update_yaxes(title=", ".join(map(_key, keys)), type="log" if log_y else None)
    return figure


def _borders(curve: Curve, band: str) -> tuple[list[float] | None, list[float] | None]:
    if band == "deviation" and curve.std is not None:
        pairs = list(zip(curve.values, curve.std, strict=True))
        return [value - std for value, std in pairs], [value + std for value, std in pairs]
    return curve.min, curve.max


def _label(curve: Curve, page: CurvePage, group_by: str | None, is_several: bool) -> str:
    if curve.run_id is None:
        owner = f"{group_by} {text_of(curve.group)}"
    else:
        run = next(run for run in page.runs if run.id == curve.run_id)
        owner = f"{run.experiment} #{run.number}"
    return f"{owner} {series_name(curve.key, curve.context)}" if is_several else owner


def _key(metric: str) -> str:
    """Return a metric's key, which may be written as a column: `metrics.loss`."""
    key = metric.removeprefix("metrics.")
    return key[1:-1].replace("``", "`") if key.startswith("`") and key.endswith("`") else key


def _plain(values: Sequence[float]) -> list[float | None]:
    # plotly joins nothing over None.
    return [value if math.isfinite(value) else None for value in values]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
