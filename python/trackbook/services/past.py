"""What is known of a run that another one goes on from: by the index, or by its journals where there is none.

Imports nothing heavy, so that a run can be resumed in the light install as long as its journals are not sealed.
"""

import contextlib
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from trackbook.domain import records as r
from trackbook.domain.clock import now
from trackbook.domain.ids import is_id
from trackbook.domain.metric import Context
from trackbook.domain.run import Fork
from trackbook.errors import Conflict, MissingExtra, NotFound, UsageError
from trackbook.services.ingester import can_ingest, is_served
from trackbook.store.journal import read_records
from trackbook.store.locks import os_host
from trackbook.store.owners import SILENT_AFTER, living_owner
from trackbook.store.paths import StorePaths

if TYPE_CHECKING:
    from trackbook.store.place import Place

# How long a process that is ending anyway, such as a kernel that is being restarted, is waited for.
PATIENCE = 5.0
Steps = list[tuple[str, Context, int]]


# What stands for the last run of the notebook that asks.
LAST = "last"


class Past(Struct):
    """A run up to now. `steps` has the last step of each series, `last_at` the time of the last record.

    `written_on` is another host on which a process writes it, where only the database tells.
    """

    run_id: str
    label: str
    experiment: str
    name: str
    params: dict[str, Any]
    tags: dict[str, str]
    group: str | None
    steps: Steps
    last_at: int
    trashed: bool = False
    written_on: str | None = None


def check_resumable(store: StorePaths, known: Past) -> Past:
    """Return what is known of a run now that nobody writes it any more.

    Raises Conflict if it is in the trash, or still being written by a process that lives.
    """
    if known.trashed:
        raise Conflict(f"The run {known.label} is in the trash; `trackbook restore` takes it out.")
    deadline = time.monotonic() + PATIENCE
    while (owner := living_owner(store, known.run_id) or _elsewhere(known)) is not None:
        if time.monotonic() > deadline or known.written_on is not None:
            raise Conflict(
                f"The run {known.label} is still being written {owner}; end it there, then resume it. "
                "To branch off from it, fork it at a step."
            )
        time.sleep(0.05)
    # What its process wrote last counts.
    return find_past(store, known.run_id)


def _elsewhere(known: Past) -> str | None:
    return f"on {known.written_on}" if known.written_on is not None else None


def fork_at(store: StorePaths, reference: str, step: int) -> tuple[Past, Fork]:
    """Return the run that is to be forked at a step, with the last steps that are shared, and the fork.

    Raises NotFound without such a run.
    """
    past = find_past(store, reference)
    fork = Fork(past.run_id, step, max(now(), past.last_at))
    past.steps = _shared_steps(store, fork)
    return past, fork


def find_past(store: StorePaths, reference: str) -> Past:
    """Return what is known of a run, by its id, number, or the beginning of its id; raises NotFound without one."""
    reference = reference.strip()
    if is_served(store.remote):
        raise UsageError(
            "A run of a served store can't be resumed or forked from here: start it where the store is."
        )
    if not can_ingest():
        return _by_journals(store, reference)
    try:
        return _by_index(store, reference)
    except NotFound:  # perhaps the index is not that far, since its ingester is busy
        if not is_id(reference) or not any(store.list_journals(reference)):
            raise
        return _by_journals(store, reference)


def find_last(store: StorePaths, path: str | None) -> Past:
    """Return what is known of the last run that was opened from the notebook or script at `path`.

    Jobs and children of other runs do not count.

    Raises NotFound without one, UsageError where nothing says which notebook this is.
    """
    if path is None:
        raise UsageError(
            "Nothing says which notebook this is, so its last run is not known: name the run by its number or id."
        )
    if is_served(store.remote):
        raise UsageError("A run of a served store can't be resumed from here: start it where the store is.")
    # The index may not be that far, and journals are gone once they are sealed. Ids rise with time.
    found = [_last_by_journals(store, path), _last_by_index(store, path) if can_ingest() else None]
    known = [run_id for run_id in found if run_id is not None]
    if not known:
        raise NotFound("earlier run of", path)
    return find_past(store, max(known))


def _last_by_index(store: StorePaths, path: str) -> str | None:
    from trackbook.services.context import open_services

    services = open_services(store)
    try:
        # The search's own scope is a notebook's path; a script's is no different.
        runs = services.runs.search("parent is null", notebook=path, limit=200).runs
    finally:
        services.place.close()
    return next((run.id for run in runs if run.source.kind != "job"), None)


def _last_by_journals(store: StorePaths, path: str) -> str | None:
    for run_id in sorted(
        {name.subject for name, _ in store.list_journals() if is_id(name.subject)}, reverse=True
    ):
        start = _opening(store, run_id)
        if (
            start is not None
            and start.source.path == path
            and start.source.kind != "job"
            and not start.parent_id
        ):
            return run_id
    return None


def _opening(store: StorePaths, run_id: str) -> r.RunStarted | None:
    for _, path in store.list_journals(run_id):
        with contextlib.suppress(OSError):  # sealed meanwhile
            # It stands behind the writer's own first record; what follows may be long.
            for record in islice(read_records(path), 3):
                if isinstance(record, r.RunStarted):
                    return record
    return None


def _by_index(store: StorePaths, reference: str) -> Past:
    from trackbook.services.context import open_services

    services = open_services(store)
    try:
        services.runs.refresh()
        detail = services.runs.detail(reference)
        last_at = services.runs.last_at(detail.run.id)
        written_on = _written_on(services.place, detail.run.id)
    finally:
        services.place.close()
    run = detail.run
    return Past(
        run.id, f"#{run.number} {run.name}", run.experiment, run.name, run.params, run.tags, run.group,
        [(series.key, series.context, series.last_step) for series in detail.series], last_at, run.trashed,
        written_on,
    )  # fmt: skip


def _written_on(place: "Place", run_id: str) -> str | None:
    if not place.shared:  # the files of a folder tell
        return None
    from trackbook.store.server_presence import living_host

    with place.database.read() as connection:
        return living_host(connection, run_id, os_host(), SILENT_AFTER)


def _shared_steps(store: StorePaths, fork: Fork) -> Steps:
    if not can_ingest():
        return _logged_steps(store, fork.run_id, fork.step)
    import msgspec

    from trackbook.services.opening import open_place
    from trackbook.store.history import shared_points

    place = open_place(store)
    try:
        shared = shared_points(place.parts, fork)
    finally:
        place.close()
    return [
        (key, msgspec.json.decode(context, type=dict[str, str]), int(columns.steps[-1]))
        for (key, context), columns in shared.items()
    ]


def _by_journals(store: StorePaths, reference: str) -> Past:
    if not is_id(reference):
        raise MissingExtra(f"Finding a run by {reference!r} instead of its whole id")
    known = sorted(_records(store, reference), key=lambda record: int(record.at))
    start = next((record for record in known if isinstance(record, r.RunStarted)), None)
    steps = _logged_steps(store, reference)
    if start is None:
        raise NotFound("run", reference)
    past = Past(reference, reference, start.experiment, start.name, {}, {}, None, steps, known[-1].at)
    for record in known:
        match record:
            case r.ParamsSet():
                past.params |= record.values
            case r.TagsSet():
                tags = past.tags | record.values
                past.tags = {key: value for key, value in tags.items() if value is not None}
            case r.Renamed():
                past.name = record.name
            case r.RunGrouped():
                past.group = record.group
            case r.Trashed() | r.Restored():
                past.trashed = isinstance(record, r.Trashed)
    return past


def _logged_steps(store: StorePaths, run_id: str, at_most: int | None = None) -> Steps:
    """Return the last step of each series of a run, what it shares with others included."""
    if any(store.list_segments(run_id)):
        raise MissingExtra("Going on from a run whose journals are sealed")
    known = sorted(_records(store, run_id), key=lambda record: int(record.at))
    fork = next((record.fork for record in known if isinstance(record, r.RunStarted)), None)
    within = min((step for step in (fork.step if fork else None, at_most) if step is not None), default=None)
    shared = [] if fork is None else _logged_steps(store, fork.run_id, within)
    found = {(key, *sorted(context.items())): (key, context, step) for key, context, step in shared}
    for record in known:
        if isinstance(record, r.MetricsLogged) and (at_most is None or record.step <= at_most):
            context = record.context or {}
            for key in record.values:
                found[key, *sorted(context.items())] = (key, context, record.step)
    return list(found.values())


def _records(store: StorePaths, run_id: str) -> list[Any]:
    return [record for _, path in store.list_journals(run_id) for record in read_records(path)]
