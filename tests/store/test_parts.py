import pytest

from trackbook.domain.ids import new_id
from trackbook.services.ingestion import Ingester
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.store.parts import open_parts, positions
from trackbook.store.paths import create_store


@pytest.fixture
def place(tmp_path):
    place = open_place(create_store(tmp_path / ".trackbook"))
    yield place
    place.close()


def test_parts_are_known_by_the_subjects_whose_journals_are_there(place):
    sealed = RunRecorder.start(place.paths, experiment="e")
    sealed.end()
    alive = RunRecorder.start(place.paths, experiment="e")
    Ingester(place).run_pass()
    (name,) = [name for name, _ in place.paths.list_journals() if name.subject == alive.run_id]
    others = {new_id() for _ in range(40_000)}  # more than a statement takes values
    with place.database.read() as connection:
        found = open_parts(connection, others | {alive.run_id})
        assert positions(connection, {alive.run_id}) == {name: found[name].position}
    assert list(found) == [name]
    assert found[name].position == place.paths.journal(name).stat().st_size
    assert not found[name].sealed
    alive.end()
