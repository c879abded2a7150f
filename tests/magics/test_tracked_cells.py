"""`%%track` in a real kernel: an ordinary cell in every respect, and a run."""

from typing import Any

from trackbook.domain import records as r


def test_what_it_reads_and_makes(kernel: Any, project: Any) -> None:
    kernel.run("lr, name, on, data, _hidden = 0.1, 'tree', True, [1, 2], 3", "c0")
    source = (
        "%%track churn --name cell --tags quick\n"
        "depth = 4\n"
        "best = 0\n"
        "for step in range(3):\n"
        "    best = max(best, step * lr)\n"
        "score = best + len(data) + _hidden if on else len(name)\n"
        "label = 'made'\n"
        "made = label.upper()\n"
        "score"
    )
    reply = kernel.run(source, "c1")
    assert reply.status == "ok"
    assert reply.line == (
        "churn · cell · parameters lr 0.1, on True, data [1, 2], name 'tree', depth 4, label 'made'"
        " · metrics best 0.2, score 5.2 → finished"
    )
    assert [o["data"]["text/plain"] for o in reply.outputs if o["output_type"] == "execute_result"] == ["5.2"]
    run = project.last
    assert (run.start.experiment, run.start.name, run.start.source.cell_id) == ("churn", "cell", "c1")
    assert run.params == {"lr": 0.1, "on": True, "data": [1, 2], "name": "tree", "depth": 4, "label": "made"}
    assert run.metrics == {"best": [(0, 0.2)], "score": [(0, 5.2)]}
    assert (run.end.status, run.end.message_id) == ("finished", reply.message_id)
    (cell,) = run.cells
    assert cell.source == source
    assert cell.outputs[0]["data"]["text/plain"] == "5.2"
    assert kernel.run("%track").line.startswith("No run is open.")


def test_without_a_name_it_is_the_notebook(kernel: Any, project: Any) -> None:
    kernel.run("%%track\nx = 1 + 1")
    assert project.last.start.experiment == "train"


def test_an_indented_cell(kernel: Any, project: Any) -> None:
    assert kernel.run("\n   \n    %%track churn --name indented\n    acc = 1 + 1\n").line.endswith(
        "→ finished"
    )
    assert (project.last.start.name, project.last.metrics) == ("indented", {"acc": [(0, 2.0)]})


def test_a_cell_of_nothing_but_the_line(kernel: Any, project: Any) -> None:
    assert kernel.run("%%track churn").line.endswith("→ finished")
    assert project.last.end.status == "finished"


def test_an_error_stops_what_follows(kernel: Any, project: Any) -> None:
    wait = "import time\ntime.sleep(1)"  # until the next cell stands in line
    first = kernel.send(f"%%track churn\nacc = 1 + 1\n{wait}\nraise ValueError('no data')", "c1")
    second = kernel.send("print('never')")
    reply = kernel.wait(first)
    assert (reply.status, reply.content["ename"]) == ("error", "ValueError")
    assert kernel.client.get_shell_msg(timeout=60)["content"]["status"] == "aborted"
    assert second != first
    run = project.last
    assert run.end.status == "failed"
    error = run.end.error
    assert (error.ename, error.evalue, error.cell_id) == ("ValueError", "no data", "c1")
    assert "no data" in error.traceback[-1]
    assert not run.metrics
    (cell,) = run.cells
    assert cell.finished.status == "error"
    assert cell.finished.error.ename == "ValueError"
    assert cell.outputs[0]["output_type"] == "error"


def test_line_numbers_in_tracebacks(kernel: Any) -> None:
    reply = kernel.run("\n%%track churn\nx = 1\n\nraise ValueError(x)")
    plain = kernel.run("# %%track churn\nx = 1\n\nraise ValueError(x)")
    assert "line 4" in plain.traceback
    assert "line 4" in reply.traceback


def test_a_syntax_error_is_the_usual_one(kernel: Any, project: Any) -> None:
    reply = kernel.run("%%track churn\nx = 1\nif x\n    pass")
    assert (reply.status, reply.content["ename"]) == ("error", "SyntaxError")
    assert "line 3" in reply.traceback
    assert project.last.end.status == "failed"


def test_await(kernel: Any, project: Any) -> None:
    source = "%%track churn\nimport asyncio\nvalue = await asyncio.sleep(0, result=21) * 2\nvalue"
    reply = kernel.run(source)
    assert reply.status == "ok"
    assert reply.outputs[0]["data"]["text/plain"] == "42"
    assert project.last.metrics == {"value": [(0, 42.0)]}
    failing = kernel.run("%%track churn\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0")
    assert failing.content["ename"] == "ZeroDivisionError"
    assert project.last.end.status == "failed"


def test_inside_an_open_run(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn --name outer\nlr = 0.1")
    before = len(project.runs)
    reply = kernel.run("%%track\nacc = lr * 2")
    assert reply.line == "churn · outer · parameters lr 0.1 · metrics acc 0.2 → recorded"
    failing = kernel.run("%%track\nacc = lr * 2\n1 / 0")
    assert failing.status == "error"
    run = project.last
    assert len(project.runs) == before
    assert run.params == {"lr": 0.1}
    assert run.metrics == {"acc": [(0, 0.2)]}
    assert not run.all(r.RunEnded)


def test_a_bad_line_runs_the_cell_all_the_same(kernel: Any, project: Any) -> None:
    before = len(project.runs)
    reply = kernel.run("%%track churn --nmae x\nprint('ran')")
    assert reply.stdout == "ran\n"
    assert "Did you mean --name?" in reply.line
    assert len(project.runs) == before


def test_a_value_that_can_not_be_stored_keeps_no_other_away(kernel: Any, project: Any) -> None:
    name = "v" * 300
    kernel.run(f"import math\nrow = {{'x\\n': 1}}\n{name} = 2\ngood = 3\nlong = 10 ** 5000")
    source = f"%%track churn\nbig = math.factorial(200)\nacc = good + {name} + len(row) + long % 2"
    reply = kernel.run(source)
    assert reply.status == "ok"
    assert "parameters good 3 · metrics acc 6 · not stored: " in reply.line
    assert (
        "big (the integer is too large for a 64-bit float)"
        in kernel.run("%%track churn\nbig = 2 ** 5000").line
    )
    assert "vvv… (it has 300 characters, at most 250 are stored)" in reply.line
    assert "row (it holds control characters or lone surrogates)" in reply.line
    assert reply.line.endswith("and 1 more → finished")
    assert (project.runs[-2].params, project.runs[-2].metrics) == ({"good": 3}, {"acc": [(0, 6.0)]})
    assert [run.end.status for run in project.runs[-2:]] == ["finished", "finished"]
    assert kernel.run("%track").line.startswith("No run is open.")


def test_values_that_answer_oddly_do_not_end_the_recording(kernel: Any, project: Any) -> None:
    kernel.run(
        "class Shy:\n    @property\n    def __class__(self): raise RuntimeError('not loaded')\n"
        "class Loud(str):\n    def __str__(self): raise ValueError('no text')\n"
        "class Kind(type):\n    def __getattr__(cls, name): raise RuntimeError(name)\n"
        "class Odd(metaclass=Kind): pass\n"
    )
    source = "shy, loud, odd = Shy(), Loud('a'), Odd()\nitems = [1, shy]\ntable = {'a': shy}\nlr = 0.1"
    assert kernel.run(f"%%track churn --name odd\n{source}").status == "ok"
    assert project.last.end.status == "finished"
    kernel.run("%track start churn --name after")
    reply = kernel.run("%%track\nscore = lr + len([shy, loud, odd, items, table])\nshy.x = 1")
    assert reply.line == "churn · after · parameters lr 0.1 · metrics score 5.1 → recorded"
    assert len(project.last.cells) == 2


def test_beside_other_cell_magics(kernel: Any, project: Any) -> None:
    for source in ("%%track churn\n%%time\nacc = 1 + 1", "%%time\n%%track churn\nacc = 1 + 1"):
        reply = kernel.run(source)
        assert "Wall time" in reply.stdout
        assert project.last.metrics == {"acc": [(0, 2.0)]}
        assert project.last.cells[0].source == source


def test_future_imports_stay_the_first_statement(kernel: Any) -> None:
    assert kernel.run("%%track churn\nfrom __future__ import annotations\nx: Unknown = 1").status == "ok"


def test_running_it_again_is_another_run(kernel: Any, project: Any) -> None:
    before = len(project.runs)
    for _ in range(2):
        kernel.run("%%track churn\nacc = 1 + 1", "c1")
    assert [run.end.status for run in project.runs[before:]] == ["finished", "finished"]


def test_an_interrupt_aborts_the_run(kernel: Any, project: Any) -> None:
    # Naps, because an interrupt that comes in the moment before a long sleep begins is not seen until its end.
    message_id = kernel.send("%%track churn\nimport time\nprint('up')\nwhile True: time.sleep(0.05)")
    kernel.wait_for_text("up")
    kernel.manager.interrupt_kernel()
    reply = kernel.wait(message_id)
    assert reply.content["ename"] == "KeyboardInterrupt"
    assert project.last.end.status == "aborted"
    assert project.last.cells[0].finished.status == "aborted"


def test_help_and_completion_know_it(kernel: Any) -> None:
    assert kernel.run("%%track?").status == "ok"
    reply = kernel.run("get_ipython().run_cell_magic('track', '', 'x = 1')")
    assert "has to be the first line" in "".join(o.get("text", "") for o in reply.outputs)


def test_numbers_from_before_the_cell_are_not_its_own(kernel: Any, project: Any) -> None:
    kernel.run("acc, best, n = 0.9, 0.5, 5")
    left = "if n > 100:\n    acc = n * 1.5\ntry:\n    best = 1 / 0\nexcept ZeroDivisionError:\n    pass"
    told = "not stored: acc (as it was before the cell), best (as it was before the cell)"
    assert told in kernel.run(f"%%track churn\n{left}").line
    assert project.last.metrics == {}
    assert kernel.run(f"%%track churn\n{left.replace('100', '1').replace('1 / 0', 'n / 2')}").status == "ok"
    assert project.last.metrics == {"acc": [(0, 7.5)], "best": [(0, 2.5)]}
    kernel.run("%track start churn")
    kernel.run("acc, size = 0.25, 0.75")
    kernel.run("%track auto")
    kernel.run(f"{left}\nfor part in []:\n    size = part * 2\nmade = n / 2")
    assert project.last.metrics == {"made": [(0, 2.5)]}


def test_what_is_changed_in_place_is_no_parameter(kernel: Any, project: Any) -> None:
    kernel.run("n = 2")
    kernel.run(
        "%%track churn\nlayers = [64]\nlayers.append(n)\nscores = {'a': 1}\nscores['b'] = n\ndepth = 3"
    )
    assert project.last.params == {"n": 2, "depth": 3}


def test_the_line_shows_no_secret(kernel: Any, project: Any) -> None:
    kernel.run("api_key = 'sk-' + 'a1B2c3D4e5F6g7H8i9J0' * 2")
    shown = [kernel.run("%%track churn\nlength = len(api_key)")]
    kernel.run("%track start churn")
    kernel.run("%track auto")
    shown.append(kernel.run("longer = len(api_key) + 1"))
    for reply in shown:
        (line,) = reply.lines
        assert "parameters api_key '•••' · metrics" in line
        assert "a1B2" not in str(reply.outputs)
    assert [run.params for run in project.runs[-2:]] == [{"api_key": "•••"}] * 2
