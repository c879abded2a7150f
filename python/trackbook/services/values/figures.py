"""Figures: matplotlib's as PNG, plotly's as data that stays interactive."""

import io
import sys
from typing import Any

from trackbook.domain.rich import RichContent
from trackbook.errors import UsageError
from trackbook.services.values.images import size_of
from trackbook.services.values.wrapped import loaded, ready

PLOTLY = "application/vnd.plotly.v1+json"


def matplotlib_figure(value: Any) -> Any | None:
    """Return the figure that a figure, axes, or a line in them belong to; None for what is not matplotlib's."""
    figures = loaded("matplotlib.figure", "Figure")
    if not figures:
        return None
    if isinstance(value, figures):
        return value
    owner = getattr(value, "figure", None)
    return owner if isinstance(owner, figures) else None


def is_plotly(value: object) -> bool:
    """Tell whether it is a figure of plotly's."""
    return isinstance(value, loaded("plotly.basedatatypes", "BaseFigure"))


def from_matplotlib(name: str, figure: Any) -> RichContent:
    """Return a figure as PNG."""
    data = to_png(figure)
    return ready(name, "figure", data, "image/png", size_of(data))


def from_plotly(name: str, figure: Any) -> RichContent:
    """Return a figure as the JSON of data and layout that plotly.js draws."""
    title = getattr(getattr(figure.layout, "title", None), "text", None)
    meta = {"traces": len(figure.data), **({"title": str(title)[:200]} if title else {})}
    return ready(name, "figure", figure.to_json().encode(), PLOTLY, meta)


def to_png(figure: Any = None) -> bytes:
    """Return a figure as PNG: matplotlib's current one, or any object that can draw itself so.

    Raises InvalidValue for what can't, UsageError where no figure is open.
    """
    if figure is None:
        figure = _current_figure()
    figure = getattr(figure, "figure", None) or figure  # an Axes knows its figure
    if callable(getattr(figure, "savefig", None)):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight")
        return buffer.getvalue()
    draw = getattr(figure, "_repr_png_", None)
    drawn = draw() if callable(draw) else None
    if isinstance(drawn, tuple):  # IPython allows (data, metadata)
        drawn = drawn[0]
    if isinstance(drawn, bytes):
        return drawn
    raise UsageError(
        f"{type(figure).__name__} can't be drawn as PNG; run.log({{'name': figure}}) stores what has another form, "
        "such as a figure of plotly."
    )


def _current_figure() -> Any:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        raise UsageError(
            "There is no open matplotlib figure; name the one to store, or track it in the cell that draws it."
        )
    return pyplot.gcf()
