import json
import os
import subprocess
from pathlib import Path
from typing import Any

import corpus
import jupytext
import pytest

from trackbook.domain.cleaned import CleanOptions
from trackbook.errors import NotebookError, UsageError
from trackbook.notebook.read import source_of
from trackbook.services.notebook_cleaning import clean_file, read_file, read_options, write_file

STRIP = CleanOptions(steps=("strip",))


def save(folder: Path, *sources: str, **metadata: Any) -> Path:
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
    path = folder / "train.ipynb"
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def test_writes_the_file_whole_with_its_permissions_and_a_copy_of_before(tmp_path: Path) -> None:
    path = save(tmp_path, "x = 1\nimport os", "print(x, os)")
    path.chmod(0o640)
    before = path.read_bytes()
    file = read_file(path)
    written = write_file(file, clean_file(file, CleanOptions()))
    assert "imports" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert written.backup is not None
    assert written.backup.parent == tmp_path / ".trackbook" / "backup"
    assert written.backup.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != ".trackbook"] == ["train.ipynb"]
    again = write_file(read_file(path), clean_file(read_file(path), CleanOptions()))
    assert again.backup is None  # nothing was written


def test_what_stood_where_the_output_goes_is_kept(tmp_path: Path) -> None:
    file = read_file(save(tmp_path, "x = 1\nimport os", "print(x, os)"))
    cleaned = clean_file(file, CleanOptions())
    other = tmp_path / "other.ipynb"
    assert write_file(file, cleaned, other).backup is None
    assert write_file(file, cleaned, other).backup is None  # it is the same again
    other.write_text("precious")
    written = write_file(file, cleaned, other)
    assert written.backup is not None
    assert written.backup.read_text() == "precious"
    assert "imports" in other.read_text()


def test_what_git_holds_needs_no_copy(tmp_path: Path) -> None:
    path = save(tmp_path, "print(1)")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    file = read_file(path)
    assert write_file(file, clean_file(file, STRIP)).backup is None
    path = save(tmp_path, "print(2)")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    file = read_file(path)
    assert write_file(file, clean_file(file, STRIP)).backup is None
    path = save(tmp_path, "print(3)")
    file = read_file(path)
    assert write_file(file, clean_file(file, STRIP)).backup is not None


def test_what_a_filter_keeps_from_git_is_copied(tmp_path: Path) -> None:
    path = save(tmp_path, "print(1)")
    (tmp_path / ".gitattributes").write_text("*.ipynb filter=constant\n")
    for words in (
        ["init", "-q"],
        ["config", "filter.constant.clean", "cat >/dev/null; echo x"],
        ["add", "."],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    file = read_file(path)
    assert write_file(file, clean_file(file, STRIP)).backup is not None


def test_a_link_stays_a_link_and_another_file_leaves_the_notebook_alone(tmp_path: Path) -> None:
    path = save(tmp_path, "print(1)")
    (tmp_path / "link.ipynb").symlink_to(path)
    before = path.read_bytes()
    file = read_file(tmp_path / "link.ipynb")
    cleaned = clean_file(file, STRIP)
    write_file(file, cleaned, tmp_path / "other.ipynb")
    assert path.read_bytes() == before
    write_file(file, cleaned)
    assert (tmp_path / "link.ipynb").is_symlink()
    assert path.read_bytes() == (tmp_path / "other.ipynb").read_bytes() != before


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = save(tmp_path, "print(1)")
    file = read_file(path)
    cleaned = clean_file(file, STRIP)
    other = path.read_bytes() + b"\n"
    path.write_bytes(other)
    with pytest.raises(NotebookError, match="changed meanwhile"):
        write_file(file, cleaned)
    assert path.read_bytes() == other


def test_older_formats_are_refused_or_converted(tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    path.write_bytes(corpus.load("nbformat_3"))
    with pytest.raises(NotebookError, match="--upgrade"):
        read_file(path)
    file = read_file(path, upgrade=True)
    write_file(file, clean_file(file, CleanOptions()))
    assert json.loads(path.read_bytes())["nbformat"] == 4


@pytest.mark.parametrize(
    ("data", "reason"), [(b"{", "not JSON"), (b"[]", "no notebook"), (None, "no such file")]
)
def test_what_is_no_notebook_is_told(tmp_path: Path, data: bytes | None, reason: str) -> None:
    path = tmp_path / "x.ipynb"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(NotebookError, match=reason):
        read_file(path)


def test_the_project_says_how(tmp_path: Path) -> None:
    inner = tmp_path / "work"
    inner.mkdir()
    assert read_options(inner) == CleanOptions()
    (tmp_path / "pyproject.toml").write_text(
        '[tool.trackbook.clean]\nsteps = ["strip", "order"]\nkeep-metadata = ["colab"]\nkeep = ["result_*"]\n'
        'scratch-tags = ["tmp"]\nkeep-outputs = true\n'
    )
    assert read_options(inner) == CleanOptions(
        steps=("order", "strip"),
        keep_metadata=("colab",),
        keep=("result_*",),
        scratch_tags=("tmp",),
        keep_outputs=True,
    )


@pytest.mark.parametrize(
    "text", ['steps = ["tidy"]', "unknown = 1", "keep = 3", "steps = [", "[tool.trackbook.clean.steps]"]
)
def test_what_the_project_says_wrong_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.trackbook.clean]\n{text}\n")
    with pytest.raises(UsageError, match=r"\[tool.trackbook.clean\]"):
        read_options(tmp_path)


@pytest.mark.parametrize("depth", [400, 900])
def test_what_is_nested_too_deeply_is_told(tmp_path: Path, depth: int) -> None:
    path = save(tmp_path, "print(1)")
    deep = '{"a":' * depth + "1" + "}" * depth
    path.write_text(
        path.read_text().replace('"metadata": {},\n "nbformat"', f'"metadata": {{"x": {deep}}},\n "nbformat"')
    )
    before = path.read_bytes()
    assert b'"a":' in before
    with pytest.raises(NotebookError, match="nested too deeply"):
        write_file(read_file(path), clean_file(read_file(path), STRIP))
    assert path.read_bytes() == before


# Pairs


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    path = save(tmp_path, "x = 1\nimport os", "print(x, os)", jupytext={"formats": "ipynb,py:percent"})
    text = tmp_path / "train.py"
    jupytext.write(jupytext.read(path), text, fmt="py:percent")
    for file in (path, text):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    return path, text


def test_stripping_leaves_the_text_half_and_the_times_alone(pair: tuple[Path, Path]) -> None:
    path, text = pair
    before = text.read_bytes()
    file = read_file(path)
    written = write_file(file, clean_file(file, STRIP))
    assert written.synced == []
    assert json.loads(path.read_bytes())["cells"][0]["execution_count"] is None
    assert (text.read_bytes(), text.stat().st_mtime, path.stat().st_mtime) == (
        before,
        1_700_000_000,
        1_700_000_000,
    )


def test_the_text_half_follows_the_code(pair: tuple[Path, Path]) -> None:
    path, text = pair
    file = read_file(path)
    written = write_file(file, clean_file(file, CleanOptions()))
    assert written.synced == [text]
    sources = [source_of(cell) for cell in json.loads(path.read_bytes())["cells"]]
    assert sources[0] == "import os"
    assert [cell.source for cell in jupytext.read(text).cells] == sources
    assert text.stat().st_mtime >= path.stat().st_mtime
    assert json.loads(path.read_bytes())["metadata"] == {"jupytext": {"formats": "ipynb,py:percent"}}


def test_a_text_half_with_changes_of_its_own_is_not_overwritten(pair: tuple[Path, Path]) -> None:
    path, text = pair
    text.write_text(text.read_text() + "\n# %%\nnew = 1\n")
    file, before = read_file(path), (path.read_bytes(), text.read_bytes())
    with pytest.raises(NotebookError, match="jupytext --sync"):
        write_file(file, clean_file(file, CleanOptions()))
    assert (path.read_bytes(), text.read_bytes()) == before


def test_a_pair_that_the_configuration_makes_is_known(tmp_path: Path) -> None:
    (tmp_path / "jupytext.toml").write_text('formats = "ipynb,md"\n')
    path = save(
        tmp_path,
        "x = 1\nimport os",
        "print(x, os)",
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
    )
    text = tmp_path / "train.md"
    jupytext.write(jupytext.read(path), text, fmt="md")
    file = read_file(path)
    assert write_file(file, clean_file(file, CleanOptions())).synced == [text]
    assert jupytext.read(text).cells[0].source == "import os"


def test_without_jupytext_the_other_half_is_named(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, text = pair
    before = text.read_bytes()
    monkeypatch.setattr("trackbook.services.pairing.find_spec", lambda name: None)
    file = read_file(path)
    written = write_file(file, clean_file(file, CleanOptions()))
    assert "jupytext is not installed" in (written.unsynced or "")
    assert text.read_bytes() == before
