"""What makes runs hard to repeat, and how single results are compared, told from records that were written by hand."""

import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from trackbook.domain.data import DataInput
from trackbook.domain.environment import Editable, Environment
from trackbook.domain.obstacle import Obstacle
from trackbook.domain.run import RunDetail, Source
from trackbook.domain.tolerance import Tolerance
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.services.reproducing.checks import Checks
from trackbook.store.blobs import digest_of
from trackbook.store.paths import create_store

PYTHON = ".".join(map(str, sys.version_info[:3]))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f00038601805a347d6b"
    "0000000049454e44ae426082"
)


@pytest.fixture
def services(tmp_path: Path):
    found = open_services(create_store(tmp_path / ".trackbook"))
    with closing(found.database):
        yield found


def record(services: Services, *sources: str, environment: Environment | None = None) -> RunRecorder:
    """A run that executed these cells; it stays open."""
    run = RunRecorder.start(services.store, experiment="churn", source=Source("notebook", "train.ipynb"))
    for source in sources:
        run.cell_finished(run.cell_started(None, None, source), "ok", 0.1, [])
    if environment is not None:
        run.environment_captured(environment)
    return run


def diagnose(services: Services, run: RunRecorder) -> dict[str, Obstacle]:
    run.end()
    assert services.runs.refresh(30)
    found = services.diagnosing.of(run.run_id)
    return {f"{one.code}:{one.severity}": one for one in found.obstacles}


def test_a_run_without_trouble_has_no_obstacle_but_notes(services: Services) -> None:
    packages = {"msgspec": version("msgspec")}
    run = record(
        services, "import random\nrandom.seed(3)\nx = random.random()",
        environment=Environment(PYTHON, "Linux", "python", packages, {}),
    )  # fmt: skip
    assert set(diagnose(services, run)) == {"no_lock:note"}


def test_packages_that_the_notebook_imports_weigh_more(services: Services) -> None:
    packages = {
        "msgspec": "0.0.1",
        "scikit-learn": "0.0.1",
        "nosuch-thing": "1",
        "pytest": "0.0.1",
        "other-gone": "2",
    }
    environment = Environment(
        "3.4.1", "Linux", "python", packages, {}, editable={"mine": Editable("/src", "abc", True)}
    )
    found = diagnose(services, record(services, "import msgspec, nosuch_thing", environment=environment))
    assert found["package_missing:error"].names == ["nosuch-thing"]
    assert "other-gone" in found["package_missing:note"].names
    assert found["package_version:warning"].names == ["msgspec"]
    assert "pytest" in found["package_version:note"].names
    assert found["other_python:warning"].names == ["3.4.1"]
    assert "had changes that were not committed" in found["package_local:note"].message


def test_hidden_state_and_the_world_outside(services: Services) -> None:
    sources = (
        "y = unknown + 1",
        "name = input()",
        "import time\nt = time.time()",
        "import requests\nrequests.get(u)",
    )
    found = diagnose(services, record(services, *sources))
    assert found["unknown_names:warning"].names == ["unknown", "u"]
    assert found["input:error"].order == 2
    assert found["clock:note"].order == 3
    assert found["network:note"].order == 4
    assert "no_environment:warning" in found


def test_data(services: Services, tmp_path: Path) -> None:
    project = tmp_path
    (project / "same.csv").write_text("1")
    (project / "changed.csv").write_text("2")
    (project / "unknown.csv").write_text("?")
    (project / "own.csv").write_text("made by the run")
    outside = tmp_path.parent / f"{tmp_path.name}-outside.csv"
    outside.write_text("3")
    (project / "images").mkdir()
    (project / "images" / "a.png").write_text("a")
    run = record(services, "x = 1")
    digest = digest_of(b"1")

    def used(place: str, kind: str = "file", **more: object) -> None:
        run.data_used(DataInput(place, place, kind, "observed", **more))  # type: ignore[arg-type]

    used("same.csv", digest=digest)
    used("changed.csv", digest=digest)
    used("own.csv", digest=digest)
    used("own.csv", digest=digest_of(b"made by the run"))
    used("gone.csv", digest=digest)
    used(str(outside), digest=digest_of(b"3"))
    used("unknown.csv")
    used("https://example.org/a.csv", kind="other")
    manifest = b'[{"path":"a.png","size":1,"digest":"%s"},{"path":"b.png","size":1,"digest":"%s"}]'
    manifest %= (digest_of(b"A").encode(), digest.encode())
    used("images", kind="folder", digest=digest_of(manifest), manifest=run.store_blob(manifest))
    used("name:frame", kind="table", digest=digest)
    run.end()
    assert services.runs.refresh(30)
    found = services.diagnosing.of(run.run_id).obstacles
    told = {(one.code, one.severity, tuple(one.names)) for one in found if one.code.startswith("data")}
    assert told == {
        ("data_changed", "error", ("changed.csv",)),
        ("data_changed", "warning", ("own.csv",)),
        ("data_missing", "error", ("gone.csv",)),
        ("data_outside", "note", (str(outside),)),
        ("data_unknown", "warning", ("unknown.csv",)),
        ("data_address", "warning", ("https://example.org/a.csv",)),
        ("data_changed", "error", ("images/a.png",)),
        ("data_missing", "error", ("images/b.png",)),
    }


def detail_with(services: Services, **artifacts: bytes) -> RunDetail:
    run = RunRecorder.start(services.store, experiment="churn")
    for name, data in artifacts.items():
        path = name.replace("_", ".")
        run.store_artifact(data, path)
    run.end()
    assert services.runs.refresh(30)
    return services.runs.detail(run.run_id)


def test_artifacts_are_compared_by_what_they_hold(services: Services) -> None:
    checks = Checks(services.runs, services.series, services.snapshots, services.place.blobs)
    one = detail_with(
        services, same_bin=b"x", near_csv=b"a,b\n1,0.30000001\n", far_json=b'{"a": 1}', model_pkl=b"1", plot_png=PNG,
        gone_txt=b"",
    )  # fmt: skip
    two = detail_with(
        services, same_bin=b"x", near_csv=b"a,b\n1,0.30000002\n", far_json=b'{"a": 2}', model_pkl=b"2", plot_png=PNG,
        new_txt=b"",
    )  # fmt: skip
    found = {check.name: check.status for check in checks.all(one, two, Tolerance())}
    assert found == {
        "status": "holds",
        "same.bin": "holds",
        "near.csv": "holds",
        "far.json": "differs",
        "model.pkl": "not_compared",
        "plot.png": "holds",
        "gone.txt": "missing",
        "new.txt": "extra",
    }


def test_series_are_compared_step_by_step(services: Services) -> None:
    checks = Checks(services.runs, services.series, services.snapshots, services.place.blobs)
    runs = []
    for shift in (0.0, 1e-9, 0.5):
        run = RunRecorder.start(services.store, experiment="churn")
        for step in range(10):
            run.log(
                {"loss": 1.0 / (step + 1) + (shift if 3 <= step < 6 else 0.0), "none": float("nan")}, step
            )
            run.log({"system/cpu": shift})
        if shift == 0.5:
            run.log({"loss": 0.0}, step=10)
        run.end()
        assert services.runs.refresh(30)
        runs.append(services.runs.detail(run.run_id))
    near = {check.name: check for check in checks.all(runs[0], runs[1], Tolerance())}
    assert {name: check.status for name, check in near.items()} == {
        "status": "holds", "loss": "holds", "none": "holds",
    }  # fmt: skip
    far = {check.name: check for check in checks.all(runs[0], runs[2], Tolerance())}
    assert (
        far["loss"].message
        == "The last value was 0.1000, and now is 0; 4 of 11 steps differ, the first at 3."
    )


def test_children_are_compared_in_their_order(services: Services) -> None:
    checks = Checks(services.runs, services.series, services.snapshots, services.place.blobs)
    details = []
    for losses in ((0.1, 0.2), (0.1, 0.3, 0.4)):
        run = RunRecorder.start(services.store, experiment="churn")
        for loss in losses:
            child = RunRecorder.start(services.store, experiment="churn", parent_id=run.run_id)
            child.log({"loss": loss})
            child.end()
        run.end()
        assert services.runs.refresh(30)
        details.append(services.runs.detail(run.run_id))
    one, two = details
    found = {check.name: check.status for check in checks.all(one, two, Tolerance())}
    assert found == {
        "status": "holds", "child 1": "holds", "child 1: loss": "holds", "child 2": "holds", "child 2: loss": "differs",
        "child 3": "extra",
    }  # fmt: skip
    assert {check.status for check in checks.all(one, one, Tolerance())} == {"holds"}
