"""Jobs that go on where a run failed: what runs again, what is kept, and what the new run holds."""

from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from tests.jobs.conftest import Project

from trackbook.domain.ids import new_id
from trackbook.domain.job import Job
from trackbook.domain.trial import Trial
from trackbook.errors import Conflict, NotebookError, NotFound, ParameterError, UsageError
from trackbook.jobs.pool import run_jobs
from trackbook.services.recorder import RunRecorder
from trackbook.services.resumption import ResumeRequest

PARAMETERS = "factor = 2"
FIRST = """\
import os, trackbook as tb
from pathlib import Path
def ran(cell):
    with open('ran.txt', 'a') as file:
        file.write(cell)
ran('1')"""
SLOW = """\
ran('3')
slow = sum(base)
tb.log({'slow': slow}, step=3)
Path(os.environ['TRACKBOOK_OUTPUT_DIR'], 'slow.txt').write_text('slow')
slow"""
CELLS = [
    FIRST,
    "ran('2')\nbase = [1, 2, 3]\nprint('base is made')",
    SLOW,
    "ran('4')\nbase.append(factor)",
    "ran('5')\nlast = base[10]",
    "ran('6')\ntb.log({'last': last + 1})\nPath(os.environ['TRACKBOOK_OUTPUT_DIR'], 'slow.txt').read_text()",
]


def write(project: Project, *changes: tuple[int, str], name: str = "train.ipynb") -> Path:
    """Write the notebook, with some cells (counted from 1, behind the parameters) replaced."""
    sources = list(CELLS)
    for number, source in changes:
        sources[number - 1] = source
    return project.notebook(*sources, parameters=PARAMETERS, name=name)


def run(project: Project, job: Job) -> Job:
    (ended,) = run_jobs(project.store, [job]).jobs
    assert project.services.runs.refresh(timeout=60)
    return ended


def ran(project: Project) -> str:
    """Which cells have run since this was asked last."""
    path = project.folder / "ran.txt"
    text = path.read_text()
    path.write_text("")
    return text


def output(project: Project, job: Job) -> Any:
    _, path = project.services.artifacts.open(job.spec.run_id, "output.ipynb")
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    return notebook


@pytest.fixture
def failed(project: Project) -> Job:
    """A job that failed in its fifth cell, the sixth of the notebook."""
    (job,) = project.services.jobs.submit(write(project), {"factor": 3})
    job = run(project, job)
    assert (job.status, ran(project)) == ("failed", "12345")
    return job


def test_a_trial_that_goes_on_stays_that_of_its_sweep(project: Project) -> None:
    services = project.services
    sweep_id = services.sweeps.define(write(project), {}, {"factor": [3, 4]})
    common = services.sweeps.spec(sweep_id).job
    spec = msgspec.structs.replace(
        common, params={"factor": 3}, run_id=new_id(), sweep_id=sweep_id, trial=Trial(0, sweep_id)
    )
    job = run(project, services.jobs.queue([spec])[0])
    assert job.status == "failed"
    run_id = job.spec.run_id
    other = services.resumptions.plan(run_id, ResumeRequest(params={"factor": 5})).spec
    assert (other.trial, other.sweep_id, other.parent_id) == (None, None, common.parent_id)
    write(project, (5, "last = base[-1]\nran('5')"))
    again, _ = services.resumptions.submit(run_id, ResumeRequest(params={"factor": 3}))
    assert (again.spec.trial, again.spec.sweep_id) == (Trial(0, sweep_id, late=True), sweep_id)
    assert run(project, again).status == "finished"
    (row,) = services.sweeps.get(sweep_id).runs
    assert (row.trial, row.job, row.status, row.params) == (0, again.id, "finished", {"factor": 3})


def test_it_goes_on_with_what_is_needed_and_keeps_the_rest(project: Project, failed: Job) -> None:
    write(project, (5, "ran('5')\nlast = base[3]"))
    job, plan = project.services.resumptions.submit(failed.spec.run_id, ResumeRequest())
    assert [(cell.number, cell.again) for cell in plan.cells] == [
        (1, False),  # the parameters, since
        (1, True),  # others were given
        (2, True),
        (3, True),
        (4, False),
        (5, True),
        (6, True),
        (7, True),
    ]
    assert (plan.from_cell.number, plan.how) == (6, "repeat")
    job = run(project, job)
    assert (job.status, ran(project)) == ("finished", "12456")
    detail = project.detail(job.spec.run_id)
    assert detail.run.metrics == {"slow": 6, "last": 4}
    assert detail.run.params == {"factor": 3}
    assert detail.run.tags == {"resumes": failed.spec.run_id}
    kept = project.services.series.read(failed.spec.run_id, "slow")
    carried = project.services.series.read(job.spec.run_id, "slow")
    assert (carried.steps, carried.times, carried.values) == (kept.steps, kept.times, kept.values)
    assert [cell.cell_id for cell in detail.cells] == [
        "injected-parameters", "c1", "c2", "c4", "c5", "c6",
    ]  # fmt: skip
    cells = {cell.id: cell for cell in output(project, job).cells}
    mark = {"run": failed.spec.run_id, "execution": 5}
    assert cells["c3"].metadata["trackbook"] == {"kept": mark, "status": "kept"}
    assert cells["c3"].outputs[0]["data"]["text/plain"] == "6"
    assert cells["c3"].execution_count == 5
    assert "kept" not in cells["c2"].metadata["trackbook"]
    assert cells["c6"].outputs[0]["data"]["text/plain"] == "'slow'"  # the file was there again
    assert {artifact.path for artifact in detail.artifacts} == {"output.ipynb", "outputs/slow.txt"}
    # The failed run is as it was.
    before = project.detail(failed.spec.run_id)
    assert (before.run.status, before.run.metrics, before.run.attempt) == ("failed", {"slow": 6}, 1)
    snapshot = project.services.snapshots.notebook(job.spec.run_id, "start")
    assert "".join(snapshot["cells"][5]["source"]) == "ran('5')\nlast = base[3]"


def test_changed_cells_and_what_depends_on_them_run_again_and_so_it_is_when_it_fails_again(
    project: Project, failed: Job
) -> None:
    # The fifth cell is corrected, but now the sixth fails.
    write(project, (5, "ran('5')\nlast = base[3]"), (6, "ran('6')\n1 / 0"))
    job, _ = project.services.resumptions.submit(failed.spec.run_id, ResumeRequest())
    again = run(project, job)
    assert (again.status, ran(project)) == ("failed", "12456")
    assert again.error is not None
    assert again.error.cell == 7
    # What is kept now comes from both runs; the second cell is another one, and so is what depends on it.
    write(
        project,
        (2, "ran('2')\nbase = [1, 2, 30]"),
        (5, "ran('5')\nlast = base[3]"),
        (6, "ran('6')\ntb.log({'last': slow})"),
    )
    plan = project.services.resumptions.plan(again.spec.run_id, ResumeRequest())
    reasons = {cell.id: cell.reason for cell in plan.resumption.cells}
    assert reasons["c2"] == "it was changed"
    assert reasons["c3"] == "cell 3, which makes base, is changed"
    write(project, (5, "ran('5')\nlast = base[3]"), (6, "ran('6')\ntb.log({'last': 7})"))
    job, _ = project.services.resumptions.submit(again.spec.run_id, ResumeRequest())
    assert {cell.run_id for cell in job.spec.kept} == {failed.spec.run_id, again.spec.run_id}
    third = run(project, job)
    assert (third.status, ran(project)) == ("finished", "16")
    assert project.detail(third.spec.run_id).run.metrics == {"slow": 6, "last": 7}
    cells = {cell.id: cell for cell in output(project, third).cells}
    assert cells["c3"].outputs[0]["data"]["text/plain"] == "6"
    assert cells["c2"].outputs[0]["text"] == "base is made\n"


def test_other_parameters_and_another_file(project: Project, failed: Job) -> None:
    path = write(project, (5, "ran('5')\nlast = base[3]"), name="corrected.ipynb")
    request = ResumeRequest(path=path, params={"factor": 40})
    job, plan = project.services.resumptions.submit(failed.spec.run_id, request)
    reasons = {cell.id: cell.reason for cell in plan.cells}
    assert reasons["injected-parameters"] == "it was changed"
    assert (job.spec.path, job.spec.params) == ("corrected.ipynb", {"factor": 40})
    job = run(project, job)
    assert ran(project) == "12456"
    assert project.detail(job.spec.run_id).run.metrics == {"slow": 6, "last": 41}
    with pytest.raises(ParameterError):
        project.services.resumptions.plan(failed.spec.run_id, ResumeRequest(params={"nothing": 1}))


def test_what_can_not_be_resumed_is_said(project: Project, failed: Job) -> None:
    resumptions = project.services.resumptions
    (project.folder / "train.ipynb").unlink()
    with pytest.raises(NotebookError, match="--notebook"):
        resumptions.plan(failed.spec.run_id, ResumeRequest())
    (project.folder / "train.ipynb").write_text("{")
    assert "no notebook" in (resumptions.of(failed.spec.run_id).reason or "")
    cells = [source for number, source in enumerate(CELLS) if number != 4]
    project.notebook(*cells[:4], parameters=PARAMETERS)
    with pytest.raises(UsageError, match="no longer in the notebook"):
        resumptions.plan(failed.spec.run_id, ResumeRequest())
    with pytest.raises(NotFound):
        resumptions.of("77")
    running = RunRecorder.start(project.store, experiment="x", run_id=None)
    assert project.services.runs.refresh(timeout=60)
    with pytest.raises(Conflict, match="still running"):
        resumptions.plan(running.run_id, ResumeRequest())
    running.end()
    assert project.services.runs.refresh(timeout=60)
    found = resumptions.of(running.run_id)
    assert not found.possible
    assert "was made by no job" in (found.reason or "")
