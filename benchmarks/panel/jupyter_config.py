"""The JupyterLab that is measured, as the browser tests have it. Never a configuration to work with."""

import os
from typing import Any

from jupyterlab.galata import configure_jupyter_server

from trackbook.server import events

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821  (traitlets defines it)
configure_jupyter_server(c)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["TRACKBOOK_UI_PORT"])
c.ServerApp.allow_root = True
c.LabApp.labextensions_path = [os.environ["TRACKBOOK_EXTENSIONS"]]
c.LabApp.extra_labextensions_path = []
if os.environ["TRACKBOOK_WITHOUT"]:
    c.ServerApp.jpserver_extensions = {"trackbook.server": False}
if os.environ["TRACKBOOK_SPEED"]:
    events.INTERVAL /= float(os.environ["TRACKBOOK_SPEED"])
