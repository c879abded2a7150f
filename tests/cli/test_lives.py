"""`trackbook edit`, `delete`, `gc`, and what `show` tells of attempts and forks."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trackbook as tb

Call = Callable[..., Any]


def test_edit_changes_what_people_say_of_a_run(project: Path, call: Call) -> None:
    done = call("edit", "1", "--name", "best", "--group", "cv", "--tag", "a=1=2", "--tag", "flag", "--untag", "team",
                "--notes", "one", "--note", "two")  # fmt: skip
    assert (done.code, done.err) == (0, "#1 best is changed.\n")
    run = json.loads(call("show", "1", "--json").out)
    assert (run["name"], run["group"], run["tags"], run["notes"]) == (
        "best", "cv", {"a": "1=2", "flag": ""}, "one\ntwo"
    )  # fmt: skip
    assert call("edit", "1", "--group", "").code == 0
    assert json.loads(call("show", "1", "--json").out)["group"] is None
    assert call("edit", "1").code == 2
    assert call("edit", "77", "--name", "x").code == 2


def test_delete_takes_only_what_is_in_the_trash(project: Path, call: Call) -> None:
    refused = call("delete", "1")
    assert refused.code == 2
    assert "not in the trash" in refused.err
    call("trash", "1", "2")
    deleted = call("delete", "1", "#2")
    assert (deleted.code, deleted.out) == (0, "")
    assert "#1 run-1 is deleted for good." in deleted.err
    assert call("delete", "3", "--now").code == 0
    assert [run["number"] for run in json.loads(call("runs", "--json").out)] == [4]
    assert json.loads(call("runs", "--trashed", "--json").out) == []
    assert call("show", "1").code == 2
    assert call("doctor").code == 0


def test_gc_shows_what_can_go_and_takes_it_away(project: Path, call: Call) -> None:
    assert call("gc", "--grace", "0").err.endswith("Nothing is to be taken away.\n")
    (project / ".trackbook" / "retention.toml").write_text("keep_last = 1")
    plan = json.loads(call("gc", "--json", "--grace", "0").out)
    assert [(run["number"], run["rule"]) for run in plan["runs"]] == [
        (2, "keep_last = 1"), (1, "keep_last = 1")
    ]  # fmt: skip
    assert not plan["done"]
    shown = call("gc", "--grace", "0")
    assert "segments" in shown.out
    assert "run-2" in shown.out
    assert "trackbook gc --yes" in shown.err
    assert len(json.loads(call("runs", "--json").out)) == 4
    done = json.loads(call("gc", "--yes", "--json", "--grace", "0").out)
    assert (done["runs"], done["bytes"], done["done"]) == (plan["runs"], plan["bytes"], True)
    assert [run["number"] for run in json.loads(call("runs", "--json").out)] == [4, 3]
    assert call("doctor").code == 0


def test_rules_that_can_not_be_understood_are_wrong_usage(project: Path, call: Call) -> None:
    (project / ".trackbook" / "retention.toml").write_text("keep = 3")
    answer = call("gc", "--yes")
    assert answer.code == 2
    assert "retention.toml" in answer.err
    assert len(json.loads(call("runs", "--json").out)) == 4


def test_show_tells_of_attempts_and_forks(project: Path, call: Call) -> None:
    with tb.start_run(resume=1) as run:
        run.log({"acc": 1.0})
    with tb.start_run(fork=1, at_step=10, group="branch"):
        pass
    shown = call("show", "1").out
    assert "Attempts" in shown
    assert shown.count(os.uname().nodename) >= 2
    assert "Forks" in shown
    fork = call("show", "5").out
    assert "#1 run-1, at step 10" in fork
    assert "branch" in fork
    call("edit", "5", "--name", "kept")
    call("trash", "1")
    refused = call("delete", "1")
    assert (refused.code, "forked from it" in refused.err) == (2, True)
