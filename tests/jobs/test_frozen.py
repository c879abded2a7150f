"""A job runs with what was there when it was submitted: its modules and its kernel, whatever becomes of them."""

import json
import sys
from pathlib import Path

import pytest
from tests.jobs.conftest import Project

from trackbook.domain.job import Job
from trackbook.jobs.pool import run_jobs
from trackbook.notebook.read import read_notebook
from trackbook.services.freezing import imported_files
from trackbook.store.references import read_named

READ = "import pathlib\nword = pathlib.Path(__file__).with_name('w.txt').read_text()"
SHOW = "import helper, pack.deep\nprint(helper.answer, pack.deep.word)"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def fill(project: Project) -> Path:
    write(project.folder, "helper.py", "import other\nanswer = other.value")
    write(project.folder, "other.py", "value = 1")
    write(project.folder, "pack/__init__.py", "")
    write(project.folder, "pack/deep.py", "from . import words\nword = words.word")
    write(
        project.folder,
        "pack/words.py",
        "import pathlib\nword = pathlib.Path(__file__).with_name('w.txt').read_text()",
    )
    write(project.folder, "pack/w.txt", "old")
    write(project.folder, "unused.py", "1/0")
    return project.notebook("def later():\n    import pack", SHOW)


def test_files_are_found_as_the_text_tells(project: Project) -> None:
    found = imported_files(read_notebook(fill(project)), project.folder)
    names = [path.relative_to(project.folder).as_posix() for path in found]
    assert names == ["helper.py", "other.py", "pack/__init__.py", "pack/deep.py", "pack/words.py"]


def shown(project: Project, job: Job) -> str:
    content = project.services.snapshots.cell(job.spec.run_id, 2)
    return "".join(output.get("text", "") for output in content.outputs)


def test_modules_and_kernel_are_those_of_the_submission(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path / "cache"))
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Mine", "language": "python", "env": {"MINE": "then"}}
    kernel = tmp_path / "data" / "kernels" / "mine"
    write(kernel, "kernel.json", json.dumps(spec))
    path = fill(project)
    source = SHOW + "\nimport os; print(os.environ['MINE'])"
    project.notebook("1", source)

    (unchanged,) = project.services.jobs.submit(path, kernel="mine")
    assert unchanged.spec.frozen is not None
    assert len(unchanged.spec.frozen.modules) == 5
    outcomes = run_jobs(project.store, [unchanged])
    assert outcomes.exit_code == 0, outcomes.jobs[0].error
    detail = project.detail(unchanged.spec.run_id)
    assert (shown(project, unchanged), detail.run.notes) == ("1 old\nthen\n", "")

    (job,) = project.services.jobs.submit(path, kernel="mine")
    write(project.folder, "other.py", "value = 2")
    (project.folder / "pack" / "words.py").unlink()
    write(kernel, "kernel.json", json.dumps(spec | {"env": {"MINE": "now"}}))
    outcomes = run_jobs(project.store, [job])
    assert outcomes.exit_code == 0, outcomes.jobs[0].error
    detail = project.detail(job.spec.run_id)
    assert shown(project, job) == "1 old\nthen\n"
    assert "other.py, pack/words.py changed since the job was submitted" in detail.run.notes
    assert "The kernel 'mine' has changed" in detail.run.notes
    # What jobs keep is no refuse.
    with project.services.database.read() as connection:
        named = {one.digest for one in read_named(connection)}
    assert job.spec.frozen is not None
    assert {job.spec.frozen.kernel, *(module.digest for module in job.spec.frozen.modules)} <= named
