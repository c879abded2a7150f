"""The JupyterLab that the browser tests open. Never a configuration to work with: it has no protection."""

import os
from typing import Any

from jupyterlab.galata import configure_jupyter_server

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821  (traitlets defines it)
configure_jupyter_server(c)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["TRACKBOOK_UI_PORT"])
c.ServerApp.allow_root = True
