"""Progress of loops outside of notebooks: what is shown, what is logged, and what it costs."""

import asyncio
import gc
import io
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import trackbook as tb
from trackbook.domain.metric import SYSTEM
from trackbook.domain.records import MetricsLogged
from trackbook.errors import NoActiveRun, UsageError
from trackbook.store.journal import read_records
from trackbook.views.bars import State, describe
from trackbook.views.progress import _open


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / ".trackbook").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    yield tmp_path
    while tb.current_run() is not None:
        tb.end_run()


def logged(run: tb.Run) -> list[tuple[int, dict[str, float]]]:
    # A loop that takes long enough has samples of the machine between its own points.
    return [
        (record.step, record.values)
        for _, path in run.recorder.store.list_journals(run.id)
        for record in read_records(path)
        if isinstance(record, MetricsLogged) and not any(name.startswith(SYSTEM) for name in record.values)
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_gives_what_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(tb.progress([3, 1, 2], desc="load")) == [3, 1, 2]
    err = capsys.readouterr().err
    assert err.startswith("load: 100% ████████████████████ 3/3 · 0.0 s")
    assert err.count("\n") == 1
    assert len(tb.progress(range(5))) == 5
    assert list(tb.progress(iter("ab"), total=2)) == ["a", "b"]
    assert list(tb.progress([])) == []
    bar = tb.progress("ab")
    assert [*bar, *bar] == ["a", "b", "a", "b"]


def test_a_length_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(tb.progress(i for i in range(4))) == 6
    assert capsys.readouterr().err.startswith("4 · 0.0 s")
    with pytest.raises(TypeError, match="not known"):
        len(tb.progress(iter([])))


def test_break_and_errors_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    for item in tb.progress(range(10)):
        if item == 3:
            break
    assert " 3/10 stopped · " in capsys.readouterr().err

    def train() -> None:
        for item in tb.progress(range(10)):
            1 / (item - 2)

    with pytest.raises(ZeroDivisionError):
        train()
    gc.collect()
    assert " 2/10 stopped · " in capsys.readouterr().err

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("no more data")

    with pytest.raises(OSError, match="no more data"):
        list(tb.progress(broken()))
    assert "1 stopped" in capsys.readouterr().err
    assert _open() == []


def test_nested_loops_end_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in tb.progress(range(2), desc="epoch"):
        for _ in tb.progress(range(3), desc="batch"):
            assert len(_open()) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("epoch: 100%")


def test_the_metrics_of_the_run_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    run = tb.start_run("churn")
    for step in tb.progress(range(3)):
        run.log({"loss": 1 / (step + 1)})
        run.log({"acc": 0.5}, context={"subset": "val"})
    assert capsys.readouterr().err.endswith(" · loss 0.3333, acc{subset=val} 0.5\n")
    assert len(logged(run)) == 6  # it logs nothing itself


def test_it_logs_variables_of_the_loop() -> None:
    run = tb.start_run("churn")

    def train() -> None:
        for step in tb.progress(range(3), metrics=["loss", "acc"]):
            loss, acc = 1 / (step + 1), step  # noqa: F841

    train()
    assert logged(run) == [
        (0, {"loss": 1.0, "acc": 0.0}),
        (1, {"loss": 0.5, "acc": 1.0}),
        (2, {"loss": 1 / 3, "acc": 2.0}),
    ]
    seen: list[int] = []
    for step in tb.progress(range(2), metrics=lambda: {"seen": len(seen)}):
        seen.append(step)
    assert logged(run)[3:] == [(0, {"seen": 1.0}), (1, {"seen": 2.0})]


def test_bad_input_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"not of int: tb.progress\(range\(3\)\)"):
        tb.progress(3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="whole number"):
        tb.progress([], total=-1)
    with pytest.raises(UsageError, match="seconds above 0"):
        tb.progress([], every=0)
    with pytest.raises(UsageError, match="names variables of the loop"):
        tb.progress([], metrics=["a b"])
    with pytest.raises(NoActiveRun):
        list(tb.progress([1], metrics="loss"))
    tb.start_run("churn")
    with pytest.raises(UsageError, match="There is no variable 'lost'"):
        for _ in tb.progress([1], metrics="lost"):
            pass
    with pytest.raises(UsageError, match="async for"):
        iter(tb.progress(_count(1)))
    with pytest.raises(UsageError, match="for item in"):
        aiter(tb.progress([1]))


async def _count(until: int) -> AsyncIterator[int]:
    for number in range(until):
        await asyncio.sleep(0)
        yield number


def test_async_loops(capsys: pytest.CaptureFixture[str]) -> None:
    run = tb.start_run("churn")

    async def train() -> int:
        total = 0
        async for number in tb.progress(_count(4), total=4, metrics="total"):
            total += number
        return total

    assert asyncio.run(train()) == 6
    assert [values["total"] for _, values in logged(run)] == [0.0, 1.0, 3.0, 6.0]
    assert "4/4" in capsys.readouterr().err


def test_threads_have_bars_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    threads = [threading.Thread(target=lambda: list(tb.progress(range(100)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert capsys.readouterr().err.count("100/100") == 4


def test_a_terminal_has_one_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    for _ in tb.progress(range(2), desc="epoch [1]"):
        for _ in tb.progress(range(3), desc="batch"):
            time.sleep(0.04)
    shown = terminal.getvalue()
    assert "epoch [1]" in shown
    assert "2/2" in shown
    assert "3/3" in shown


def test_a_display_that_fails_ends_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("gone")

    monkeypatch.setattr(sys, "stderr", Broken())
    assert list(tb.progress(range(3))) == [0, 1, 2]


def test_lines_as_they_read() -> None:
    going = State("fit", 30, 120, 6.0, {f"m{i}": i / 3 for i in range(8)})
    assert describe(going) == (
        "fit: 25% █████░░░░░░░░░░░░░░░ 30/120 · 6.0 s, 18.0 s left, 5/s"
        " · m0 0, m1 0.3333, m2 0.6667, m3 1, m4 1.333, m5 1.667, and 2 more"
    )
    assert describe(State("", 7200, None, 3725.0, {}, True)) == "7,200 · 1:02:05 h, 1.93/s"
    assert describe(State("", 0, 0, 0.0, {}, True)) == "100% ████████████████████ 0/0 · 0.0 s"
    assert " 5/3 · " in describe(State("", 5, 3, 1.0, {}))


def test_a_turn_costs_next_to_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def seconds(items: Any) -> float:
        began = time.thread_time()
        for _ in items:
            pass
        return time.thread_time() - began

    turns = 200_000
    best = min(seconds(tb.progress(range(turns))) - seconds(range(turns)) for _ in range(5))
    # The target is 1 µs; a busy machine has three times as long.
    assert best / turns < 3e-6
