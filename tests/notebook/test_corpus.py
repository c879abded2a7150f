import json

import corpus
import pytest
from nbformat.validator import iter_validate

from trackbook.errors import NotebookError
from trackbook.notebook.read import parse_notebook


def test_is_large_and_varied() -> None:
    assert len(corpus.NAMES) >= 60
    assert len(corpus.RUNNABLE) >= 40
    assert max(len(corpus.load(name)) for name in corpus.NAMES) > 5_000_000


@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_is_built_the_same_every_time(name: str) -> None:
    assert corpus.SAMPLES[name].build() == corpus.load(name)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_says_of_each_whether_it_is_valid(name: str) -> None:
    document = json.loads(corpus.load(name).decode("utf-8-sig"))
    faults = [fault.message for fault in iter_validate(document)]
    ids = [cell["id"] for cell in document.get("cells", []) if "id" in cell]
    assert (not faults and len(set(map(str, ids))) == len(ids)) == corpus.SAMPLES[name].valid, faults


@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_can_be_read(name: str) -> None:
    try:
        document = parse_notebook(corpus.load(name), name)
    except NotebookError:
        assert not corpus.SAMPLES[name].valid
    else:
        assert isinstance(document["cells"], list)
