"""An executed notebook's file: byte for byte as nbformat writes it."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode, from_dict, v4
from nbformat.v4 import nbjson

from trackbook.jobs.notebookfile import lay_out, write_notebook


def _notebook() -> NotebookNode:
    outputs = [
        v4.new_output("stream", name="stdout", text="one\ntwo\r\nthree\u2028four"),
        v4.new_output(
            "display_data",
            data={
                "text/html": "<b>\nä</b>",
                "image/png": "aGFsbG8=\n",
                "image/svg+xml": "<svg>\n</svg>",
                "application/json": {"b": [1, 2.5e-300, None, True], "a": {}, "": []},
                "application/javascript": "a;\nb;",
            },
            metadata={"z": 1, "a": {"x": "\x00\x1b\x7f\u00e9\U0001f600"}},
        ),
        v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=3),
        v4.new_output("error", ename="E", evalue="x\ny", traceback=["a\nb", "c"]),
    ]
    cells = [
        v4.new_markdown_cell("# Title\n\ntext", id="m", attachments={"a.txt": {"text/plain": "a\nb"}}),
        v4.new_code_cell("a = 1\nb = 2\n", id="c", outputs=outputs, execution_count=3),
        v4.new_code_cell("", id="e", metadata={"trusted": True, "tags": ["x"]}),
        v4.new_raw_cell("raw", id="r"),
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "P"},
        "orig_nbformat": 3,
        "signature": "s",
        "big": 2**70,
    }
    return v4.new_notebook(cells=cells, metadata=metadata)


def test_it_is_laid_out_as_by_nbformat() -> None:
    notebook = _notebook()
    before = json.dumps(notebook)
    assert lay_out(notebook).decode() == nbjson.writes(notebook) + "\n"
    assert json.dumps(notebook) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_no_json_stay(value: float) -> None:
    notebook = _notebook()
    notebook.cells[1].outputs[1].data["application/json"] = {"value": value, "é": 1}
    assert lay_out(notebook).decode() == nbjson.writes(notebook) + "\n"


def test_what_utf8_lacks_becomes_an_escape(tmp_path: Path) -> None:
    notebook = _notebook()
    notebook.cells[1].outputs[0].text = "before \udc80 after"
    write_notebook(notebook, tmp_path / "n.ipynb")
    assert nbformat.read(tmp_path / "n.ipynb", 4).cells[1].outputs[0].text == "before \udc80 after"


def test_bytes_are_written_as_their_text() -> None:
    notebook = _notebook()
    notebook.cells[1].outputs[1].data["image/png"] = b"aGFsbG8="
    assert lay_out(notebook).decode() == nbjson.writes(notebook) + "\n"


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    write_notebook(_notebook(), path)
    written = path.read_bytes()
    broken: Any = from_dict(_notebook())
    broken.cells[1].outputs[1].data["application/json"] = {"object": object()}
    with pytest.raises(TypeError):
        write_notebook(broken, path)
    assert path.read_bytes() == written
    assert [file.name for file in tmp_path.iterdir()] == ["n.ipynb"]
