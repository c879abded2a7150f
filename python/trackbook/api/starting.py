"""Opening runs: new ones, ones that go on or branch off, and those of jobs."""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook.api.current import current_run
from trackbook.api.mappings import check_mapping
from trackbook.api.project import open_store, store_folder
from trackbook.api.run import Run, open_stack
from trackbook.config import Settings
from trackbook.domain.run import Source
from trackbook.errors import InvalidValue, StoreError, UsageError
from trackbook.services.ingester import ensure_ingester
from trackbook.services.recorder import RunRecorder
from trackbook.services.session import Session, current_session
from trackbook.services.shelter import make_shelter
from trackbook.services.warning import warn
from trackbook.store.paths import StorePaths, create_store

if TYPE_CHECKING:
    from trackbook.domain.run import Fork
    from trackbook.services.past import Past


_joined_jobs: set[str] = set()


def start_run(
    experiment: str | None = None,
    *,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    notes: str | None = None,
    nested: bool = False,
    group: str | None = None,
    resume: str | int | None = None,
    fork: str | int | None = None,
    at_step: int | None = None,
    source: Source | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Run:
    """Open a run of `experiment` (by default the project folder's name) and make it the current one.

    Runs that belong together, such as the folds of a cross-validation, share a `group`. `resume` names a run that has
    ended, by id or number ("#42"), or "last", the last run of this notebook: it goes on, in this process, as a further
    attempt. `fork` names a run whose history
    up to and including `at_step` becomes the beginning of a new one, with its parameters and tags.

    The store is `TRACKBOOK_STORE`, else the nearest `.trackbook` from `folder` (by default the notebook's folder,
    or the working directory) upwards. A store that can't be written warns, and the run is kept in the user's spool
    folder until it can. Raises InvalidName and InvalidValue for what can't be stored, NotFound for a run to go on from
    that is not there, Conflict for one that can't be resumed, StoreError when the store of such a run can't be used.
    """
    _load_extension()
    settings = Settings.load()
    _check_past(resume, fork, at_step, experiment=experiment, name=name)
    check_mapping("`params`", params or {}, "{'lr': 0.1}")
    check_mapping("`tags`", tags or {}, "{'team': 'vision'}")
    if resume is not None:
        run: Run | None = _resume(settings, folder, resume, source, nested)
    else:
        run = _join_job(settings) if fork is None else None
    if run is None:
        parent = _parent(nested)
        past: Past | None = None
        shared: Fork | None = None

        def start(store: StorePaths, must_write: bool = True) -> RunRecorder:
            named = experiment or (past.experiment if past else parent.experiment if parent else store.name)
            return RunRecorder.start(
                store,
                experiment=named or "default",
                name=name,
                params={**past.params, **(params or {})} if past else params,
                tags={**past.tags, **(tags or {})} if past else tags,
                parent_id=parent.id if parent else _ended_job(settings),
                source=source or current_session().source(store),
                group=past.group if past and group is None else group,
                fork=shared,
                must_write=must_write,
                capture=settings.captures_in(store.project),
            )

        try:
            store = parent.recorder.store if parent else open_store(settings, folder)
            if fork is not None:
                past, shared = _fork(store, fork, at_step)
            recorder = start(store)
        except StoreError as error:
            if fork is not None:
                raise
            recorder = _start_elsewhere(settings, folder, parent, start, error)
        recorder.steps.go_on_after(past.steps if past else ())
        if not nested:
            _close_plain_runs()
        run = Run(recorder, parent=parent, settings=settings)
    else:
        _add_to(run, params, tags, group)
    if notes:
        run.note(notes)
    ensure_ingester(run.recorder.store)
    return run


def _start_elsewhere(
    settings: Settings,
    folder: str | os.PathLike[str] | None,
    parent: Run | None,
    start: Callable[[StorePaths, bool], RunRecorder],
    error: StoreError,
) -> RunRecorder:
    # The user's work must not stop because its record can't be kept where it belongs.
    store = parent.recorder.store if parent else None
    home = (store.home or store.root) if store else store_folder(settings, folder)
    try:
        recorder = start(make_shelter(settings.spool_folder, home), True)
    except StoreError:
        return start(StorePaths(home, home=home), False)
    warn(
        f"{error} The run is kept in {recorder.store.root} meanwhile. It comes into the store by itself when the "
        "next run is started there; `trackbook doctor` brings it at once.",
        stacklevel=3,
    )
    return recorder


def join_job() -> Run | None:
    """In the kernel of a job: become a writer of the job's run, so that cells are recorded from the first one on.

    The first `start_run` takes this run up. Returns None when this process belongs to no job.
    """
    settings = Settings.load()
    if settings.run_id is None or settings.folder is None:
        return None
    for run in open_stack:
        if run.id == settings.run_id:
            return run
    if settings.run_id in _joined_jobs:
        return None
    try:
        store = create_store(settings.folder, settings.remote)
    except StoreError:  # the journal is tried again as the run goes on
        store = StorePaths(settings.folder, home=settings.folder)
    recorder = RunRecorder.join(store, settings.run_id, capture=settings.captures_in(store.project))
    recorder.leaves_cells = settings.leaves_cells
    return Run(recorder, joined=True, output_dir=settings.output_dir, settings=settings)


def move_on() -> None:
    """In a copy of a job's kernel: have what was written into that job's run go into the one of this environment.

    Variables that hold the run hold the new one from now on.
    """
    settings = Settings.load()
    if settings.run_id is None:
        return
    for run in list(open_stack):
        if not run.joined:
            open_stack.remove(run)  # its record ended with the process that was copied
            continue
        if run.id in _joined_jobs:
            _joined_jobs.add(settings.run_id)
        run.move_on(settings.run_id, settings.output_dir)


def set_apart(folder: Path) -> None:
    """In a copy of a job's kernel: have what is still tracked go into a store of its own in `folder`, for nobody."""
    store = create_store(folder / ".trackbook")
    for run in list(open_stack):
        run.set_apart(store)
        open_stack.remove(run)
    _joined_jobs.clear()


def leaves_cells() -> bool:
    """Tell whether this is the kernel of a job whose cells are recorded by who executes them, not here."""
    settings = Settings.load()
    return settings.run_id is not None and settings.leaves_cells


def _load_extension() -> None:
    # In IPython without %load_ext: the extension records cells, so a run that code opens has them too.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and type(current_session()) is Session:
        with contextlib.suppress(Exception):
            shell.extension_manager.load_extension("trackbook")


def _check_past(
    resume: str | int | None, fork: str | int | None, at_step: int | None, **of_new: str | None
) -> None:
    if resume is not None:
        if fork is not None or at_step is not None:
            raise UsageError("A run is either resumed or forked, not both.")
        for word, value in of_new.items():
            if value is not None:
                raise UsageError(f"A run that is resumed keeps its {word}; leave {value!r} out.")
    elif (fork is None) != (at_step is None):
        raise UsageError("A fork needs a run and a step of it: fork='#42', at_step=100")
    elif at_step is not None and (isinstance(at_step, bool) or not isinstance(at_step, int)):
        raise InvalidValue("at_step", at_step, f"a step is a whole number, not {at_step!r}")


def _resume(
    settings: Settings,
    folder: str | os.PathLike[str] | None,
    reference: str | int,
    source: Source | None,
    nested: bool,
) -> Run:
    from trackbook.services.past import LAST, check_resumable, find_last, find_past

    store = open_store(settings, folder)
    if str(reference).strip() == LAST:
        known = find_last(store, (source or current_session().source(store)).path)
    else:
        known = find_past(store, str(reference))
    for run in open_stack:
        if run.id == known.run_id:  # the cell that resumed it is executed again
            return run
    past = check_resumable(store, known)
    recorder = RunRecorder.resume(
        store,
        past.run_id,
        experiment=past.experiment,
        name=past.name,
        source=source or current_session().source(store),
        after=past.last_at,
        capture=settings.captures_in(store.project),
    )
    recorder.steps.go_on_after(past.steps)
    if not nested:
        _close_plain_runs()
    return Run(recorder, resumed=True, settings=settings)


def _fork(store: StorePaths, reference: str | int, at_step: int | None) -> "tuple[Past, Fork]":
    from trackbook.services.past import fork_at

    return fork_at(store, str(reference), 0 if at_step is None else at_step)


def _add_to(
    run: Run, params: Mapping[str, Any] | None, tags: Mapping[str, str] | None, group: str | None
) -> None:
    if params:
        run.params(params)
    if tags:
        run.tags(tags)
    if group is not None:
        run.recorder.set_group(group)


def _join_job(settings: Settings) -> Run | None:
    run_id = settings.run_id
    if run_id is None or settings.folder is None or run_id in _joined_jobs:
        return None
    run = join_job()
    if run is not None:
        _joined_jobs.add(run_id)
    return run


def _parent(nested: bool) -> Run | None:
    if nested:
        return current_run()
    return next((run for run in reversed(open_stack) if run._scoped or run.joined), None)


def _ended_job(settings: Settings) -> str | None:
    # The part of the job's run that this process wrote may have ended, while the run goes on.
    return settings.run_id if settings.run_id in _joined_jobs else None


def _close_plain_runs() -> None:
    # Only what lies above the innermost `with` block: that block ends its own run.
    while open_stack and not open_stack[-1]._scoped and not open_stack[-1].joined:
        open_stack[-1].end(reason="Another run was started.")
