"""Importing what jobs need without what only costs: threads, which a process that forks must not have, and time.

Imports nothing heavy itself.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

from trackbook.jobs.threads import THREAD_VARIABLES

# jsonschema, which nbformat needs, imports these for checks of URIs, colours and dates that no notebook asks for: more
# than a second of work.
_FORMATS = (
    "fqdn", "isoduration", "rfc3339_validator", "rfc3986_validator", "rfc3987_syntax", "uri_template", "webcolors",
)  # fmt: skip
# papermill imports these for notebooks in clouds, and Hadoop; the last one starts a thread.
_CLOUDS = ("azure", "boto3", "gcsfs", "github", "pyarrow")
_NEEDLESS = (*_FORMATS, *_CLOUDS)


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """While this is entered, libraries of numbers start no threads, and what no job needs is not found.

    Garbage is not looked for, of which imports leave next to none: each look would go through all that is there.
    """
    collects = gc.isenabled()
    gc.disable()
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    # One that jsonschema has found already stays as it is.
    hidden = [name for name in _NEEDLESS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # None makes its import fail
    try:
        yield
    finally:
        if collects:
            gc.enable()
        for name in hidden:
            del sys.modules[name]
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
