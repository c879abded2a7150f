"""Curves as SVG that takes its colours from the page: no script, no style sheet, the same in every export."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackbook.domain.formatting import format_number
from trackbook.views.markup import as_html

# The panel's colours of runs where its style sheet is loaded; else such as are seen on light and on dark ground.
FALLBACKS = ("#2a88cf", "#d9661f", "#1a9c75", "#c0609a", "#a87800", "#4a90b8", "#8a62b8", "#808080")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")

WIDTH, HEIGHT = 480, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 8, 24
# As many as the curve has pixels: more would not be seen.
POINTS = WIDTH - _LEFT - _RIGHT
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: columns of equal length, steps rising or not, values of any kind, NaN included."""

    label: str
    steps: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    length: float

    def at(self, value: float) -> float:
        return self.start + (value / 2 - self.half) * self.factor

    # Halves first: the span of two large numbers of different sign is infinite.
    @property
    def half(self) -> float:
        return self.low / 2

    @property
    def factor(self) -> float:
        return self.length / (self.high / 2 - self.low / 2)

    def ticks(self, most: int) -> list[float]:
        """Return round numbers inside the scale, about as many as `most`."""
        span = self.high / most - self.low / most
        size = 10.0 ** math.floor(math.log10(span))
        step = next((size * factor for factor in (1, 2, 5) if size * factor >= span), size * 10)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [place * step for place in range(first, last + 1)]


def chart_svg(name: str, curves: Sequence[Curve]) -> str:
    """Return a line chart of curves over their steps. What is neither a number nor finite leaves a gap."""
    points = [
        (step, value)
        for curve in curves
        for step, value in zip(curve.steps, curve.values, strict=True)
        if _fits(value)
    ]
    if not points:
        return ""
    x = _scale([step for step, _ in points], _LEFT, WIDTH - _LEFT - _RIGHT, margin=0.0)
    y = _scale([value for _, value in points], HEIGHT - _BOTTOM, _TOP + _BOTTOM - HEIGHT, margin=0.05)
    lines = "".join(_line(curve, curve.label or name, place, x, y) for place, curve in enumerate(curves))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'style="max-width: 100%; height: auto" aria-label="{as_html(name)}" font-size="11" fill="none" '
        f'stroke-linejoin="round">{"".join(_axes(x, y))}{lines}</svg>'
    )


def colour_of(place: int) -> str:
    """Return the colour of a line as CSS has it."""
    number = place % len(FALLBACKS)
    return f"var(--trackbook-run-{number + 1}, {FALLBACKS[number]})"


def _fits(value: float) -> bool:
    return math.isfinite(value) and abs(value) < _LARGEST


def _scale(values: Sequence[float], start: float, length: float, margin: float) -> _Scale:
    low, high = min(values), max(values)
    # A flat line runs through the middle. The width of what a float still tells apart is the least there is.
    least = max(abs(low), abs(high), 1e-288) * 1e-12
    if high - low <= least:
        around = max(abs(low) * 0.05, least) or 1.0
        return _Scale(low - around, high + around, start, length)
    more = (high - low) * margin
    return _Scale(low - more, high + more, start, length)


def _line(curve: Curve, title: str, place: int, x: _Scale, y: _Scale) -> str:
    pieces: list[list[str]] = [[]]
    # This is most of the work of drawing, beside a loop that has better things to do: no call for each point.
    (x0, x1, x2), (y0, y1, y2) = ((of.start, of.half, of.factor) for of in (x, y))
    for step, value in zip(curve.steps, curve.values, strict=True):
        if -_LARGEST < value < _LARGEST:
            pieces[-1].append(f"{x0 + (step / 2 - x1) * x2:.1f} {y0 + (value / 2 - y1) * y2:.1f}")
        elif pieces[-1]:
            pieces.append([])
    # A point alone is a line to itself, which round ends make a dot.
    path = "".join(f"M{piece[0]}L{' '.join(piece[1:] or piece)}" for piece in pieces if piece)
    dash = _DASHES[place // len(FALLBACKS) % len(_DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    width = "1.6" if len(curve.values) > 1 else "5"
    return (
        f'<path d="{path}" style="stroke: {colour_of(place)}" stroke-width="{width}" stroke-linecap="round"'
        f"{dashed}><title>{as_html(title)}</title></path>"
    )


def _axes(x: _Scale, y: _Scale) -> Iterator[str]:
    base = HEIGHT - _BOTTOM
    numbers = y.ticks(4)
    for value, text in zip(numbers, _labels(numbers), strict=True):
        at = f"{y.at(value):.1f}"
        yield (
            f'<path d="M{_LEFT} {at}H{WIDTH - _RIGHT}" stroke="currentColor" opacity="0.15"></path>'
            f'<text x="{_LEFT - 6}" y="{at}" dy="0.35em" text-anchor="end" fill="currentColor">{text} </text>'
        )
    steps = x.ticks(5)
    for step, text in zip(steps, _labels(steps), strict=True):
        if step != int(step):  # there is no half a step
            continue
        at = f"{x.at(step):.1f}"
        end = "end" if x.at(step) > WIDTH - _RIGHT - 12 else "middle"
        yield (
            f'<path d="M{at} {base}v4" stroke="currentColor" opacity="0.5"></path>'
            f'<text x="{at}" y="{base + 16}" text-anchor="{end}" fill="currentColor">{text} </text>'
        )
    yield f'<path d="M{_LEFT} {base}H{WIDTH - _RIGHT}" stroke="currentColor" opacity="0.5"></path>'


def _labels(ticks: Sequence[float]) -> list[str]:
    """Return ticks with as many digits as they need to differ."""
    if not ticks:
        return []
    largest = max(abs(tick) for tick in ticks)
    if largest >= 1e5 or largest < 1e-3:
        short = [format_number(tick) for tick in ticks]
        if len(set(short)) == len(short):
            return short
    gap = ticks[1] - ticks[0] if len(ticks) > 1 else largest
    digits = max(0, -math.floor(math.log10(abs(gap) or 1.0) + 1e-9))
    return [f"{tick + 0.0:.{digits}f}" for tick in ticks]
