"""Templates that a worker which stands, or a server, keeps for whoever has jobs run in the same store."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from tests.jobs.conftest import Project, wait_for

from trackbook.jobs.headstart import HeadStart
from trackbook.jobs.pool import run_jobs
from trackbook.jobs.warm.folder import TemplateFolder
from trackbook.jobs.warm.offering import offer_templates, offered_templates
from trackbook.server.working import WorkerKeeper

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")

PARENT = "import wave, os\nopen('parents', 'a').write(f'{os.getppid()}\\n')"


@pytest.fixture
def standing(project: Project) -> "Iterator[subprocess.Popen[bytes]]":
    """A worker that stands, which does not work here: the jobs of this test are others'."""
    command = [sys.executable, "-m", "trackbook.jobs.worker", str(project.store.root), "--forever"]
    process = subprocess.Popen(command, cwd=project.store.root)
    wait_for(lambda: offered_templates(project.store) is not None)
    yield process
    process.kill()
    process.wait()


def parents(project: Project) -> list[int]:
    """Return the processes that the notebook's processes were forked from, one for each job that has run."""
    return [int(line) for line in (project.folder / "parents").read_text().split()]


def test_workers_that_come_and_go_have_one_template(
    project: Project, standing: "subprocess.Popen[bytes]"
) -> None:
    path = project.notebook(PARENT)
    for _ in range(3):
        outcomes = run_jobs(project.store, project.services.jobs.submit(path))
        assert [job.status for job in outcomes.jobs] == ["finished"]
    offered = offered_templates(project.store)
    assert offered is not None
    assert offered.owner == standing.pid
    (said,) = offered.templates()
    assert parents(project) == [said["pid"]] * 3
    # Once its owner has ended, whatever ends it, there are none, and jobs have their own again.
    standing.kill()
    standing.wait()
    assert offered_templates(project.store) is None
    wait_for(lambda: not psutil.pid_exists(said["pid"]))
    outcomes = run_jobs(project.store, project.services.jobs.submit(path))
    assert [job.status for job in outcomes.jobs] == ["finished"]
    assert parents(project)[3] not in (said["pid"], os.getpid())


def test_what_begins_before_its_jobs_are_known_is_made_there(
    project: Project, standing: "subprocess.Popen[bytes]"
) -> None:
    path = project.notebook(PARENT)
    offered = offered_templates(project.store)
    assert offered is not None
    with HeadStart(project.store, 1, path) as head_start:
        wait_for(offered.templates)  # before anything was submitted
        outcomes = run_jobs(project.store, project.services.jobs.submit(path), head_start=head_start)
    assert [job.status for job in outcomes.jobs] == ["finished"]
    (said,) = offered.templates()
    assert parents(project) == [said["pid"]]


def test_a_server_offers_its_own(project: Project) -> None:
    WorkerKeeper(project.services)
    offered = offered_templates(project.store)
    assert offered is not None
    assert offered.owner == os.getpid()


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff\xfe", b"elsewhere\n{folder}", b"{host}\n", b"{host}\n/", b"{host}\n/nonexistent"],
    ids=["empty", "no text", "another host's", "no path", "no such folder of ours", "gone"],
)
def test_what_can_not_be_used_is_not_there(project: Project, text: bytes) -> None:
    folder = TemplateFolder.make()
    offer_templates(project.store, folder)
    assert offered_templates(project.store) is not None
    host = project.store.templates.read_text().partition("\n")[0]
    known = {b"{host}": host.encode(), b"{folder}": str(folder.path).encode()}
    for name, value in known.items():
        text = text.replace(name, value)
    project.store.templates.write_bytes(text)
    assert offered_templates(project.store) is None
    folder.close()
