"""A JupyterLab of its own for a folder, with Trackbook or without."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from jupyter_core.paths import jupyter_path

CONFIG = Path(__file__).parent / "jupyter_config.py"
SECONDS = 120


class Lab(NamedTuple):
    url: str
    pid: int


@contextmanager
def jupyterlab(root: Path, *, has_trackbook: bool = True, speed: float | None = None) -> Iterator[Lab]:
    """Serve a folder, with nobody's own settings or kernels, and with all extensions of the front end.

    Without Trackbook neither its front end nor its server is there. Changes are looked for `speed` times as often.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        port = _free_port()
        environment = os.environ | {
            "HOME": home,
            "JUPYTER_CONFIG_DIR": f"{home}/config",
            "JUPYTER_DATA_DIR": f"{home}/data",
            "JUPYTER_RUNTIME_DIR": f"{home}/runtime",
            "JUPYTERLAB_SETTINGS_DIR": f"{home}/settings",
            "JUPYTERLAB_GALATA_ROOT_DIR": str(root),
            "TRACKBOOK_UI_PORT": str(port),
            "TRACKBOOK_EXTENSIONS": str(_extensions(Path(home) / "extensions", has_trackbook)),
            "TRACKBOOK_WITHOUT": "" if has_trackbook else "1",
            "TRACKBOOK_SPEED": "" if speed is None else str(speed),
            "TRACKBOOK_STORE": "",
        }
        with (Path(home) / "log").open("w+") as log:
            command = [sys.executable, "-m", "jupyter", "lab", "--config", str(CONFIG)]
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                url = f"http://127.0.0.1:{port}"
                if not _answers(url, server):
                    log.seek(0)
                    sys.exit(f"JupyterLab did not start:\n{log.read()[-2000:]}")
                yield Lab(url, server.pid)
            finally:
                server.terminate()
                server.wait()


def _extensions(folder: Path, has_trackbook: bool) -> Path:
    """Link the extensions that JupyterLab would find; the first of a name counts."""
    folder.mkdir()
    for place in map(Path, jupyter_path("labextensions")):
        for found in place.iterdir() if place.is_dir() else ():
            if (has_trackbook or found.name != "trackbook") and not (folder / found.name).exists():
                (folder / found.name).symlink_to(found.resolve())
    if has_trackbook and not (folder / "trackbook/package.json").is_file():
        sys.exit("The extension is not built: `make install` builds it, or `jlpm build`.")
    return folder


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api", timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False
