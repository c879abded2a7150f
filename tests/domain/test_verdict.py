"""What is found about the order in which cells ran."""

from datetime import UTC, datetime, timedelta

import pytest

from trackbook.domain.verdict import Document, PresentCell, Ran, Verdict, describe_verdict, judge
from trackbook.notebook.dataflow import names_in_source

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
CELLS = {"a": "lr = 0.1", "b": "model = lr * 2", "c": "acc = model + 1", "d": "acc"}


def ran(*steps: str | tuple[str, str], attempt: int = 1, first: int = 1) -> list[Ran]:
    """Executions of cells by id, each with the source of CELLS or another one."""
    found = []
    for order, step in enumerate(steps, first):
        cell_id, source = (step, CELLS[step]) if isinstance(step, str) else step
        names = names_in_source(source)
        at = BEGIN + timedelta(seconds=order)
        found.append(Ran(cell_id or None, order, source, names.reads, names.writes, at, attempt))
    return found


def document(**cells: str | None) -> Document:
    sources = {**CELLS, **cells}
    return Document(
        [
            PresentCell(cell_id, source, None, names_in_source(source).writes)
            for cell_id, source in sources.items()
            if source is not None
        ]
    )


def findings(verdict: Verdict) -> list[tuple[str | None, str, list[str]]]:
    return [
        (cell.cell_id, finding.code, finding.names) for cell in verdict.cells for finding in cell.findings
    ]


def test_from_top_to_bottom_is_clean() -> None:
    verdict = judge(ran("a", "b", "c", "d"), document())
    assert verdict == Verdict(True, [], "end")
    assert describe_verdict(verdict) == "each ran once, in order"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("bacd", [("a", "out_of_order", ["lr"])]),
        ("abdc", [("c", "out_of_order", ["acc"])]),
        ("dabc", [("d", "out_of_order", ["acc"])]),
        ("abcdb", [("b", "out_of_order", ["model"]), ("b", "repeated", [])]),
        ("abcdabcd", [(name, "repeated", []) for name in "abcd"]),
        ("abd", [("c", "never_run", [])]),
        ("ab", []),
        ("cd", []),
        ("", []),
    ],
)
def test_orders(steps: str, expected: list[tuple[str, str, list[str]]]) -> None:
    verdict = judge(ran(*steps), document())
    assert sorted(findings(verdict)) == sorted(expected)
    assert verdict.clean == (not expected)


def test_messages_say_what_passes_between() -> None:
    (cell,) = judge(ran("a", "c", "b", "d"), document()).cells
    assert cell.findings[0].message == "It ran after cells below it, with `model` between them."
    (cell,) = judge(ran("d", "a", "b", "c"), document()).cells
    assert cell.findings[0].message == "It ran before cells above it, with `acc` between them."


def test_edited_since_it_ran() -> None:
    steps = ran(("a", "lr = 0.2"), "b", "c", "d")
    assert findings(judge(steps, document())) == [("a", "edited", [])]
    assert judge(ran(("a", "lr = 0.1  \n\n"), "b", "c", "d"), document()).clean
    # What the file has not been told yet is no edit.
    assert judge(steps, document()._replace(saved=BEGIN)).clean
    assert not judge(steps, document()._replace(saved=BEGIN + timedelta(seconds=2))).clean


def test_deleted_but_still_used() -> None:
    verdict = judge(ran("a", "b", "c", "d"), document(a=None))
    assert findings(verdict) == [("a", "deleted_but_used", ["lr"])]
    assert (
        verdict.cells[0].findings[0].message == "It is no more in the notebook, and cells that are use `lr`."
    )
    # Its names come from elsewhere, are read by nobody, or may come from elsewhere.
    assert judge(ran("a", "b", "c", "d"), document(a=None, e="lr = 0.1")).clean
    assert judge(ran("a", "b", "c", "d"), document(d=None)).clean
    assert judge(ran("a", "b", "c", "d"), document(a=None, e="from settings import *")).clean


def test_a_restart_begins_anew() -> None:
    steps = [*ran("a", "b", "d"), *ran("a", "b", "c", "d", attempt=2, first=4)]
    assert judge(steps, document()).clean
    again = [*ran("a", "b", "b"), *ran("a", "b", "c", "d", attempt=2, first=4)]
    assert findings(judge(again, document())) == [("b", "repeated", [])]


def test_cells_without_ids_are_known_by_their_text() -> None:
    anonymous = [("", CELLS[name]) for name in "bacd"]
    assert [code for _, code, _ in findings(judge(ran(*anonymous), document()))] == ["out_of_order"]
    without = Document([cell._replace(cell_id=None) for cell in document().cells])
    assert [code for _, code, _ in findings(judge(ran(*"abdc"), without))] == ["out_of_order"]


def test_what_stays_out() -> None:
    # Cells without names; cells below the last one that ran; cells that ran before the run was opened.
    steps = ran("a", ("s", "%track status"), ("s", "%track status"), "b")
    present = document().cells
    assert judge(steps, Document([PresentCell("s", "%track status", 1), *present])).clean
    assert judge(ran("a", "c"), Document([present[0], present[1]._replace(executed=1), *present[2:]])).clean
    assert judge(ran("a", "c"), document()._replace(saved=BEGIN)).clean
    assert judge(ran("a", "b"), Document([PresentCell("n", "# a comment", None), *present])).clean


def test_without_a_document() -> None:
    verdict = judge(ran("b", "a", "a"), None)
    assert findings(verdict) == [("a", "repeated", [])]
    assert verdict.document is None
    assert describe_verdict(verdict) == "1 run more than once"
    assert describe_verdict(judge(ran("a"), None)) == "each ran once"


@pytest.mark.parametrize(
    ("stored", "present", "same"),
    [
        ("password = '•••'", "password = 'tigertiger'", True),
        ("password = '•••'\nf('tigertiger')", "password = '•••'\nf('•••')", True),
        ("f('a', '•••', k='•••')", "f('a', 'tig\\'er', k='x')", True),
        ("key = '•••'", "key = '-----BEGIN PRIVATE KEY-----\nab\n-----END PRIVATE KEY-----'", True),
        ("password = '•••'", "password = 'x'; print('y')", False),
        ("password = '•••'\nlr = 1", "password = 'tigertiger'\nlr = 2", False),
        ("password = '•••'", "password = 'tigertiger'\nlr = 2", False),
        ("password = '•••'", "token = 'tigertiger'", False),
    ],
)
def test_a_masked_secret_is_no_edit(stored: str, present: str, same: bool) -> None:
    ran_once = Ran("a", 1, stored, [], ["a"], datetime.now(UTC))
    verdict = judge([ran_once], Document([PresentCell("a", present, 1, ["a"])]))
    assert verdict.clean is same
