"""Cleaning over REST: of an open document, or of the saved file; nothing is made or changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]


def notebook(*sources: str) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "execution_count": number,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources, start=1)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def saved(jp_root_dir: Path) -> Path:
    path = jp_root_dir / "work" / "train.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(notebook("x = 1\nimport os", "print(x, os)")))
    return path


async def test_the_saved_file(ask: Ask, saved: Path, conforms: Callable[..., Any]) -> None:
    before = saved.read_bytes()
    answer = await ask("/clean", "POST", {"path": "work/train.ipynb"})
    assert answer.status == 200
    conforms(answer.json, "Cleaned")
    assert [cell["source"] for cell in answer.json["notebook"]["cells"]] == [
        "import os",
        "x = 1",
        "print(x, os)",
    ]
    assert {change["step"] for change in answer.json["changes"]} == {"hoist", "strip"}
    assert answer.json["changed"] is True
    assert saved.read_bytes() == before
    assert [entry.name for entry in saved.parent.iterdir()] == ["train.ipynb"]


async def test_an_open_document_and_chosen_steps(ask: Ask, saved: Path) -> None:
    document = notebook("lr = 0.1", "print(lr, '\ud800')", "lr?")
    body = {"path": "work/train.ipynb", "notebook": document, "steps": ["drop"], "drop_looks": True}
    answer = await ask("/clean", "POST", body)
    assert [cell["id"] for cell in answer.json["notebook"]["cells"]] == ["c1", "c2"]
    assert answer.json["notebook"]["cells"][1]["source"] == "print(lr, '\ud800')"
    body |= {
        "notebook": notebook("x = 1", "lr = 0.1\nprint(lr)"),
        "steps": ["hoist"],
        "propose_parameters": True,
    }
    answer = await ask("/clean", "POST", body)
    assert answer.json["notebook"]["cells"][0]["metadata"] == {"tags": ["parameters"]}


async def test_an_open_document_need_not_be_saved(ask: Ask, saved: Path) -> None:
    answer = await ask(
        "/clean", "POST", {"path": "work/new.ipynb", "notebook": notebook("x = 1\nimport os", "print(x, os)")}
    )
    assert answer.json["notebook"]["cells"][0]["source"] == "import os"
    assert not (saved.parent / "new.ipynb").exists()


async def test_the_project_says_how(ask: Ask, saved: Path) -> None:
    (saved.parent / "pyproject.toml").write_text('[tool.trackbook.clean]\nsteps = ["strip"]\n')
    answer = await ask("/clean", "POST", {"path": "work/train.ipynb"})
    assert {change["step"] for change in answer.json["changes"]} == {"strip"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"path": "work/missing.ipynb"}, 404),
        ({"path": "../outside.ipynb"}, 400),
        ({"path": "work/train.ipynb", "notebook": {"cells": []}}, 400),
        ({"path": "work/train.ipynb", "steps": ["tidy"]}, 400),
        ({"notebook": {}}, 400),
        ({"path": "work/train.ipynb", "more": 1}, 400),
    ],
)
async def test_what_can_not_be_cleaned_is_told(
    ask: Ask, saved: Path, body: dict[str, Any], status: int
) -> None:
    answer = await ask("/clean", "POST", body)
    assert (answer.status, bool(answer.json["message"])) == (status, True)
