"""What is sent to a Dask worker, and what it says to a store that is not there."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from trackbook.config import Settings
from trackbook.errors import InfrastructureError, MissingExtra, UsageError
from trackbook.jobs.distributed import cluster as clusters
from trackbook.jobs.distributed.cluster import Cluster, open_cluster
from trackbook.jobs.distributed.crew import DaskCrew
from trackbook.jobs.distributed.orders import (
    Order,
    Report,
    check_sight,
    find_problem,
    hide_store,
    own_environment,
    show_store,
    store_environment,
    this_machine,
)
from trackbook.jobs.distributed.task import run_order
from trackbook.store.paths import StorePaths, create_store

DATABASE = "postgresql://ann:s3cret@db/runs"
SERVED = "https://runs.example"


@pytest.fixture
def store(tmp_path: Path) -> StorePaths:
    return create_store(tmp_path / ".trackbook")


def order(environment: dict[str, str]) -> Order:
    return Order("job", "crew", "1.0.0", environment)


def test_secrets_go_along_only_where_nobody_can_read_them(tmp_path: Path) -> None:
    for url, opened in ((DATABASE, {}), (SERVED, {"TRACKBOOK_TOKEN": "tb_secret"})):
        settings = Settings.load({"TRACKBOOK_STORE": url, **opened, "TRACKBOOK_SPOOL": "/mine"})
        spool = create_store(tmp_path / url[:5], settings.remote)
        open_way = store_environment(spool, settings, with_secrets=False)
        assert not any("s3cret" in value or "tb_secret" in value for value in open_way.values())
        assert open_way["TRACKBOOK_STORE"] == settings.remote
        private = store_environment(spool, settings, with_secrets=True)
        assert private.items() >= {"TRACKBOOK_STORE": url, **opened}.items()
        assert "TRACKBOOK_SPOOL" not in private  # for the worker's machine to choose


def test_it_is_said_where_what_opens_the_store_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", SERVED)
    monkeypatch.setenv("TRACKBOOK_TOKEN", "tb_secret")
    spool = create_store(tmp_path / "spool", Settings.load().remote)
    cluster = Cluster(Known("tcp://10.0.0.2:5"), "tcp://10.0.0.1:8786")
    said: list[str] = []
    DaskCrew(spool, cluster, on_notice=said.append).close()
    (sentence,) = said
    assert "is not sent over tcp://10.0.0.1:8786" in sentence
    assert "TRACKBOOK_TOKEN of their own" in sentence


def test_what_opens_the_store_on_the_worker_stays() -> None:
    sent = {"TRACKBOOK_STORE": "postgresql://ann@db/runs", "TRACKBOOK_CAPTURE": "none"}
    assert own_environment(order(sent), {"TRACKBOOK_STORE": DATABASE}) == {"TRACKBOOK_CAPTURE": "none"}
    assert own_environment(order(sent), {"TRACKBOOK_STORE": "postgresql://ann:x@other/runs"}) == sent
    served = {"TRACKBOOK_STORE": SERVED, "TRACKBOOK_TOKEN": "tb_sent"}
    own = {"TRACKBOOK_STORE": SERVED, "TRACKBOOK_TOKEN": "tb_own"}
    assert own_environment(order(served), own) == {}
    assert own_environment(order(served), {}) == served


def test_a_folder_is_only_for_workers_that_see_it_on_this_machine(store: StorePaths, tmp_path: Path) -> None:
    sight = show_store(store)
    assert check_sight(sight, store) is None
    another = check_sight(msgspec.structs.replace(sight, machine="another boot"), store)
    assert another is not None
    assert "is another machine" in another
    assert "postgresql://" in another
    other = create_store(tmp_path / "other")
    for seen in (other, None):
        unseen = check_sight(sight, seen)
        assert unseen is not None
        assert f"does not see the store in {store.root}" in unseen
    gone = msgspec.structs.replace(order({}), sight=msgspec.structs.replace(sight, root=str(tmp_path / "no")))
    assert "does not see the store" in str(find_problem(gone))
    hide_store(store, sight)
    assert check_sight(sight, store) is not None
    assert this_machine()


def test_another_version_of_trackbook_is_said_to_be_one() -> None:
    other = msgspec.structs.replace(order({}), version="999.1.0")
    report = msgspec.json.decode(run_order(msgspec.json.encode(other)), type=Report)
    assert report.problem is not None
    assert "999.1.0: install the same there" in report.problem


class Known:
    """What a client knows of a cluster."""

    def __init__(self, *workers: str) -> None:
        self._workers = workers

    def scheduler_info(self, n_workers: int) -> dict[str, dict[str, dict[str, str]]]:
        return {"workers": {address: {} for address in self._workers}}


@pytest.mark.parametrize(
    ("scheduler", "worker", "private"),
    [
        ("tcp://127.0.0.1:8786", "tcp://127.0.0.1:4000", True),
        ("tcp://localhost:8786", "tcp://[::1]:4000", True),
        ("tcp://10.0.0.1:8786", "tcp://127.0.0.1:4000", False),
        ("tcp://127.0.0.1:8786", "tcp://10.0.0.1:4000", False),  # through a tunnel
        ("tls://10.0.0.1:8786", "tls://10.0.0.2:4000", True),
        ("tcp://localhost.example:1", "tcp://127.0.0.1:4000", False),
        ("tcp://127.example:1", "tcp://127.0.0.1:4000", False),
        ("ucx://10.0.0.1:8786", "ucx://10.0.0.2:4000", False),
    ],
)
def test_what_can_be_read_on_the_way(scheduler: str, worker: str, private: bool) -> None:
    assert Cluster(Known(worker), scheduler).is_private is private


def test_schedulers_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1.0)
    for name, kind, words in (
        ("tcp://127.0.0.1:9", InfrastructureError, "No Dask scheduler answers at tcp://127.0.0.1:9"),
        (str(tmp_path / "none.json"), UsageError, "There is no scheduler file"),
        ("no_such_module_here:make", UsageError, "there is no such function"),
        ("os:getcwd", UsageError, "returned str, which is neither"),
        ("nonsense://x:1", UsageError, "is no address of a Dask scheduler"),
    ):
        with pytest.raises(kind, match=words), open_cluster(name, 1):
            pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dask", None)
    with pytest.raises(MissingExtra, match=r'pip install "trackbook\[dask\]"'), open_cluster(None, 1):
        pass


def test_a_project_names_its_scheduler(tmp_path: Path) -> None:
    settings = Settings.load({})
    assert settings.scheduler_in(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text('[tool.trackbook]\nscheduler = "tcp://here:8786"\n')
    assert settings.scheduler_in(tmp_path) == "tcp://here:8786"
    assert replace(settings, scheduler="tcp://there:1").scheduler_in(tmp_path) == "tcp://there:1"
    (tmp_path / "pyproject.toml").write_text("[tool.trackbook]\nscheduler = 8786\n")
    with pytest.raises(UsageError, match="has to name a text"):
        settings.scheduler_in(tmp_path)
