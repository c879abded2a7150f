"""Kernels of other languages: a small one that runs bash, and parameters that papermill injects there."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from tests.jobs.conftest import Bench, Project

from trackbook.errors import ParameterError
from trackbook.jobs.injected import secure_parameters
from trackbook.jobs.pool import run_jobs

KERNEL = """
import subprocess
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Bash(Kernel):
    implementation, implementation_version, banner = "tiny", "1", "tiny"
    language_info = {"name": "bash", "mimetype": "text/x-sh", "file_extension": ".sh"}
    before = ""

    def do_execute(self, code, silent, *arguments, **options):
        quiet = "{ " + self.before + "\\n:; } >/dev/null 2>&1\\n"
        done = subprocess.run(["bash", "-c", quiet + code], capture_output=True, text=True)
        self.before += code + "\\n"
        if not silent and done.stdout:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": done.stdout})
        if done.returncode:
            error = {"ename": "Failed", "evalue": str(done.returncode), "traceback": [done.stderr]}
            self.send_response(self.iopub_socket, "error", error)
            return {"status": "error", "execution_count": self.execution_count, **error}
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Bash)
"""
SPEC = {"name": "tinybash", "display_name": "Bash", "language": "bash"}


@pytest.fixture(autouse=True)
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "data" / "kernels" / "tinybash"
    spec.mkdir(parents=True)
    (spec / "kernel.py").write_text(KERNEL)
    argv = [sys.executable, str(spec / "kernel.py"), "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "B", "language": "bash"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))


def write(path: Path, *sources: str) -> Path:
    cells = [v4.new_code_cell("x=1", metadata={"tags": ["parameters"]}), *map(v4.new_code_cell, sources)]
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": SPEC}), path)
    return path


def test_a_job_in_another_language(project: Project) -> None:
    path = write(project.folder / "b.ipynb", 'echo "$x"', "sleep 0.3; echo two")
    value = "$(touch pwned) 'quoted' \"and\" `more`"
    (job,) = project.services.jobs.submit(path, {"x": value})
    (ended,) = run_jobs(project.store, [job]).jobs
    assert ended.status == "finished", ended.error
    detail = project.detail(ended.spec.run_id)
    assert [cell.status for cell in detail.cells] == ["ok"] * 4
    assert project.services.snapshots.cell(detail.run.id, 3).outputs[0]["text"] == f"{value}\n"
    assert detail.cells[0].memory
    assert detail.cells[0].writes == []
    assert not (project.folder / "pwned").exists()


def test_a_failing_cell_in_another_language(bench: Bench) -> None:
    write(bench.folder / "in.ipynb", "exit 3", "echo never")
    done = papermill(bench)
    assert done.returncode != 0
    assert 'Exception encountered at "In [2]"' in done.stderr
    states = [cell.metadata.papermill.status for cell in bench.output().cells if "papermill" in cell.metadata]
    assert states == ["completed", "failed", "pending"]


def test_papermills_parameters_cannot_become_code(bench: Bench) -> None:
    write(bench.folder / "in.ipynb", 'echo "$x"')
    done = papermill(bench, "-r", "x", "$(touch pwned); `touch pwned`")
    assert done.returncode == 0, done.stderr
    assert bench.texts()[2] == "$(touch pwned); `touch pwned`\n"
    done = papermill(bench, "-r", "x=1;touch pwned;y", "1")
    assert done.returncode != 0
    assert "no name in bash" in done.stderr
    assert not (bench.folder / "pwned").exists()


def papermill(bench: Bench, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "papermill",
        "in.ipynb",
        "out.ipynb",
        "--engine",
        "trackbook",
        *arguments,
    ]
    return subprocess.run(command, cwd=bench.folder, capture_output=True, text=True, timeout=300, check=False)


def test_julias_texts_are_written_anew() -> None:
    from papermill.parameterize import parameterize_notebook

    notebook = v4.new_notebook(
        cells=[v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})],
        metadata={"kernelspec": {"name": "julia", "language": "julia", "display_name": "J"}, "papermill": {}},
    )
    changed = parameterize_notebook(notebook, {"x": "$(run(`id`))"}, kernel_name="julia", language="julia")
    assert "$(" in changed.cells[1].source
    secure_parameters(changed)
    assert changed.cells[1].source.splitlines()[-1].startswith('x = "\\u0024\\u0028run')


def test_names_in_python_are_names() -> None:
    cell = v4.new_code_cell("x=1;y = 1", metadata={"tags": ["injected-parameters"]})
    notebook = v4.new_notebook(cells=[cell], metadata={"papermill": {"parameters": {"x=1;y": 1}}})
    with pytest.raises(ParameterError, match="no Python name"):
        secure_parameters(notebook)
