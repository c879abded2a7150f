"""Templates that outlive a command: those of a worker that stands, or of a Jupyter server, for all who work in a store.

Whoever starts jobs there for a while, a sweep say, uses them instead of templates of its own: what its notebook imports
was imported once for them all.
"""

import contextlib
import os
from pathlib import Path

from trackbook.jobs.forking.wire import can_fork
from trackbook.jobs.warm.folder import TemplateFolder
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths


def offer_templates(store: StorePaths, folder: TemplateFolder) -> None:
    """Let others who work in a store on this machine use a folder of templates, as long as its owner lives.

    Where that can't be written, each has its own.
    """
    with contextlib.suppress(OSError):
        draft = store.templates.with_name(f"{store.templates.name}.{os.getpid()}")
        draft.write_text(f"{os_host()}\n{folder.path}", encoding="utf-8")
        draft.replace(store.templates)


def offered_templates(store: StorePaths) -> TemplateFolder | None:
    """Return the folder that is offered for a store; None where there is none of this user whose owner lives."""
    if not can_fork():
        return None
    try:
        host, _, path = store.templates.read_text(encoding="utf-8").partition("\n")
        if host != os_host() or Path(path).stat().st_uid != os.getuid():
            return None
        folder = TemplateFolder(Path(path))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if folder.is_owned else None
