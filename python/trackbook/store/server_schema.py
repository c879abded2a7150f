"""Tables of a database that is a store itself: what a folder keeps as files. `trackbook rebuild` leaves them alone."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

# One row: the project's id, and the URL where blobs are kept if that is not here.
store = Table(
    "store",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("artifacts", Text),
)

# Journals that are no segments yet, in the pieces in which they came. `position` is the first byte's in its file.
journal_bytes = Table(
    "journal_bytes",
    metadata,
    Column("subject", Text, nullable=False),
    Column("writer", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("subject", "writer", "part", "position"),
)

segments = Table(
    "segments",
    metadata,
    Column("subject", Text, nullable=False),
    Column("writer", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("subject", "writer", "part"),
)

# `stored` is when a blob was stored last, by the database's clock.
blobs = Table(
    "blobs",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False, server_default="0"),
)

# A value has at most 1 GB, and is in memory as a whole: a blob is cut.
blob_pieces = Table(
    "blob_pieces",
    metadata,
    Column("digest", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest", "number"),
)

# When the ingester of a writer's host last saw that writer alive, by the database's clock.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("subject", Text, nullable=False),
    Column("writer", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("subject", "writer"),
)
