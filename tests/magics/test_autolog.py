"""%track autolog in a real kernel."""

from typing import Any


def test_fits_of_a_notebook_are_recorded(kernel: Any, project: Any) -> None:
    before = len(project.runs)
    kernel.run(
        "from sklearn.datasets import make_classification\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.metrics import accuracy_score\n"
        "X, y = make_classification(100, random_state=0)\n"
        "X_train, X_test, y_train, y_test = X[:70], X[70:], y[:70], y[70:]"
    )
    assert kernel.run("%track autolog sklearn").line == "Autologging is on for sklearn"
    reply = kernel.run("model = LogisticRegression(C=0.5).fit(X_train, y_train)", "cell-fit")
    assert reply.status == "ok"
    # The functions that an earlier cell imported are watched, too.
    kernel.run("y_pred = model.predict(X_test)\nprint(accuracy_score(y_test, y_pred))")
    quiet = kernel.run("import trackbook as tb\nwith tb.no_autolog():\n    LogisticRegression().fit(X, y)")
    assert quiet.status == "ok"
    (run,) = project.runs[before:]
    assert run.start.source.cell_id == "cell-fit"
    assert run.end.status == "finished"
    assert run.params["C"] == 0.5
    series = {
        (key, *record.context.items())
        for record in run.all(_metrics())
        if record.context
        for key in record.values
    }
    assert ("accuracy_score", ("dataset", "X_test")) in series
    assert kernel.run("%track autolog off").line == "Autologging is off"
    kernel.run("LogisticRegression().fit(X, y)")
    assert len(project.runs) == before + 1


def test_fits_go_into_the_run_that_is_open(kernel: Any, project: Any) -> None:
    kernel.run("from sklearn.linear_model import Ridge\nX, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]")
    kernel.run("%track autolog sklearn --no-training --no-models")
    before = len(project.runs)
    kernel.run("%track start fits")
    kernel.run("Ridge(alpha=2.0).fit(X, y)")
    kernel.run("%track end")
    (run,) = project.runs[before:]
    assert run.params["alpha"] == 2.0
    assert set(run.metrics) == {"fit_time"}
    kernel.run("%%track cells\nRidge(alpha=3.0).fit(X, y)")
    assert project.last.params["alpha"] == 3.0
    kernel.run("%track autolog off")


def test_what_is_wrong_is_said_in_a_line(kernel: Any, project: Any) -> None:
    assert kernel.run("%track autolog sklern").line.startswith(
        "%track: autolog knows no library 'sklern'; it knows"
    )
    assert kernel.run("%track autolog on off").line.startswith("%track: Autologging is either on or off")
    assert "There is no option --model here." in kernel.run("%track autolog --model").line


def _metrics() -> Any:
    from trackbook.domain.records import MetricsLogged

    return MetricsLogged
