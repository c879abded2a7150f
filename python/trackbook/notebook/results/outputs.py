"""The outputs of one cell, as notebooks keep them: those that were expected beside those that came."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trackbook.domain.cell import is_note
from trackbook.domain.difference import Difference, excerpt
from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results.data import PLOTLY, compare_data
from trackbook.notebook.results.images import RASTER, SVG, compare_rasters, compare_svg
from trackbook.notebook.results.noise import without_noise
from trackbook.notebook.results.tables import HTML, compare_html
from trackbook.notebook.results.text import compare_text

Output = Mapping[str, Any]

PLAIN = "text/plain"
# The richest first: what a reader of the notebook sees.
_RICHEST = (*RASTER, SVG, PLOTLY, "application/json", HTML, "text/markdown", "text/latex", PLAIN)
# A widget's model has another id each time, and its state is not in the output.
_UNSEEN = frozenset(("application/vnd.jupyter.widget-view+json", "application/javascript"))
_STREAMS = ("stdout", "stderr")
_NUMBERED = re.compile(
    r"(sk-(?:container|estimator)-id-)\d+|\b(T_)[0-9a-f]{5}\b|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
)


def compare_outputs(
    expected: Iterable[Output], actual: Iterable[Output], tolerance: Tolerance
) -> list[Difference]:
    """Return how the outputs (nbformat 4) of one cell differ; an empty list if they are the same.

    All that went to a stream is one text, wherever it was interrupted: how streams interleave differs each time.
    Displays and results are compared in order, each by the richest kind of content that both have: pictures before
    HTML before text. Errors are compared by name and message. Execution counts do not matter, neither does what
    Trackbook itself says, nor the noise of noise.py.
    """
    one, other = _Sorted(expected), _Sorted(actual)
    found = []
    for name in _STREAMS:
        if (
            difference := _compare_stream(name, one.streams[name], other.streams[name], tolerance)
        ) is not None:
            found.append(difference)
    found += _compare_shown(one.shown, other.shown, tolerance)
    found += _compare_errors(one.errors, other.errors, tolerance)
    return found


class _Sorted:
    """Outputs by what they are; those that are shown with their position from 1."""

    def __init__(self, outputs: Iterable[Output]) -> None:
        self.streams = dict.fromkeys(_STREAMS, "")
        self.shown: list[tuple[int, dict[str, Any]]] = []
        self.errors: list[Output] = []
        for position, output in enumerate(outputs, start=1):
            if is_note(output):  # what `%track` recorded is compared as metrics
                continue
            kind = output.get("output_type")
            if kind == "stream":
                name = "stderr" if output.get("name") == "stderr" else "stdout"
                self.streams[name] += _joined(output.get("text", ""))
            elif kind == "error":
                self.errors.append(output)
            elif kind in ("display_data", "execute_result", "update_display_data"):
                data = _bundle(output.get("data"))
                if data:
                    self.shown.append((position, data))


def _compare_stream(name: str, expected: str, actual: str, tolerance: Tolerance) -> Difference | None:
    one, other = without_noise(expected), without_noise(actual)
    if one == other:
        return None
    if not other.strip():
        return Difference("missing", f"Nothing came on {name}.", excerpt(one), "", PLAIN)
    if not one.strip():
        return Difference("extra", f"Nothing was expected on {name}.", "", excerpt(other), PLAIN)
    difference = compare_text(one, other, tolerance)
    if difference is None:
        return None
    return msgspec.structs.replace(difference, message=f"{name}: {difference.message}")


def _compare_shown(
    expected: list[tuple[int, dict[str, Any]]], actual: list[tuple[int, dict[str, Any]]], tolerance: Tolerance
) -> list[Difference]:
    found: list[Difference] = []
    for (_, one), (position, other) in zip(expected, actual, strict=False):
        found += [
            msgspec.structs.replace(difference, output=position)
            for difference in _compare_bundles(one, other, tolerance)
        ]
    for position, data in expected[len(actual) :]:
        mime = _richest(data)
        told = f"An output is missing ({mime})."
        found.append(Difference("missing", told, _excerpt(data, mime), "", mime, position))
    for position, data in actual[len(expected) :]:
        mime = _richest(data)
        told = f"An output came that was not there before ({mime})."
        found.append(Difference("extra", told, "", _excerpt(data, mime), mime, position))
    return found


def _compare_bundles(
    expected: dict[str, Any], actual: dict[str, Any], tolerance: Tolerance
) -> list[Difference]:
    richest, other = _richest(expected), _richest(actual)
    if (_is_picture(richest) and richest not in actual) or (_is_picture(other) and other not in expected):
        # The text beside a picture is a mere stand-in: "<Figure size 640x480 with 1 Axes>".
        told = f"{richest} was expected, {other} came."
        return [Difference("data", told, _excerpt(expected, richest), _excerpt(actual, other), richest)]
    shared = {mime: expected[mime] for mime in expected if mime in actual}
    if not shared:
        told = f"{richest} was expected, {other} came."
        return [Difference("data", told, _excerpt(expected, richest), _excerpt(actual, other), richest)]
    return _compare_content(_richest(shared), expected, actual, tolerance)


def _compare_content(
    mime: str, expected: dict[str, Any], actual: dict[str, Any], tolerance: Tolerance
) -> list[Difference]:
    one, other = expected[mime], actual[mime]
    if mime.endswith("json") and not (isinstance(one, str) and isinstance(other, str)):
        return compare_data(one, other, mime, tolerance)
    one, other = _joined(one), _joined(other)
    if mime in RASTER:
        difference = compare_rasters(one, other, mime, tolerance)
    elif mime == SVG:
        difference = compare_svg(one, other, tolerance)
    elif mime == HTML:
        one, other = _numbered(one), _numbered(other)
        tables = compare_html(one, other, tolerance)
        if tables is not None:
            return tables
        difference = compare_text(one, other, tolerance, mime)
    else:
        difference = compare_text(one, other, tolerance, mime)
    return [difference] if difference is not None else []


def _compare_errors(expected: list[Output], actual: list[Output], tolerance: Tolerance) -> list[Difference]:
    found = []
    for one, other in zip(expected, actual, strict=False):
        names = str(one.get("ename", "")), str(other.get("ename", ""))
        texts = str(one.get("evalue", "")), str(other.get("evalue", ""))
        before, after = (excerpt(f"{name}: {text}") for name, text in zip(names, texts, strict=True))
        if names[0] != names[1]:
            told = f"{names[0]} was expected, {names[1]} was raised."
            found.append(Difference("error", told, before, after))
        elif compare_text(*texts, tolerance) is not None:
            found.append(Difference("error", f"{names[0]} was raised with another message.", before, after))
    for output in expected[len(actual) :]:
        told = f"{output.get('ename')} was expected, nothing was raised."
        found.append(Difference("error", told, excerpt(f"{output.get('ename')}: {output.get('evalue')}")))
    for output in actual[len(expected) :]:
        told = f"{output.get('ename')} was raised."
        shown_text = excerpt(f"{output.get('ename')}: {output.get('evalue')}")
        found.append(Difference("error", told, "", shown_text))
    return found


def _bundle(data: Any) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        return {}
    return {str(mime): value for mime, value in data.items() if mime not in _UNSEEN}


def _richest(data: Mapping[str, Any]) -> str:
    for mime in _RICHEST:
        if mime in data:
            return mime
    return next((mime for mime in data if mime.endswith("json")), next(iter(data)))


def _is_picture(mime: str) -> bool:
    return mime in RASTER or mime in (SVG, PLOTLY) or mime.startswith("application/vnd.vega")


def _numbered(html: str) -> str:
    return _NUMBERED.sub(lambda match: f"{match[1] or match[2] or ''}…", html)


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else str(value)


def _excerpt(data: Mapping[str, Any], mime: str) -> str:
    if _is_picture(mime):
        return mime
    return excerpt(data.get(PLAIN, data[mime]) if mime != PLAIN else _joined(data[mime]))
