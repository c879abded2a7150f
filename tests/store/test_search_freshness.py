"""A searcher that stays in memory answers as a new one does, whatever happened to the index meanwhile."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import delete, func, select, update

from trackbook.domain import records as r
from trackbook.domain.ids import new_id
from trackbook.domain.records import Record
from trackbook.domain.run import Run, Source
from trackbook.store import schema as t
from trackbook.store.batch import Reading
from trackbook.store.cards import read_cards
from trackbook.store.database import Database
from trackbook.store.parts import empty_index
from trackbook.store.paths import PartName, create_store
from trackbook.store.projector import project
from trackbook.store.runs import put_together, read_runs
from trackbook.store.search import Scope, Searcher
from trackbook.store.segments import separate

VALUES = st.sampled_from([0.5, -1.0, 2.0, float("nan"), float("inf"), "text", "0.5", None, True])
WORDS = st.sampled_from(["red", "Red", "green apple", "Größe", ""])
SEARCHES = [
    "",
    "metrics.a > 0 order by metrics.b desc",
    "metrics.a is null order by metrics.a",
    "metrics.a is nan or metrics.b is not nan",
    "metrics.`a{k=v}` > 0",
    "params.p > 0 or params.p = 'text'",
    "params.p != 0.5 order by params.p desc",
    "params.p is null or params.p is nan",
    "params.p like '%5' or params.p contains 'TEX'",
    "params.p = params.q order by params.q, params.p",
    "tags.t = 'red' order by tags.t",
    "tags.t ilike 'RED' or tags.t ~ 'app'",
    "red",
    "größe apple or notes contains 'red'",
    "notes is not null order by notes desc, name",
    "name < 'm' order by name",
    "name = tags.t",
    "status = 'finished' order by ended, duration",
    "experiment in ('one', 'two') order by experiment desc, started",
    "number > 2 and not notebook = 'n.ipynb'",
    "order by user, number desc",
]


class Changes(RuleBasedStateMachine):
    """Things that happen to runs, in any order, read into the index one by one."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.database = Database(create_store(Path(self._folder.name) / ".trackbook"))
        self.searcher = Searcher()
        self.runs: list[str] = []
        self.log: list[Reading] = []
        self.clock = 1_000_000
        self.given = 0

    def teardown(self) -> None:
        self.database.close()
        self._folder.cleanup()

    # A tick back, at times, and no tick, too: runs that began at the same moment, or before those known.
    @rule(name=WORDS, experiment=st.sampled_from(["one", "two"]), tick=st.sampled_from([-5, 0, 7]))
    def start(self, name: str, experiment: str, tick: int) -> None:
        self.clock += tick
        run_id = new_id()
        self.runs.append(run_id)
        source = Source("notebook", "n.ipynb") if len(self.runs) % 2 else Source("script")
        self.given += 1
        numbered = r.RunNumbered(self.clock, run_id, self.given)
        self._read("project", numbered)
        self._read(run_id, r.RunStarted(self.clock, experiment, name, "ann", "host", source))

    @rule()
    def edit_a_run_that_is_not_known_yet(self) -> None:
        self._read(new_id(), r.TagsSet(self.clock, {"t": "red"}))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), key=st.sampled_from("ab"), value=st.sampled_from([1.0, -1.0, float("nan")]))
    def log_a_point(self, data: st.DataObject, key: str, value: float) -> None:
        context = data.draw(st.sampled_from([None, {"k": "v"}]))
        self._read(self._some(data), r.MetricsLogged(self._later(), 0, {key: value}, context))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), key=st.sampled_from("pq"), value=VALUES)
    def set_a_parameter(self, data: st.DataObject, key: str, value: object) -> None:
        self._read(self._some(data), r.ParamsSet(self._later(), {key: value}))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), value=st.none() | WORDS)
    def set_or_take_away_a_tag(self, data: st.DataObject, value: str | None) -> None:
        self._read(self._some(data), r.TagsSet(self._later(), {"t": value, "red key": value}))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), text=WORDS, replaces=st.booleans())
    def write_a_note(self, data: st.DataObject, text: str, replaces: bool) -> None:
        self._read(self._some(data), r.NoteWritten(self._later(), text, replaces))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), name=WORDS)
    def rename(self, data: st.DataObject, name: str) -> None:
        self._read(self._some(data), r.Renamed(self._later(), name))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), is_trashed=st.booleans())
    def trash_or_restore(self, data: st.DataObject, is_trashed: bool) -> None:
        at = self._later()
        self._read(self._some(data), r.Trashed(at) if is_trashed else r.Restored(at))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), status=st.sampled_from(["finished", "failed"]))
    def end(self, data: st.DataObject, status: str) -> None:
        self._read(self._some(data), r.RunEnded(self._later(), status))  # type: ignore[arg-type]  # one of them

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def delete_for_good(self, data: st.DataObject) -> None:
        run_id = self._some(data)
        self.runs.remove(run_id)
        self.log = [reading for reading in self.log if reading.name.subject != run_id]
        with self.database.write() as connection:
            connection.execute(delete(t.runs).where(t.runs.c.id == run_id))
            connection.execute(update(t.revisions).values(revision=t.revisions.c.revision + 1))

    @precondition(lambda self: self.log)
    @rule()
    def make_the_index_anew(self) -> None:
        with self.database.write() as connection:
            empty_index(connection)
            project(connection, self.log)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def read_while_the_index_moves_on(self, data: st.DataObject) -> None:
        queries = data.draw(st.lists(st.sampled_from(SEARCHES), min_size=1, max_size=4))
        with self.database.read() as early:
            before = [Searcher().search(early, query) for query in queries]
            self._read(self._some(data), r.MetricsLogged(self._later(), 0, {"a": 3.0}))
            self._compare_all()
            assert [self.searcher.search(early, query) for query in queries] == before

    @invariant()
    def answers_are_those_of_a_new_searcher(self) -> None:
        self._compare_all()

    def _compare_all(self) -> None:
        fresh = Searcher()
        with self.database.read() as connection:
            for number, query in enumerate(SEARCHES):
                scope = (Scope(), Scope(trashed=True), Scope(False, "n.ipynb", "one"))[number % 3]
                for offset, limit in ((0, 100), (1, 2)):
                    expected = fresh.search(connection, query, "", scope, offset, limit)
                    assert self.searcher.search(connection, query, "", scope, offset, limit) == expected, (
                        query
                    )

    def _some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.runs))

    def _later(self) -> int:
        self.clock += 1
        return self.clock

    def _read(self, subject: str, record: Record) -> None:
        reading = Reading(PartName(subject, "writer", len(self.log)), separate([record]), 0)
        self.log.append(reading)
        with self.database.write() as connection:
            project(connection, [reading])


TestChanges = Changes.TestCase
TestChanges.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(create_store(tmp_path / ".trackbook"))
    yield database
    database.close()


def add_runs(database: Database, *groups: tuple[int, float]) -> None:
    """Let the index know so many more runs with this value each, all in one change."""
    readings = [_reading(number, value) for count, value in groups for number in range(count)]
    with database.write() as connection:
        project(connection, readings)


def _reading(number: int, value: float) -> Reading:
    started = r.RunStarted(number, "e", f"run {value}", "ann", "host", Source("script"))
    records = [started, r.MetricsLogged(number, 0, {"a": value}), r.TagsSet(number, {"t": "x"})]
    return Reading(PartName(new_id(), "writer", 0), separate(records), 0)


def test_many_changes_at_once(database: Database) -> None:
    searcher = Searcher()
    for count, value in ((10, 1.0), (2_000, 2.0), (5, 3.0)):
        add_runs(database, (count, value))
        with database.read() as connection:
            for query in ("metrics.a >= 2 order by metrics.a desc, name", "x", "order by name"):
                assert searcher.search(connection, query) == Searcher().search(connection, query)


def test_threads_get_answers_of_the_revision_they_see(database: Database) -> None:
    """Each change adds runs of which two thirds match; a mixture of revisions would not add up."""
    searcher = Searcher()
    add_runs(database, (20, 1.0), (10, -1.0))
    errors: list[str] = []
    is_done = threading.Event()

    def search(seed: int) -> None:
        source = random.Random(seed)
        while not is_done.is_set():
            with database.read() as connection:
                known = connection.execute(select(func.count()).select_from(t.runs)).scalar_one()
                query, share = source.choice(
                    [("metrics.a > 0", 2 / 3), ("metrics.a < 0", 1 / 3), ("x", 1), ("order by metrics.a", 1)]
                )
                found = searcher.search(connection, query, limit=3)
                if found.total != round(known * share):
                    errors.append(f"{query}: {found.total} of {known}")

    threads = [threading.Thread(target=search, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            add_runs(database, (20, 1.0), (10, -1.0))
    finally:
        is_done.set()
        for thread in threads:
            thread.join()
    assert errors == []


def test_memory_is_bounded(database: Database) -> None:
    add_runs(database, (50, 1.0))
    roomy, narrow = Searcher(), Searcher(memory=2_000)
    for query in ["metrics.a > 0", "x", "status = 'running'", "params.p is null", "order by number"] * 2:
        with database.read() as connection:
            assert narrow.search(connection, query).total == roomy.search(connection, query).total == 50
    assert 0 < narrow.taken <= 2_000 < roomy.taken


def test_a_page_shows_what_changed_after_a_run_ended(database: Database) -> None:
    """Runs that have ended are read from cards; a card of an earlier revision doesn't count."""
    run_id = new_id()

    def read(*records: Record) -> Run:
        reading = Reading(PartName(run_id, "writer", 0), separate(records), 0)
        with database.write() as connection:
            project(connection, [reading])
        with database.read() as connection:
            (found,) = read_runs(connection, [run_id])
            assert list(put_together(connection, [run_id])) == [found]
        return found

    def cards() -> int:
        with database.read() as connection:
            return len(read_cards(connection, [run_id]))

    started = r.RunStarted(1, "e", "run", "ann", "host", Source("script"))
    assert read(r.RunNumbered(1, run_id, 1), started, r.ParamsSet(2, {"p": 1})).status == "running"
    assert cards() == 0
    assert read(r.MetricsLogged(3, 0, {"a": 1.5}), r.RunEnded(4, "finished")).metrics == {"a": 1.5}
    assert cards() == 1
    assert read(r.Renamed(5, "better"), r.TagsSet(5, {"t": "x"})).name == "better"
    assert cards() == 1
    # MessagePack has no such numbers: the run is put together from its tables.
    assert read(r.ParamsSet(6, {"p": 2**70})).params == {"p": 2**70}
    assert cards() == 0
    with database.write() as connection:
        connection.execute(update(t.cards).values(card=b"of another version", revision=5))
        connection.execute(update(t.runs).values(revision=5))
    assert cards() == 0
    with database.read() as connection:
        assert read_runs(connection, [run_id])[0].name == "better"
