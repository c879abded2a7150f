"""Dask clusters: one of this machine's own processes, or one that is there already."""

import contextlib
import importlib
import ipaddress
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from trackbook.errors import InfrastructureError, MissingExtra, UsageError

LOCAL_HOST = "127.0.0.1"
CONNECT_SECONDS = 30.0
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")
_ENCRYPTED = ("tls", "wss", "gateway", "inproc")


class Cluster(Struct, frozen=True):
    """A connected cluster. `client` is Dask's; `size` the number of jobs at a time where this process made it."""

    client: Any
    address: str
    size: int | None = None

    @property
    def is_private(self) -> bool:
        """Whether what is sent to its workers can't be read on the way: it stays on this machine, or is encrypted."""
        workers = self.workers()
        if self.size is None and not workers and urlsplit(self.address).scheme not in _ENCRYPTED:
            return False  # nobody knows where they will be
        # A scheduler may be at the near end of a tunnel, and its workers far away.
        return all(_is_private(address) for address in (self.address, *workers))

    def workers(self) -> dict[str, Any]:
        """Return what is known of the workers that are there, by their addresses."""
        try:
            found = self.client.scheduler_info(n_workers=-1)
        except TypeError:  # before Dask 2025.4, which told of all by itself
            found = self.client.scheduler_info()
        return dict(found["workers"])


@contextlib.contextmanager
def open_cluster(scheduler: str | None, size: int) -> Iterator[Cluster]:
    """Start a cluster of `size` processes on this machine, or connect to the one that `scheduler` names.

    That is an address (`tcp://host:8786`), a scheduler file (`.json`), or `module:function` of a function that returns
    a Dask client or cluster. What was there before stays when the block ends.

    Raises MissingExtra without dask, UsageError for what can't be a scheduler, InfrastructureError where none answers.
    """
    try:
        import dask

        distributed: Any = importlib.import_module("distributed")  # much of it carries no types
    except ImportError:
        raise MissingExtra("--executor dask", "dask") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            # Each worker's share of the cores is for its job's kernel to know; Dask would give it one.
            with dask.config.set({"distributed.nanny.pre-spawn-environ": {}}):
                cluster = stack.enter_context(
                    distributed.LocalCluster(
                        n_workers=size,
                        threads_per_worker=1,
                        host=LOCAL_HOST,
                        dashboard_address=f"{LOCAL_HOST}:0",
                        worker_dashboard_address=f"{LOCAL_HOST}:0",
                        preload=["trackbook.jobs.distributed.preload"],
                        memory_limit=0,  # of the Dask worker alone; jobs have limits of their own
                        silence_logs=logging.CRITICAL,
                    )
                )
            client = stack.enter_context(distributed.Client(cluster))
            yield Cluster(client, cluster.scheduler_address, size)
            return
        client = stack.enter_context(_connect(distributed, scheduler))
        yield Cluster(client, str(client.scheduler.address))


def _connect(distributed: Any, scheduler: str) -> Any:
    if _FUNCTION.match(scheduler):
        return _call(distributed, scheduler)
    options: dict[str, Any] = {"timeout": CONNECT_SECONDS, "set_as_default": False}
    if scheduler.endswith(".json"):
        if not Path(scheduler).is_file():
            raise UsageError(
                f"There is no scheduler file {scheduler}; `dask scheduler --scheduler-file` writes it."
            )
        options["scheduler_file"] = scheduler
    else:
        options["address"] = scheduler
    try:
        return distributed.Client(**options)
    except (OSError, TimeoutError) as error:
        raise InfrastructureError(
            f"No Dask scheduler answers at {scheduler} ({str(error) or 'it took too long'}). "
            "Without --scheduler, the jobs run on a cluster of this machine's own."
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{scheduler!r} is no address of a Dask scheduler ({error}); write tcp://HOST:8786, say."
        ) from error


def _call(distributed: Any, name: str) -> Any:
    module, _, function = name.partition(":")
    try:
        made = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"--scheduler {name}: there is no such function ({error}). It is looked for on PYTHONPATH."
        ) from error
    if isinstance(made, distributed.Client):
        return made
    if hasattr(made, "get_client"):
        return made.get_client()
    raise UsageError(
        f"--scheduler {name} returned {type(made).__name__}, which is neither a Dask client nor a cluster."
    )


def _is_private(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme in _ENCRYPTED or parts.hostname == "localhost":
        return True
    with contextlib.suppress(ValueError):  # a name, not an address
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    return False
