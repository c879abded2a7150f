import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trackbook.store.paths import find_store

Call = Callable[..., Any]


def test_a_store_that_is_well(project: Path, call: Call) -> None:
    answer = call("doctor")
    assert answer.code == 0
    assert "Runs      4, 0 running, 0 in the trash" in answer.out
    assert "up to date" in answer.out
    assert answer.err == "All is well.\n"
    document = json.loads(call("doctor", "--json").out)
    assert document["healthy"] is True
    assert document["checkup"]["runs"] == 4
    assert document["checkup"]["damaged"] == []


def test_a_damaged_record_is_named(project: Path, call: Call) -> None:
    store = find_store(project)
    assert store is not None
    folder = store.journals / "01a1fde2-0a96-7dca-a72d-e04b4b31bfe1"
    folder.mkdir(parents=True)
    (folder / "01a1fde2-0a96-7dca-a72d-e04b4b31bfe2-0000.journal").write_bytes(b"no record at all" * 4)
    answer = call("doctor", "--json")
    document = json.loads(answer.out)
    assert answer.code == 3
    assert document["healthy"] is False
    (record,) = document["checkup"]["damaged"]
    assert record["size"] == 64
    assert record["journal"].endswith("-0000.journal")
    assert "Damaged records" in call("doctor").out


def test_a_missing_file_is_named(project: Path, call: Call) -> None:
    (artifact, *_) = json.loads(call("show", "1", "--json").out)["artifacts"]
    digest = artifact["digest"]
    (project / ".trackbook" / "blobs" / digest[:2] / digest).unlink()
    answer = call("doctor", "--json")
    assert answer.code == 3
    missing = json.loads(answer.out)["checkup"]["missing"]
    assert {(file["run"], file["what"]) for file in missing} == {(number, "data.bin") for number in (1, 2, 3)}


def test_rebuild_gives_equal_answers(project: Path, call: Call) -> None:
    def without_revisions(text: str) -> list[dict[str, Any]]:
        return [{**run, "revision": 0} for run in json.loads(text)]

    before = call("runs", "--json").out
    for file in (project / ".trackbook").glob("index.sqlite*"):
        file.write_bytes(b"rubbish")
    broken = call("runs", "--json")
    assert broken.code == 3
    assert "trackbook rebuild" in broken.err
    assert call("rebuild").code == 0
    assert without_revisions(call("runs", "--json").out) == without_revisions(before)
