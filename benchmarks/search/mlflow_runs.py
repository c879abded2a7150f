"""The same runs in MLflow on SQLite, asked as a process of its own: `PYTHON mlflow_runs.py FOLDER COUNT`.

Reads a line for each thing to do, `NAME VARIATION`, and answers with the milliseconds it took. The rows are like
those that MLflow's own client writes; through the client it would take hours.
"""

import json
import math
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import made_runs as made
import mlflow


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    database, done = folder / "mlflow.db", folder / "filled"
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    client = mlflow.MlflowClient()
    if not done.exists():
        mlflow.set_experiment("bench")
        with mlflow.start_run() as first:
            mlflow.log_params(made.params(0))
            mlflow.log_metrics(made.metrics(0), step=0)
        _fill(database, first.info.run_id, count)
        done.write_text(json.dumps([first.info.experiment_id, first.info.run_id]))
    experiment, long_id = json.loads(done.read_text())

    def search(text: str, order: str) -> Sequence[object]:
        return client.search_runs([experiment], text, order_by=[order], max_results=100)

    newest = "attributes.start_time DESC"
    tasks: dict[str, Callable[[float], Sequence[object]]] = {
        "first_page": lambda _: search("", newest),
        "filter": lambda at: search(f"metrics.acc > {at}", newest),
        "filter_sort": lambda at: search(f"metrics.acc > {at}", "metrics.f1 DESC"),
        "filter_param": lambda at: search(f"metrics.acc > {at} and params.model = 'vit'", "metrics.f1 DESC"),
        "sort": lambda _: search("", "metrics.loss"),
        "sort_param": lambda _: search("", "params.dropout DESC"),
        "history": lambda _: client.get_metric_history(long_id, "hist"),
    }
    print("ready", flush=True)
    for line in sys.stdin:
        name, variation = line.split()
        began = time.perf_counter()
        found = tasks[name](float(variation))
        print((time.perf_counter() - began) * 1e3, len(found), flush=True)


def _fill(database: Path, model: str, count: int) -> None:
    connection = sqlite3.connect(database)
    cursor = connection.execute("select * from runs where run_uuid = ?", [model])
    names = [column[0] for column in cursor.description]
    template = dict(zip(names, cursor.fetchone(), strict=True))
    own_tags = connection.execute("select key, value from tags where run_uuid = ?", [model]).fetchall()
    rows: dict[str, list[Sequence[object]]] = {"runs": [], "params": [], "tags": []}
    points: list[Sequence[object]] = []
    for number in range(count):
        run, at = uuid.uuid4().hex, template["start_time"] + number
        changed = {"run_uuid": run, "name": made.name(number), "start_time": at, "end_time": at + 5}
        changed["artifact_uri"] = template["artifact_uri"].replace(model, run)
        rows["runs"].append(list((template | changed).values()))
        rows["params"] += [(key, str(value), run) for key, value in made.params(number).items()]
        rows["tags"] += [(key, value, run) for key, value in [*own_tags, *made.tags(number).items()]]
        for key, value in made.metrics(number).items():
            is_nan = math.isnan(value)
            points.append((key, 0.0 if is_nan else value, at, 0, int(is_nan), run))
    connection.executemany(f"insert into runs values ({','.join('?' * len(names))})", rows["runs"])
    for table in ("params", "tags"):
        connection.executemany(f"insert into {table} (key, value, run_uuid) values (?, ?, ?)", rows[table])
    at = template["start_time"]
    history = [("hist", value, at + step, step, 0, model) for step, value in enumerate(made.history())]
    columns = "(key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, ?, ?)"
    connection.executemany(f"insert into metrics {columns}", points + history)
    connection.executemany(f"insert into latest_metrics {columns}", [*points, history[-1]])
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main()
