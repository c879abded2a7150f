"""Tells a web address that a job has ended: what chat programs and other services can read.

A process of its own does so, `python -m trackbook.services.notifying STORE JOB`: neither the job nor the next one waits
for an answer, and one that does not come is asked for again.
"""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trackbook.config import notify_in
from trackbook.domain.formatting import format_duration
from trackbook.domain.job import Job
from trackbook.domain.run import RunError
from trackbook.errors import NotFound, TrackbookError, UsageError
from trackbook.services.masking import Masker
from trackbook.services.processes import start_module
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths

_WAITS = (1.0, 5.0, 25.0, 120.0)  # seconds between the attempts
_TIMEOUT = 10.0
_TRANSIENT = frozenset((408, 425, 429))
_LONGEST_TEXT = 2000


def notify_of_end(store: StorePaths, job_id: str, status: str) -> None:
    """See to it that who wants to be told of a job that ended so is told. Returns at once, and fails nothing."""
    log = store.jobs / "notify.log"
    try:
        wanted = notify_in(store.project)
        if wanted is None or status not in wanted.on:
            return
        start_module("trackbook.services.notifying", str(store.root), job_id, folder=store.root, log=log)
    except (UsageError, OSError) as error:
        _note(log, f"Job {job_id[-8:]}: nobody was told that it ended. {error}")


def describe_end(job: Job, number: int | None, project: str) -> dict[str, Any]:
    """Return what is sent of a job that has ended, with its secrets masked. `text` says it in words, as for Slack."""
    mask = Masker()
    error = mask.error(job.error, "error of the job") if job.error is not None else None
    duration = (job.ended - job.started).total_seconds() if job.started and job.ended else None
    return {
        "text": _in_words(job, error, number, duration),
        "job": job.id,
        "status": job.status,
        "notebook": job.spec.path,
        "project": project,
        "params": mask.named(job.spec.params, "parameter"),
        "run": job.spec.run_id,
        "number": number,
        "duration": duration,
        "attempt": job.attempt,
        "error": None
        if error is None
        else {"ename": error.ename, "evalue": error.evalue[:_LONGEST_TEXT], "cell": error.cell},
        "host": os_host(),
    }


def send(url: str, message: dict[str, Any], waits: Sequence[float] = _WAITS) -> None:
    """Post a message as JSON, again after each of `waits` seconds where that fails for a reason that may pass.

    Raises OSError when it could not be delivered.
    """
    body = json.dumps(message, ensure_ascii=False, default=str).encode("utf-8", "replace")
    for wait in (*waits, None):
        request = urllib.request.Request(
            url, body, {"Content-Type": "application/json", "User-Agent": "trackbook"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT):
                return
        except urllib.error.HTTPError as refused:
            refused.close()
            if wait is None or (refused.code < 500 and refused.code not in _TRANSIENT):
                raise OSError(f"it answered with {refused.code} {refused.reason}") from None
        except OSError:  # urllib's own errors are such, too
            if wait is None:
                raise
        time.sleep(wait)


def _in_words(job: Job, error: RunError | None, number: int | None, duration: float | None) -> str:
    run = f"#{number} " if number is not None else ""
    took = f" after {format_duration(duration)}" if duration is not None else ""
    text = f"{run}{job.spec.path} {'was cancelled' if job.status == 'cancelled' else job.status}{took}"
    if error is None:
        return text
    where = f" in cell {error.cell}" if error.cell is not None else ""
    return f"{text}{where}: {error.ename}: {error.evalue}"[:_LONGEST_TEXT]


def _note(log: Path, text: str) -> None:
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError:
        pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell of one job; what goes wrong is written to stderr, which is a log."""
    from trackbook.services.context import open_services

    root, job_id = sys.argv[1:] if arguments is None else arguments
    store = StorePaths(Path(root)).check()
    wanted = notify_in(store.project)
    if wanted is None:
        return 0
    services = open_services(store)
    try:
        services.runs.refresh()
        job = services.jobs.get(job_id)
        try:
            number = services.runs.get(job.spec.run_id).number
        except NotFound:
            number = None
        message = describe_end(job, number, store.name)
    finally:
        services.place.close()
    try:
        send(wanted.url, message)
    except (OSError, ValueError) as error:
        # The address itself may be a secret.
        sys.stderr.write(f"Job {job_id[-8:]}: {urlsplit(wanted.url).hostname} could not be told. {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TrackbookError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)
