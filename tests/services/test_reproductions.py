"""Verdicts on repeated runs, as the store keeps them: read, listed, searched, made anew, exported and imported."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import answers

from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.records import RunReproduced
from trackbook.domain.reproduction import Check, Deviation, Reproduction, decide, listed
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths, create_store


def reproduction(verdict: str = "differs", by: str | None = None) -> Reproduction:
    return Reproduction(
        run_id=by or new_id(),
        verdict=verdict,
        at=datetime(2026, 11, 22, 8, 0, 0, 123456, UTC),
        reason="1 metric is not as recorded.",
        tolerance=1e-5,
        compared={"metric": 2},
        held={"metric": 1},
        checks=[Check("metric", "acc", "differs", "The last value was 0.9, and now is 0.8.", "0.9", "0.8")],
        deviations=[Deviation("package", "numpy", "numpy is 2.0 now, and was 1.26.", "1.26", "2.0")],
    )


def judge(services: Services, run_id: str, found: Reproduction) -> None:
    writer = RunRecorder.join(services.store, run_id, role="editor")
    writer.append(RunReproduced(now(), found))
    writer.close()


@pytest.fixture
def services(tmp_path: Path):
    found = open_services(create_store(tmp_path / "one" / ".trackbook"))
    with closing(found.database):
        yield found


@pytest.fixture
def run_id(services: Services) -> str:
    recorder = RunRecorder.start(services.store, experiment="churn")
    recorder.log({"acc": 0.9})
    recorder.end()
    return recorder.run_id


def test_the_last_verdict_is_the_runs(services: Services, run_id: str) -> None:
    judge(services, run_id, reproduction("reproduced"))
    last = reproduction("differs")
    judge(services, run_id, last)
    assert services.runs.refresh(30)
    detail = services.runs.detail(run_id)
    assert detail.reproduction == last
    mark = services.runs.search().runs[0].reproduction
    assert mark == detail.run.reproduction
    assert (mark.verdict, mark.run_id) == ("differs", last.run_id)
    with services.database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from reproductions").scalar() == 2


def test_a_search_finds_runs_by_their_verdict(services: Services, run_id: str) -> None:
    RunRecorder.start(services.store, experiment="churn").end()
    judge(services, run_id, reproduction("reproduced"))
    assert services.runs.refresh(30)
    assert services.runs.ids("reproduction = 'reproduced'") == [run_id]
    assert services.runs.ids("reproduction = 'differs'") == []
    assert len(services.runs.ids("reproduction is null")) == 1


def test_every_kind_of_store_keeps_them(new_store: Callable[[Path], StorePaths], tmp_path: Path) -> None:
    with closing(services := open_services(new_store(tmp_path / ".trackbook"))):
        run_id = RunRecorder.start(services.store, experiment="churn").run_id
        judge(services, run_id, last := reproduction("reproduced"))
        assert services.runs.refresh(60)
        assert services.runs.detail(run_id).reproduction == last
        assert services.runs.ids("reproduction = 'reproduced'") == [run_id]


def test_verdicts_survive_a_rebuild_an_export_and_a_deletion(
    services: Services, run_id: str, tmp_path: Path
) -> None:
    judge(services, run_id, reproduction("reproduced"))
    judge(services, run_id, reproduction())
    assert services.runs.refresh(30)
    before = answers(services)
    rebuild(services.store).close()
    assert answers(services) == before
    services.exports.write(tmp_path / "export")
    with closing(open_services(create_store(tmp_path / "two" / ".trackbook"))) as other:
        other.imports.read(tmp_path / "export")
        assert other.runs.refresh(30)
        assert answers(other) == before
    services.edits.trash(run_id)
    assert services.runs.refresh(30)
    services.deleting.delete([run_id])
    assert services.runs.refresh(30)
    with services.database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from reproductions").scalar() == 0


def check(status: str, kind: str = "metric", name: str = "acc") -> Check:
    return Check(kind, name, status)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recorded", "repeated", "checks", "verdict"),
    [
        ("finished", "finished", [check("holds")], "reproduced"),
        ("finished", "finished", [check("holds"), check("differs")], "differs"),
        ("finished", "finished", [check("holds"), check("missing")], "differs"),
        ("finished", "finished", [check("holds"), check("extra")], "differs"),
        ("finished", "finished", [check("holds"), check("not_compared", "artifact")], "reproduced"),
        ("finished", "finished", [check("not_compared", "artifact")], "not_comparable"),
        ("finished", "finished", [check("holds", "status")], "not_comparable"),
        ("finished", "failed", [check("holds")], "failed"),
        ("finished", "timed_out", [check("holds")], "failed"),
        # It failed as it did before, and all that it made until then holds.
        ("failed", "failed", [check("holds"), check("holds", "status")], "reproduced"),
        ("failed", "failed", [check("holds"), check("differs", "status")], "differs"),
        # Lost or ended by hand: that it finishes now says nothing against its results.
        ("lost", "finished", [check("holds")], "reproduced"),
    ],
)
def test_verdicts(recorded: str, repeated: str, checks: list[Check], verdict: str) -> None:
    found, reason = decide(recorded, repeated, checks, "cell 3: ValueError: no")
    assert found == verdict
    assert reason.endswith((".", "no"))


def test_what_does_not_hold_is_listed_first_of_all() -> None:
    many = [check("holds", "output", f"cell {number}") for number in range(500)]
    metrics = [check("holds", "metric", f"m{number}") for number in range(400)]
    found = listed([*many, *metrics, check("differs", "output", "cell 900")])
    assert len(found) == 300
    assert found[-1].name == "cell 900"
    assert not any(one.kind == "output" and one.status == "holds" for one in found)
