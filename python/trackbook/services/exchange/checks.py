"""Which records an import takes: those that the recorder could have written."""

from typing import Any

from trackbook.domain import records as r
from trackbook.domain.names import check_artifact_path, check_name
from trackbook.domain.records import Record
from trackbook.services.exchange.recordtext import UnknownRecord

_OF_JOBS = (r.JobSubmitted, r.JobFinished)
# Points lie in a file of their own, and journals begin and end here as they grow here.
_NEVER = (r.MetricsLogged, r.PointsLogged, r.WriterClosed)
# From the year 1 to the year 9999, in microseconds.
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999


def check_record(kind: str, record: Record) -> None:
    """Raise UnknownRecord or InvalidName for a record that has no place in a run or a job (`kind`)."""
    is_of_job = isinstance(record, _OF_JOBS)
    # Those that name a run are of the project, and say something of any run: its number, say.
    if (
        isinstance(record, _NEVER)
        or hasattr(record, "run_id")
        or (is_of_job != (kind == "job") and not isinstance(record, r.WriterOpened))
    ):
        raise UnknownRecord(f"a record of type {type(record).__name__} has no place in a {kind}")
    check_time(record.at)
    if isinstance(record, r.RunStarted):
        check_name("experiment", record.experiment)
        check_name("run", record.name)
    elif isinstance(record, (r.ParamsSet, r.TagsSet)):
        _check_keys("parameter" if isinstance(record, r.ParamsSet) else "tag", record.values)
    elif isinstance(record, r.MetricDefined):
        check_name("metric", record.key)
    elif isinstance(record, r.Renamed):
        check_name("run", record.name)
    elif isinstance(record, r.ArtifactStored):
        check_artifact_path(record.path)


def check_time(at: int) -> None:
    """Raise UnknownRecord for a time outside the years 1 to 9999."""
    if not _EARLIEST <= at <= _LATEST:
        raise UnknownRecord(f"{at} microseconds since 1970 is no time that can be shown")


def _check_keys(kind: str, values: dict[str, Any]) -> None:
    for key in values:
        check_name(kind, key)
