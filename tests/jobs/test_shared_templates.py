"""Warm kernels of one worker: its children share their templates, and each kernel has its share of the cores."""

import json
import os
import sys

import pytest
from tests.jobs.conftest import Project

from trackbook.jobs.pool import run_jobs
from trackbook.jobs.threads import THREAD_VARIABLES, usable_cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux kernels are forked")

SAYS = """\
import json, os, pathlib
said = {"template": os.getppid(), "threads": os.environ.get("OMP_NUM_THREADS")}
pathlib.Path(f"said-{n}.json").write_text(json.dumps(said))
"""


def test_children_share_a_template_and_kernels_the_cores(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    path = project.notebook(SAYS, parameters="n = 0")
    jobs = project.services.jobs.submit(path, {}, {"n": [1, 2, 3, 4]})
    outcomes = run_jobs(project.store, jobs, parallel=2)
    assert outcomes.exit_code == 0
    said = [json.loads((project.folder / f"said-{n}.json").read_text()) for n in (1, 2, 3, 4)]
    assert len({one["template"] for one in said}) == 1
    assert said[0]["template"] != os.getpid()
    assert {one["threads"] for one in said} == {str(max(1, usable_cores() // 2))}
