"""What a PostgreSQL store says of itself, so that all machines agree."""

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from trackbook.domain.ids import new_id
from trackbook.store import server_schema as t
from trackbook.store.database import Database


def keep_artifacts_at(database: Database, url: str | None) -> str | None:
    """Return the URL where the store's blobs are kept: what it says of itself, `url` if it has said nothing yet."""
    s = t.store.c
    with database.read() as connection:
        known = connection.execute(select(s.artifacts)).first()
    if known is not None and (known.artifacts is not None or url is None):
        return None if known.artifacts is None else str(known.artifacts)
    with database.write() as connection:
        row = {"one": 1, "id": new_id(), "artifacts": url}
        connection.execute(insert(t.store).values(row).on_conflict_do_nothing())
        connection.execute(update(t.store).where(s.artifacts.is_(None)).values(artifacts=url))
        found = connection.execute(select(s.artifacts)).scalar()
    return None if found is None else str(found)
