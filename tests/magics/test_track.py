"""Each subcommand of `%track`, in a real kernel."""

import base64
from typing import Any

from trackbook.domain import records as r
from trackbook.domain.cell import is_note
from trackbook.domain.snapshot import join_notebook


def test_start_opens_a_run(kernel: Any, project: Any) -> None:
    reply = kernel.run(
        "%track start churn --name first --tags baseline team=vision --params lr=0.1 opt=adam", "c1"
    )
    assert reply.status == "ok"
    assert reply.line == "churn · first started · lr 0.1, opt 'adam' · tags baseline, team=vision"
    run = project.last
    assert (run.start.experiment, run.start.name) == ("churn", "first")
    assert run.params == {"lr": 0.1, "opt": "adam"}
    assert run.one(r.TagsSet).values == {"baseline": "", "team": "vision"}
    source = run.start.source
    assert (source.kind, source.path, source.kernel_id) == ("notebook", "train.ipynb", kernel.id)
    assert (source.cell_id, source.message_id) == ("c1", reply.message_id)


def test_start_without_a_name_uses_the_project(kernel: Any, project: Any) -> None:
    kernel.run("%track start")
    assert project.last.start.experiment == project.folder.name


def test_params_are_variables_or_expressions(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn\ndepth, cfg, word = 3, {'model': {'kind': 'tree'}}, 'adam'")
    reply = kernel.run(
        "%track param depth cfg lr = depth / 30 'my key'=[1, 2] opt=word sched=cosine when='a b'", "c2"
    )
    assert reply.line.endswith("→ recorded")
    assert "depth 3" in reply.line
    assert project.last.params == {
        "depth": 3,
        "cfg.model.kind": "tree",
        "lr": 0.1,
        "my key": [1, 2],
        "opt": "adam",
        "sched": "cosine",
        "when": "a b",
    }
    assert project.last.all(r.ParamsSet)[-1].cell_id == "c2"


def test_a_changed_parameter_is_a_revision(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    for lr in (0.1, 0.2):
        kernel.run(f"lr = {lr}\n%track param lr", "c1")
    revisions = project.last.all(r.ParamsSet)
    assert [(record.values, record.cell_id) for record in revisions] == [
        ({"lr": 0.1}, "c1"),
        ({"lr": 0.2}, "c1"),
    ]


def test_what_is_said_is_marked_as_no_result(kernel: Any) -> None:
    shown = kernel.run("%track start churn\n%track metric acc=1\n1 + 1").outputs
    assert [is_note(output) for output in shown] == [True, True, False]


def test_metrics(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn\nacc, epoch, both = 0.5, 7, {'p': 1, 'q': 2}")
    assert kernel.run("%track metric acc loss=1-acc").line.endswith("acc 0.5, loss 0.5 → recorded")
    kernel.run("%track metric acc=0.75 --step epoch + 1")
    assert kernel.run("%track metric acc=0.75 --step epoch").line.endswith("acc 0.75 at step 7 → recorded")
    kernel.run("%track metric both")
    kernel.run("%track metric loss=0.25 --context subset=val")
    run = project.last
    assert run.metrics["acc"] == [(0, 0.5), (8, 0.75), (7, 0.75)]
    assert run.metrics["p"] == [(0, 1.0)]
    assert {"subset": "val"} in [record.context for record in run.all(r.MetricsLogged)]


def test_a_metric_in_a_loop_has_one_line_that_moves(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    reply = kernel.run(
        "for step in range(300):\n    loss = 1 / (step + 1)\n    %track metric loss --step step"
    )
    assert reply.line.endswith("loss 0.00333333 at step 299 → recorded")
    assert len(project.last.metrics["loss"]) == 300
    assert project.last.cells[-1].outputs == reply.outputs


def test_metrics_inside_a_function_see_its_variables(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn\nscale = 2")
    line = "%track metric inner both=inner*scale all=sum(inner for _ in range(2))"
    assert kernel.run(f"def train():\n    inner = 5\n    {line}\ntrain()").status == "ok"
    assert {key: points[0][1] for key, points in project.last.metrics.items()} == {
        "inner": 5,
        "both": 10,
        "all": 10,
    }


def test_goal(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    assert kernel.run("%track goal acc max --unit %").line.endswith("acc: higher is better, in % → recorded")
    kernel.run("%track goal time --unit s")
    first, second = project.last.all(r.MetricDefined)
    assert (first.key, first.goal, first.unit) == ("acc", "max", "%")
    assert (second.key, second.goal, second.unit) == ("time", None, "s")


def test_artifact(kernel: Any, project: Any) -> None:
    (project.folder / "größe.csv").write_text("a,b\n")
    kernel.run("%track start churn\nkind = 'größe'")
    assert kernel.run("%track artifact {kind}.csv", "c3").line.endswith(
        "artifact größe.csv, 4 bytes → recorded"
    )
    kernel.run("%track artifact größe.csv --name data/table.csv")
    first, second = project.last.all(r.ArtifactStored)
    assert (first.path, first.kind, first.cell_id) == ("größe.csv", "file", "c3")
    assert second.path == "data/table.csv"
    assert project.last.blobs.get(first.digest) == b"a,b\n"


def test_figures(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    plot = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n_ = ax.plot([1, 2])"
    reply = kernel.run(f"{plot}\n%track figure --name curve", "c4")
    assert reply.lines[0].endswith("figure curve.png → recorded")
    kernel.run("%track figure fig")
    kernel.run("class Drawing:\n    def _repr_png_(self): return b'\\x89PNG drawn'\ndrawing = Drawing()")
    kernel.run("%track figure drawing --name drawing.png")
    first, second, third = project.last.all(r.ArtifactStored)
    assert (first.path, first.kind, first.media_type, first.cell_id) == (
        "curve.png",
        "figure",
        "image/png",
        "c4",
    )
    assert second.path == "figures/figure-1.png"
    assert project.last.blobs.get(first.digest).startswith(b"\x89PNG\r\n")
    assert project.last.blobs.get(third.digest) == b"\x89PNG drawn"


def test_notes_and_tags(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn\nacc = 0.912345")
    kernel.run("%track note it's better: {acc:.3f} {not python}")
    kernel.run("%track note acc is {acc:.3f}")
    kernel.run("%track tag team=vision stage='very first' checked")
    run = project.last
    notes = [record.text for record in run.all(r.NoteWritten)]
    assert notes == ["it's better: {acc:.3f} {not python}", "acc is 0.912"]
    assert run.one(r.TagsSet).values == {"team": "vision", "stage": "very first", "checked": ""}


def test_status(kernel: Any) -> None:
    assert kernel.run("%track").line == "No run is open. %track start EXPERIMENT opens one."
    kernel.run("%track start churn --name here")
    for line in ("%track", "%track status"):
        assert kernel.run(line).line.startswith("churn · here is open, for ")


def test_end(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn --name one")
    reply = kernel.run("%track end")
    assert reply.line.startswith("churn · one finished after ")
    assert (project.last.end.status, project.last.end.message_id) == ("finished", reply.message_id)
    kernel.run("%track start churn --name two")
    assert kernel.run("%track end --failed").line.startswith("churn · two failed after ")
    assert project.last.end.status == "failed"


def test_a_second_start_closes_the_first_as_finished(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn --name one")
    reply = kernel.run("%track start churn --name two")
    assert reply.line == "churn · two started · churn · one is finished"
    one, two = project.runs[-2:]
    assert (one.end.status, one.end.reason) == ("finished", "Another run was started.")
    assert two.start.parent_id is None
    assert not two.all(r.RunEnded)


def test_the_saved_notebook_is_the_first_snapshot(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    kernel.run("%track end")
    (snapshot,) = project.until(lambda project: project.last.all(r.SnapshotTaken))
    run = project.last
    assert (snapshot.moment, snapshot.origin) == ("start", "file")
    notebook = join_notebook(run.blobs.get(snapshot.digest), run.blobs.get)
    assert notebook["cells"][0]["source"] == "saved"


def test_environment_and_project_modules(kernel: Any, project: Any) -> None:
    (project.folder / "features.py").write_text("SIZE = 3\n")
    kernel.run("%track start churn")
    kernel.run("import features, json")
    kernel.run("%track end")
    project.until(lambda project: project.last.all(r.EnvironmentCaptured))
    run = project.last
    environment = run.one(r.EnvironmentCaptured)
    assert environment.environment.hardware["cpus"] >= 1
    assert b'"msgspec":' in run.blobs.get(environment.packages_digest)
    (module,) = [module for record in run.all(r.ModulesCaptured) for module in record.modules]
    assert (module.name, module.path) == ("features", "features.py")
    assert run.blobs.get(module.digest) == b"SIZE = 3\n"


def test_runs_that_code_opens_have_the_same(kernel: Any, project: Any) -> None:
    reply = kernel.run(
        "import trackbook as tb\nwith tb.start_run('code', name='outer') as run:\n    print('in')", "c9"
    )
    run = project.last
    assert (run.start.source.cell_id, run.start.source.message_id) == ("c9", reply.message_id)
    (cell,) = run.cells
    assert (cell.started.cell_id, cell.outputs[0]["text"]) == ("c9", "in\n")
    assert run.all(r.SnapshotTaken)


def test_help_names_every_subcommand(kernel: Any) -> None:
    text = kernel.run("%track help").line
    for name in ("start", "param", "metric", "goal", "artifact", "figure", "note", "tag", "status", "end"):
        assert f"%track {name}" in text


def test_answers_are_html_without_colours(kernel: Any) -> None:
    reply = kernel.run("%track start '<b>' --name x")
    html = reply.outputs[0]["data"]["text/html"]
    assert "&lt;b&gt; · x started" in html
    assert "color:" not in html
    assert "#" not in html


def test_png_bytes_are_base64_in_records(kernel: Any, project: Any) -> None:
    kernel.run("%track start churn")
    reply = kernel.run(
        "from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png')"
    )
    recorded = project.last.cells[-1].outputs
    assert base64.b64decode(recorded[0]["data"]["image/png"]) == b"\x89PNG\r\n\x1a\n"
    assert recorded[0]["data"]["image/png"].strip() == reply.outputs[0]["data"]["image/png"].strip()
