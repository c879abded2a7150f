"""Finding the template that a process is forked from, and starting it where there is none yet."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from trackbook.jobs.warm.folder import Need, NotWarm, Template, present_folder
from trackbook.jobs.warm.wanted import shadows

_T = TypeVar("_T")
_logger = logging.getLogger("trackbook.warm")
_told: set[str] = set()


def check_start(folder: str, environment: Mapping[str, str]) -> None:
    """Raise NotWarm for a place that templates can't stand for."""
    if not Path(folder).is_dir():
        raise NotWarm(f"{folder} is no folder")
    paths = environment.get("PYTHONPATH")
    if paths and not all(Path(path).is_absolute() for path in paths.split(os.pathsep)):
        raise NotWarm("PYTHONPATH names folders relative to the working directory")


def check_shadows(template: Template, folder: str) -> None:
    """Raise NotWarm where a file of the working folder would have been taken for a module that is there already."""
    if hidden := shadows(folder, template.said["names"]):
        raise NotWarm(f"{hidden[0]} in its folder has the name of a module that would be there already")


async def find_template(need: Need, patience: float) -> Template:
    """Return a template that fits, started if need be. Raises NotWarm if there is none within `patience` seconds."""
    try:
        folder = present_folder()
        if (found := folder.find(need)) is not None:
            return found
    except OSError as error:
        raise NotWarm(f"there is no place for its template ({error})") from error
    template = await _in_thread(lambda: folder.provide(need, patience))
    for module, reason in template.said["left_out"].items():
        tell(f"{module} is not imported before kernels start: it {reason}.")
    return template


def tell(text: str) -> None:
    """Warn of something once: thousands of kernels may start alike."""
    if text not in _told:
        _told.add(text)
        _logger.warning(text)


async def _in_thread(work: Callable[[], _T]) -> _T:
    """Do slow work in a thread that nobody waits for if this is cancelled."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)

    def perform() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=perform, name="trackbook-template", daemon=True).start()
    return await done
