"""Which folder a path belongs to, which folder an id means, and what lies outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trackbook.config import Settings
from trackbook.domain.ids import new_id
from trackbook.errors import NotFound, UsageError
from trackbook.server.projects import Projects
from trackbook.services.catchup import rebuild
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import create_store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("root/a/b/c", "root/plain", "outside/secret"):
        (tmp_path / folder).mkdir(parents=True)
    create_store(tmp_path / "root" / "a" / ".trackbook")
    create_store(tmp_path / "outside" / ".trackbook")
    return (tmp_path / "root").resolve()


@pytest.fixture
def projects(root: Path) -> Iterator[Projects]:
    projects = Projects(root, Settings())
    yield projects
    projects.close()


def test_a_store_is_found_upwards(projects: Projects) -> None:
    found = [projects.find(path) for path in ("a", "a/b/c", "/a/b/x.ipynb/", "a//b")]
    assert {project.path for project in found if project} == {"a"}
    assert len({project.id for project in found if project}) == 1
    assert projects.find("plain/x.ipynb") is None


@pytest.mark.parametrize("path", ["..", "../outside", "a/../../outside", "a/./b", "a\0b", "a\\b"])
def test_paths_that_are_none(projects: Projects, path: str) -> None:
    with pytest.raises(UsageError):
        projects.find(path)
    with pytest.raises(UsageError):
        projects.find_or_create(path)


@pytest.mark.parametrize("path", ["none/x.ipynb", "a/b/none/x.ipynb", "x" * 5000, "/".join("x" * 3000)])
def test_folders_that_are_not_there(projects: Projects, path: str) -> None:
    with pytest.raises(NotFound):
        projects.find(path + "/x.ipynb")


def test_links_do_not_lead_outside(projects: Projects, root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside")
    (root / "file.ipynb").symlink_to(root.parent / "outside" / "x.ipynb")
    (root / "inner").symlink_to(root / "a")
    for path in ("link", "link/secret", "link/x.ipynb"):
        with pytest.raises(NotFound):
            projects.find(path)
    (root.parent / "outside" / "x.ipynb").write_text("{}")
    with pytest.raises(NotFound):
        projects.file("file.ipynb")
    found = projects.find("inner/b")
    assert found is not None
    assert found.path == "a"
    assert projects.open(found.id) is projects.open(found.id)


def test_an_id_is_found_after_a_restart(projects: Projects, root: Path) -> None:
    project = projects.find("a")
    assert project is not None
    after = Projects(root, Settings())
    assert after.open(project.id).store.project == root / "a"
    after.close()


def test_an_id_outside_the_root_is_not_found(projects: Projects, root: Path) -> None:
    outside = create_store(root.parent / "outside" / ".trackbook")
    for project_id in (outside.id, new_id()):
        with pytest.raises(NotFound):
            projects.open(project_id)


def test_a_project_that_moved_is_found_by_its_path(projects: Projects, root: Path) -> None:
    before = projects.find("a")
    assert before is not None
    projects.open(before.id)
    (root / "a").rename(root / "moved")
    after = projects.find("moved/b")
    assert after is not None
    assert (after.id, after.path) == (before.id, "moved")
    assert projects.open(before.id).store.project == root / "moved"


def test_a_store_above_the_root_is_the_one_that_kernels_use(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    store = create_store(tmp_path / ".trackbook")
    projects = Projects(tmp_path / "notebooks", Settings())
    found = projects.find("x.ipynb")
    assert found is not None
    assert (found.id, found.path) == (store.id, "")
    assert projects.source_path(found.id, "x.ipynb") == "notebooks/x.ipynb"
    projects.close()
    after = Projects(tmp_path / "notebooks", Settings())
    assert after.open(found.id).store == store
    after.close()


def test_the_configured_store_wins(root: Path, tmp_path: Path) -> None:
    store = create_store(tmp_path / "elsewhere" / "store")
    projects = Projects(root, Settings(store=store.root))
    for path in ("", "a/b", "plain/x.ipynb"):
        found = projects.find(path)
        assert found is not None
        assert (found.id, found.path) == (store.id, "")
    assert projects.find_or_create("plain").id == store.id
    assert projects.source_path(store.id, "a/x.ipynb") == str(root.resolve() / "a" / "x.ipynb")
    projects.close()


def test_a_notebook_of_another_project_is_refused(projects: Projects, root: Path) -> None:
    project = projects.find("a")
    assert project is not None
    for path in ("a/b/x.ipynb", "plain/x.ipynb"):
        (root / path).write_text("{}")
    assert projects.notebook(project.id, "a/b/x.ipynb") == root / "a" / "b" / "x.ipynb"
    with pytest.raises(UsageError):
        projects.notebook(project.id, "plain/x.ipynb")
    with pytest.raises(NotFound):
        projects.notebook(project.id, "a/b")


def test_an_index_made_anew_is_read(projects: Projects, root: Path) -> None:
    found = projects.find("a")
    assert found is not None
    before = projects.open(found.id)
    run = RunRecorder.start(before.store, experiment="churn")
    run.end()
    before.services.runs.refresh(timeout=60.0)
    assert before.services.runs.get(run.run_id).number == 1
    for suffix in ("", "-wal", "-shm"):
        before.store.index.with_name(f"index.sqlite{suffix}").unlink(missing_ok=True)
    rebuild(before.store).close()
    assert projects.open(found.id) is not before
    assert projects.services(found.id).runs.get(run.run_id).experiment == "churn"


def test_a_project_that_is_gone_is_not_found(projects: Projects, root: Path) -> None:
    found = projects.find("a")
    assert found is not None
    projects.open(found.id)
    (root / "a").rename(root.parent / "outside" / "a")
    with pytest.raises(NotFound):
        projects.open(found.id)
    (root.parent / "outside" / "a").rename(root / "a")
    assert projects.find("a") == found
    assert projects.open(found.id).services.runs.revision() == 0
