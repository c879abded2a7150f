"""Recorded runs that are run again, by real kernels: jobs and notebooks that were run by hand."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.jobs.conftest import Project
from tests.magics.conftest import Kernel

from trackbook.domain.reproduction import REPRODUCES, Reproduction, ReproductionOptions
from trackbook.errors import Conflict, NotFound, UsageError
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.reproduce import Repeated, submit_reproduction, wait_for_reproduction

TRAIN = """\
import random
import trackbook as tb
run = tb.start_run("churn")
for step in range(5):
    run.log({"loss": rate / (step + 1) + random.random()}, step=step)
print("loss", rate / 5)
run.artifact(f"{rate}".encode(), "model.txt")
"""


def run_job(project: Project, path: Path, **params: Any) -> str:
    (job,) = project.services.jobs.submit(path, params)
    run_jobs(project.store, [job])
    assert project.services.runs.refresh(timeout=60)
    return job.spec.run_id


def repeat(project: Project, run_id: str, **options: Any) -> Repeated:
    assert project.services.runs.refresh(timeout=60)
    job = submit_reproduction(project.services, run_id, ReproductionOptions("", **options))
    return wait_for_reproduction(project.services, job)


def verdict_of(project: Project, run_id: str, **options: Any) -> Reproduction:
    found = repeat(project, run_id, **options).reproduction
    assert found is not None
    return found


def by_name(found: Reproduction) -> dict[str, str]:
    return {check.name: check.status for check in found.checks}


@pytest.fixture
def kernel(project: Project):
    kernels: list[Kernel] = []

    def start() -> Kernel:
        kernels.append(Kernel(project.folder))
        kernels[-1].run("%load_ext trackbook")
        return kernels[-1]

    yield start
    for one in kernels:
        one.stop()


def test_a_seeded_job_is_reproduced(project: Project) -> None:
    path = project.notebook("import random\nrandom.seed(7)", TRAIN, parameters="rate = 1.0")
    run_id = run_job(project, path, rate=2.5)
    path.write_text("{}")  # what ran is frozen
    found = verdict_of(project, run_id)
    assert (found.verdict, found.reason) == (
        "reproduced",
        "1 artifact, 1 metric and 1 cell's outputs are as recorded.",
    )
    assert found.held == found.compared == {"artifact": 1, "metric": 1, "output": 1, "status": 1}
    assert by_name(found) == {"loss": "holds"}
    assert not [one for one in found.deviations if one.kind not in ("git",)]
    repeated = project.detail(found.run_id)
    assert repeated.run.tags[REPRODUCES] == run_id
    assert repeated.run.params["rate"] == 2.5
    assert project.detail(run_id).reproduction == found


def test_a_job_without_a_seed_differs_and_is_said_so(project: Project) -> None:
    run_id = run_job(project, project.notebook(TRAIN, parameters="rate = 1.0"))
    found = verdict_of(project, run_id)
    assert found.verdict == "differs"
    assert by_name(found) == {"loss": "differs"}
    (check,) = found.checks
    assert "5 of 5 steps differ, the first at 0" in check.message
    (seed,) = [one for one in found.deviations if one.kind == "seed"]
    assert seed.message == "Random numbers are drawn (random), and no seed was set before."
    codes = {one.code: one for one in project.services.diagnosing.of(run_id).obstacles}
    assert codes["no_seed"].names == ["random"]
    # A wide tolerance is the user's word: then it holds.
    job = project.services.jobs.get(project.detail(found.run_id).run.source.job_id)
    for changes in ({"tolerance": 10.0}, {"ignore": ["lo*"]}):
        options = msgspec.structs.replace(job.spec.reproduction, **changes)
        again = msgspec.structs.replace(job, spec=msgspec.structs.replace(job.spec, reproduction=options))
        assert project.services.reproducing.conclude(again).verdict == "reproduced"


def test_changed_data_stops_it_unless_that_is_allowed(project: Project) -> None:
    data = project.folder / "data.csv"
    data.write_text("a\n1\n2\n")
    source = (
        "import trackbook as tb\nrun = tb.start_run('churn')\nrun.data('data.csv')\n"
        "run.log({'total': sum(map(int, open('data.csv').read().split()[1:]))})"
    )
    run_id = run_job(project, project.notebook(source))
    data.write_text("a\n1\n3\n")
    with pytest.raises(Conflict, match=r"data\.csv has changed since the run read it"):
        repeat(project, run_id)
    assert project.services.runs.search().total == 1
    found = verdict_of(project, run_id, allow_changed_data=True)
    assert found.verdict == "differs"
    assert [one.name for one in found.deviations if one.kind == "data"] == ["data.csv"]
    data.unlink()
    with pytest.raises(Conflict, match=r"data\.csv is gone"):
        repeat(project, run_id)


def test_a_changed_module_is_named(project: Project) -> None:
    module = project.folder / "helper.py"
    module.write_text("FACTOR = 2\n")
    source = "import helper\nimport trackbook as tb\ntb.start_run('churn').log({'x': helper.FACTOR})"
    run_id = run_job(project, project.notebook(source))
    module.write_text("FACTOR = 3\n")
    obstacles = {one.code: one for one in project.services.diagnosing.of(run_id).obstacles}
    assert obstacles["module_changed"].names == ["helper.py"]
    found = verdict_of(project, run_id)
    assert found.verdict == "differs"
    assert [one.name for one in found.deviations if one.kind == "module"] == ["helper"]


def test_a_failure_that_comes_back_and_one_that_is_new(project: Project) -> None:
    source = "from pathlib import Path\nif Path('fails.txt').exists():\n    raise ValueError('no')"
    path = project.notebook("import trackbook as tb\ntb.start_run('churn').log({'x': 1})", source)
    good = run_job(project, path)
    (project.folder / "fails.txt").touch()
    found = verdict_of(project, good)
    assert found.verdict == "failed"
    assert "ValueError: no" in found.reason
    bad = run_job(project, path)
    assert verdict_of(project, bad).verdict == "reproduced"


def test_a_notebook_run_by_hand_out_of_order_is_reproduced(
    project: Project, kernel: Callable[[], Kernel]
) -> None:
    project.notebook("import math", "x = 1", "%track start churn", "x = x * 2", "%track metric x")
    shell = kernel()
    shell.run("import math", "c1")
    shell.run("x = 1", "c2")
    shell.run("%track start churn", "c3")
    shell.run("%track seed 5", "c6")
    shell.run("import random\ny = random.random()", "c7")
    shell.run("x = x * 2\nprint(math.floor(x))", "c4")
    shell.run("x = x * 2\nprint(math.floor(x))", "c4")
    shell.run("1 / 0", "c8")
    shell.run("%track metric x y", "c5")
    shell.run("%track end", "c9")
    assert project.services.runs.refresh(timeout=60)
    (run,) = project.services.runs.search().runs
    assert run.metrics["x"] == 4
    found = verdict_of(project, run.id)
    assert found.verdict == "reproduced", found
    assert found.held["metric"] == 2
    assert found.held["output"] == 3
    assert found.compared["output"] == 3
    (note,) = [one for one in found.deviations if one.kind == "cell"]
    assert note.message.startswith("2 cells that ran before the run began are taken")
    codes = {one.code for one in project.services.diagnosing.of(run.id).obstacles}
    assert {"repeated", "before_the_run"} <= codes
    sources = project.services.snapshots.sources(found.run_id)
    assert sources[1] == "import math"
    assert list(sources.values()).count("x = x * 2\nprint(math.floor(x))") == 2


def test_a_secret_comes_from_the_saved_notebook_or_stops_it(
    project: Project, kernel: Callable[[], Kernel]
) -> None:
    secret = 'password = "hunter2-and-more"\nsize = len(password)'
    path = project.notebook("%track start churn", secret, "%track metric size")
    shell = kernel()
    for number, source in enumerate(("%track start churn", secret, "%track metric size", "%track end"), 1):
        shell.run(source, f"c{number}")
    assert project.services.runs.refresh(timeout=60)
    (run,) = project.services.runs.search().runs
    assert "hunter2" not in str(project.services.snapshots.sources(run.id))
    found = verdict_of(project, run.id)
    assert found.verdict == "reproduced", found
    assert [one.name for one in found.deviations if one.kind == "cell"] == ["cell 2"]
    document = json.loads(path.read_text())
    document["cells"][1]["source"] = "size = 3"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=r"Cell 2 held a secret.*environment variable"):
        repeat(project, run.id)


def test_what_can_not_be_repeated_is_refused_with_what_to_do(
    project: Project, kernel: Callable[[], Kernel]
) -> None:
    import trackbook as tb

    open_run = tb.start_run("churn", folder=project.folder)
    assert project.services.runs.refresh(timeout=60)
    with pytest.raises(Conflict, match="still running"):
        repeat(project, open_run.id)
    open_run.end()
    with pytest.raises(UsageError, match=r"whose command line is not recorded.*trackbook compare"):
        repeat(project, open_run.id)
    with pytest.raises(NotFound):
        repeat(project, "#99")
    project.notebook("1")  # the kernel knows its notebook by it
    shell = kernel()
    shell.run("%track start churn\n%track end", "c1")
    shell.run("%track resume", "c2")
    shell.run("%track end", "c3")
    assert project.services.runs.refresh(timeout=60)
    resumed = project.services.runs.search("attempt = 2").runs[0]
    with pytest.raises(UsageError, match="resumed"):
        repeat(project, resumed.id)


def test_code_that_was_not_committed_is_named(project: Project) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True, capture_output=True)

    (project.folder / "helper.py").write_text("FACTOR = 2\n")
    (project.folder / "known.txt").write_text("1\n")
    git("init", "-q")
    git("add", "known.txt")
    git("commit", "-q", "-m", "one")
    (project.folder / "known.txt").write_text("2\n")
    source = "import helper\nimport trackbook as tb\ntb.start_run('churn').log({'x': 1})"
    run_id = run_job(project, project.notebook(source))
    assert project.services.runs.refresh(timeout=60)
    obstacles = {one.code: one for one in project.services.diagnosing.of(run_id).obstacles}
    assert obstacles["uncommitted"].severity == "warning"
    assert obstacles["untracked"].names == ["helper.py"]
    git("commit", "-q", "-a", "-m", "two")
    codes = {one.code for one in project.services.diagnosing.of(run_id).obstacles}
    assert "commit" in codes
