from html.parser import HTMLParser

from trackbook.views.grid import Cell, Column, Grid
from trackbook.views.markup import in_page

HOSTILE = "</td><script>alert(1)</script>\"' onmouseover='x' \u202eabc\x1b[31m\x00"


class Tags(HTMLParser):
    """The elements and attributes of some HTML, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attributes}

    def handle_data(self, data: str) -> None:
        self.text += data


def grid() -> Grid:
    columns = [Column("#", True), Column("Name", rank=2), Column("acc", True, 1)]
    rows = [
        [Cell("1"), Cell("läng日本"), Cell("0.5")],
        "Group",
        [Cell("22"), Cell("b"), Cell("★ 0.25", mark="best")],
    ]
    return Grid(columns, rows, ["2 runs"])


def test_text_is_aligned_also_where_characters_are_wide() -> None:
    assert grid().to_text() == (
        " #  Name         acc\n 1  läng日本     0.5\nGroup\n22  b         ★ 0.25\n2 runs"
    )


def test_columns_that_do_not_fit_are_named() -> None:
    lines = grid().to_text(14).splitlines()
    assert lines[0] == " #     acc"
    assert lines[-1] == "No room for Name."
    assert grid().to_text(1).splitlines()[0] == " #"


def test_html_without_its_styles_is_still_aligned_and_marked() -> None:
    page = grid().to_html()
    assert '<th align="right"' in page
    assert '<td align="left"' in page
    assert "<b>★ 0.25</b>" in page
    assert '<th colspan="3" scope="rowgroup" align="left"' in page


def test_hostile_text_is_shown_and_nothing_else() -> None:
    hostile = Grid([Column(HOSTILE, full=HOSTILE)], [[Cell(HOSTILE, HOSTILE)], HOSTILE], [HOSTILE])
    seen = Tags(in_page(hostile.to_html()))
    assert set(seen.tags) == {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert seen.names == {"class", "style", "align", "title", "colspan", "scope"}
    assert seen.text.count("<script>alert(1)</script>") == 4
    for text in (seen.text, hostile.to_text()):
        assert not set(text) & {"\u202e", "\x1b", "\x00"}


def test_an_empty_table_is_its_notes() -> None:
    empty = Grid([Column("#")], [], ["There are no such runs."])
    assert empty.to_text() == "There are no such runs."
    assert "<table" not in empty.to_html()
