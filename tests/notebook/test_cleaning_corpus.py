import json

import corpus
import msgspec
import pytest

from trackbook.domain.cleaned import CleanOptions
from trackbook.errors import NotebookError
from trackbook.notebook.cleaning.plan import plan_cleaning
from trackbook.notebook.cleaning.write import render_cleaned
from trackbook.notebook.read import Notebook, parse_notebook, source_of

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")

ALL = CleanOptions(drop_looks=True, propose_parameters=True)


def read(name: str) -> Notebook | None:
    data = corpus.load(name)
    try:
        notebook = parse_notebook(data, name)
    except NotebookError:
        return None
    return notebook if json.loads(data.decode("utf-8-sig"))["nbformat"] == 4 else None


NAMES = [name for name in corpus.NAMES if read(name) is not None]


@pytest.mark.parametrize("options", [CleanOptions(), ALL], ids=["default", "all"])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_lost_and_nothing_is_left_to_clean(name: str, options: CleanOptions) -> None:
    notebook = read(name)
    assert notebook is not None
    before = json.dumps(notebook)
    cleaned = plan_cleaning(notebook, options)
    assert json.dumps(notebook) == before

    kept = [source_of(cell) for cell in cleaned.notebook["cells"]]
    told = [change.source for change in cleaned.changes if change.source is not None]
    lines = {line for text in (*kept, *told) for line in text.split("\n")}
    for cell in notebook["cells"]:
        assert {line for line in source_of(cell).split("\n") if line.strip()} <= lines
    assert (
        sorted(source_of(cell) for cell in notebook["cells"] if cell["cell_type"] != "code")
        == sorted(source_of(cell) for cell in cleaned.notebook["cells"] if cell["cell_type"] != "code")
        or told
    )

    data = render_cleaned(corpus.load(name), cleaned)
    assert parse_notebook(data, name) == cleaned.notebook
    # Of a cell from which constants were taken there may be left what looks; it was more when it was judged.
    again = plan_cleaning(parse_notebook(data, name), msgspec.structs.replace(options, drop_looks=False))
    assert again.changes == []
    assert render_cleaned(data, again) == data


@pytest.mark.parametrize("name", NAMES)
def test_stripping_changes_no_source(name: str) -> None:
    notebook = read(name)
    assert notebook is not None
    cleaned = plan_cleaning(notebook, CleanOptions(steps=("strip",)))
    assert [cell.get("source") for cell in cleaned.notebook["cells"]] == [
        cell.get("source") for cell in notebook["cells"]
    ]
    assert not cleaned.changed_code
