"""`--fix`: what is safe is mended, all else stays byte for byte."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import corpus
import pytest

from trackbook.domain.lint import LintReport
from trackbook.errors import NotebookError
from trackbook.notebook.read import parse_notebook, source_of
from trackbook.services.lint.fixing import fix_file, write_fixed
from trackbook.services.linting import Linting, LintOptions

STRIPPING = Linting(None, LintOptions(outputs=True))


def sources(data: bytes) -> list[str]:
    return [source_of(cell) for cell in json.loads(data.decode("utf-8-sig"))["cells"]]


def code(*lines: str, **fields: Any) -> dict[str, Any]:
    base = {"cell_type": "code", "execution_count": None, "id": "c0", "metadata": {}, "outputs": []}
    return {**base, "source": list(lines), **fields}


def file(*cells: dict[str, Any], **fields: Any) -> bytes:
    document = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def test_unused_imports_go_and_nothing_else(tmp_path: Path) -> None:
    data = corpus.load("unused_imports")
    fixed = fix_file(data, tmp_path / "x.ipynb", Linting())
    assert sources(fixed.content) == [
        "import json\nfrom math import sin",
        "import seaborn as sns  # noqa: F401\nimport antigravity_not # noqa",
        "print(json.dumps(sin(1)))",
        "%%time\nimport gzip\ngzip.compress(b'')",
    ]
    assert [one.code for one in fixed.made] == ["F401"] * 5
    assert [one for one in fixed.report.diagnostics if one.fixable] == []
    kept = [line for line in data.split(b"\n") if b"import" not in line]
    assert [line for line in fixed.content.split(b"\n") if b"import" not in line] == kept


@pytest.mark.parametrize(
    "user",
    ["%timeit np.zeros(3)", "%run -i helper.py", "eval('np.zeros(3)')", "globals()['np']", "np.zeros(3"],
)
def test_imports_that_may_be_used_out_of_sight_stay(tmp_path: Path, user: str) -> None:
    data = file(code("import numpy as np"), code(user, id="c1"))
    assert fix_file(data, tmp_path / "x.ipynb", Linting()).content == data


def test_imports_that_are_there_for_their_effect_stay(tmp_path: Path) -> None:
    effects = "import hvplot.pandas\nfrom mpl_toolkits.mplot3d import Axes3D\nimport my_plots\n"
    data = file(code(*effects.splitlines(keepends=True), "import json\n", "df = 1\n", "df.my_plots.line()"))
    fixed = fix_file(data, tmp_path / "x.ipynb", Linting())
    assert sources(fixed.content) == [f"{effects}df = 1\ndf.my_plots.line()"]
    assert [one.code for one in fixed.report.diagnostics] == ["F401"] * 3


def test_several_of_one_line_take_several_rounds(tmp_path: Path) -> None:
    data = file(
        code(
            "import os, sys, json, re\n",
            "from math import (\n",
            "    pi,\n",
            "    sin,\n",
            "    cos,\n",
            ")\n",
            "cos(1)",
        )
    )
    fixed = fix_file(data, tmp_path / "x.ipynb", Linting())
    assert sources(fixed.content) == ["from math import (\n    cos,\n)\ncos(1)"]


def test_crlf_and_text_sources_stay_what_they_are(tmp_path: Path) -> None:
    data = file(code("import os\r\n", "é = 1\r\n", "if é:\r\n", "    import sys\r\n", "    pass"))
    assert sources(fix_file(data, tmp_path / "x.ipynb", Linting()).content) == ["é = 1\r\nif é:\r\n    pass"]
    text = file({**code(), "source": "import os\nx = 1\n"})
    fixed = json.loads(fix_file(text, tmp_path / "x.ipynb", Linting()).content)
    assert fixed["cells"][0]["source"] == "x = 1\n"


def test_noqa_and_selection_are_respected(tmp_path: Path) -> None:
    data = file(code("import os\n", "import sys  # noqa: F401\n", "x = 1"), code(id="c1"), code("x", id="c2"))
    fixed = fix_file(data, tmp_path / "x.ipynb", Linting(None, LintOptions(ignore=("TB606",))))
    assert sources(fixed.content) == ["import sys  # noqa: F401\nx = 1", "", "x"]
    assert fix_file(data, tmp_path / "x.ipynb", Linting(None, LintOptions(select=("TB1",)))).content == data


def test_an_import_that_stands_alone_leaves_no_empty_cell(tmp_path: Path) -> None:
    fixed = fix_file(file(code("import os"), code("x = 1", id="c1")), tmp_path / "x.ipynb", Linting())
    assert sources(fixed.content) == ["x = 1"]


def test_outputs_and_counts_are_stripped(tmp_path: Path) -> None:
    data = corpus.load("plots")
    fixed = fix_file(data, tmp_path / "x.ipynb", STRIPPING)
    document, before = json.loads(fixed.content), json.loads(data)
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in document["cells"])
    assert document["metadata"] == before["metadata"]
    assert sources(fixed.content) == sources(data)
    assert fix_file(data, tmp_path / "x.ipynb", Linting()).content == data


def test_ids_are_given_and_made_unique_the_same_each_time(tmp_path: Path) -> None:
    for name in ("duplicate_ids", "missing_ids"):
        fixed = fix_file(corpus.load(name), tmp_path / "x.ipynb", Linting())
        ids = [cell["id"] for cell in json.loads(fixed.content)["cells"]]
        assert len(set(ids)) == len(ids)
        assert fix_file(corpus.load(name), tmp_path / "x.ipynb", Linting()).content == fixed.content
        assert fix_file(fixed.content, tmp_path / "x.ipynb", Linting()).content == fixed.content
    assert ids[0] != "abc"
    first = json.loads(fix_file(corpus.load("duplicate_ids"), tmp_path / "x.ipynb", Linting()).content)[
        "cells"
    ][0]
    assert first["id"] == "abc"


@pytest.mark.parametrize("name", corpus.NAMES)
def test_the_corpus_loses_nothing(name: str, tmp_path: Path) -> None:
    data = corpus.load(name)
    try:
        fixed = fix_file(data, tmp_path / f"{name}.ipynb", STRIPPING)
    except NotebookError:
        assert not corpus.SAMPLES[name].valid
        return
    if name == "nbformat_3":
        assert fixed.content == data
        assert fixed.kept == "it has an older format: save it with Jupyter first"
        return
    before, after = json.loads(data.decode("utf-8-sig")), json.loads(fixed.content.decode("utf-8-sig"))
    assert {key: value for key, value in after.items() if key != "cells"} == {
        key: value for key, value in before.items() if key != "cells"
    }
    unused = {line for one in fixed.made if one.code == "F401" for line in [one.message]}
    kept = [source_of(cell) for cell in after["cells"] if source_of(cell).strip()]
    held = [source_of(cell) for cell in before["cells"] if source_of(cell).strip()]
    if not unused:
        assert kept == held
    else:
        assert len(kept) == len(held)
        for old, new in zip(held, kept, strict=True):
            gone = set(old.splitlines()) - set(new.splitlines())
            assert all("import" in line for line in gone)
    assert failures(fixed.report) <= failures(
        STRIPPING.notebook(parse_notebook(data, name), tmp_path / "x.ipynb")
    )
    # A second time there is nothing left to do.
    assert fix_file(fixed.content, tmp_path / f"{name}.ipynb", STRIPPING).content == fixed.content


def failures(report: LintReport) -> set[tuple[str, ...]]:
    """The names that would be missing if the notebook ran."""
    return {
        (one.code, *one.names)
        for one in report.diagnostics
        if one.code in ("TB101", "TB102", "TB103", "TB104")
    }


def test_imports_that_are_used_above_stay(tmp_path: Path) -> None:
    fixed = fix_file(corpus.load("imports_below"), tmp_path / "x.ipynb", Linting())
    assert fixed.content == corpus.load("imports_below")


def test_the_file_is_replaced_in_one_step_with_its_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "x.ipynb", tmp_path / "link.ipynb"
    data = file(code("import os\n", "x = 1"))
    path.write_bytes(data)
    path.chmod(0o640)
    link.symlink_to(path)
    write_fixed(link, data, fix_file(data, link, Linting()))
    assert sources(path.read_bytes()) == ["x = 1"]
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_what_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    data = file(code("import os\n", "x = 1"))
    path.write_bytes(data)
    fixed = fix_file(data, path, Linting())
    path.write_bytes(data + b"\n")
    with pytest.raises(NotebookError, match="changed while it was linted"):
        write_fixed(path, data, fixed)
    assert path.read_bytes() == data + b"\n"


def test_pairs_stay_quiet(tmp_path: Path) -> None:
    path, text = tmp_path / "x.ipynb", tmp_path / "x.py"
    cells = code(
        "import os\n",
        "x = 1",
        execution_count=3,
        outputs=[{"output_type": "stream", "name": "stdout", "text": "a"}],
    )
    data = file(cells, metadata={"jupytext": {"formats": "ipynb,py:percent"}})
    path.write_bytes(data)
    text.write_text("# %%\nimport os\nx = 1\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    fixed = fix_file(data, path, STRIPPING)
    assert [one.code for one in fixed.made] == ["TB602"]
    assert fixed.kept == "it is paired with text (ipynb,py:percent): mend the code there"
    write_fixed(path, data, fixed)
    assert path.stat().st_mtime == 1_700_000_000
    assert sources(path.read_bytes()) == sources(data)
    assert json.loads(path.read_bytes())["cells"][0]["outputs"] == []
    done = subprocess.run(
        ["jupytext", "--test", "--to", "py:percent", path], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert text.read_text() == "# %%\nimport os\nx = 1\n"
