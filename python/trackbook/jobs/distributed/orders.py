"""What travels between the submitting process, the Dask worker, and the process that runs the job.

Plain values alone: the two sides may have other versions of what they import.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from msgspec import Struct, structs

from trackbook.config import STORE, TOKEN, Settings, without_password
from trackbook.domain.ids import new_id
from trackbook.errors import StoreError
from trackbook.services.settling import settle
from trackbook.store.locks import boot_id, os_host
from trackbook.store.paths import StorePaths

NONCE = "seen-by-dask-"


class Sight(Struct, frozen=True):
    """How a worker proves that it sees a folder's store, and may share its database file.

    A file of the name `nonce` lies beside the index. `machine` is the boot of the system under which both must run:
    SQLite's file is not safe between two, whatever disk they share.
    """

    root: str
    nonce: str
    machine: str


class Order(Struct, frozen=True):
    """A job for a Dask worker: `environment` says where the store is, `crew` who hands it out, with
    Trackbook in this `version`.

    `sight` is set for a store in a folder. `parallel` jobs share the cores of the worker's machine.
    """

    job: str
    crew: str
    version: str
    environment: dict[str, str]
    sight: Sight | None = None
    parallel: int = 1


class Report(Struct, frozen=True):
    """What became of an order: `problem` says why the job could not be worked on at all.

    `elsewhere`: somebody who is not of the crew has the job.
    """

    problem: str | None = None
    elsewhere: bool = False
    host: str = ""


def store_environment(store: StorePaths, settings: Settings, *, with_secrets: bool) -> dict[str, str]:
    """Return the environment variables by which a worker elsewhere finds a store.

    Its own spool and cache are for the worker's machine to choose. Without secrets, those have to be on the worker.
    """
    plain = replace(
        settings, spool=None, cache=None, run_id=None, job_id=None, leaves_cells=False, output_dir=None
    )
    if store.remote is None:
        return replace(plain, store=store.root, store_url=None, token=None).job_environment()
    found = plain.job_environment()
    if not with_secrets:
        found[STORE] = without_password(found[STORE])
        found.pop(TOKEN, None)
    return found


def own_environment(order: Order, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for the process that works on an order, beside those of the worker.

    Where the worker's own name the same store, they stay, with the password or token that they hold.
    """
    found = dict(order.environment)
    own = environ.get(STORE, "")
    if "://" in own and without_password(own) == without_password(found.get(STORE, "")):
        del found[STORE]
        if environ.get(TOKEN):
            found.pop(TOKEN, None)
    return found


def show_store(store: StorePaths) -> Sight:
    """Put a file beside a store's index, by which a worker proves that it sees the same; `hide_store` takes it away."""
    nonce = NONCE + new_id()
    (store.index.parent / nonce).write_text(store.id, encoding="ascii")
    return Sight(str(store.root), nonce, this_machine())


def hide_store(store: StorePaths, sight: Sight) -> None:
    """Take the file away."""
    (store.index.parent / sight.nonce).unlink(missing_ok=True)


def this_machine() -> str:
    """Return what tells the running system from all others, containers on it not told apart."""
    return boot_id() or os_host()


def check_sight(sight: Sight, store: StorePaths | None) -> str | None:
    """Return why a worker can't work on a store in a folder; None if it can. `store` is what it finds there."""
    where = f"The Dask worker on {os_host()}"
    advice = (
        "Jobs beyond this machine need a store that all reach: a PostgreSQL database, or a `trackbook serve` "
        "(TRACKBOOK_STORE=postgresql://… or https://…)."
    )
    if sight.machine != this_machine():
        return f"{where} is another machine than the one whose folder {sight.root} is the store. {advice}"
    if store is None or not (store.index.parent / sight.nonce).is_file():
        return f"{where} does not see the store in {sight.root}. {advice}"
    return None


def for_job(order: Order, job_id: str) -> Order:
    """Return an order for another job."""
    return structs.replace(order, job=job_id)


def find_problem(order: Order) -> str | None:
    """Return why no job of the order's store can be worked on here; None if they can."""
    if order.sight is None:
        return None
    try:
        store = settle(StorePaths(Path(order.sight.root)).check())
    except StoreError:
        store = None
    return check_sight(order.sight, store)
