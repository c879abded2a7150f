"""Stores in PostgreSQL: servers that are away or cut connections, and several machines on one store."""

import contextlib
import math
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import select

from trackbook.config import Settings
from trackbook.domain.records import MetricsLogged, RunStarted
from trackbook.domain.run import Source
from trackbook.errors import Conflict, StoreError, StoreTooNew, StoreUnreachable, UsageError
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.edits import Edits
from trackbook.services.ingestion import Ingester
from trackbook.services.opening import open_place
from trackbook.services.past import check_resumable, find_past
from trackbook.services.presence import mark_lost
from trackbook.services.recorder import RunRecorder
from trackbook.store import schema as t
from trackbook.store import server_schema as s
from trackbook.store.paths import StorePaths, create_store
from trackbook.store.place import Place
from trackbook.store.server_parts import PositionMoved


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def url(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TRACKBOOK_STORE", postgresql_url)
    return postgresql_url


@pytest.fixture
def open_machine(url: str, tmp_path: Path) -> Iterator[Callable[[str], Services]]:
    """Opens the store as a machine of some name does: with a spool of its own."""
    opened: list[Services] = []

    def open_one(name: str) -> Services:
        services = open_services(create_store(tmp_path / name, Settings.load().remote))
        opened.append(services)
        return services

    yield open_one
    for services in opened:
        services.place.close()


def record(services: Services, name: str, values: int = 10) -> str:
    run = RunRecorder.start(services.store, experiment="e", name=name, params={"lr": 0.1}, tags={"k": name})
    for step in range(values):
        run.log({"loss": step / 2}, step=step)
    run.store_artifact(name.encode() * 50_000, "data.bin")
    run.store_artifact(b"small", "small.txt")
    run.end()
    return run.run_id


def test_what_one_machine_records_another_one_reads(open_machine: Callable[[str], Services]) -> None:
    one, other = open_machine("one"), open_machine("other")
    first = record(one, "first")
    assert one.runs.refresh(timeout=60.0)
    second = record(other, "second")
    assert other.runs.refresh(timeout=60.0)
    for services in (one, other):
        assert [(run.number, run.name) for run in services.runs.search().runs] == [
            (2, "second"),
            (1, "first"),
        ]
        assert services.series.read(first, "loss").values == [step / 2 for step in range(10)]
        for run_id, name in ((first, "first"), (second, "second")):
            _, path = services.artifacts.open(run_id, "data.bin")
            assert path.read_bytes() == name.encode() * 50_000
            _, path = services.artifacts.open(run_id, "small.txt")
            assert path.read_bytes() == b"small"
    other.edits.set_tags(first, {"k": "edited"})
    assert other.runs.refresh(timeout=60.0)
    assert one.runs.get("#1").tags == {"k": "edited"}


def test_the_spool_is_empty_when_all_has_arrived(open_machine: Callable[[str], Services]) -> None:
    services = open_machine("one")
    record(services, "first")
    assert services.runs.refresh(timeout=60.0)
    left = [path for path in services.store.root.rglob("*") if path.is_file()]
    assert not [path for path in left if path.suffix in (".journal", ".segment", ".draft")]
    assert not [path for path in left if path.is_relative_to(services.store.blobs)]
    # A copy of what is small stays.
    assert [path.read_bytes() for path in left if path.is_relative_to(services.store.cached_blobs)] == [
        b"small"
    ]


def test_neither_files_nor_processes_are_told_the_password(tmp_path: Path) -> None:
    store = create_store(
        tmp_path / "spool", Settings.load({"TRACKBOOK_STORE": "postgresql://me:secret@host/db"}).remote
    )
    assert store.remote == "postgresql://me@host/db"
    assert b"secret" not in (store.root / "store.json").read_bytes()


def test_a_spool_without_its_address_says_what_to_set(
    open_machine: Callable[[str], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_machine("one").store
    for value in ("", "postgresql://localhost/other"):
        monkeypatch.setenv("TRACKBOOK_STORE", value)
        with pytest.raises(StoreError, match="TRACKBOOK_STORE"):
            open_place(store)


def test_running_points_of_another_machine_are_read(open_machine: Callable[[str], Services]) -> None:
    one, other = open_machine("one"), open_machine("other")
    run = RunRecorder.start(one.store, experiment="e")
    for step in range(5):
        run.log({"loss": float(step)}, step=step)
        assert one.runs.refresh(timeout=60.0)
        assert other.series.read(run.run_id, "loss").values == [float(n) for n in range(step + 1)]
    run.end()
    assert one.runs.refresh(timeout=60.0)
    assert other.series.read(run.run_id, "loss").total == 5


def test_a_batch_is_accepted_once(open_machine: Callable[[str], Services]) -> None:
    services = open_machine("one")
    run = RunRecorder.start(services.store, experiment="e")
    run.log({"loss": 1.0})
    late = Ingester(services.place)  # knows nothing of what the other one sends
    assert services.runs.refresh(timeout=60.0)
    with pytest.raises(PositionMoved):
        late.run_pass()
    assert services.series.read(run.run_id, "loss").values == [1.0]
    run.log({"loss": 2.0})
    run.end()
    assert services.runs.refresh(timeout=60.0)
    assert services.runs.detail(run.run_id).series[0].count == 2
    assert services.series.read(run.run_id, "loss").values == [1.0, 2.0]


def test_an_answer_that_was_lost_is_asked_for_again(
    open_machine: Callable[[str], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = open_machine("one")
    run = RunRecorder.start(services.store, experiment="e")
    run.log({"loss": 1.0})
    ingester = Ingester(services.place)
    known = dict(ingester._parts)
    ingester.run_pass()
    ingester._parts = known  # committed, but the word of it did not arrive
    run.log({"loss": 2.0})
    with pytest.raises(PositionMoved):
        ingester.run_pass()
    run.end()
    assert services.runs.refresh(timeout=60.0)
    assert services.runs.detail(run.run_id).series[0].count == 2
    assert services.series.read(run.run_id, "loss").total == 2


def test_connections_that_are_cut_at_any_moment_lose_and_double_nothing(
    url: str, open_machine: Callable[[str], Services]
) -> None:
    services = open_machine("one")
    process = subprocess.Popen([sys.executable, "-m", "trackbook.services.ingest", str(services.store.root)])
    runs = [RunRecorder.start(services.store, experiment="e") for _ in range(3)]
    with psycopg.connect(url.rpartition("&schema=")[0], autocommit=True) as admin:
        cut = 0
        for step in range(400):
            for run in runs:
                run.log({"loss": float(step)}, step=step)
            if step % 20 == 10:
                cut += admin.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND application_name = 'trackbook'"
                ).fetchone()[0]  # type: ignore[index]  # a count is a row
            time.sleep(0.002)
        assert cut > 0
    for run in runs:
        run.end()
    process.terminate()
    process.wait(60)
    assert services.runs.refresh(timeout=60.0)
    for run in runs:
        (series,) = services.runs.detail(run.run_id).series
        assert series.count == 400
        assert services.series.read(run.run_id, "loss").values == [float(step) for step in range(400)]


def test_a_failed_transaction_leaves_nothing_and_is_made_again(
    open_machine: Callable[[str], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = open_machine("one")
    record(services, "first")

    def fail(*_: object) -> None:
        raise StoreUnreachable("here", "cut")

    monkeypatch.setattr("trackbook.services.ingestion.note_living", fail)  # the last statement
    with pytest.raises(StoreUnreachable):
        Ingester(services.place).run_pass()
    with services.database.read() as connection:
        for table in (t.runs, t.parts, t.numbers, s.journal_bytes):
            assert connection.execute(select(table)).all() == []
    monkeypatch.undo()


def answers(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except StoreUnreachable:
        return False


class Door:
    """A way to the server over TCP that can be shut: connections are refused and cut, or never answered."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.is_open, self.is_silent = True, False
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self, *, silent: bool = False) -> None:
        self.is_open, self.is_silent = False, silent
        for end in self._pairs:
            self._cut(end)

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self._cut(self._listener)
        self._listener.close()
        for end in self._pairs:
            self._cut(end)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._pairs.append(client)
            if self.is_open:
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.target)
                self._pairs.append(server)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()
            elif not self.is_silent:
                client.close()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            self._cut(end)

    @staticmethod
    def _cut(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def door(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    folder = postgresql_url.partition("host=")[2].partition("&")[0]
    door = Door(f"{folder}/.s.PGSQL.5432")
    schema = postgresql_url.rpartition("=")[2]
    monkeypatch.setenv(
        "TRACKBOOK_STORE",
        f"postgresql://postgres:{quote('s3/cret')}@127.0.0.1:{door.port}/postgres?schema={schema}",
    )
    yield door
    door.close()


@pytest.fixture
def store(door: Door, tmp_path: Path) -> StorePaths:
    return create_store(tmp_path / "spool", Settings.load().remote)


def test_a_server_that_is_away_keeps_nobody_from_logging(door: Door, store: StorePaths) -> None:
    door.shut()
    run = RunRecorder.start(store, experiment="e")
    for step in range(100):
        run.log({"loss": float(step)}, step=step)
    with pytest.raises(StoreUnreachable, match="sent when the server is back"):
        open_place(store)
    process = subprocess.Popen([sys.executable, "-m", "trackbook.services.ingest", str(store.root)])
    run.log({"loss": 100.0}, step=100)
    door.open()
    services = open_services(store)
    wait_until(lambda: answers(lambda: services.runs.search().total == 1))
    door.shut()
    run.log({"loss": 101.0}, step=101)
    with pytest.raises(StoreUnreachable):
        services.runs.search()
    run.end()
    door.open()
    wait_until(lambda: answers(lambda: services.runs.get("#1").status == "finished"))
    assert services.runs.detail("#1").series[0].count == 102
    assert services.series.read(run.run_id, "loss").values == [float(step) for step in range(102)]
    process.terminate()
    process.wait(60)
    services.place.close()


def test_a_reader_of_a_server_that_says_nothing_is_answered_soon(door: Door, store: StorePaths) -> None:
    door.shut(silent=True)
    with pytest.raises(StoreUnreachable, match="does not answer") as caught:
        open_place(store)
    assert "s3" not in str(caught.value)
    assert "cret" not in str(caught.value)


def test_the_ingester_gives_up_where_nobody_writes(
    door: Door, store: StorePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trackbook.services import ingest

    RunRecorder.start(store, experiment="e").end()
    door.shut()
    ingest.serve(store, idle_seconds=0.1, patience=0.0)
    assert [name for name, _ in store.list_journals()]
    door.open()
    services = open_services(store)
    assert services.runs.refresh(timeout=60.0)
    assert services.runs.get("#1").status == "finished"
    services.place.close()


def test_hosts_that_send_at_once_number_their_runs_differently(
    open_machine: Callable[[str], Services],
) -> None:
    machines = [open_machine(f"machine-{number}") for number in range(4)]
    for services in machines:
        for number in range(5):
            record(services, f"run-{number}", values=3)
    threads = [threading.Thread(target=services.runs.refresh, args=(60.0,)) for services in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = machines[0].runs.search().runs
    assert sorted(run.number for run in runs) == list(range(1, 21))
    with machines[0].database.read() as connection:
        ids = connection.execute(select(t.series.c.id)).scalars().all()
        assert len(ids) == len(set(ids)) == 20


def test_a_run_of_a_machine_that_fell_silent_is_lost(open_machine: Callable[[str], Services]) -> None:
    one, other = open_machine("one"), open_machine("other")
    run = RunRecorder.start(one.store, experiment="e")
    alive = RunRecorder.start(other.store, experiment="e")
    assert one.runs.refresh(timeout=60.0)
    assert other.runs.refresh(timeout=60.0)
    assert mark_lost(other.place) == []
    with one.database.write() as connection:
        connection.execute(
            s.heartbeats.update().where(s.heartbeats.c.subject == run.run_id).values(seen_at=0)
        )
        connection.execute(t.revisions.update().values(revision=t.revisions.c.revision))
    # The server itself has to be up for so long, too.
    wait_until(lambda: mark_lost(other.place, seconds=0.5) == [run.run_id])
    assert mark_lost(one.place, seconds=0.5) in ([], [alive.run_id])
    found = other.runs.get(run.run_id)
    assert (found.status, found.reason) == ("lost", "Nothing was heard of its process for a while.")
    rebuild(one.store).close()
    assert other.runs.get(run.run_id).status == "lost"
    run.end()
    assert one.runs.refresh(timeout=60.0)
    assert other.runs.get(run.run_id).status == "finished"
    alive.end()


def test_texts_and_numbers_that_postgresql_lacks(open_machine: Callable[[str], Services]) -> None:
    services = open_machine("one")
    params = {"nul": "a\0b", "nan": math.nan, "inf": math.inf, "long": "x" * 5000, "flag": True}
    run = RunRecorder.start(services.store, experiment="e" * 200, params=params, tags={"nul": "a\0b"})
    run.add_note("one\0two")
    run.log({"nan": math.nan, "inf": -math.inf, "big": 1e308}, step=2**62)
    run.append(
        RunStarted(
            1, "e" * 200, "n", "u" * 400, "h" * 400, Source("notebook", "a", "k" * 200, "c" * 200, "m" * 200)
        )
    )
    run.end()
    assert services.runs.refresh(timeout=60.0)
    found = services.runs.get("#1")
    assert found.params["nul"] == "a\0b"  # the value itself; what is searched has a sign in its place
    assert math.isnan(found.params["nan"])
    assert (found.params["inf"], found.params["long"], found.params["flag"]) == (math.inf, "x" * 5000, True)
    assert (found.tags["nul"], found.notes) == ("a␀b", "one␀two")
    assert (found.user, found.source.kernel_id) == ("u" * 400, "k" * 200)
    assert math.isnan(found.metrics["nan"])
    assert (found.metrics["inf"], found.metrics["big"]) == (-math.inf, 1e308)
    series = services.series.read(run.run_id, "inf")
    assert (series.steps, series.values) == ([2**62], [-math.inf])
    with services.database.read() as connection:
        p = t.params.c
        assert connection.execute(select(p.number, p.text).where(p.key == "nan")).one() == (None, "NaN")
        assert connection.execute(select(p.text).where(p.key == "nul")).scalar() == "a␀b"


def test_texts_are_sorted_as_sqlite_sorts_them(open_machine: Callable[[str], Services]) -> None:
    services = open_machine("one")
    run = RunRecorder.start(services.store, experiment="e")
    for path in ("b", "B", "_", "a", "ä", "Z", "1"):
        run.store_artifact(b"x", path)
    run.end()
    assert services.runs.refresh(timeout=60.0)
    assert [one.path for one in services.artifacts.list(run.run_id)] == ["1", "B", "Z", "_", "a", "b", "ä"]


def test_many_open_a_new_store_at_once(url: str, tmp_path: Path) -> None:
    places: list[Place] = []
    errors: list[Exception] = []

    def open_it(number: int) -> None:
        try:
            places.append(open_place(create_store(tmp_path / str(number), Settings.load().remote)))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(places) == 6
    for place in places:
        place.close()


def test_a_store_of_a_newer_version_is_refused(open_machine: Callable[[str], Services]) -> None:
    services = open_machine("one")
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="upgrade"):
        open_place(services.store)


@pytest.mark.parametrize("end", ["?schema=No%20Name", "?schema=a;b"])
def test_an_address_that_can_not_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", f"postgresql://localhost/db{end}")
    store = create_store(tmp_path / "spool", Settings.load().remote)
    with pytest.raises(StoreError, match="address"):
        open_place(store)


def test_a_new_index_keeps_numbers_and_says_the_same(open_machine: Callable[[str], Services]) -> None:
    services = open_machine("one")
    for number in range(3):
        record(services, f"run-{number}")
    going_on = RunRecorder.start(services.store, experiment="e")
    going_on.log({"loss": 1.0})
    assert services.runs.refresh(timeout=60.0)
    before = services.runs.search().runs
    rebuild(services.store).close()
    after = services.runs.search().runs
    assert [(run.number, run.id, run.metrics, run.tags) for run in after] == [
        (run.number, run.id, run.metrics, run.tags) for run in before
    ]
    going_on.log({"loss": 2.0})
    going_on.end()
    assert services.runs.refresh(timeout=60.0)
    assert services.runs.detail(going_on.run_id).series[0].count == 2


def test_edits_of_a_machine_whose_clock_is_late_lose(open_machine: Callable[[str], Services]) -> None:
    one, other = open_machine("one"), open_machine("other")
    run_id = record(one, "first")
    assert one.runs.refresh(timeout=60.0)
    Edits(other.store).rename(run_id, "later")
    early = RunRecorder.join(one.store, run_id, role="editor")
    early.append(MetricsLogged(1, 99, {"loss": 9.0}))
    early.close()
    assert other.runs.refresh(timeout=60.0)
    assert one.runs.refresh(timeout=60.0)
    assert one.runs.get(run_id).name == "later"
    assert one.runs.get(run_id).metrics["loss"] == 4.5
    assert catch_up(one.place)
    with pytest.raises(UsageError):
        one.runs.search(limit=-1)


def test_a_run_that_another_host_writes_is_not_resumed_here(
    open_machine: Callable[[str], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = open_machine("there"), open_machine("here")
    run = RunRecorder.start(there.store, experiment="e")
    for module in ("ingestion", "presence"):
        monkeypatch.setattr(f"trackbook.services.{module}.os_host", lambda: "another-host")
    Ingester(there.place).run_pass()
    with pytest.raises(Conflict, match="being written on another-host"):
        check_resumable(here.store, find_past(here.store, run.run_id))
    run.end()
    Ingester(there.place).finish()
    assert check_resumable(here.store, find_past(here.store, run.run_id)).run_id == run.run_id
