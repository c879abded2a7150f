"""The attempts at a job that have ended, as the index keeps them: a JSON list in the job's row, in their order."""

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from trackbook.domain.job import JobAttempt
from trackbook.store import schema as t

# Where a batch collects attempts on their way to a job's row.
TRIED = "tried"

_c = t.jobs.c
_READ = select(_c.history, _c.attempts).where(_c.id == bindparam("job"))
_WRITE = (
    update(t.jobs)
    .where(_c.id == bindparam("job"))
    .values(history=bindparam("told"), attempts=bindparam("count"), not_before=bindparam("begin"))
)
_decode = msgspec.json.Decoder(list[JobAttempt]).decode


def read_history(text: str) -> list[JobAttempt]:
    """Return the attempts in a job's row."""
    return _decode(text)


def note_attempt(connection: Connection, job_id: str, attempt: JobAttempt, not_before: int) -> None:
    """Add an attempt to a job's row; one that is there already, as the index was told at once, changes nothing."""
    row = connection.execute(_READ, {"job": job_id}).first()
    if row is None:
        return
    known = {earlier.number: earlier for earlier in read_history(row.history)}
    if attempt.number in known:
        return
    known[attempt.number] = attempt
    history = [known[number] for number in sorted(known)]
    connection.execute(
        _WRITE,
        {
            "job": job_id,
            "told": msgspec.json.encode(history).decode(),
            "count": max(row.attempts, attempt.number),
            "begin": not_before,
        },
    )
