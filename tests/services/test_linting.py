"""Linting with what lies outside of the notebook: files, git, ruff, secrets, configuration, runs."""

import json
import subprocess
from pathlib import Path
from typing import Any

import corpus
import pytest

from trackbook.capture.detectors import find_known_forms
from trackbook.domain.run import Source
from trackbook.errors import UsageError
from trackbook.notebook.read import parse_notebook
from trackbook.services.context import open_services
from trackbook.services.lint import ruff as ruff_module
from trackbook.services.lint.config import read_config
from trackbook.services.linting import Linting, LintOptions
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store


def document(*sources: str, **fields: Any) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources, start=1)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}


def codes(path: Path, *sources: str, **options: Any) -> list[tuple[str, int]]:
    report = Linting(None, LintOptions(**options)).notebook(document(*sources), path)
    return [(one.code, one.cell) for one in report.diagnostics]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "there.csv").write_text("a\n1\n")
    sources = "import pandas as pd\npd.read_csv('data/there.csv')", "pd.read_csv('data/gone.csv')"
    report = Linting().notebook(document(*sources), tmp_path / "x.ipynb")
    (found,) = report.diagnostics
    assert (found.code, found.cell, found.line, found.column, found.end_column) == ("TB302", 2, 1, 13, 28)
    assert found.message == "There is no `data/gone.csv` in the notebook's folder."
    assert codes(tmp_path / "x.ipynb", "%cd data", "open('gone')") == []


def test_ruff_reads_the_users_configuration(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    sources = "import os\nx = 1\nx == None", "def f(a):\n    import sys"
    assert codes(path, *sources) == [("F401", 1), ("F401", 2)]
    (tmp_path / "ruff.toml").write_text('[lint]\nignore = ["F401"]\n')
    assert codes(path, *sources) == []
    (tmp_path / "ruff.toml").unlink()
    assert ("E711", 1) in codes(path, *sources, select=("E711", "F401"))
    (tmp_path / "pyproject.toml").write_text("[tool.trackbook.lint]\nruff = false\n")
    assert codes(path, *sources) == []


def test_imports_that_only_magics_use_are_used(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    assert codes(path, "import os, json", "!ls {os.sep}", "%time json.dumps(1)") == []
    assert codes(path, "import numpy as np, pandas as pd", "!ls {np.sep}", "%timeit pd.DataFrame()") == []
    assert codes(path, "from os import path as p", "%time p.sep") == []
    assert codes(path, "import os", "!echo os") == [("F401", 1)]
    assert codes(path, "import os, json", "os.broken(") == [("F401", 1), ("TB601", 2)]


def test_imports_below_their_use_are_used(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    assert codes(path, "mean([1])", "from statistics import mean") == [("TB101", 1)]
    assert codes(path, "os.sep\nimport os") == [("TB101", 1)]
    assert codes(path, "import os\nos.sep", "import sys") == [("F401", 2)]


def test_without_ruff_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ruff_module.find_ruff.cache_clear()
    monkeypatch.setattr(ruff_module.shutil, "which", lambda *_, **__: None)
    try:
        report = Linting().notebook(document("import os\nnothing"), tmp_path / "x.ipynb")
    finally:
        ruff_module.find_ruff.cache_clear()
    assert [one.code for one in report.diagnostics] == ["TB102"]
    assert report.unseen == [
        "ruff is not installed (pip install ruff): unused imports and the like are not looked for."
    ]


def test_many_at_once_are_as_each_alone(tmp_path: Path) -> None:
    documents = {}
    for name in corpus.NAMES:
        path = tmp_path / f"{name}.ipynb"
        path.write_bytes(corpus.load(name))
        documents[path] = parse_notebook(corpus.load(name), name)
    before = {path: path.stat().st_mtime_ns for path in documents}
    together = list(Linting().notebooks(documents))
    alone = [Linting().notebook(one, path) for path, one in documents.items()]
    assert together == alone
    assert {path: path.stat().st_mtime_ns for path in documents} == before
    assert sorted(tmp_path.iterdir()) == sorted(documents)
    assert {"F401", "TB101", "TB401", "TB604"} <= {one.code for report in alone for one in report.diagnostics}


def test_outputs_that_git_tracks(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    notebook = document("1 + 1")
    notebook["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "2\n"}]
    path.write_text(json.dumps(notebook))

    def found(outputs: bool | None) -> list[str]:
        report = Linting(None, LintOptions(outputs=outputs)).notebook(notebook, path)
        return [one.message for one in report.diagnostics]

    said = "Git tracks this notebook, and 1 cell holds outputs (22 B)."
    assert found(None) == []
    assert len(found(True)) == 1
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert found(None) == []
    subprocess.run(["git", "-C", tmp_path, "add", "x.ipynb"], check=True)
    assert len(found(None)) == 1
    assert found(None)[0].startswith(said.split(" (")[0])
    assert found(False) == []


def test_secrets_are_found_once_and_never_shown(tmp_path: Path) -> None:
    notebook = parse_notebook(corpus.load("secrets"), "secrets")
    report = Linting().notebook(notebook, tmp_path / "x.ipynb")
    found = [(one.code, one.cell, one.line) for one in report.diagnostics if one.code.startswith("TB4")]
    assert found == [
        ("TB401", 1, 1),
        ("TB401", 2, 2),
        ("TB401", 2, 3),
        ("TB401", 3, 1),
        ("TB401", 3, 2),
        ("TB402", 4, 1),
    ]
    said = json.dumps([[one.message, one.help, one.names] for one in report.diagnostics])
    for secret in (corpus.messy.TOKEN, corpus.messy.AWS_KEY, corpus.messy.PASSWORD):
        assert secret not in said


def test_forms_that_only_detect_secrets_knows() -> None:
    key = "live_" + "0123456789abcdef" * 2 + "-us12"
    text = f"x = 1\nmailchimp = '{key[5:]}'"
    (found,) = find_known_forms(text)
    assert text[found.start : found.end] == key[5:]
    assert "mailchimp" in found.kind
    assert find_known_forms("x = 'sk_live_xxxxxxxxxxxxxxxxxxxxxxxx'") == []
    assert find_known_forms("digest = 'd41d8cd98f00b204e9800998ecf8427e'") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('selct = ["TB"]', "did you mean 'select'?"),
        ('select = "TB"', "has to be a list"),
        ('select = ["TB1011"]', "did you mean 'TB101'?"),
        ('ignore = ["undefined-name"]', "did you mean 'TB102'?"),
        ("ruff = 1", "has to be true or false"),
        ('per-file-ignores = ["x"]', "has to map"),
        ("large-output = -1", "number of bytes"),
        ("select = [", "can't be read"),
    ],
)
def test_a_wrong_configuration_says_what_is_meant(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.trackbook.lint]\n{text}\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml") as caught:
        read_config(tmp_path)
    assert message in str(caught.value)


def test_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.trackbook.lint]\nselect = ["TB1"]\nextend-select = ["TB6"]\nignore = ["TB102"]\nbuiltins = ["spark"]\n'
        'large-output = 5\n[tool.trackbook.lint.per-file-ignores]\n"drafts/*" = ["TB101"]\n'
    )
    (tmp_path / "drafts").mkdir()
    sources = "later, spark, nothing", "", "later = 1\nopen('/opt/x/y')"
    assert codes(tmp_path / "x.ipynb", *sources) == [("TB101", 1), ("TB606", 2)]
    assert codes(tmp_path / "drafts" / "x.ipynb", *sources) == [("TB606", 2)]
    assert codes(tmp_path / "x.ipynb", *sources, select=("TB3",)) == [("TB301", 3)]
    assert codes(tmp_path / "x.ipynb", *sources, ignore=("TB101",)) == [("TB606", 2)]
    (tmp_path / "drafts" / "pyproject.toml").write_text(
        "[tool.other]\n"
    )  # without a table, the one above counts
    assert codes(tmp_path / "drafts" / "x.ipynb", *sources) == [("TB606", 2)]


def test_what_the_last_run_says(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    path = tmp_path / "train.ipynb"
    run = RunRecorder.start(store, experiment="e", source=Source("notebook", "train.ipynb", "k"))
    for number, (cell, source) in enumerate(
        [("c1", "a = 1"), ("gone", "b = 2"), ("c3", "a + b"), ("c2", "d = 4")], start=1
    ):
        run.cell_finished(run.cell_started(cell, number, source), "ok", 0.1, [])
    run.end()
    RunRecorder.start(store, experiment="e", source=Source("notebook", "train.ipynb", "k")).end()  # no cells
    services = open_services(store)
    services.runs.refresh(timeout=60.0)
    try:
        linting = Linting(services)
        notebook = document("a = 10", "d = 4", "a + b")
        found = [(one.code, one.cell, one.cell_id) for one in linting.notebook(notebook, path).diagnostics]
        assert found == [("TB113", 0, "gone"), ("TB112", 1, "c1"), ("TB111", 2, "c2"), ("TB102", 3, "c3")]
        without = Linting(services, LintOptions(history=False)).notebook(notebook, path)
        assert [one.code for one in without.diagnostics] == ["TB102"]
        assert linting.notebook(notebook, tmp_path / "other.ipynb").diagnostics[0].code == "TB102"
    finally:
        services.close()
