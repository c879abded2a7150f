import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from trackbook.errors import NotebookError, ParameterError
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.read import kernel_of, parse_notebook, read_notebook, source_of

FILES = sorted((Path(__file__).parent / "files").glob("*.ipynb"))


def code(
    source: str, identity: str | None = None, tags: list[str] | None = None, **fields: Any
) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "execution_count": 4,
        "metadata": {"tags": tags or []},
        "outputs": [],
        "source": source,
    }
    return cell | ({"id": identity} if identity else {}) | fields


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cleaning_takes_outputs_and_counts_and_nothing_else(path: Path) -> None:
    original = read_notebook(path)
    before = copy.deepcopy(original)
    cleaned = clean_notebook(original)
    assert original == before
    for cell, source in zip(cleaned["cells"], original["cells"], strict=True):
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        for key in source.keys() - {"outputs", "execution_count"}:
            assert cell[key] == source[key]
    assert {k: v for k, v in cleaned["metadata"].items() if k != "widgets"} == {
        k: v for k, v in original["metadata"].items() if k != "widgets"
    }
    assert "widget-state" not in json.dumps(cleaned["metadata"])
    nbformat.validate(nbformat.from_dict(cleaned))


def test_cleaning_again_changes_nothing() -> None:
    old = notebook(code("a"), code("b", "cell-1"), code("c")) | {"nbformat_minor": 2}
    cleaned = clean_notebook(old)
    assert [cell["id"] for cell in cleaned["cells"]] == ["cell-1-", "cell-1", "cell-3"]
    assert cleaned["nbformat_minor"] == 5
    assert clean_notebook(cleaned) == cleaned
    assert clean_notebook(old) == cleaned


def test_parameters_are_injected_behind_their_cell() -> None:
    original = notebook(code("1", "a"), code("x = 1", "b", ["parameters"]), code("x", "c"))
    injected = inject_parameters(original, {"x": "a'b\n", "y": 2.0})
    assert [cell["id"] for cell in injected["cells"]] == ["a", "b", "injected-parameters", "c"]
    cell = injected["cells"][2]
    assert cell["source"] == '# Parameters\nx = "a\'b\\n"\ny = 2.0'
    assert cell["metadata"]["tags"] == ["injected-parameters"]
    assert len(original["cells"]) == 3
    nbformat.validate(nbformat.from_dict(injected))


def test_injecting_again_replaces() -> None:
    once = inject_parameters(notebook(code("x = 1", "b", ["parameters"])), {"x": 2})
    again = inject_parameters(once, {"x": 3})
    assert [source_of(cell) for cell in again["cells"]] == ["x = 1", "# Parameters\nx = 3"]
    without = notebook(code("0", "z"), code("x = 2", "b", ["injected-parameters"]), code("x", "c"))
    assert [source_of(cell) for cell in inject_parameters(without, {"x": 3})["cells"]] == [
        "0",
        "# Parameters\nx = 3",
        "x",
    ]
    assert [source_of(cell) for cell in inject_parameters(without, {})["cells"]] == ["0", "x"]


def test_without_a_parameters_cell_they_come_first() -> None:
    assert (
        source_of(inject_parameters(notebook(code("x", "c")), {"x": 3})["cells"][0]) == "# Parameters\nx = 3"
    )


def test_a_name_that_is_code_is_refused() -> None:
    with pytest.raises(ParameterError):
        inject_parameters(notebook(), {"x; import os": 3})


def test_languages_that_nobody_knows_take_no_parameters() -> None:
    foreign = notebook(code("x", "c"), kernelspec={"name": "apl", "language": "APL"})
    assert inject_parameters(foreign, {}) == foreign
    with pytest.raises(NotebookError, match="apl"):
        inject_parameters(foreign, {"x": 1})


def test_reading_names_the_file_and_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    with pytest.raises(NotebookError, match=r"a\.ipynb: there is no such file"):
        read_notebook(path)
    with pytest.raises(NotebookError, match="it can't be read"):
        read_notebook(tmp_path)
    for data, reason in [
        (b"\xff\xfe", "not JSON"),
        (b"import os", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "without `nbformat`"),
        (b"{}", "without `nbformat`"),
        (b'{"nbformat": 5}', "up to 4"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [1]}', "cell 1 has no type"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "raw", "source": 5}]}', "no text"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "raw", "source": "", "metadata": 1}]}', "metadata"),
        (b'{"nbformat": 2, "worksheets": 7}', "can't be upgraded"),
    ]:
        with pytest.raises(NotebookError, match=reason):
            parse_notebook(data, path)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert parse_notebook(b'\xef\xbb\xbf{"nbformat": 4, "cells": []}', "a")["cells"] == []


def test_an_old_notebook_is_upgraded() -> None:
    old = nbformat.v3.new_notebook(
        worksheets=[
            nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="x = 1", prompt_number=2)])
        ]
    )
    read = parse_notebook(json.dumps(old).encode(), "old.ipynb")
    assert read["nbformat"] == 4
    assert [source_of(cell) for cell in read["cells"]] == ["x = 1"]


def test_the_kernel_is_named_by_the_notebook() -> None:
    assert kernel_of(notebook(kernelspec={"name": "python3"})) == "python3"
    assert kernel_of(notebook()) is None
