"""A store on a network file system, used by machines of which each has an index of its own."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from trackbook.config import Settings
from trackbook.domain.records import RunNumbered
from trackbook.errors import StoreError
from trackbook.services import settling
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services
from trackbook.services.ingester import ensure_ingester
from trackbook.services.ingestion import Ingester
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths, create_store


class Machine:
    """One that sees the store at the same path, and has a name and a cache of its own."""

    def __init__(self, name: str, store: StorePaths, cache: Path, use: Callable[[str], None]) -> None:
        self.name, self._use = name, use
        self.settings = Settings(cache=cache / name)
        self.place = open_place(store, self.settings)
        self.store = self.place.paths
        self.services = Services(self.place)

    def __enter__(self) -> "Machine":
        self._use(self.name)
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def ingest(self) -> None:
        with self:
            Ingester(self.place).finish()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StorePaths:
    monkeypatch.setattr(settling, "lies_on_network", lambda folder: folder.is_relative_to(tmp_path / "home"))
    return create_store(tmp_path / "home" / ".trackbook")


@pytest.fixture
def machine(store: StorePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Machine]:
    present = threading.local()
    present.name = ""
    for module in (
        "store.locks",
        "services.recorder",
        "services.runwriter",
        "services.ingest",
        "services.ingestion",
    ):
        monkeypatch.setattr(f"trackbook.{module}.os_host", lambda: present.name)

    def use(name: str) -> None:
        present.name = name

    made: dict[str, Machine] = {}

    def get(name: str) -> Machine:
        if name not in made:
            made[name] = Machine(name, store, tmp_path / "cache", use)
        return made[name]

    return get


def points(machine: Machine, run_id: str) -> list[float]:
    return machine.services.series.read(run_id, "loss").values


def count(machine: Machine, run_id: str) -> int:
    return machine.services.runs.detail(run_id).series[0].count


def test_the_index_is_kept_off_the_network(
    store: StorePaths, machine: Callable[[str], Machine], tmp_path: Path
) -> None:
    one = machine("one")
    with one:
        RunRecorder.start(one.store, experiment="e").end()
        assert one.services.runs.refresh(timeout=60.0)
    found = {path.name for path in store.root.iterdir()}
    assert not {name for name in found if name.startswith(("index", "ingester", "upgrade"))}
    assert (tmp_path / "cache" / "one" / store.id / "index.sqlite").is_file()
    one.place.close()


def test_a_cache_that_can_not_be_is_named(store: StorePaths, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="TRACKBOOK_CACHE"):
        open_place(store, Settings(cache=tmp_path / "file"))


def test_who_writes_is_not_kept_from_it(
    store: StorePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TRACKBOOK_CACHE", str(tmp_path / "file"))
    run = RunRecorder.start(store, experiment="e")
    assert not ensure_ingester(store)
    run.log({"loss": 1.0})
    run.end()


def test_when_the_whole_home_is_on_the_network_the_temporary_folder_takes_its_place(
    store: StorePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    local = settling.settle(store, Settings()).local
    assert local is not None
    assert local.is_relative_to(tmp_path / "temporary")
    assert local.parent.stat().st_mode & 0o077 == 0
    with pytest.raises(StoreError, match="lies on a network, too"):
        settling.settle(store, Settings(cache=tmp_path / "home" / "cache"))
    local.rmdir()
    local.parent.rmdir()
    (tmp_path / "elsewhere").mkdir()
    local.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="somebody else"):
        settling.settle(store, Settings())


def test_a_machine_that_read_half_of_a_journal_reads_the_segment_of_another_one(
    machine: Callable[[str], Machine],
) -> None:
    one, other = machine("one"), machine("other")
    with one:
        run = RunRecorder.start(one.store, experiment="e")
        run.log({"loss": 1.0})
        run.add_note("first")
        run.set_params({"lr": 1})
    other.ingest()
    assert count(other, run.run_id) == 1
    with one:
        run.log({"loss": 2.0})
        run.add_note("second")
        run.end()
    one.ingest()  # sealed under the feet of the other one
    assert not list(one.store.list_journals())
    other.ingest()
    for each in (one, other):
        assert (count(each, run.run_id), points(each, run.run_id)) == (2, [1.0, 2.0])
        detail = each.services.runs.detail(run.run_id)
        assert (detail.run.notes, len(detail.revisions), detail.run.status) == (
            "first\nsecond",
            1,
            "finished",
        )
        each.place.close()


def test_a_machine_that_comes_late_reads_what_was_sealed_before(machine: Callable[[str], Machine]) -> None:
    one, other = machine("one"), machine("other")
    with one:
        run = RunRecorder.start(one.store, experiment="e")
        run.log({"loss": 1.0})
        run.end()
    one.ingest()
    with other:
        assert other.services.runs.refresh(timeout=60.0)
    assert (count(other, run.run_id), points(other, run.run_id)) == (1, [1.0])
    assert other.services.runs.get(run.run_id).number == one.services.runs.get(run.run_id).number == 1
    for each in (one, other):
        each.place.close()


def test_only_its_own_machine_seals_a_journal(machine: Callable[[str], Machine]) -> None:
    one, other = machine("one"), machine("other")
    with one:
        run = RunRecorder.start(one.store, experiment="e")
        run.log({"loss": 1.0})
        run.end()
    other.ingest()
    assert [name.subject for name, _ in other.store.list_journals() if name.subject == run.run_id]
    assert (count(other, run.run_id), points(other, run.run_id)) == (1, [1.0])
    one.ingest()
    assert not [name for name, _ in other.store.list_journals() if name.subject == run.run_id]
    other.ingest()
    assert (count(other, run.run_id), points(other, run.run_id)) == (1, [1.0])
    for each in (one, other):
        each.place.close()


def test_a_journal_whose_machine_has_been_away_for_long_is_sealed_by_another_one(
    machine: Callable[[str], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machine("one"), machine("other")
    with one:
        RunRecorder.start(one.store, experiment="e").end()
    monkeypatch.setattr("trackbook.services.ingestion.ABANDONED_SECONDS", -1.0)
    other.ingest()
    assert not list(other.store.list_journals())
    for each in (one, other):
        each.place.close()


def test_two_machines_never_give_one_number_to_two_runs(
    store: StorePaths, machine: Callable[[str], Machine]
) -> None:
    machines = [machine(name) for name in ("one", "other", "third")]
    ids = []
    for each in machines:
        with each:
            for _ in range(5):
                run = RunRecorder.start(each.store, experiment="e")
                run.log({"loss": 1.0})
                run.end()
                ids.append(run.run_id)
    errors: list[Exception] = []

    def ingest(each: Machine) -> None:
        try:
            each.ingest()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ingest, args=(each,)) for each in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for each in machines:  # what the others gave out meanwhile, or sealed
        each.ingest()
    for each in machines:
        each.ingest()
    found = [{run.id: run.number for run in each.services.runs.search().runs} for each in machines]
    assert set(found[0]) == set(ids)
    assert len(set(found[0].values())) == 15
    assert found[0] == found[1] == found[2]
    with machines[0]:
        rebuild(machines[0].store).close()
    assert {run.id: run.number for run in machines[0].services.runs.search().runs} == found[0]
    for each in machines:
        each.place.close()


def test_of_two_numbers_of_a_run_the_lower_one_counts(machine: Callable[[str], Machine]) -> None:
    one = machine("one")
    with one:
        run = RunRecorder.start(one.store, experiment="e")
        run.end()
        for number in (7, 4, 9):
            writer = RunRecorder.join(one.store, "project", role="editor")
            writer.append(RunNumbered(number, run.run_id, number))
            writer.close()
            one.ingest()
    assert one.services.runs.get(run.run_id).number == 4
    with one:
        rebuild(one.store).close()
    assert one.services.runs.get(run.run_id).number == 4
    one.place.close()
