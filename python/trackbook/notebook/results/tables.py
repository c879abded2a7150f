"""Tables in HTML, as pandas and others show them: cell by cell, numbers within the tolerance."""

from html.parser import HTMLParser

from trackbook.domain.difference import Difference, excerpt
from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results.numbers import describe_deviation, read_number, same_numbers
from trackbook.notebook.results.text import compare_text

HTML = "text/html"
_SILENT = frozenset(("style", "script", "title"))
_MOST_TOLD = 3

Rows = list[list[str]]


class Page(HTMLParser):
    """What a piece of HTML shows: its tables by rows and cells, the text beside them, and its scripts and pictures."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Rows] = []
        self.texts: list[str] = []
        self.sources: list[str] = []
        self._cell: list[str] | None = None
        self._silent = 0
        self._script = False
        self.feed(html)
        self.close()
        self._end_cell()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up a table, a row or a cell."""
        self._script = tag == "script"
        self.sources += [value for name, value in attrs if name in ("src", "srcdoc", "data") and value]
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._end_cell()
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self._end_cell()
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            self._end_cell()
            if not self.tables[-1]:
                self.tables[-1].append([])
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        """End what began."""
        self._script = False
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th", "tr", "table"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """Keep a text where it stands."""
        if self._script and data.strip():
            self.sources.append(" ".join(data.split()))
        if self._silent:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif data.strip():
            self.texts.append(" ".join(data.split()))

    def _end_cell(self) -> None:
        if self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None


def compare_html(expected: str, actual: str, tolerance: Tolerance) -> list[Difference] | None:
    """Return how the tables of two pieces of HTML differ, and the texts beside them; None if neither has a table."""
    if expected == actual:
        return []
    one, other = Page(expected), Page(actual)
    if not one.tables and not other.tables:
        return None
    if len(one.tables) != len(other.tables):
        told = (
            f"{_plural(len(one.tables), 'table')} {_was(len(one.tables))} expected, {len(other.tables)} came."
        )
        return [Difference("table", told, mime=HTML)]
    found = []
    for first, second in zip(one.tables, other.tables, strict=True):
        found += _compare_table(first, second, tolerance)
    if (
        difference := compare_text("\n".join(one.texts), "\n".join(other.texts), tolerance, HTML)
    ) is not None:
        found.append(difference)
    # Rows may stand in a script, and pictures beside a table: what is drawn of them is not known here.
    if one.sources != other.sources:
        told = "A script or a picture beside the table is another one."
        found.append(
            Difference("data", told, excerpt("\n".join(one.sources)), excerpt("\n".join(other.sources)), HTML)
        )
    return found


def _compare_table(expected: Rows, actual: Rows, tolerance: Tolerance) -> list[Difference]:
    if len(expected) != len(actual):
        told = f"A table of {_plural(len(expected), 'row')} was expected, one of {len(actual)} came."
        return [Difference("table", told, _row(expected, actual), _row(actual, expected), HTML)]
    found: list[Difference] = []
    more = 0
    header = expected[0] if expected else []
    for number, (row, other) in enumerate(zip(expected, actual, strict=True), start=1):
        if len(row) != len(other):
            came, wanted = _plural(len(other), "cell"), f"{len(row)} {_was(len(row))}"
            told = f"Row {number} of the table has {came}, {wanted} expected."
            found.append(
                Difference("table", told, excerpt(" | ".join(row)), excerpt(" | ".join(other)), HTML)
            )
            continue
        for column, (one, two) in enumerate(zip(row, other, strict=True)):
            told = _compare_cell(one, two, tolerance)
            if told and len(found) < _MOST_TOLD:
                place = _place(number, column, row, header)
                found.append(Difference("table", f"{place}: {told}", excerpt(one), excerpt(two), HTML))
            elif told:
                more += 1
    if more:
        told = f"{_plural(more, 'more cell')} of the table {_was(more)} different."
        found.append(Difference("table", told, mime=HTML))
    return found


def _compare_cell(expected: str, actual: str, tolerance: Tolerance) -> str:
    if expected == actual:
        return ""
    one, other = read_number(expected), read_number(actual)
    if one is not None and other is not None:
        same = same_numbers(expected, actual, tolerance)
        return "" if same else describe_deviation(one, other, tolerance)
    difference = compare_text(expected, actual, tolerance, HTML)
    if difference is None:
        return ""
    return difference.message if difference.kind == "number" else "another text came."


def _place(number: int, column: int, row: list[str], header: list[str]) -> str:
    name = header[column] if column < len(header) and number > 1 else ""
    label = row[0] if column > 0 and number > 1 else ""
    told = f"Row {label or number}" if number > 1 else "The table's head"
    return f"{told}, column {name or column + 1}"


def _row(rows: Rows, other: Rows) -> str:
    # The first row that the other one has not.
    extra = next((row for row in rows if row not in other), [])
    return excerpt(" | ".join(extra))


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
