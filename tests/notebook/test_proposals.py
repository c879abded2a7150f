import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.errors import NotebookError
from trackbook.notebook.accepting import accept_proposals
from trackbook.notebook.edit import NotebookText
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.proposals import propose_parameters
from trackbook.notebook.read import parse_notebook, source_of


def code(source: str, **more: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], **more}
    return cell | {"source": source.splitlines(keepends=True)}


def document(*sources: str, minor: int = 5) -> dict[str, Any]:
    cells = [code(source, **({"id": f"c{n}"} if minor >= 5 else {})) for n, source in enumerate(sources)]
    return {"cells": cells, "metadata": {"x": {"é": [1.0, 1e5]}}, "nbformat": 4, "nbformat_minor": minor}


def names(*sources: str) -> list[str]:
    return [proposal.parameter.name for proposal in propose_parameters(document(*sources))]


USE = "print({})"


def test_constants_of_the_first_cells_and_those_in_capitals() -> None:
    last = ["EPOCHS = 3\nlate = 4", "print(lr, N, EPOCHS, late)"]
    proposals = propose_parameters(document("import os\nlr = 0.1  # rate\nN = 5", *["pass"] * 5, *last))
    assert [(p.parameter.name, p.cell, p.first_line, p.last_line) for p in proposals] == [
        ("lr", 1, 2, 2),
        ("N", 1, 3, 3),
        ("EPOCHS", 7, 1, 1),
    ]
    assert proposals[0].parameter.help == "rate"


@pytest.mark.parametrize(
    "sources",
    [
        ("lr = 0.1",),  # read nowhere
        ("print(lr)", "lr = 0.1"),  # read before
        ("lr = 0.1", "lr = 0.2", "print(lr)"),
        ("lr = 0.1\nlr = 0.2\nprint(lr)",),
        ("lr = 0.1", "lr *= 2\nprint(lr)"),
        ("lr = 0.1", "for lr in [1]: print(lr)"),
        ("lr = 0.1", "def f():\n    global lr\n    lr = 2", "print(lr)"),
        ("lr = 0.1", "with a as lr: pass", "print(lr)"),
        ("lr = 0.1", "del lr", "print(lr)"),
        ("names = []", "names.append(1)\nprint(names)"),
        ("names = {}", "names['a'] = 1\nprint(names)"),
        ("lr = compute()", "print(lr)"),
        ("_lr = 0.1", "print(_lr)"),
        ("out_path = 'a'", "print(out_path)"),
        ("API_KEY = 'a'", "print(API_KEY)"),
        ("lr = None", "print(lr)"),
        ("query = '''a\nb'''", "print(query)"),
        ("a = 1; b = 2", "print(a, b)"),
        ("if True:\n    lr = 0.1", "print(lr)"),
        ("day = date(2026, 1, 1)", "print(day)"),
        ("%%time\nlr = 0.1", "print(lr)"),
    ],
)
def test_what_is_no_constant_is_not_proposed(sources: tuple[str, ...]) -> None:
    assert names(*sources) == []


def test_magics_beside_constants_do_not_hinder() -> None:
    assert names("%matplotlib inline\n!ls\nlr = 0.1", "print(lr)") == ["lr"]
    assert names("x = (", "lr = 0.1", "print(lr)") == ["lr"]


def test_a_notebook_with_a_parameters_cell_or_of_another_language_has_no_proposals() -> None:
    with_cell = document("lr = 0.1", "print(lr)")
    with_cell["cells"][1]["metadata"]["tags"] = ["parameters"]
    assert propose_parameters(with_cell) == []
    other = document("lr = 0.1", "print(lr)")
    other["metadata"]["kernelspec"] = {"language": "R"}
    assert propose_parameters(other) == []


STYLES: list[dict[str, Any]] = [
    {"indent": 1, "ensure_ascii": False},
    {"indent": 4, "ensure_ascii": True},
    {"indent": "\t", "ensure_ascii": False},
    {"indent": None},
    {"separators": (",", ":")},
]


def sources_of(data: bytes) -> list[str]:
    return [source_of(cell) for cell in parse_notebook(data, "a")["cells"]]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_cell_of_constants_gets_the_tag_and_nothing_else_changes(
    style: dict[str, Any], newline: str
) -> None:
    before = (
        json.dumps(document("import os", "# the rate\nlr = 0.1\nn = 2", "print(lr, n, 'é')"), **style) + "\n"
    )
    data = before.replace("\n", newline).encode()
    after, accepted = accept_proposals(data, "a.ipynb")
    assert [one.parameter.name for one in accepted] == ["lr", "n"]
    expected = json.loads(before)
    expected["cells"][1]["metadata"]["tags"] = ["parameters"]
    assert json.loads(after) == expected
    # What was put in is in one piece; before and behind it all is as it was.
    same = next(n for n in range(len(data)) if data[n] != after[n])
    rest = len(data) - same
    while data[-rest:] != after[-rest:]:
        rest -= 1
    assert len(data) - same - rest <= 2
    assert after == (json.dumps(expected, **style) + "\n").replace("\n", newline).encode()
    assert [p.help for p in find_parameters(parse_notebook(after, "a"))] == ["the rate", ""]


def test_constants_among_other_code_move_to_a_cell_of_their_own() -> None:
    before = document(
        "import os", "import sys\n# how far\nlr = 0.1  # rate\nprint(lr)", "N_STEPS = 3\n", "print(N_STEPS)"
    )
    data = json.dumps(before, indent=1).encode()
    after, _ = accept_proposals(data, "a.ipynb")
    assert sources_of(after) == [
        "import os",
        "# how far\nlr = 0.1  # rate\nN_STEPS = 3",
        "import sys\nprint(lr)",
        "print(N_STEPS)",
    ]
    made = json.loads(after)["cells"][1]
    assert (made["id"], made["metadata"]) == ("parameters", {"tags": ["parameters"]})
    assert b'"metadata": {\n  "x": {\n' in after


def test_only_some_of_them() -> None:
    data = json.dumps(document("a = 1\nb = 2", "print(a, b)", minor=4)).encode()
    after, accepted = accept_proposals(data, "a.ipynb", ["b"])
    assert [one.parameter.name for one in accepted] == ["b"]
    assert sources_of(after) == ["b = 2", "a = 1", "print(a, b)"]
    assert "id" not in json.loads(after)["cells"][0]
    with pytest.raises(NotebookError, match="'c' is not proposed"):
        accept_proposals(data, "a.ipynb", ["c"])


def test_a_cell_with_outputs_stays_though_it_is_empty() -> None:
    before = document("import os", "a = 1\nprint(a)", "B_SIZE = 2", "print(B_SIZE)")
    before["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"]}]
    after, _ = accept_proposals(json.dumps(before).encode(), "a")
    assert sources_of(after)[3] == ""
    assert json.loads(after)["cells"][3]["outputs"]


def test_nothing_to_accept_is_said() -> None:
    with pytest.raises(NotebookError, match="no constants"):
        accept_proposals(json.dumps(document("print(1)")).encode(), "a.ipynb")


@given(
    st.lists(
        st.sampled_from(["A = 1", "B = 'é'", "b = 2", "print(A, B)", "x = 3\nprint(x, b)", "%time 1"]),
        min_size=1,
    )
)
def test_the_code_is_the_same_after_it(sources: list[str]) -> None:
    data = json.dumps(document(*sources), ensure_ascii=False, indent=1).encode()
    try:
        after, accepted = accept_proposals(data, "a.ipynb")
    except NotebookError:
        return
    lines = sorted(line for source in sources for line in source.split("\n"))
    assert sorted(line for source in sources_of(after) for line in source.split("\n") if line) == lines
    found = [p.name for p in find_parameters(parse_notebook(after, "a"))]
    assert set(found) == {one.parameter.name for one in accepted}


def test_text_that_is_no_notebook_is_refused() -> None:
    for data in (b"{", b"[]", b'{"cells": 5}', b"\xff", b'{"cells": [], "nbformat": 3}'):
        with pytest.raises(NotebookError):
            NotebookText(data, Path("a.ipynb"))


def test_a_constant_stays_below_the_import_that_its_annotation_needs() -> None:
    sources = ["from typing import Final\nRATE: Final = 0.1\nN = 5\nprint(N)", "print(RATE)"]
    data = json.dumps(document(*sources)).encode()
    changed, accepted = accept_proposals(data, "x.ipynb")
    assert [one.parameter.name for one in accepted] == ["N"]
    exec("\n".join(source_of(cell) for cell in json.loads(changed)["cells"]), {})
    with pytest.raises(
        NotebookError, match="'RATE' can't move to the parameters: its annotation needs Final"
    ):
        accept_proposals(data, "x.ipynb", ["RATE"])
    tagged = json.dumps(document("from typing import Final\nRATE: Final = 0.1", "print(RATE)")).encode()
    assert [one.parameter.name for one in accept_proposals(tagged, "x.ipynb")[1]] == ["RATE"]
