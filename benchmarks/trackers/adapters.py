"""One way to drive each tracker: open a run, log, end it, and read back from another process.

Each adapter imports its tool when it is made, in an environment that has it, and works in the current folder.
`count_runs` and `count_points` read what is on the disk as the tool itself would show it, where it has a reader.
"""

import json
import os
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path.cwd


class Floor:
    """The least that survives `kill -9`: one JSON line encoded with msgspec, one os.write."""

    def __init__(self) -> None:
        import msgspec

        self.encode = msgspec.json.Encoder().encode

    def start(self, name: str) -> None:
        self.fd = os.open(f"{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def log(self, values: dict[str, float], step: int) -> None:
        os.write(self.fd, self.encode({"time": time.time(), "step": step, "values": values}) + b"\n")

    def end(self) -> None:
        os.close(self.fd)

    def count_points(self) -> int:
        return sum(path.read_bytes().count(b"\n") for path in HERE().glob("*.jsonl"))


class Trackbook:
    def __init__(self) -> None:
        os.environ["TRACKBOOK_STORE"] = str(HERE() / ".trackbook")
        import trackbook

        self.tb = trackbook

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.run = self.tb.start_run("bench", name=name, params=params)
        self.log = self.run.log

    def end(self) -> None:
        self.run.end()

    def count_runs(self) -> int:
        services = self._services()
        found = services.runs.search().total
        services.place.close()
        return found

    def count_points(self) -> int:
        services = self._services()
        (run,) = services.runs.search().runs
        found = len(services.series.read(run.id, "loss").values)
        services.place.close()
        return found

    def index_size(self) -> int:
        return sum(file.stat().st_size for file in (HERE() / ".trackbook").glob("index.sqlite*"))

    def settle(self) -> None:
        """Wait until everything is sealed and nobody holds the index open."""
        from trackbook.services.catchup import rebuild
        from trackbook.store.paths import StorePaths

        store = StorePaths(HERE() / ".trackbook")
        rebuild(store).close()

    def _services(self) -> Any:
        from trackbook.api import open_project

        services = open_project()
        services.runs.refresh()
        return services


class MLflow:
    def __init__(self, uri: str) -> None:
        os.environ.update(MLFLOW_TRACKING_URI=uri, MLFLOW_ALLOW_FILE_STORE="true", GIT_PYTHON_REFRESH="quiet")
        import logging

        logging.disable(logging.WARNING)
        import mlflow

        self.mlflow = mlflow
        self.client = mlflow.MlflowClient()
        self.experiment = mlflow.set_experiment("bench").experiment_id

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.run_id = self.mlflow.start_run(run_name=name).info.run_id
        if params:
            self.mlflow.log_params(params)

    def log(self, values: dict[str, float], step: int) -> None:
        if len(values) == 1:
            ((key, value),) = values.items()
            self.mlflow.log_metric(key, value, step=step)
        else:
            self.mlflow.log_metrics(values, step=step)

    def end(self) -> None:
        self.mlflow.end_run()

    def count_runs(self) -> int:
        return len(self.client.search_runs([self.experiment], max_results=5000))

    def count_points(self) -> int:
        (run,) = self.client.search_runs([self.experiment])
        return len(self.client.get_metric_history(run.info.run_id, "loss"))


class Trackio:
    def __init__(self) -> None:
        os.environ.update(TRACKIO_DIR=str(HERE() / "trackio"), HF_HUB_OFFLINE="1")
        import trackio

        self.trackio = trackio

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.trackio.init(
            project="bench",
            name=name,
            config=dict(params or {}),
            auto_log_gpu=False,
            auto_log_cpu=False,
            embed=False,
        )

    def log(self, values: dict[str, float], step: int) -> None:
        self.trackio.log(values, step=step)

    def end(self) -> None:
        self.trackio.finish()

    def count_runs(self) -> int:
        return len(list(self.trackio.Api().runs("bench")))

    def count_points(self) -> int:
        from trackio.sqlite_storage import SQLiteStorage

        return sum("loss" in row for row in SQLiteStorage.get_logs("bench", "killed"))


class DVCLive:
    def __init__(self) -> None:
        import dvclive

        self.dvclive = dvclive

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.live = self.dvclive.Live(f"live/{name}", save_dvc_exp=False, dvcyaml=None, report=None)
        if params:
            self.live.log_params(params)

    def log(self, values: dict[str, float], step: int) -> None:
        self.live.step = step
        for key, value in values.items():
            self.live.log_metric(key, value)

    def end(self) -> None:
        self.live.end()

    def count_runs(self) -> int:
        found = 0
        for folder in HERE().glob("live/*"):  # the reader is whoever parses the files
            json.loads((folder / "metrics.json").read_text())
            found += 1
        return found

    def count_points(self) -> int:
        files = HERE().glob("live/killed/plots/metrics/loss.tsv")
        return sum(file.read_bytes().count(b"\n") - 1 for file in files)


class TensorBoardX:
    def __init__(self) -> None:
        from tensorboardX import SummaryWriter

        self.writer_of = SummaryWriter

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.writer = self.writer_of(logdir=f"events/{name}")
        if params:
            self.writer.add_text("params", json.dumps(params))

    def log(self, values: dict[str, float], step: int) -> None:
        for key, value in values.items():
            self.writer.add_scalar(key, value, step)

    def end(self) -> None:
        self.writer.close()

    def count_runs(self) -> int:
        return sum(
            any(event.HasField("summary") for event in self._events(folder))
            for folder in HERE().glob("events/*")
        )

    def count_points(self) -> int:
        events = self._events(HERE() / "events" / "killed")
        return sum(value.tag == "loss" for event in events for value in event.summary.value)

    def _events(self, folder: Path) -> Iterator[Any]:
        from tensorboardX.proto.event_pb2 import Event

        for file in folder.glob("events*"):
            data, at = file.read_bytes(), 0
            while at + 12 <= len(data):
                (length,) = struct.unpack_from("<Q", data, at)
                if at + 16 + length > len(data):
                    break
                yield Event.FromString(data[at + 12 : at + 12 + length])
                at += 16 + length


class WandB:
    def __init__(self) -> None:
        folder = str(HERE())
        os.environ.update(
            WANDB_MODE="offline", WANDB_DIR=folder, WANDB_SILENT="true", WANDB_CONFIG_DIR=folder
        )
        os.environ.update(WANDB_CACHE_DIR=folder + "/cache", WANDB_DATA_DIR=folder + "/data")
        import wandb

        self.wandb = wandb

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.run = self.wandb.init(project="bench", name=name, config=dict(params or {}))
        self.log = self.run.log

    def end(self) -> None:
        self.run.finish()

    def count_runs(self) -> int:
        return sum(any(True for _ in self._steps(file)) for file in HERE().glob("wandb/*/run-*.wandb"))

    def count_points(self) -> int:
        files = HERE().glob("wandb/*/run-*.wandb")
        return sum("loss" in keys for file in files for keys in self._steps(file))

    def _steps(self, file: Path) -> Iterator[set[str]]:
        # The transaction log: blocks of 32 KiB, in which a record is whole (1) or begins (2), goes on (3), ends (4).
        from wandb.proto.wandb_internal_pb2 import Record

        data, at, parts = file.read_bytes(), 7, b""
        while at + 7 <= len(data):
            if 32768 - at % 32768 < 7:
                at += 32768 - at % 32768
                continue
            _, length, kind = struct.unpack_from("<IHB", data, at)
            at += 7
            if kind == 0 or at + length > len(data):
                break
            parts += data[at : at + length]
            at += length
            if kind in (1, 4):
                record = Record.FromString(parts)
                parts = b""
                if record.WhichOneof("record_type") == "history":
                    yield {item.key or ".".join(item.nested_key) for item in record.history.item}


class Aim:
    def __init__(self) -> None:
        import aim

        self.aim = aim
        self.repo = aim.Repo.from_path(str(HERE()), init=True)

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.run = self.aim.Run(
            repo=self.repo, experiment="bench", system_tracking_interval=None, capture_terminal_logs=False
        )
        if params:
            self.run["hparams"] = dict(params)

    def log(self, values: dict[str, float], step: int) -> None:
        if len(values) == 1:
            ((key, value),) = values.items()
            self.run.track(value, name=key, step=step)
        else:
            self.run.track(values, step=step)

    def end(self) -> None:
        self.run.close()

    def count_runs(self) -> int:
        from aim.sdk.index_manager import RepoIndexManager  # what is not indexed no query finds

        manager = RepoIndexManager.get_index_manager(self.repo)
        return sum(bool(manager.index(run)) or True for run in self.repo.list_all_runs())

    def count_points(self) -> int:
        from aim.sdk.index_manager import RepoIndexManager
        from aim.storage.context import Context

        manager = RepoIndexManager.get_index_manager(self.repo)
        found = 0
        for name in self.repo.list_all_runs():
            manager.index(name)
            run = self.repo.get_run(name)
            metric = run.get_metric("loss", Context({})) if run is not None else None
            found += len(list(metric.values.items())) if metric is not None else 0
        return found


class NeptuneScale:
    def __init__(self) -> None:
        import neptune_scale

        self.run_of = neptune_scale.Run

    def start(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.run = self.run_of(
            project="a/bench",
            mode="offline",
            log_directory=str(HERE() / "neptune"),
            enable_console_log_capture=False,
            source_tracking_config=None,
        )
        if params:
            self.run.log_configs(dict(params))

    def log(self, values: dict[str, float], step: int) -> None:
        self.run.log_metrics(values, step=step)

    def end(self) -> None:
        self.run.close()

    def count_runs(self) -> int:
        return sum(any(True for _ in self._updates(file)) for file in HERE().glob("neptune/**/*.sqlite3"))

    def count_points(self) -> int:
        files = HERE().glob("neptune/**/*.sqlite3")
        return sum("loss" in update.append for file in files for update in self._updates(file))

    def _updates(self, file: Path) -> Iterator[Any]:
        import sqlite3

        from neptune_api.proto.neptune_pb.ingest.v1.common_pb2 import UpdateRunSnapshot

        for (operation,) in sqlite3.connect(file).execute("SELECT operation FROM run_operations"):
            try:
                update = UpdateRunSnapshot.FromString(operation)
            except Exception:  # the creation of the run
                continue
            if update.append:
                yield update


# Name, the virtual environment that it needs (empty for Trackbook's own), and its adapter.
TRACKERS: dict[str, tuple[str, str, Any]] = {
    "floor": ("", "msgspec", Floor),
    "trackbook": ("", "trackbook", Trackbook),
    "tensorboardx": ("tensorboardx", "tensorboardX", TensorBoardX),
    "dvclive": ("dvclive", "dvclive", DVCLive),
    "trackio": ("trackio", "trackio", Trackio),
    "neptune-scale": ("neptune-scale", "neptune_scale", NeptuneScale),
    "aim": ("aim", "aim", Aim),
    "wandb": ("wandb", "wandb", WandB),
    "mlflow-sqlite": ("mlflow", "mlflow", lambda: MLflow(f"sqlite:///{HERE()}/mlflow.db")),
    "mlflow-file": ("mlflow", "mlflow", lambda: MLflow(f"file://{HERE()}/mlruns")),
}
