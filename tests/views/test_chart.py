import math
import re
from xml.etree import ElementTree

import pytest

from trackbook.views.chart import FALLBACKS, HEIGHT, WIDTH, Curve, chart_svg

NAN, INFINITY = math.nan, math.inf


def drawn(svg: str) -> list[list[tuple[float, float]]]:
    """The points of each piece of each curve; raises for what is no XML."""
    pieces = []
    for path in ElementTree.fromstring(svg).iter("path"):
        if path.find("title") is not None:
            for piece in path.attrib["d"].split("M")[1:]:
                numbers = [float(number) for number in re.findall(r"-?[\d.]+", piece)]
                pieces.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return pieces


def labels(svg: str) -> list[str]:
    return [(text.text or "").strip() for text in ElementTree.fromstring(svg).iter("text")]


def test_a_rising_curve_rises() -> None:
    svg = chart_svg("acc", [Curve("first", range(100), [step / 100 for step in range(100)])])
    (piece,) = drawn(svg)
    assert len(piece) == 100
    assert piece == sorted(piece)
    assert [y for _, y in piece] == sorted((y for _, y in piece), reverse=True)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in piece)
    assert {"0.0", "0.5", "1.0"} <= set(labels(svg)) or {"0.0", "0.2", "0.4"} <= set(labels(svg))


def test_what_is_no_number_leaves_a_gap() -> None:
    svg = chart_svg("loss", [Curve("", range(6), [1, 2, NAN, 3, INFINITY, 4])])
    assert [len(set(piece)) for piece in drawn(svg)] == [2, 1, 1]


def test_nothing_finite_is_no_chart() -> None:
    assert chart_svg("loss", [Curve("", [0, 1], [NAN, -INFINITY]), Curve("", [], [])]) == ""


@pytest.mark.parametrize(
    "values",
    [
        [0.0],
        [5.0, 5.0],
        [-1e299, 1e299],
        [1e-320, 2e-320],
        [1.0, 1.0 + 2e-16],
        [1e15, 1e15 + 1],
        [0.0, 5e-324],
        [-1e-7, 1e-7],
        [1.7e308, 1.0, 2.0],
    ],
)
def test_any_numbers_can_be_drawn(values: list[float]) -> None:
    svg = chart_svg("loss", [Curve("", range(len(values)), values)])
    for piece in drawn(svg):
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in piece)
    assert len(labels(svg)) <= 20


def test_steps_far_from_zero_are_labelled_apart() -> None:
    svg = chart_svg("loss", [Curve("", [1_000_000, 1_000_004], [1.0, 2.0])])
    steps = [text for text in labels(svg) if text.startswith("1000")]
    assert len(steps) == len(set(steps)) >= 3


def test_names_are_text_and_nothing_else() -> None:
    svg = chart_svg('"><script>', [Curve("</title><script>alert(1)</script>", [0, 1], [0, 1])])
    assert "<script" not in svg
    assert ElementTree.fromstring(svg).attrib["aria-label"] == '"><script>'


def test_more_curves_than_colours_differ_by_their_dashes() -> None:
    svg = chart_svg("loss", [Curve(str(n), [0, 1], [n, n + 1]) for n in range(len(FALLBACKS) + 1)])
    paths = [
        path.attrib for path in ElementTree.fromstring(svg).iter("path") if path.find("title") is not None
    ]
    looks = {(path["style"], path.get("stroke-dasharray")) for path in paths}
    assert len(looks) == len(FALLBACKS) + 1


def test_colours_are_the_page_s_own_or_seen_on_light_and_on_dark() -> None:
    svg = chart_svg("loss", [Curve(str(n), [0, 1], [n, n + 1]) for n in range(len(FALLBACKS))])
    assert (
        set(re.findall(r"#[0-9a-f]{3,8}", re.sub(r"var\(--trackbook-run-\d, #[0-9a-f]{6}\)", "", svg)))
        == set()
    )
    for colour in FALLBACKS:
        assert contrast(colour, "#ffffff") >= 3, colour
        assert contrast(colour, "#111111") >= 3, colour


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG has it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
