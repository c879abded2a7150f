"""The figures that a cell showed, stored as artifacts of the run that recorded the cell."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trackbook import api
from trackbook.magics.cells import Execution

MAX_FIGURES = 50

_PLOTLY = "application/vnd.plotly.v1+json"
# The best first: what can be drawn again is better than its picture.
_SUFFIXES = {_PLOTLY: ".plotly.json", "image/png": ".png", "image/svg+xml": ".svg", "image/jpeg": ".jpg"}


def store_figures(run: api.Run, execution: Execution) -> list[str]:
    """Store what an execution showed as figures, and return their paths, `figures/cell-ORDER-N.png`."""
    order, outputs = execution.shown.get(run.id, (0, []))
    paths: list[str] = []
    for media_type, data in _figures_in(outputs):
        if len(paths) == MAX_FIGURES:
            break
        path = f"figures/cell-{order}-{len(paths) + 1}{_SUFFIXES[media_type]}"
        run.recorder.store_artifact(
            data, path, kind="figure", media_type=media_type, cell_id=execution.cell_id
        )
        paths.append(path)
    return paths


def describe_figures(paths: list[str]) -> str:
    """Return how many figures were stored, in words."""
    if len(paths) == MAX_FIGURES:
        return f"the first {MAX_FIGURES} figures"
    return f"{len(paths)} figures" if len(paths) > 1 else f"figure {paths[0]}"


def _figures_in(outputs: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, bytes]]:
    for output in outputs:
        data = output.get("data") or {}
        media_type = next((kind for kind in _SUFFIXES if kind in data), None)
        if media_type is not None and (content := _bytes_of(media_type, data[media_type])) is not None:
            yield media_type, content


def _bytes_of(media_type: str, value: Any) -> bytes | None:
    if media_type == _PLOTLY:
        return msgspec.json.encode(value)
    if not isinstance(value, str):
        return None
    if media_type == "image/svg+xml":
        return value.encode()
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError):  # not a picture, whatever it says
        return None
