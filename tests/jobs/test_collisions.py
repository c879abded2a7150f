"""Two jobs that run at the same time and write one file are both warned; others are not."""

from tests.jobs.conftest import Project

from trackbook.jobs.pool import run_jobs

# They wait for each other, so that both run when both have written.
SOURCE = """\
import pathlib, time
pathlib.Path(f"here-{n}.txt").touch()
while len(list(pathlib.Path(".").glob("here-*.txt"))) < 2:
    time.sleep(0.02)
with open("shared.csv", "w") as file:
    file.write(str(n))
time.sleep(2)
"""


def test_jobs_that_write_one_file_are_warned(project: Project) -> None:
    both = project.services.jobs.submit(project.notebook(SOURCE, parameters="n = 0"), None, {"n": [1, 2]})
    assert run_jobs(project.store, both, parallel=2).exit_code == 0
    notes = {job.id: project.detail(job.spec.run_id).run.notes for job in both}
    for job, other in (both, reversed(both)):
        assert (
            f"Job {other.id[-8:]} (train.ipynb), which ran at the same time, wrote shared.csv, too"
            in notes[job.id]
        )
        assert notes[job.id].count("at the same time") == 1
        assert "here-" not in notes[job.id]
    # One after the other they are in nobody's way.
    (alone,) = project.services.jobs.submit(project.notebook(SOURCE, parameters="n = 0"), {"n": 3})
    assert run_jobs(project.store, [alone]).exit_code == 0
    assert project.detail(alone.spec.run_id).run.notes == ""
