"""Experiments: names under which runs are gathered."""

from datetime import datetime

from msgspec import Struct


class Experiment(Struct, frozen=True):
    """An experiment with the number of its runs outside the trash, and when the last of them began."""

    name: str
    runs: int
    last_started: datetime
