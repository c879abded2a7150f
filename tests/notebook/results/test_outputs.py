import base64
import io
import json
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from matplotlib.figure import Figure

from trackbook.domain.cell import NOTE
from trackbook.domain.difference import Difference
from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results import compare_metrics, compare_outputs

TIGHT = Tolerance()


def stream(text: str | list[str], name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def of(mime: str, content: Any, plain: str | None = None) -> dict[str, Any]:
    data = {mime: content} | ({"text/plain": plain} if plain is not None else {})
    return {"output_type": "display_data", "data": data, "metadata": {}}


def result(value: Any, count: int = 1) -> dict[str, Any]:
    data = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = value._repr_html_()
    return {"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}}


def picture(draw: Callable[[Any], object], form: str = "png", **options: Any) -> dict[str, Any]:
    with mpl.rc_context({"font.size": options.pop("font", 10)}):
        figure = Figure(figsize=options.pop("size", (5, 4)))
        draw(figure.subplots())
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, **options)
    if form == "svg":
        return of("image/svg+xml", buffer.getvalue().decode(), "<Figure size 500x400 with 1 Axes>")
    mime = {"png": "image/png", "jpg": "image/jpeg"}[form]
    return of(mime, base64.b64encode(buffer.getvalue()).decode(), "<Figure size 500x400 with 1 Axes>")


def compare(one: Any, other: Any, tolerance: Tolerance = TIGHT) -> list[Difference]:
    ones, others = (value if isinstance(value, list) else [value] for value in (one, other))
    return compare_outputs(ones, others, tolerance)


def line(slope: float = 1.0) -> Callable[[Any], object]:
    def draw(axes: Any) -> None:
        axes.plot(np.linspace(0, 10, 50), np.sin(np.linspace(0, 10, 50) * slope))
        axes.set_title("A curve")

    return draw


def bars(last: float) -> Callable[[Any], object]:
    return lambda axes: axes.bar(["a", "b", "c"], [3, 2, last])


def heat(seed: int) -> Callable[[Any], object]:
    return lambda axes: axes.imshow(np.random.default_rng(seed).random((20, 20)))


@pytest.mark.parametrize("form", ["png", "jpg", "svg"])
@pytest.mark.parametrize("draw", [line(), bars(1), heat(1)])
def test_the_same_figure_is_the_same(draw: Callable[[Any], object], form: str) -> None:
    assert compare(picture(draw, form), picture(draw, form)) == []


@pytest.mark.parametrize("form", ["png", "jpg", "svg"])
@pytest.mark.parametrize(
    ("one", "other"), [(line(), line(1.2)), (bars(1), bars(1.3)), (heat(1), heat(2)), (line(), bars(1))]
)
def test_a_figure_of_other_data_is_another(
    one: Callable[[Any], object], other: Callable[[Any], object], form: str
) -> None:
    (found,) = compare(picture(one, form), picture(other, form))
    assert found.kind == "image"
    assert found.output == 1


def test_how_a_figure_is_smoothed_does_not_matter_but_its_font_does() -> None:
    same = picture(line())
    assert compare(same, picture(line(), pil_kwargs={"compress_level": 1})) == []
    (found,) = compare(same, picture(line(), font=13))
    assert "looks different" in found.message
    assert compare(same, picture(line(), font=13), Tolerance(image=0.9)) == []


def test_jpeg_noise_does_not_matter() -> None:
    one = picture(line(), "jpg", pil_kwargs={"quality": 95})
    assert compare(one, picture(line(), "jpg", pil_kwargs={"quality": 75})) == []


def test_the_size_of_a_picture_matters() -> None:
    (found,) = compare(picture(line()), picture(line(), size=(5, 5)))
    assert found.message == "A picture of 500 × 400 pixels was expected, one of 500 × 500 came."


def test_a_picture_that_cannot_be_read_is_told() -> None:
    whole = picture(line())
    (found,) = compare(whole, of("image/png", "AAAA"))
    assert found.message == "The picture that came can't be read."
    assert compare(of("image/png", "AAAA"), of("image/png", "AAAA\n")) == []


def test_text_in_place_of_a_picture_is_told() -> None:
    plain = of("text/plain", "<Figure size 500x400 with 1 Axes>")
    (found,) = compare(picture(line()), plain)
    assert (found.kind, found.message) == ("data", "image/png was expected, text/plain came.")
    assert compare(plain, picture(line()))[0].kind == "data"


FRAME = pd.DataFrame({"model": ["a", "b"], "score": [0.5, 0.25]})


def test_tables_are_compared_cell_by_cell() -> None:
    near, far = FRAME.copy(), FRAME.copy()
    near.loc[1, "score"] += 1e-7
    far.loc[1, "score"] = 0.3
    assert compare(result(FRAME), result(near, count=7)) == []
    (found,) = compare(result(FRAME), result(far))
    assert found.kind == "table"
    assert found.message.startswith("Row 1, column score: 0.25 was expected, 0.3 came: 20 % off")
    assert (found.expected, found.actual) == ("0.25", "0.3")


def test_a_table_of_another_shape_is_told_with_the_row() -> None:
    found = compare(result(FRAME), result(pd.concat([FRAME, FRAME.tail(1) * 2], ignore_index=True)))
    assert found[0].message == "A table of 3 rows was expected, one of 4 came."
    assert found[0].actual == "2 | bb | 0.50"
    (found_one,) = compare(result(FRAME), result(FRAME.rename(columns={"score": "points"})))
    assert found_one.message == "The table's head, column 3: another text came."


def test_many_different_cells_are_counted() -> None:
    frame = pd.DataFrame(np.arange(20).reshape(4, 5))
    found = compare(result(frame), result(frame + 1))
    assert [difference.kind for difference in found] == ["table"] * 4
    assert found[-1].message == "17 more cells of the table were different."


@pytest.mark.parametrize(
    "beside",
    ["<script>rows = [{}]</script>", "<img src='data:image/png;base64,{}'>", "<iframe srcdoc='{}'></iframe>"],
)
def test_what_stands_beside_a_table_is_no_more_than_a_table(beside: str) -> None:
    one, other = (
        of("text/html", f"<table><tr><td>1</td></tr></table>{beside.format(text)}") for text in "ab"
    )
    assert compare(one, one) == []
    assert [difference.kind for difference in compare(one, other)] == ["data"]


def test_styled_tables_and_estimators_carry_other_names_each_time() -> None:
    styles = [of("text/html", FRAME.style.highlight_max(subset="score").to_html()) for _ in range(2)]
    assert styles[0] != styles[1]
    assert compare(*styles) == []
    html = '<div id="sk-container-id-{}" class="a"><pre>LinearRegression()</pre></div>'
    assert compare(of("text/html", html.format(1)), of("text/html", html.format(7))) == []
    assert compare(of("text/html", html.format(1)), of("text/html", "<pre>Ridge()</pre>")) != []


def test_tables_as_text() -> None:
    one = of("text/plain", repr(FRAME))
    assert compare(one, of("text/plain", repr(FRAME.assign(score=[0.5, 0.2500001])))) == []
    assert compare(one, of("text/plain", repr(FRAME.assign(score=[0.5, 0.26]))))[0].kind == "number"


def figure_output(values: list[float], title: str = "t") -> dict[str, Any]:
    figure = go.Figure(go.Scatter(x=np.arange(3), y=np.array(values)), {"title": title})
    html = f"<div id='{np.random.default_rng().random()}'></div>"
    data = {"application/vnd.plotly.v1+json": json.loads(figure.to_json()), "text/html": html}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def test_figures_of_plotly_are_compared_by_data() -> None:
    one = figure_output([1.0, 2.0, 3.0])
    assert compare(one, figure_output([1.0, 2.0, 3.0000001])) == []
    (found,) = compare(one, figure_output([1.0, 2.5, 3.0]))
    assert found.message.startswith("data[0].y[1]: 2.0 was expected, 2.5 came")
    (found,) = compare(one, figure_output([1.0, 2.0, 3.0], title="other"))
    assert found.message.startswith("layout.title.text")


def test_a_figure_that_is_gone_is_missed_beside_the_same_text() -> None:
    one = figure_output([1.0])
    one["data"] |= {"text/plain": "Figure"}
    (found,) = compare(one, of("text/plain", "Figure"))
    assert found.message == "application/vnd.plotly.v1+json was expected, text/plain came."


def test_json_is_compared_by_structure() -> None:
    mime = "application/json"
    assert compare(of(mime, {"a": [1, 2.0], "b": None}), of(mime, {"b": None, "a": [1, 2.0000001]})) == []
    found = compare(of(mime, {"a": [1], "b": True}), of(mime, {"a": [1, 2], "b": 1, "c": 0}))
    assert [difference.message for difference in found] == [
        "a: a list of 1 was expected, one of 2 came.",
        "b: another value came.",
        "c: it was not there before.",
    ]


def test_a_stream_is_one_text_however_it_was_interrupted() -> None:
    one = [stream("a\n"), stream("w\n", "stderr"), stream(["b", "\n"])]
    assert compare(one, [stream("a\nb\n"), stream("w\n", "stderr")]) == []
    (found,) = compare(one, stream("a\nb\n"))
    assert (found.kind, found.message, found.expected) == ("missing", "Nothing came on stderr.", "w")
    (found,) = compare(stream("a\n"), one[:2])
    assert (found.kind, found.actual) == ("extra", "w")


def test_outputs_too_many_and_too_few() -> None:
    one = [result(1), result(2)]
    (found,) = compare(one, one[:1])
    assert (found.kind, found.expected, found.output) == ("missing", "2", 2)
    (found,) = compare(one[:1], one)
    assert (found.kind, found.actual, found.output) == ("extra", "2", 2)


def error(name: str, text: str) -> dict[str, Any]:
    return {
        "output_type": "error",
        "ename": name,
        "evalue": text,
        "traceback": [str(np.random.default_rng().random())],
    }


def test_errors_are_compared_by_name_and_message() -> None:
    one = error("KeyError", "<a at 0x7f01>")
    assert compare(one, error("KeyError", "<a at 0x7f02>")) == []
    assert (
        compare(one, error("ValueError", "x"))[0].message == "KeyError was expected, ValueError was raised."
    )
    assert compare(one, error("KeyError", "x"))[0].message == "KeyError was raised with another message."
    assert compare(one, [])[0].message == "KeyError was expected, nothing was raised."
    assert compare([], one)[0].message == "KeyError was raised."


def test_widgets_and_what_trackbook_says_do_not_count() -> None:
    said = [of("text/plain", "churn · 42 started") | {"metadata": NOTE}]
    assert compare(said, []) == []
    assert compare([one | {"metadata": {}} for one in said], []) != []
    widgets = [
        of("application/vnd.jupyter.widget-view+json", {"model_id": model}, "IntSlider(value=0)")
        for model in "ab"
    ]
    assert compare(*widgets) == []
    assert compare(widgets, [])[0].kind == "missing"


def test_metrics() -> None:
    nan = float("nan")
    assert compare_metrics({"a": 0.5, "n": nan}, {"n": nan, "a": 0.5000001}, TIGHT) == []
    found = compare_metrics({"a": 0.5, "b": 0.0, "gone": 1.0}, {"a": 0.4, "b": 0.1, "new": 2.0}, TIGHT)
    assert [(difference.kind, difference.message) for difference in found] == [
        ("number", "The metric a: 0.5 was expected, 0.4 came: 20 % off, allowed is 0.001 % or 1e-08."),
        ("number", "The metric b: 0.0 was expected, 0.1 came: 0.1 off, allowed is 0.001 % or 1e-08."),
        ("missing", "The metric gone was not logged."),
        ("extra", "The metric new was not logged before."),
    ]
